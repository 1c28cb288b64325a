#!/bin/bash
# Compiles and runs ONNX's backend cases and real models, and compares the results:
#   numerics.sh [--symbolic | --hostile | --hostile-all] [--update] [option of ingot-numerics...]
# With --symbolic it compiles as if the models said no size of any input, without --symbolic with the sizes that they say; with --hostile every 25th case
# so, before its own data on inputs that make no sense, every access and every use of a result checked; with --hostile-all all of them.
# The suites numerics, symbolic and hostile are the first three. The folder ../shared beside the repository has cases of a recent ONNX version and real models; where it is not there, the
# package libonnx-testdata has older cases. Cases known to fail are in test/Numerics/known-failures, with what they say; --update writes that file anew.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -d ../shared/onnx-backend-tests ]; then
  source=shared
  folders=(../shared/onnx-backend-tests)
  models=(../shared/models)
else
  source=packaged
  folders=(/usr/share/libonnx-testdata/data/{node,simple,pytorch-operator,pytorch-converted})
  models=()
fi
# Operators outside of ONNX have cases of their own.
folders+=(test/Numerics/contrib)

program=ingot-numerics timeout=240
if [[ "${1:-}" = --hostile* ]]; then
  program=ingot-numerics-checked timeout=120
  options=(--symbolic -O0 --sanitize=address,undefined --expect=test/Numerics/hostile-exceptions.txt)
  [ "$1" = --hostile-all ] || options+=(--every=25)
  shift
  set -- --hostile "$@"
elif [ "${1:-}" = --symbolic ]; then
  # The same sums as before, in code that is compiled in half the time; whole networks say nothing new about sizes.
  options=(-O0 --expect=test/Numerics/known-failures/$source-symbolic.txt)
else
  options=(--expect=test/Numerics/known-failures/$source.txt)
  folders+=(${models[@]+"${models[@]}"})
fi
exec "build/release/bin/$program" --jobs="$(nproc)" --timeout="$timeout" "${options[@]}" "$@" "${folders[@]}"
