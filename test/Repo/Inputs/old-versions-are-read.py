#!/usr/bin/python3
"""Imports and lowers a minimal node of every version of every operator that has several; those of one version of ONNX are one model.

usage:  old-versions-are-read.py ROOT FOLDER [PART OF OPERATOR-VERSION...]

The schemas are those of python3-onnx, and ../shared/onnx-spec/ops.json beside the repository where there is one. A version has one node with what is
required, one with every attribute at its default, and those that VARIANTS lists. What a schema cannot say, the sizes that fit together, is in INPUTS.
"""
import collections
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnx.defs
from onnx import TensorProto, helper, numpy_helper

TYPES = {f"tensor({name})": getattr(TensorProto, field) for name, field in (
    ("float", "FLOAT"), ("int64", "INT64"), ("int32", "INT32"), ("bool", "BOOL"), ("uint8", "UINT8"), ("int8", "INT8"), ("double", "DOUBLE"), ("float16", "FLOAT16"),
    ("string", "STRING"), ("uint16", "UINT16"), ("int16", "INT16"), ("uint32", "UINT32"), ("uint64", "UINT64"))}

# By operator, or by operator and version: the inputs' sizes, or "=" and the elements of a constant. Elsewhere each required input is 2x3. A size may
# begin with another type than the first that the schema allows.
INPUTS = {
    "Attention": ["1x2x3x4"] * 3, "AveragePool": ["1x2x5x5"], "BatchNormalization": ["1x2x3x3", "2", "2", "2", "2"], "Compress": ["2x3", "2"],
    "ConstantOfShape": ["=2,3"], "Conv": ["1x2x5x5", "3x2x3x3", "3"], "ConvTranspose": ["1x2x5x5", "2x3x3x3", "3"], "CumSum": ["2x3", "=1"], "DFT": ["1x4x1"],
    "DeformConv": ["1x1x3x3", "1x1x2x2", "1x8x2x2"], "DepthToSpace": ["1x4x2x2"], "DequantizeLinear": ["2x3", "", ""], "Det": ["2x2"], "Expand": ["1x3", "=2,3"],
    "GRU": ["2x1x3", "1x12x3", "1x12x4", "1x24"], "Gather": ["2x3", "=1,0"], "GatherElements": ["2x3", "=0,1,1;1"], "GatherND": ["2x3", "=0,1;1"],
    "Gemm": ["2x3", "3x4", "4"], "GlobalAveragePool": ["1x2x3x3"], "GlobalLpPool": ["1x2x3x3"], "GlobalMaxPool": ["1x2x3x3"], "GridSample": ["1x2x3x3", "1x2x2x2"],
    "GroupNormalization": ["1x4x3", "2", "2"], "InstanceNormalization": ["1x2x3", "2", "2"], "LRN": ["1x4x2x2"], "LSTM": ["2x1x3", "1x16x3", "1x16x4", "1x32"],
    "LpPool": ["1x2x5x5"], "MatMul": ["2x3", "3x4"], "MaxPool": ["1x2x5x5"], "MaxRoiPool": ["1x2x5x5", "2x5"], "MaxUnpool": ["1x1x2x2", "1x1x2x2"],
    "MeanVarianceNormalization": ["1x2x3x3"], "NegativeLogLikelihoodLoss": ["2x3", "2"], "NonMaxSuppression": ["1x3x4", "1x1x3"], "OneHot": ["2", "=5", "2"],
    "PRelu": ["2x3", "3"], "PRelu-1": ["2x3", "3"], "Pad": ["2x3", "=0,1,1,0"], "QLinearMatMul": ["2x3", "", "", "3x4", "", "", "", ""],
    "QuantizeLinear": ["2x3", "", ""], "RNN": ["2x1x3", "1x4x3", "1x4x4", "1x8"], "Range": ["=0", "=5", "=1"], "ReduceSum-13": ["2x3", "=1"], "Reshape": ["2x3", "=3,-1"],
    "Resize": ["1x1x2x2", None, "=f1,1,2,2"], "Resize-10": ["1x1x2x2", "=f1,1,2,2"], "Resize-11": ["1x1x2x2", "=f", "=f1,1,2,2"], "RoiAlign": ["1x2x5x5", "2x4", "=0,0"], "Scatter": ["2x3", "=0,1,1;1", "1x3"],
    "ScatterElements": ["2x3", "=0,1,1;1", "1x3"], "ScatterND": ["2x3", "=0,1;1", "1"], "Slice": ["2x3", "=0", "=1"], "SoftmaxCrossEntropyLoss": ["2x3", "2"],
    "SpaceToDepth": ["1x1x4x4"], "Squeeze": ["1x2x1", "=0"], "Tile": ["2x3", "=1,2"], "Tile-1": ["2x3", "=2", "=1"], "TopK": ["2x3", "=2"], "Unsqueeze": ["2x3", "=0"],
    "Upsample": ["1x1x2x2", "=f1,1,2,2"], "Where": ["2x3", "2x3", "2x3"], "Max": ["2x3", "2x3"], "Min": ["2x3", "2x3"], "Sum": ["2x3", "2x3"], "Mean": ["2x3", "2x3"], "Concat": ["2x3", "2x4"],
    "EyeLike": ["3x3"], "SplitToSequence": ["2x3"], "Multinomial": ["2x3"], "Bernoulli": ["2x3"], "LogSoftmax": ["2x3x4"], "Softmax": ["2x3x4"], "Hardmax": ["2x3x4"], "Split-1": ["4x3"], "Split": ["4x3"],
    "NonMaxSuppression-10": ["1x3x4", "1x1x3", "=2"], "LabelEncoder": ["string:2"],
}
# Attributes that are needed, or that some value must be given of.
ATTRIBUTES = {
    "AveragePool": {"kernel_shape": [2, 2]}, "BatchNormalization-1": {"consumed_inputs": [0, 0, 0, 1, 1]}, "BatchNormalization": {}, "Cast": {"to": 6}, "Cast-1": {"to": "INT32"},
    "Concat": {"axis": 1}, "DepthToSpace": {"blocksize": 2}, "SpaceToDepth": {"blocksize": 2}, "GRU": {"hidden_size": 4}, "LSTM": {"hidden_size": 4}, "RNN": {"hidden_size": 4},
    "GroupNormalization": {"num_groups": 2}, "LRN": {"size": 3}, "LpPool": {"kernel_shape": [2, 2]}, "MaxPool": {"kernel_shape": [2, 2]}, "MaxUnpool": {"kernel_shape": [2, 2], "strides": [2, 2]},
    "MaxRoiPool": {"pooled_shape": [2, 2]}, "Pad-1": {"paddings": [0, 1, 1, 0]}, "Pad-2": {"pads": [0, 1, 1, 0]}, "RandomNormal": {"shape": [2, 3]}, "RandomUniform": {"shape": [2, 3]},
    "Slice-1": {"starts": [0], "ends": [1]}, "TopK-1": {"k": 2}, "Unsqueeze-1": {"axes": [0]}, "Unsqueeze-11": {"axes": [0]}, "Squeeze-1": {"axes": [0]}, "Squeeze-11": {"axes": [-1]},
    "Upsample-1": {"height_scale": 2.0, "width_scale": 2.0}, "Upsample-7": {"scales": [1.0, 1.0, 2.0, 2.0]}, "Reshape-1": {"shape": [3, -1]}, "OneHot": {},
    "Split-1": {"axis": 0}, "Split": {"axis": 0},
    "LabelEncoder": {"keys_strings": ["a", "b"], "values_int64s": [1, 2]}, "LabelEncoder-1": {"classes_strings": ["a", "b"]},
}
# More than the defaults say.
VARIANTS = {
    **{f"{op}-{v}": [{"broadcast": 1, "axis": 0, "inputs": ["2x3", "2"]}, {"broadcast": 1, "inputs": ["2x3", "3"]}, {"broadcast": 1, "inputs": ["2x3", ""]}]
       for op in ("Add", "Sub", "Mul", "Div") for v in (1, 6)},
    **{f"{op}-1": [{"broadcast": 1, "axis": 0, "inputs": ["2x3", "2"]}] for op in ("And", "Or", "Xor", "Equal", "Greater", "Less", "Pow")},
    **{f"Gemm-{v}": [{"broadcast": 1, "transA": 1, "transB": 1, "inputs": ["3x2", "4x3", "4"]}] for v in (1, 6)},
    **{f"{op}-{v}": [{"axes": [1], "keepdims": 0}, {"keepdims": 0}] for v in (1, 11, 12, 13)
       for op in ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")
       if (op, v) != ("ReduceSum", 13) and (v != 12 or op in ("ReduceMax", "ReduceMin"))},
    "ReduceSum-13": [],
    "Softmax-1": [{"axis": 1}, {"axis": 2}, {"axis": 0}], "LogSoftmax-1": [{"axis": 1}], "Hardmax-1": [{"axis": 1}], "Softmax-11": [{"axis": -2}], "LogSoftmax-11": [{"axis": -2}],
    "Hardmax-11": [{"axis": -2}], "Clip-1": [{"min": -1.0, "max": 1.0}, {"min": -1.0}], "Clip-6": [{"min": -1.0, "max": 1.0}, {"max": 1.0}],
    "Dropout-1": [{"is_test": 1, "ratio": 0.25}], "Dropout-6": [{"is_test": 1}], "BatchNormalization-6": [{"is_test": 1}], "BatchNormalization-7": [{"spatial": 1}],
    "BatchNormalization-14": [{"training_mode": 1, "outputs": 3}], "Split-1": [{"split": [1, 3]}], "Split-2": [{"split": [1, 3]}, {"axis": 1, "outputs": 3}],
    "Split-11": [{"split": [1, 3], "axis": -2}], "Split-13": [{"inputs": ["4x3", "=1,3"]}], "Pad-2": [{"pads": [0, 1, 1, 0], "mode": "reflect"}, {"pads": [0, -1, 1, 0]}],
    "Slice-1": [{"starts": [0, 1], "ends": [2, 9], "axes": [0, 1]}, {"starts": [-2], "ends": [-1], "axes": [1]}], "Slice-10": [{"inputs": ["2x3", "=0,2", "=2,0", "=0,1", "=1,-1"]}],
    "Upsample-1": [{"mode": "bilinear", "height_scale": 2.0, "width_scale": 3.0}], "Upsample-7": [{"mode": "linear", "scales": [1.0, 1.0, 2.0, 2.0]}], "Upsample-9": [{"mode": "linear"}],
    "Resize-10": [{"mode": "linear"}], "Resize-11": [{"mode": "cubic", "coordinate_transformation_mode": "tf_half_pixel_for_nn"}], "Transpose-1": [{"perm": [1, 0]}],
    "AveragePool-1": [{"pads": [1, 1, 1, 1], "strides": [2, 2]}, {"auto_pad": "SAME_UPPER"}], "MaxPool-1": [{"auto_pad": "SAME_LOWER"}], "MaxPool-8": [{"outputs": 2, "storage_order": 1}],
    "Conv-1": [{"auto_pad": "SAME_UPPER"}, {"group": 2, "inputs": ["1x4x5x5", "4x2x3x3"]}], "ConvTranspose-1": [{"output_shape": [7, 7]}, {"strides": [2, 2], "output_padding": [1, 1]}],
    "LpPool-1": [{"p": 1.0, "pads": [1, 1, 1, 1]}], "GlobalLpPool-1": [{"p": 1.0}], "GRU-1": [{"output_sequence": 1}, {"direction": "reverse", "linear_before_reset": 0}],
    "GRU-3": [{"linear_before_reset": 1}], "RNN-1": [{"output_sequence": 1}], "LSTM-1": [{"output_sequence": 1, "input_forget": 1}], "TopK-1": [{"axis": 0, "k": 1}],
    "PRelu-7": [{"inputs": ["2x3", "1"]}], "PRelu-6": [{"inputs": ["2x3", "1"]}, {"inputs": ["1x3x2x2", "3"]}], "PRelu-1": [{"inputs": ["1x3x2x2", "3"]}],
    "Reshape-1": [{"shape": [0, -1]}], "Flatten-1": [{"axis": 0}], "Flatten-9": [{"axis": 2}], "GatherND-11": [], "DFT-17": [{"inverse": 1, "axis": 1, "inputs": ["1x4x2"]}, {"onesided": 1}],
    "GroupNormalization-18": [{"epsilon": 0.1, "num_groups": 1}], "Pad-11": [{"mode": "edge"}], "Pad-18": [{"inputs": ["2x3", "=1,0", None, "=1"]}],
    "ReduceMax-18": [{"inputs": ["2x3", "=1"]}, {"noop_with_empty_axes": 1}], "ReduceMin-18": [{"inputs": ["2x3", "=1"]}], "Dropout-12": [{"inputs": ["2x3", "=f0.5", "=b1"], "outputs": 2}],
    "Resize-18": [{"inputs": ["1x1x2x2", None, None, "=4,4"], "axes": [2, 3], "keep_aspect_ratio_policy": "not_larger"}], "Constant-12": [{"value_ints": [1, 2]}, {"value_float": 1.5}],
    "Constant-1": [], "CumSum-11": [{"exclusive": 1, "reverse": 1}], "NonMaxSuppression-10": [{"center_point_box": 1}], "RoiAlign-10": [{"mode": "max", "output_height": 2}],
    "QuantizeLinear-10": [{"inputs": ["2x3", ""]}], "DequantizeLinear-13": [{"axis": 0, "inputs": ["2x3", "2", "2"]}], "QuantizeLinear-13": [{"axis": 0, "inputs": ["2x3", "2", "2"]}],
    "LabelEncoder-1": [{"classes_strings": ["a", "b"], "default_int64": -7}], "LabelEncoder-2": [{"keys_int64s": [1, 2], "values_strings": ["a", "b"], "keys_strings": None, "values_int64s": None, "default_string": "c", "inputs": ["int64:2"]}],
}
# Not tensors, or with graphs: models of their own.
GRAPHS = ("If", "Loop", "Scan")
TREE = {"nodes_falsenodeids": [2, 0, 0], "nodes_featureids": [0, 0, 0], "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_nodeids": [0, 1, 2], "nodes_treeids": [0, 0, 0],
        "nodes_truenodeids": [1, 0, 0], "nodes_values": [0.5, 0.0, 0.0]}
