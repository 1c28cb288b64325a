"""Products of dequantised bytes against exact sums: byte-products.py FOLDER MCPU... prints "MCPU CASE exact" or the largest difference."""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder, processors = sys.argv[1], sys.argv[2:]
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(7)


def numbers(kind, *shape):
    return random.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, shape).astype(kind)


def convolved(x, w, pad, stride, dilation, groups):
    """The sums of a convolution in 64 bits."""
    x = np.pad(x.astype(np.int64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    (n, c, height, width), (o, depth, kh, kw) = x.shape, w.shape
    rows, columns = (height - dilation * (kh - 1) - 1) // stride + 1, (width - dilation * (kw - 1) - 1) // stride + 1
    y = np.zeros((n, o, rows, columns), np.int64)
    for g in range(groups):
        part = slice(g * o // groups, (g + 1) * o // groups)
        for i in range(kh):
            for j in range(kw):
                window = x[:, g * depth:(g + 1) * depth, i * dilation:, j * dilation:][:, :, ::stride, ::stride][:, :, :rows, :columns]
                y[:, part] += np.einsum("nchw,oc->nohw", window, w[part, :, i, j].astype(np.int64))
    return y


def model(name, nodes, x, given, element, expected, stage, form):
    """Runs `nodes` from x to y on each processor; `form` says what the IR after `stage` looks like."""
    rows = helper.make_tensor_value_info("x", numpy_helper.from_array(x).data_type, [None] + list(x.shape[1:]))
    graph = helper.make_graph(nodes, "g", [rows], [helper.make_tensor_value_info("y", element, None)],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in given.items()])
    path = os.path.join(folder, name)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path + ".onnx")
    np.save(path + ".x.npy", x)
    for cpu in processors:
        ir = subprocess.run(["ingotc", path + ".onnx", "--mcpu=" + cpu, "--stop-after=" + stage, "-o", "-"], check=True, stdout=subprocess.PIPE, text=True).stdout
        subprocess.run(["ingotc", path + ".onnx", "--mcpu=" + cpu, "-o", path + ".so"], check=True)
        subprocess.run(["ingot-run", path + ".so", "--output", "y=" + path + ".y.npy", "--inputs", path + ".x.npy"], check=True, stdout=subprocess.DEVNULL)
        difference = np.abs(np.load(path + ".y.npy").astype(np.float64) - expected).max()
        print(cpu, name, form(ir), "exact" if difference == 0 else f"differs by {difference}", flush=True)


def check(name, x, w, zero, weight_zero, nodes, sums, bias=None):
    """`nodes` make y of the dequantised X and W (and B). All scales are powers of two, so that results are exact."""
    axis = 0 if nodes[0].op_type != "MatMul" else w.ndim - 1
    channels = w.shape[1] if nodes[0].op_type == "MatMul" else w.shape[0]
    scales = (2.0 ** random.integers(-9, -5, channels)).astype(np.float32)
    given = {"xs": np.float32(0.25), "xz": x.dtype.type(zero), "w": w, "ws": scales, "wz": np.full(channels, weight_zero, w.dtype)}
    if bias is not None:
        given["B"] = bias
    before = [helper.make_node("DequantizeLinear", ["x", "xs", "xz"], ["X"]), helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["W"], axis=axis)]
    along = scales.reshape(-1, *[1] * (sums.ndim - 2)) if nodes[0].op_type == "Conv" else scales
    expected = (sums * along.astype(np.float64) * 0.25).astype(np.float32)
    if bias is not None:
        expected = expected + (bias.reshape(-1, 1, 1) if nodes[0].op_type == "Conv" else bias)
    model(name, before + nodes, x, given, TensorProto.FLOAT, expected, "quantize", lambda ir: "integers" if "Integer" in ir else "floats")


def conv(name, x, w, zero=0, weight_zero=0, pad=0, stride=1, dilation=1, groups=1, bias=None):
    node = helper.make_node("Conv", ["X", "W"] + (["B"] if bias is not None else []), ["y"], pads=[pad] * 4, strides=[stride] * 2, dilations=[dilation] * 2, group=groups)
    sums = convolved(x.astype(np.int64) - zero, w.astype(np.int64) - weight_zero, pad, stride, dilation, groups)
    check(name, x, w, zero, weight_zero, [node], sums, bias)


