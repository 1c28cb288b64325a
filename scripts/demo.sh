#!/bin/bash
# From nothing to a number: installs what is missing, builds ingotc, compiles examples/digits into an object, links it into a C
# program and runs that on a few pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/build.sh

scripts/setup.sh build
build ingotc

out=build/demo
model=examples/digits/digits.onnx
mkdir -p $out
if [ ! -e $out/digits.o ] || [ $model -nt $out/digits.o ] || [ build/release/bin/ingotc -nt $out/digits.o ]; then
  say "compiling $model ($(stat -c %s $model) bytes)"
  build/release/bin/ingotc $model -o $out/digits.o
fi
say "linking examples/digits/main.c with it"
cc -O2 -Wall -I$out -Iinclude examples/digits/main.c $out/digits.o -lm -o $out/digits
say "reading pictures"
$out/digits examples/digits/pictures/*.pgm