for kind, ids in (("Classifier", "class"), ("Regressor", "target")):
    ATTRIBUTES["TreeEnsemble" + kind] = {**TREE, f"{ids}_ids": [0, 1], f"{ids}_nodeids": [1, 2], f"{ids}_treeids": [0, 0], f"{ids}_weights": [1.0, 2.0]}
ATTRIBUTES["TreeEnsembleClassifier"]["classlabels_int64s"] = [3, 4]
ATTRIBUTES["TreeEnsembleRegressor"]["n_targets"] = 2


class Schema:
    """One version of an operator, from either source."""

    def __init__(self, domain, name, since, inputs, outputs, types, defaults):
        self.domain, self.name, self.since = domain, name, since
        self.inputs, self.outputs, self.types, self.defaults = inputs, outputs, types, defaults

    def key(self):
        return f"{self.name}-{self.since}"

    def type_of(self, variable):
        allowed = self.types.get(variable, [variable])
        # A quantised type is what these operators have instead of floats.
        order = ["tensor(uint8)"] + list(TYPES) if "float" not in str(allowed) else list(TYPES)
        return next((TYPES[t] for t in order if t in allowed), None)


def from_package(s):
    optional = onnx.defs.OpSchema.FormalParameterOption
    inputs = [(i.typeStr, i.option == optional.Single, i.option == optional.Variadic) for i in s.inputs]
    types = {t.type_param_str: list(t.allowed_type_strs) for t in s.type_constraints}
    defaults = {k: helper.get_attribute_value(a.default_value) for k, a in s.attributes.items() if a.default_value.name}
    return Schema(s.domain, s.name, s.since_version, inputs, [o.typeStr for o in s.outputs if o.option == optional.Single], types, defaults)


