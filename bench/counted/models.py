#!/usr/bin/python3
"""Writes the small models whose instructions are counted:  models.py FOLDER

One for each kind of kernel that a change may slow down unseen. Weights are seeded; shapes are small, for Valgrind takes 50 times as long.
"""
import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(1)
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name, *shape):
    return numpy_helper.from_array((random.random(shape, numpy.float32) - 0.5) / 4, name)


def constant(name, values):
    return numpy_helper.from_array(numpy.array(values), name)


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def mlp():
    """Batch 1: products of a vector with a matrix."""
    return ([("x", FLOAT, [1, 256])],
            [weight("w1", 256, 512), weight("b1", 512), weight("w2", 512, 10), weight("b2", 10)],
            [node("Gemm", "x w1 b1", "h"), node("Relu", "h", "r"), node("Gemm", "r w2 b2", "y")])


def product():
    return [("x", FLOAT, [96, 160])], [weight("w", 160, 200)], [node("MatMul", "x w", "y")]


def open_product():
    """The number of rows is known in the run only."""
    return [("x", FLOAT, ["rows", 160])], [weight("w", 160, 200)], [node("MatMul", "x w", "h"), node("Sigmoid", "h", "y")]


def convolution():
    """3x3 with batch normalisation, residual and activation."""
    return ([("x", FLOAT, [1, 32, 20, 20])],
            [weight("w", 32, 32, 3, 3), weight("s", 32), weight("b", 32), weight("m", 32), constant("v", numpy.ones(32, numpy.float32))],
            [node("Conv", "x w", "c", pads=[1, 1, 1, 1]), node("BatchNormalization", "c s b m v", "n"), node("Add", "n x", "a"),
             node("Relu", "a", "y")])


def mobile():
    """Expand, depthwise, squeeze and excite, project."""
    return ([("x", FLOAT, [1, 16, 24, 24])],
            [weight("e", 64, 16, 1, 1), weight("d", 64, 1, 3, 3), weight("f", 16, 64, 1, 1), weight("g", 64, 16, 1, 1), weight("p", 16, 64, 1, 1)],
            [node("Conv", "x e", "a"), node("HardSwish", "a", "b"), node("Conv", "b d", "c", group=64, pads=[1, 1, 1, 1], strides=[2, 2]),
             node("Relu", "c", "i"), node("GlobalAveragePool", "i", "q"), node("Conv", "q f", "r"), node("Relu", "r", "s"), node("Conv", "s g", "t"),
             node("HardSigmoid", "t", "u"), node("Mul", "i u", "v"), node("Conv", "v p", "y")])


def quantized():
    """Bytes through an expansion, filters of one channel and a projection, with a residual."""
    byte, number = (lambda *shape: random.integers(-127, 128, shape).astype(numpy.int8)), (lambda v: numpy.float32(v))
    weights = [numpy_helper.from_array(byte(64, 16, 1, 1), "e"), numpy_helper.from_array(byte(64, 1, 3, 3), "d"), numpy_helper.from_array(byte(16, 64, 1, 1), "p"),
               constant("s", number(0.05)), constant("t", number(0.003)), constant("z", numpy.uint8(117)), constant("n", numpy.uint8(0))]
    nodes = [node("QuantizeLinear", "x s z", "xq"), node("DequantizeLinear", "xq s z", "xd")]
    nodes += [node("DequantizeLinear", f"{w} t", w + "d") for w in "edp"]
    for before, after, w, more in (("xd", "a", "ed", {}), ("ad", "b", "dd", dict(group=64, pads=[1, 1, 1, 1]))):
        nodes += [node("Conv", f"{before} {w}", after + "c", **more), node("Relu", after + "c", after + "r"), node("QuantizeLinear", after + "r s n", after),
                  node("DequantizeLinear", after + " s n", after + "d")]
    nodes += [node("Conv", "bd pd", "c"), node("Add", "c xd", "y")]
    return [("x", FLOAT, [1, 16, 24, 24])], weights, nodes


def attention():
    return ([("q", FLOAT, [4, 48, 32]), ("k", FLOAT, [4, 32, 48]), ("v", FLOAT, [4, 48, 32])], [constant("scale", numpy.float32(0.17))],
            [node("MatMul", "q k", "s"), node("Mul", "s scale", "t"), node("Softmax", "t", "p", axis=-1), node("MatMul", "p v", "y")])


def normalization():
    return ([("x", FLOAT, [64, 384])], [weight("s", 384), weight("b", 384)],
            [node("LayerNormalization", "x s b", "n"), node("Gelu", "n", "y")])


def recurrent():
    return ([("x", FLOAT, [12, 1, 40])], [weight("w", 1, 256, 40), weight("r", 1, 256, 64), weight("b", 1, 512)],
            [node("LSTM", "x w r b", "y", hidden_size=64)])


def pooling():
    return [("x", FLOAT, [1, 32, 32, 32])], [], [node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])]


def transposing():
    return [("x", FLOAT, [64, 24, 40])], [], [node("Transpose", "x", "y", perm=[2, 0, 1])]


MODELS = [mlp, product, open_product, convolution, mobile, quantized, attention, normalization, recurrent, pooling, transposing]


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for make in MODELS:
        inputs, weights, nodes = make()
        graph = helper.make_graph(nodes, make.__name__, [helper.make_tensor_value_info(*i) for i in inputs],
                                  [helper.make_tensor_value_info("y", FLOAT, None)], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
        onnx.save(model, os.path.join(folder, make.__name__ + ".onnx"))


if __name__ == "__main__":
    main()
