"""One node as a model with random inputs; see generate.py."""
import json
import os
import shutil
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MS, ML = "com.microsoft", "ai.onnx.ml"
F32, F16, U8, I8, I32, I64 = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32, TensorProto.INT64)
cases = {}


def case(name, op, inputs, outputs=1, domain=MS, constant=(), onnx_opset=17, version=None, types=None, expected=None, outputs_absent=(), tolerance=None,
         **attributes):
    """`inputs`: arrays, maps or None, in order; those whose number is in `constant` become initializers.  `expected`: the outputs, where ONNX Runtime has
    no such operator on this processor.  `tolerance`: (rtol, atol), where results may be further apart than elsewhere."""
    cases[name] = (op, inputs, outputs, domain, constant, onnx_opset, version, types, expected, outputs_absent, tolerance, attributes)


def element(value):
    return TensorProto.STRING if isinstance(value, str) else I64 if isinstance(value, int) else F32


def info(name, x):
    if isinstance(x, dict):
        key, value = next(iter(x.items()))
        given = onnx.ValueInfoProto(name=name)
        given.type.map_type.key_type = element(key)
        given.type.map_type.value_type.tensor_type.elem_type = element(value)
        return given
    kind = numpy_helper.from_array(x).data_type
    return helper.make_tensor_value_info(name, kind, list(x.shape))


def tensor(x, name):
    """`x` may be a tensor of a type that numpy has not."""
    if isinstance(x, TensorProto):
        named = TensorProto()
        named.CopyFrom(x)
        named.name = name
        return named
    return numpy_helper.from_array(x, name)


def four_bits(signed, *shape):
    """Random numbers of 4 bits, two in a byte."""
    return TensorProto(data_type=22 if signed else 21, dims=shape, raw_data=u8((int(np.prod(shape)) + 1) // 2).tobytes())


def serialized(x, name):
    if isinstance(x, dict):
        m = onnx.MapProto(name=name, key_type=element(next(iter(x))))
        (m.string_keys if m.key_type == TensorProto.STRING else m.keys).extend(k.encode() if isinstance(k, str) else k for k in x)
        kind = element(next(iter(x.values())))
        m.values.elem_type = onnx.SequenceProto.TENSOR
        m.values.tensor_values.extend(helper.make_tensor("", kind, [], [v.encode() if isinstance(v, str) else v]) for v in x.values())
        return m.SerializeToString()
    return numpy_helper.from_array(np.array(x, order="C"), name).SerializeToString()


def build(name):
    op, inputs, outputs, domain, constant, opset, version, types, expected, absent, tolerance, attributes = cases[name]
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    outs = [f"y{i}" if i not in absent else "" for i in range(outputs)]
    node = helper.make_node(op, names, outs, domain=domain, name="node", **attributes)
    given = [(n, x) for i, (n, x) in enumerate(zip(names, inputs)) if x is not None and i not in constant]
    graph = helper.make_graph(
        [node], name, [info(n, x) for n, x in given],
        [helper.make_tensor_value_info(o, t, None) for o, t in zip(outs, types or [TensorProto.FLOAT] * outputs) if o],
        [tensor(inputs[i], names[i]) for i in constant])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(MS, 1)]
    if domain == ML:
        opsets.append(helper.make_opsetid(ML, version or 3))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), [x for _, x in given], expected, tolerance


def write(peer, folder, name):
    model, inputs, expected, tolerance = build(name)
    at = os.path.join(folder, name)
    data = os.path.join(at, "test_data_set_0")
    shutil.rmtree(at, ignore_errors=True)
    os.makedirs(data)
    onnx.save(model, os.path.join(at, "model.onnx"))
    if tolerance:
        with open(os.path.join(at, "info.json"), "w") as file:
            json.dump({"tolerance": {o.name: {"rtol": tolerance[0], "atol": tolerance[1]} for o in model.graph.output}}, file)

    def write_tensors(kind, values, infos):
        for i, x in enumerate(values):
            with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as file:
                file.write(serialized(x, infos[i].name))

    write_tensors("input", inputs, model.graph.input)
    if expected is not None:
        return write_tensors("output", expected, model.graph.output)
    run = subprocess.run([peer, os.path.join(at, "model.onnx"), "--inputs", data, "--write-outputs", data, "--seconds", "0"], capture_output=True, text=True)
    if run.returncode:
        shutil.rmtree(at)
        print(name, "-", (run.stderr + run.stdout).strip()[-300:])


random = np.random.default_rng(1)


def f(*shape, low=-1.0, high=1.0, dtype=np.float32):
    return random.uniform(low, high, shape).astype(dtype)


def u8(*shape, low=0, high=256):
    return random.integers(low, high, shape).astype(np.uint8)


def i64(*values):
    return np.array(values, np.int64)


def i32(*values):
    return np.array(values, np.int32)


def scalar(v, dtype=np.float32):
    return np.array(v, dtype)