def from_file(op):
    inputs = [(i["type"], not i["optional"] and not i["variadic"], i["variadic"]) for i in op["inputs"]["list"]]
    outputs = [o["type"] for o in op["outputs"]["list"] if not o["optional"] and not o["variadic"]]
    return Schema("" if op["domain"] == "ai.onnx" else op["domain"], op["op"], op["since"], inputs, outputs, op["types"], {})


def schemas(root):
    found = {}
    path = os.path.join(root, "..", "shared", "onnx-spec", "ops.json")
    if os.path.exists(path):
        with open(path) as file:
            found = {(s.domain, s.name, s.since): s for s in map(from_file, (op for op in json.load(file) if not op["deprecated"]))}
    found.update({(s.domain, s.name, s.since_version): from_package(s) for s in onnx.defs.get_all_schemas_with_history() if not s.deprecated})
    newest = {}
    for domain, name, since in found:
        newest[domain, name] = max(since, newest.get((domain, name), 0))
    # Deprecated operators have old versions only.
    several = {k for k in newest if sum(1 for d, n, _ in found if (d, n) == k) > 1} | {("", "Upsample"), ("", "Scatter")}
    return [s for k, s in sorted(found.items()) if (s.domain, s.name) in several and not s.domain.startswith("ai.onnx.preview")]


