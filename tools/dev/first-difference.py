#!/usr/bin/python3
"""Find the first node whose result differs from what is expected.

usage:  first-difference.py MODEL.onnx INPUTS --expected DIR       DIR holds values by name, VALUE.npy or VALUE.pb
        first-difference.py MODEL.onnx INPUTS --peer COMMAND       COMMAND MODEL --inputs INPUTS --write-outputs DIR writes them as DIR/output_N.pb

Every value of the main graph becomes an output of a copy of the model, which ingotc compiles and ingot-run runs on INPUTS (a folder with input_N.pb or
.npy), so that nothing is interpreted. Values are compared in the order of the nodes; --rtol and --atol are as in ingot-run. Exit code 3 if one
differs. What a pass would have fused away is computed, too: a difference that only fusion makes is not found.
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

BIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "release", "bin")


def with_all_values(model):
    """The model with every value of its main graph as an output, and (value, node) in order."""
    try:
        typed = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    except Exception:
        typed = {}
    known = {v.name: v for v in model.graph.output}
    values = [(name, node) for node in model.graph.node for name in node.output if name]
    del model.graph.output[:]
    for name, _ in values:
        # A type that nobody could infer is taken to be float until the first run says better, which ingotc does not mind.
        model.graph.output.append(known.get(name) or typed.get(name) or onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return values


def set_types(model, folder):
    """Element types of the outputs, from the values in `folder`: peers check them."""
    for i, output in enumerate(model.graph.output):
        with open(os.path.join(folder, f"output_{i}.pb"), "rb") as f:
            output.type.tensor_type.elem_type = onnx.TensorProto.FromString(f.read()).data_type


def read(path):
    if path.endswith(".npy"):
        return np.load(path)
    with open(path, "rb") as f:
        return numpy_helper.to_array(onnx.TensorProto.FromString(f.read()))


def expected_of(args, copy, folder, values):
    """Name to file."""
    if args.peer:
        os.mkdir(folder)
        subprocess.run([*shlex.split(args.peer), copy, "--inputs", args.inputs, "--write-outputs", folder], check=True, stdout=subprocess.DEVNULL)
        return {name: os.path.join(folder, f"output_{i}.pb") for i, (name, _) in enumerate(values)}
    files = {name: os.path.join(args.expected, name.replace("/", "_")) for name, _ in values}
    return {name: path + suffix for name, path in files.items() for suffix in (".npy", ".pb") if os.path.exists(path + suffix)}


def difference(got, expected, args):
    if got.shape != expected.shape:
        return f"got shape {list(got.shape)}, expected {list(expected.shape)}"
    if got.dtype.kind not in "fiub":
        return "" if np.array_equal(got, expected) else "got other values"
    a, b = got.astype(np.float64), expected.astype(np.float64)
    wrong = ~((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= args.atol + args.rtol * np.abs(b)))
    if not wrong.any():
        return ""
    first = tuple(np.argwhere(wrong)[0])
    return f"{wrong.sum()} of {wrong.size} elements differ, the first at {list(map(int, first))}: got {a[first]:g}, expected {b[first]:g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("inputs")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--expected", metavar="DIR")
    source.add_argument("--peer", metavar="COMMAND")
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--atol", type=float, default=1e-7)
    parser.add_argument("--bin", default=BIN, metavar="DIR", help="where ingotc and ingot-run are")
    args = parser.parse_args()
    model = onnx.load(args.model)
    values = with_all_values(model)
    with tempfile.TemporaryDirectory() as scratch:
        copy, library, ours = (os.path.join(scratch, name) for name in ("all.onnx", "all.so", "ours"))
        onnx.save(model, copy)
        os.mkdir(ours)
        subprocess.run([os.path.join(args.bin, "ingotc"), copy, "-o", library], check=True)
        subprocess.run([os.path.join(args.bin, "ingot-run"), library, "--inputs", args.inputs, "--outputs", ours], check=True, stdout=subprocess.DEVNULL)
        if args.peer:
            set_types(model, ours)
            onnx.save(model, copy)
        expected = expected_of(args, copy, os.path.join(scratch, "expected"), values)
        compared = 0
        for i, (name, node) in enumerate(values):
            if name not in expected:
                continue
            compared += 1
            text = difference(read(os.path.join(ours, f"output_{i}.pb")), read(expected[name]), args)
            if text:
                print(f"node '{node.name or name}' ({node.op_type}): value '{name}': {text}")
                return 3
    print(f"{compared} of {len(values)} values compared, none differs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
