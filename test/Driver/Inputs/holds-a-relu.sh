#!/bin/sh
# Whether the file of the last argument is interesting: 1 if it holds a Relu.
for file; do :; done
grep -q onnx.Relu "$file" && exit 1
exit 0
