# Installs the build that ingotc in PATH belongs to into WORK/prefix, and builds and runs examples/cmake against it:
#   cmake-consumer.sh REPOSITORY WORK
set -eu
repository=$1 work=$2
build=$(cd "$(dirname "$(command -v ingotc)")/.." && pwd)
rm -rf "$work" && mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"

# The weights go to a file of their own, so that a change of that file can be seen to matter.
/usr/bin/python3 - "$repository/examples/digits/digits.onnx" "$work/digits.onnx" <<'PYTHON'
import onnx, sys
model = onnx.load(sys.argv[1])
onnx.save_model(model, sys.argv[2], save_as_external_data=True, location="digits.weights", size_threshold=0)
PYTHON

# The package must be found by the prefix alone, and the tools by the package: nothing of the build is in PATH.
PATH=/usr/bin:/bin
cmake -G Ninja -S "$repository/examples/cmake" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DDIGITS_MODEL="$work/digits.onnx" -DCMAKE_BUILD_TYPE=Release >"$work/configure.log"

step() {
  echo "$1:"
  cmake --build "$work/build" | sed -n 's/.*\(Compiling model\).*/\1/p; s/^ninja: //p'
}
step "first build"
"$work/build/read-digit" "$repository/examples/digits/pictures/7.pgm"
step "nothing changed"
sleep 1 && touch "$work/digits.weights"
step "weights changed"
sleep 1 && touch "$work/digits.onnx"
step "model changed"
sleep 1 && touch "$work/prefix/bin/ingotc"
step "compiler changed"
