#!/bin/bash
# Compiles and runs ONNX's backend cases and real models, and compares the results:  numerics.sh [--update] [option of ingot-numerics...]
# The folder ../shared beside the repository has cases of a recent ONNX version and real models; where it is not there, the package
# libonnx-testdata has older cases. Cases known to fail are in test/Numerics/known-failures, with what they say; --update writes that file anew.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -d ../shared/onnx-backend-tests ]; then
  source=shared
  folders=(../shared/onnx-backend-tests ../shared/models)
else
  source=packaged
  folders=(/usr/share/libonnx-testdata/data/{node,simple,pytorch-operator,pytorch-converted})
fi
# Operators outside of ONNX have cases of their own.
folders+=(test/Numerics/contrib)
exec build/release/bin/ingot-numerics --jobs="$(nproc)" --timeout=60 --expect=test/Numerics/known-failures/$source.txt "$@" "${folders[@]}"
