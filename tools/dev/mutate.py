#!/usr/bin/python3
"""Compile broken copies of valid models and report those that do not end in a diagnostic.

usage:  mutate.py [--runs N] [--seed S] [--keep FOLDER] [--bin FOLDER] MODEL.onnx|FOLDER...

A copy differs in one to three places: bytes flipped, cut, doubled; fields swapped, dropped or set to what nobody expects; types, ranks, operands and
operators exchanged. The compiler must accept it or refuse it with a diagnostic; a signal, an internal error and no end within a minute are failures,
whose models are kept. At the end stands how many copies ended in which way (ingot-numerics --compile-only, which says so, compiles them).
"""
import argparse
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import onnx
from google.protobuf.descriptor import FieldDescriptor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ODD = [-(2**63), -(2**31), -7, -2, -1, 0, 1, 2, 3, 4, 5, 8, 17, 1000, 2**31 - 1, 2**31, 2**40, 2**63 - 1]
ODD_FLOATS = [0.0, -1.0, 0.5, 3.0, float("nan"), float("inf"), -float("inf"), 1e38]
ODD_STRINGS = [b"", b"linear", b"cubic", b"nearest", b"constant", b"reflect", b"SAME_UPPER", b"SAME_LOWER", b"VALID", b"max", b"mul", b"none", b"sum",
               b"bidirectional", b"reverse", b"\xff\xfe", b"ij,jk->ik", b"...i->i...", b"..."]


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


