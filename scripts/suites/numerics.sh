#!/bin/bash
# Compiles and runs ONNX's backend cases and real models, and compares the results:  numerics.sh [--symbolic] [--update] [option of ingot-numerics...]
# With --symbolic it compiles as if the models said no size of any input, without --symbolic with the sizes that they say; the suites numerics and
# symbolic are these two. The folder ../shared beside the repository has cases of a recent ONNX version and real models; where it is not there, the
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

if [ "${1:-}" = --symbolic ]; then
  # The same sums as before, in code that is compiled in half the time; whole networks say nothing new about sizes.
  options=(-O0 --expect=test/Numerics/known-failures/$source-symbolic.txt)
else
  options=(--expect=test/Numerics/known-failures/$source.txt)
  folders+=(${models[@]+"${models[@]}"})
fi
exec build/release/bin/ingot-numerics --jobs="$(nproc)" --timeout=240 "${options[@]}" "$@" "${folders[@]}"
