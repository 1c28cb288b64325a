# Sourced by demo.sh and test.sh, in the root of the repository: say MESSAGE, and build [TARGET...] (everything unless given).

say() { echo "== $*"; }

build() {
  if [ ! -e build/release/build.ninja ]; then
    say "configuring build/release"
    cmake --preset release
  fi
  say "building ${*:-everything} in build/release"
  cmake --build --preset release ${1:+--target "$@"}
}