def graphs_of(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs_of(attribute.g)


def any_graph(model, rng):
    return rng.choice(list(graphs_of(model.graph)))


def any_node(model, rng):
    nodes = [n for g in graphs_of(model.graph) for n in g.node]
    return rng.choice(nodes) if nodes else None


def names_of(model):
    return [i.name for i in model.graph.input] + [i.name for i in model.graph.initializer] + [o for n in model.graph.node for o in n.output] + [""]


def swap_inputs(model, rng):
    node = any_node(model, rng)
    if node and len(node.input) > 1:
        a, b = rng.sample(range(len(node.input)), 2)
        node.input[a], node.input[b] = node.input[b], node.input[a]


def reconnect(model, rng):
    node = any_node(model, rng)
    if node and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(names_of(model))


def drop_input(model, rng):
    node = any_node(model, rng)
    if node and node.input:
        del node.input[rng.randrange(len(node.input))]


def add_input(model, rng):
    node = any_node(model, rng)
    if node:
        node.input.append(rng.choice(names_of(model)))


def change_outputs(model, rng):
    node = any_node(model, rng)
    if not node or not node.output:
        return
    if rng.random() < 0.5:
        node.output.append(f"{node.output[0]}_more")
    else:
        node.output[rng.randrange(len(node.output))] = rng.choice(["", "other"])


def add_operand(model, rng):
    """A new input of any type and rank, in the place of an operand."""
    node = any_node(model, rng)
    if not node or not node.input:
        return
    name = f"new_{len(model.graph.input)}"
    dims = [rng.choice([0, 1, 2, 3, 4, None, "N"]) for _ in range(rng.randrange(6))]
    model.graph.input.append(onnx.helper.make_tensor_value_info(name, rng.choice([1, 1, 1, 3, 6, 7, 9, 10, 11, 12, 13, 8, 14, 16, 17, 21]), dims))
    node.input[rng.randrange(len(node.input))] = name


def change_attribute(model, rng):
    node = any_node(model, rng)
    if not node or not node.attribute:
        return
    attribute = rng.choice(node.attribute)
    if rng.random() < 0.2:
        node.attribute.remove(attribute)
    elif rng.random() < 0.1:
        value = rng.choice([1, 2.5, "text", [1, 2], [0.5], ["a"], onnx.helper.make_tensor("t", 7, [2], [1, 2])])
        attribute.CopyFrom(onnx.helper.make_attribute(attribute.name, value))
    elif attribute.ints:
        at = rng.randrange(len(attribute.ints))
        choice = rng.random()
        if choice < 0.6:
            attribute.ints[at] = rng.choice(ODD)
        elif choice < 0.8:
            attribute.ints.append(rng.choice(ODD))
        else:
            del attribute.ints[at]
    elif attribute.floats:
        attribute.floats[rng.randrange(len(attribute.floats))] = rng.choice(ODD_FLOATS)
        if rng.random() < 0.3:
            attribute.floats.append(1.0)
    elif attribute.strings:
        attribute.strings[rng.randrange(len(attribute.strings))] = rng.choice(ODD_STRINGS)
        if rng.random() < 0.3:
            del attribute.strings[0]
    elif attribute.type == onnx.AttributeProto.INT:
        attribute.i = rng.choice(ODD)
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = rng.choice(ODD_FLOATS)
    elif attribute.type == onnx.AttributeProto.STRING:
        attribute.s = rng.choice(ODD_STRINGS)


def add_attribute(model, rng):
    """An attribute that the operator has and the node does not give."""
    node = any_node(model, rng)
    if not node:
        return
    try:
        schema = onnx.defs.get_schema(node.op_type, node.domain)
    except onnx.defs.SchemaError:
        return
    kinds = {onnx.defs.OpSchema.AttrType.INT: lambda: rng.choice(ODD), onnx.defs.OpSchema.AttrType.FLOAT: lambda: rng.choice(ODD_FLOATS),
             onnx.defs.OpSchema.AttrType.STRING: lambda: rng.choice(ODD_STRINGS),
             onnx.defs.OpSchema.AttrType.INTS: lambda: [rng.choice(ODD[4:10]) for _ in range(rng.randint(1, 4))],
             onnx.defs.OpSchema.AttrType.FLOATS: lambda: [rng.choice(ODD_FLOATS) for _ in range(rng.randint(1, 4))],
             onnx.defs.OpSchema.AttrType.STRINGS: lambda: [rng.choice(ODD_STRINGS) for _ in range(rng.randint(1, 3))]}
    given = {a.name for a in node.attribute}
    names = [n for n, a in sorted(schema.attributes.items()) if n not in given and a.type in kinds]
    if names:
        name = rng.choice(names)
        node.attribute.append(onnx.helper.make_attribute(name, kinds[schema.attributes[name].type]()))


def change_shape(model, rng):
    graph = any_graph(model, rng)
    values = list(graph.input) + list(graph.output) + list(graph.value_info)
    tensors = [v.type.tensor_type for v in values if v.type.HasField("tensor_type")]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    dims = tensor.shape.dim
    choice = rng.random()
    if choice < 0.3:
        tensor.elem_type = rng.randrange(0, 27)
    elif choice < 0.4:
        dims.add().dim_value = rng.choice([1, 2, 3])
    elif choice < 0.45:
        tensor.ClearField("shape")
    elif not dims:
        return
    elif choice < 0.65:
        rng.choice(dims).dim_value = rng.choice(ODD)
    elif choice < 0.75:
        rng.choice(dims).dim_value = rng.choice([0, 1, 2, 3, 4, 5])
    elif choice < 0.85:
        rng.choice(dims).dim_param = rng.choice(["N", "batch", ""])
    else:
        del dims[rng.randrange(len(dims))]


def change_kind(model, rng):
    """A tensor where a sequence or an optional was, and the other way."""
    values = list(model.graph.input) + list(model.graph.output)
    if not values:
        return
    value = rng.choice(values)
    old = onnx.TypeProto()
    old.CopyFrom(value.type)
    value.type.Clear()
    if old.HasField("tensor_type"):
        (value.type.sequence_type if rng.random() < 0.5 else value.type.optional_type).elem_type.CopyFrom(old)
    else:
        inner = old.sequence_type if old.HasField("sequence_type") else old.optional_type
        value.type.CopyFrom(inner.elem_type)


def make_constant(model, rng):
    """An input of the graph becomes a constant of its type."""
    inputs = [i for i in model.graph.input if i.type.HasField("tensor_type")]
    if not inputs:
        return
    value = rng.choice(inputs)
    dims = [d.dim_value or 2 for d in value.type.tensor_type.shape.dim]
    count = 1
    for d in dims:
        count *= d
    kind = value.type.tensor_type.elem_type
    if not 0 <= count <= 4096 or kind in (0, 8, 14, 15) or kind > 16:
        return
    numbers = [rng.choice([0, 1, 2, 3]) for _ in range(count)] if rng.random() < 0.7 else [rng.choice([-3, 100, 2**31 - 1]) if kind in (1, 6, 7, 11) else 1] * count
    model.graph.initializer.append(onnx.helper.make_tensor(value.name, kind, dims, numbers))
    model.graph.input.remove(value)


def change_weights(model, rng):
    tensors = list(model.graph.initializer) + [a.t for n in model.graph.node for a in n.attribute if a.type == onnx.AttributeProto.TENSOR]
    if not tensors:
        return make_constant(model, rng)
    tensor = rng.choice(tensors)
    if rng.random() < 0.5 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(ODD)
    elif tensor.raw_data:
        tensor.raw_data = flip_bytes(tensor.raw_data, rng)
    elif tensor.int64_data:
        tensor.int64_data[rng.randrange(len(tensor.int64_data))] = rng.choice(ODD)
    else:
        tensor.data_type = rng.randrange(0, 27)


OPERATORS = sorted({s.name for s in onnx.defs.get_all_schemas() if s.domain == ""})


def change_operator(model, rng):
    node, other = any_node(model, rng), any_node(model, rng)
    if node:
        node.op_type = other.op_type if rng.random() < 0.3 else rng.choice(OPERATORS)


def change_version(model, rng):
    if model.opset_import:
        rng.choice(model.opset_import).version = rng.randint(0, 30)


def drop_node(model, rng):
    graph = any_graph(model, rng)
    if graph.node:
        del graph.node[rng.randrange(len(graph.node))]


def swap_graph_values(model, rng):
    graph = any_graph(model, rng)
    values = rng.choice([graph.input, graph.output])
    if len(values) > 1:
        a, b = rng.sample(range(len(values)), 2)
        values[a].name, values[b].name = values[b].name, values[a].name
    elif values and rng.random() < 0.5:
        del values[0]


def messages_of(message):
    yield message
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner in value if field.label == FieldDescriptor.LABEL_REPEATED else [value]:
                yield from messages_of(inner)


def change_field(model, rng):
    """Any field of any message: dropped, doubled, exchanged with its neighbour."""
    message = rng.choice(list(messages_of(model)))
    fields = message.ListFields()
    if not fields:
        return
    field, value = rng.choice(fields)
    if field.label != FieldDescriptor.LABEL_REPEATED or rng.random() < 0.2:
        message.ClearField(field.name)
        return
    at, other = rng.randrange(len(value)), rng.randrange(len(value))
    values = list(value)
    choice = rng.random()
    if choice < 0.3:
        values.pop(at)
    elif choice < 0.6:
        values.insert(other, values[at])
    else:
        values[at], values[other] = values[other], values[at]
    copies = [type(v).FromString(v.SerializeToString()) if hasattr(v, "SerializeToString") else v for v in values]
    message.ClearField(field.name)
    getattr(message, field.name).extend(copies)


ON_BYTES = [flip_bytes, cut, double_piece]
ON_MODELS = [swap_inputs, reconnect, drop_input, add_input, change_outputs, add_operand, add_operand, change_attribute, change_attribute, add_attribute,
             add_attribute, change_shape, change_shape, change_shape, change_kind, make_constant, change_weights, change_operator, change_operator, change_version,
             drop_node, swap_graph_values, change_field]


def mutated(path, rng):
    with open(path, "rb") as f:
        data = f.read()
    if rng.random() < 0.1:
        return rng.choice(ON_BYTES)(data, rng)
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.randint(1, 3)):
        try:
            rng.choice(ON_MODELS)(model, rng)
        except (ValueError, TypeError, OverflowError):  # out of a field's range
            pass
    return model.SerializeToString()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="build/mutants", help="where models that failed are kept")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    parser.add_argument("--most", type=int, default=300000, help="bytes of the largest model that is taken from a folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    paths = []
    for place in args.models:
        found = sorted(glob.glob(os.path.join(place, "**", "*.onnx"), recursive=True)) if os.path.isdir(place) else [place]
        paths += [p for p in found if p == place or os.path.getsize(p) <= args.most]
    if not paths:
        sys.exit("mutate: no model found")
    with tempfile.TemporaryDirectory() as folder:
        sources = {}
        for i in range(args.runs):
            rng = random.Random(f"{args.seed}.{i}")
            name = f"{args.seed}-{i:05}"
            sources[name] = rng.choice(paths)
            os.makedirs(os.path.join(folder, "mutants", name))
            with open(os.path.join(folder, "mutants", name, "model.onnx"), "wb") as f:
                f.write(mutated(sources[name], rng))
        command = [os.path.join(args.bin, "ingot-numerics"), "--compile-only", f"--jobs={args.jobs}", os.path.join(folder, "mutants")]
        tool = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
        for line in tool.stdout:
            failed = re.match(r"FAIL: mutants/([-0-9]+): ", line)
            if failed:
                os.makedirs(args.keep, exist_ok=True)
                kept = os.path.join(args.keep, failed.group(1) + ".onnx")
                shutil.copyfile(os.path.join(folder, "mutants", failed.group(1), "model.onnx"), kept)
                line = f"FAIL: {kept} ({os.path.relpath(sources[failed.group(1)])}): {line[failed.end():]}"
            print(line, end="", flush=True)
        return tool.wait()


if __name__ == "__main__":
    sys.exit(main())
