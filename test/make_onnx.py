#!/usr/bin/env python3
"""Builds the ONNX models that a test describes, and with --import prints what the import makes of each.

A test file holds, behind its RUN and CHECK lines, sections:

    --- model NAME
    <ir_version: 8, opset_import: ["": 11]>
    main (float[N] x) => (float[N] y) { y = Relu(x) }
    --- python
    model.graph.node[0].op_type = "Nonsense"      # optional: changes to `model`, an onnx.ModelProto
    --- bytes
    data = data[:20]                              # optional: changes to the file's bytes; `folder` is where it is written

usage: make_onnx.py TEST FOLDER [--import [OPTIONS OF ingot-translate...]]
"""
import os
import re
import subprocess
import sys

import onnx
import onnx.helper
import onnx.parser


def sections(text):
    """Yields (name, model text, python text, bytes text)."""
    for part in re.split(r"^--- model ", text, flags=re.M)[1:]:
        head, *rest = re.split(r"^--- (python|bytes)[ \t]*\n", part, flags=re.M)
        name, _, model = head.partition("\n")
        code = dict(zip(rest[0::2], rest[1::2]))
        yield name.strip(), model, code.get("python", ""), code.get("bytes", "")


def main():
    test, folder, *options = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for name, text, python, raw in sections(open(test).read()):
        model = onnx.parser.parse_model(text) if text.strip() else onnx.ModelProto()
        names = {"model": model, "onnx": onnx, "helper": onnx.helper, "folder": folder, "os": os}
        exec(python, names)
        names["data"] = model.SerializeToString()
        exec(raw, names)
        path = os.path.join(folder, name + ".onnx")
        with open(path, "wb") as file:
            file.write(names["data"])
        if options[:1] == ["--import"]:
            print("==", name, flush=True)
            result = subprocess.run(["ingot-translate", "--onnx-to-mlir", path] + options[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            sys.stdout.write(result.stdout.decode())
            print("-- exit", result.returncode, flush=True)


main()