I8, U8 = np.int8, np.uint8
near128 = lambda *shape: random.integers(20, 240, shape).astype(U8)
conv("points", numbers(U8, 2, 16, 9, 7), numbers(I8, 24, 16, 1, 1), zero=119, bias=np.float32(random.integers(-9, 9, 24)))
conv("strided", numbers(U8, 1, 8, 13, 11), numbers(I8, 20, 8, 3, 3), pad=1, stride=2)
conv("dilated", numbers(I8, 1, 12, 12, 12), numbers(I8, 40, 12, 3, 3), pad=2, dilation=2)
conv("grouped", numbers(U8, 1, 16, 6, 6), numbers(I8, 16, 4, 5, 5), groups=4, pad=2)
conv("weights_around_128", numbers(U8, 1, 32, 5, 5), near128(6, 32, 2, 2), weight_zero=128, zero=3)
conv("padded_with_a_number", numbers(U8, 1, 8, 6, 6), numbers(I8, 8, 8, 2, 2), zero=7, pad=1)
conv("depth_of_three", numbers(U8, 1, 3, 6, 6), numbers(I8, 8, 3, 2, 2))
conv("filters", numbers(U8, 1, 20, 9, 8), numbers(I8, 20, 1, 3, 3), groups=20, pad=1, bias=np.float32(random.integers(-9, 9, 20)))
conv("signed_filters", numbers(I8, 2, 8, 9, 8), numbers(I8, 8, 1, 3, 3), groups=8, stride=2)
conv("filters_around_a_number", numbers(U8, 1, 8, 5, 5), numbers(I8, 8, 1, 3, 3), groups=8, zero=9, pad=1)
matmul = helper.make_node("MatMul", ["X", "W"], ["y"])
x, w = numbers(U8, 3, 5, 64), numbers(I8, 64, 37)
check("batches", x, w, 200, 0, [matmul], np.matmul(x.astype(np.int64) - 200, w.astype(np.int64)))
x, w = numbers(I8, 1, 256), numbers(I8, 256, 100)
check("row", x, w, -5, 0, [matmul], np.matmul(x.astype(np.int64) + 5, w.astype(np.int64)))
x, w = numbers(I8, 50, 32), numbers(I8, 18, 32)
check("transposed", x, w, 0, 0, [helper.make_node("Gemm", ["X", "W", "B"], ["y"], transB=1)], x.astype(np.int64) @ w.astype(np.int64).T, np.float32(random.integers(-9, 9, 18)))


def integers(name, op, x, w, zero, weight_zeros, sums, **attributes):
    """MatMulInteger and ConvInteger with a zero point for all weights, or one for each column."""
    given = {"w": w, "xz": x.dtype.type(zero), "wz": np.asarray(weight_zeros, w.dtype)}
    node = helper.make_node(op, ["x", "w", "xz", "wz"], ["y"], **attributes)
    model(name, [node], x, given, TensorProto.INT32, sums.astype(np.int32), "fuse", lambda ir: "bytes" if "x4xi8>) " in ir else "numbers")


wide = lambda v: v.astype(np.int64)
x, w, z = numbers(U8, 3, 7, 64), numbers(U8, 64, 40), numbers(U8, 40)
integers("zero_point_117", "MatMulInteger", x, w, 9, 117, (wide(x) - 9) @ (wide(w) - 117))
integers("zero_points_of_columns", "MatMulInteger", x, w, 0, z, wide(x) @ (wide(w) - wide(z)))
x, w = numbers(I8, 5, 32), numbers(I8, 32, 40)
integers("signed_zero_point", "MatMulInteger", x, w, -3, 5, (wide(x) + 3) @ (wide(w) - 5))
x, w = numbers(U8, 1, 8, 6, 6), near128(12, 8, 3, 3)
integers("image", "ConvInteger", x, w, 0, 128, convolved(x, wide(w) - 128, 1, 1, 1, 1), pads=[1, 1, 1, 1])
w = numbers(U8, 12, 8, 3, 3)
integers("image_of_all_bytes", "ConvInteger", x, w, 0, 7, convolved(x, wide(w) - 7, 1, 1, 1, 1), pads=[1, 1, 1, 1])

# Columns of the result that do not lie side by side.
x, w = numbers(U8, 6, 16), numbers(I8, 16, 12)
given = {"w": w, "last": np.array([-1])}
apart = [helper.make_node("MatMulInteger", ["x", "w"], ["p"]), helper.make_node("Unsqueeze", ["p", "last"], ["u"]), helper.make_node("Neg", ["u"], ["v"]),
         helper.make_node("Concat", ["u", "v"], ["y"], axis=-1)]
sums = wide(x) @ wide(w)
model("columns_apart", apart, x, given, TensorProto.INT32, np.stack([sums, -sums], -1), "fuse", lambda ir: "bytes" if "x4xi8>) " in ir else "numbers")