def look_up(table, schema, otherwise):
    return table.get(schema.key(), table.get(schema.name, otherwise))


def constant(text, kind):
    """ "=1,2" in the wanted type, "=f1,2" floats, "=b1" bools; ";1" says the rank has a 1 in front."""
    body, _, lead = text[1:].partition(";")
    dtype = np.float32 if body[:1] == "f" else np.bool_ if body[:1] == "b" else {TensorProto.INT32: np.int32, TensorProto.FLOAT: np.float32}.get(kind, np.int64)
    values = [v for v in body.lstrip("fb").split(",") if v]
    array = np.array([float(v) for v in values], np.float64).astype(dtype)
    return array[None] if lead else array


SCALARS = ("Range", "OneHot", "CumSum", "Dropout")


class Parts:
    """Nodes, inputs and initializers of a model; the results are inferred. Names begin with the node's."""

    def __init__(self, name):
        self.name, self.nodes, self.inputs, self.initializers = name, [], [], []

    def input(self, name, kind, shape):
        self.inputs.append(helper.make_tensor_value_info(f"{self.name}.{name}", kind, shape))

    def node(self, op, inputs, outputs, **more):
        full = lambda names: [f"{self.name}.{n}" if n else "" for n in names]
        self.nodes.append(helper.make_node(op, full(inputs), full(outputs), name=self.name, **more))


