#!/usr/bin/python3
"""Compile broken copies of valid models and report those that do not end in a diagnostic.

usage:  mutate.py [--runs N] [--seed S] [--stage STAGE] [--keep FOLDER] [--bin FOLDER] MODEL.onnx|FOLDER...

A copy differs in one to three places: bytes flipped, cut, doubled; fields swapped, dropped or set to what nobody expects. ingotc must accept it
or refuse it (exit 0 or 1); a signal, an internal error (70) and no end within a minute are failures, whose models are kept.
"""
import argparse
import glob
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ODD = [-(2**63), -(2**31), -7, -1, 0, 1, 2, 3, 17, 1000, 2**31 - 1, 2**31, 2**40, 2**63 - 1]


def flip_bytes(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def cut(data, rng):
    return data[:rng.randrange(len(data) + 1)]


def double_piece(data, rng):
    a = rng.randrange(len(data) + 1)
    b = min(len(data), a + rng.randint(1, 64))
    return data[:b] + data[a:b] + data[b:]


def any_node(model, rng):
    return rng.choice(model.graph.node) if model.graph.node else None


def swap_inputs(model, rng):
    node = any_node(model, rng)
    if node and len(node.input) > 1:
        a, b = rng.sample(range(len(node.input)), 2)
        node.input[a], node.input[b] = node.input[b], node.input[a]


def reconnect(model, rng):
    node = any_node(model, rng)
    names = [i.name for i in model.graph.input] + [o for n in model.graph.node for o in n.output] + [""]
    if node and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)


def drop_input(model, rng):
    node = any_node(model, rng)
    if node and node.input:
        del node.input[rng.randrange(len(node.input))]


def change_attribute(model, rng):
    node = any_node(model, rng)
    if not node or not node.attribute:
        return
    attribute = rng.choice(node.attribute)
    if rng.random() < 0.2:
        node.attribute.remove(attribute)
    elif attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(ODD)
        if rng.random() < 0.3:
            attribute.ints.append(rng.choice(ODD))
    elif attribute.type == onnx.AttributeProto.INT:
        attribute.i = rng.choice(ODD)
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e38])
    elif attribute.type == onnx.AttributeProto.STRING:
        attribute.s = rng.choice([b"", b"linear", b"SAME_UPPER", b"\xff\xfe", b"ij,jk->ik", b"..."])


def change_shape(model, rng):
    values = list(model.graph.input) + list(model.graph.output) + list(model.graph.value_info)
    tensors = [v.type.tensor_type for v in values if v.type.HasField("tensor_type")]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    dims = tensor.shape.dim
    choice = rng.random()
    if choice < 0.3 or not dims:
        tensor.elem_type = rng.randrange(0, 27)
    elif choice < 0.6:
        rng.choice(dims).dim_value = rng.choice(ODD)
    elif choice < 0.8:
        rng.choice(dims).dim_param = rng.choice(["N", "batch", ""])
    else:
        del dims[rng.randrange(len(dims))]


def change_weights(model, rng):
    tensors = list(model.graph.initializer) + [a.t for n in model.graph.node for a in n.attribute if a.type == onnx.AttributeProto.TENSOR]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    if rng.random() < 0.5 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(ODD)
    elif tensor.raw_data:
        tensor.raw_data = flip_bytes(tensor.raw_data, rng)
    elif tensor.int64_data:
        tensor.int64_data[rng.randrange(len(tensor.int64_data))] = rng.choice(ODD)
    else:
        tensor.data_type = rng.randrange(0, 27)


def change_operator(model, rng):
    node = any_node(model, rng)
    other = any_node(model, rng)
    if node:
        kinds = [other.op_type, "Add", "Conv", "Reshape", "Gather", "Concat", "Slice", "MatMul", "Loop", "If", "Resize", "Einsum", "TopK", "Split"]
        node.op_type = rng.choice(kinds)


def change_version(model, rng):
    if model.opset_import:
        rng.choice(model.opset_import).version = rng.randint(0, 30)


ON_BYTES = [flip_bytes, cut, double_piece]
ON_MODELS = [swap_inputs, reconnect, drop_input, change_attribute, change_attribute, change_shape, change_shape, change_weights,
             change_operator, change_version]


def mutated(path, rng):
    with open(path, "rb") as f:
        data = f.read()
    if rng.random() < 0.2:
        return rng.choice(ON_BYTES)(data, rng)
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.randint(1, 3)):
        try:
            rng.choice(ON_MODELS)(model, rng)
        except (ValueError, TypeError):  # out of a field's range
            pass
    return model.SerializeToString()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", default="lower", help="the last stage that runs; 'emit' for an object")
    parser.add_argument("--keep", default="build/mutants", help="where models that failed are kept")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    paths = []
    for place in args.models:
        paths += sorted(glob.glob(os.path.join(place, "**", "*.onnx"), recursive=True)) if os.path.isdir(place) else [place]
    if not paths:
        sys.exit("mutate: no model found")

    def run(i):
        rng = random.Random(f"{args.seed}.{i}")
        path = rng.choice(paths)
        with tempfile.TemporaryDirectory() as folder:
            model, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.mlir" if args.stage != "emit" else "m.o")
            with open(model, "wb") as f:
                f.write(mutated(path, rng))
            stop = [] if args.stage == "emit" else ["--stop-after=" + args.stage]
            try:
                code = subprocess.run([os.path.join(args.bin, "ingotc"), model, "-o", out, *stop], capture_output=True, text=True, errors="replace", timeout=60)
                status, said = code.returncode, code.stderr
            except subprocess.TimeoutExpired:
                status, said = "no end", ""
            if status in (0, 1):
                return True
            os.makedirs(args.keep, exist_ok=True)
            kept = os.path.join(args.keep, f"{args.seed}-{i}.onnx")
            os.replace(model, kept) if os.stat(folder).st_dev == os.stat(args.keep).st_dev else open(kept, "wb").write(open(model, "rb").read())
            errors = [line for line in said.splitlines() if "error" in line or "rror:" in line]
            print(f"FAIL: {kept} ({os.path.relpath(path)}): {status}: {(errors or said.splitlines() or [''])[0][:200]}", flush=True)
            return False

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        good = list(pool.map(run, range(args.runs)))
    print(f"{good.count(True)} passed, {good.count(False)} failed")
    return 1 if False in good else 0


if __name__ == "__main__":
    sys.exit(main())