def plain(schema, variant, p):
    attributes = {**look_up(ATTRIBUTES, schema, {}), **variant}
    sizes = attributes.pop("inputs", None) or look_up(INPUTS, schema, None)
    outputs = attributes.pop("outputs", None)
    if sizes is None:
        sizes = ["2x3" for _, required, variadic in schema.inputs if required or variadic]
    if not any(variadic for _, _, variadic in schema.inputs):
        sizes = sizes[:len(schema.inputs)]
    names = []
    for i, size in enumerate(sizes):
        names.append(f"x{i}" if size is not None else "")
        if size is None:
            continue
        kind = schema.type_of(schema.inputs[min(i, len(schema.inputs) - 1)][0])
        if size.startswith("="):
            array = constant(size, kind)
            p.initializers.append(numpy_helper.from_array(array.reshape(()) if schema.name in SCALARS and array.size == 1 else array, f"{p.name}.x{i}"))
            continue
        named, _, size = size.rpartition(":")
        p.input(f"x{i}", TYPES[f"tensor({named})"] if named else kind, [int(d) for d in size.split("x") if d])
    count = outputs or (2 if schema.name == "Split" else max(1, len(schema.outputs)))
    p.node(schema.name, names, [f"y{i}" for i in range(count)], domain=schema.domain, **{k: v for k, v in attributes.items() if v is not None})


def with_graphs(schema, p):
    """If, Loop and Scan with the smallest graphs."""
    info = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)
    node = helper.make_node
    if schema.name == "If":
        branch = lambda op: helper.make_graph([node(op, [p.name + ".x"], ["r"])], op, [], [info("r", [2, 3])])
        p.input("x", TensorProto.FLOAT, [2, 3])
        p.input("c", TensorProto.BOOL, [])
        return p.node("If", ["c"], ["y"], then_branch=branch("Abs"), else_branch=branch("Neg"))
    if schema.name == "Loop":
        graph = helper.make_graph([node("Add", ["s", "s"], ["t"]), node("Identity", ["b"], ["go"]), node("Abs", ["t"], ["each"])], "body",
                                  [info("i", [], TensorProto.INT64), info("b", [], TensorProto.BOOL), info("s", [2, 3])],
                                  [info("go", [], TensorProto.BOOL), info("t", [2, 3]), info("each", [2, 3])])
        p.input("n", TensorProto.INT64, [])
        p.input("c", TensorProto.BOOL, [])
        p.input("x", TensorProto.FLOAT, [2, 3])
        return p.node("Loop", ["n", "c", "x"], ["y", "z"], body=graph)
    graph = helper.make_graph([node("Add", ["s", "e"], ["t"]), node("Identity", ["t"], ["each"])], "body", [info("s", [3]), info("e", [3])], [info("t", [3]), info("each", [3])])
    # The first version takes a batch, and lengths of its sequences.
    batch = [1] if schema.since == 8 else []
    p.input("s", TensorProto.FLOAT, batch + [3])
    p.input("x", TensorProto.FLOAT, batch + [2, 3])
    p.node("Scan", ([""] if batch else []) + ["s", "x"], ["y", "z"], body=graph, num_scan_inputs=1)


def instances(schema):
    """The version's nodes."""
    made = []
    def add(build, *arguments):
        made.append(Parts(f"{schema.key()}.{len(made)}"))
        build(*arguments, made[-1])

    def of_optional(p):
        p.input("x", TensorProto.FLOAT, [2])
        p.node("Optional", ["x"], ["o"])
        p.node(schema.name, ["o"], ["y"])

    if schema.name in GRAPHS:
        add(with_graphs, schema)
        return made
    if schema.name == "Constant":
        add(lambda p: p.node("Constant", [], ["y"], value=numpy_helper.from_array(np.float32([1, 2]))))
    elif schema.name in ("OptionalGetElement", "OptionalHasElement"):
        add(of_optional)
    else:
        add(plain, schema, {})
        usual = {k: v for k, v in schema.defaults.items() if k not in look_up(ATTRIBUTES, schema, {})}
        if usual:
            add(plain, schema, usual)
    for variant in VARIANTS.get(schema.key(), []):
        add(plain, schema, variant)
    return made


def main():
    root, folder, parts = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    groups, versions, nodes, wrong = collections.defaultdict(list), 0, 0, 0
    for schema in schemas(root):
        if not parts or any(p in schema.key() for p in parts):
            versions += 1
            groups[schema.domain, schema.since] += instances(schema)
    for (domain, since), made in groups.items():
        nodes += len(made)
        # Results that are used by none would be left out.
        outputs = [onnx.ValueInfoProto(name=o) for p in made for o in p.nodes[-1].output]
        graph = helper.make_graph([n for p in made for n in p.nodes], "g", [i for p in made for i in p.inputs], outputs, [t for p in made for t in p.initializers])
        opsets = [helper.make_opsetid(domain, since)] + ([helper.make_opsetid("", 12)] if domain else [])
        path = os.path.join(folder, f"{domain or 'ai.onnx'}-{since}.onnx")
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
        done = subprocess.run(["ingotc", "--stop-after=lower", path, "-o", os.devnull], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            wrong += 1
            print(done.stdout.decode(errors="replace")[:3000])
    few = "" if versions > 250 or parts else ", expected more"
    print(f"{versions} versions of operators, {nodes} nodes{few}: {f'{wrong} of {len(groups)} models are not read' if wrong else 'all are read'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
