"""Quantised operators of com.microsoft."""
import numpy as np

from nodes import F32, I8, U8, case, f, i32, i64, random, scalar, u8


def add():
    a, b = u8(2, 3), u8(3)
    sa, za, sb, zb, sc, zc = scalar(0.02), scalar(120, np.uint8), scalar(0.03), scalar(110, np.uint8), scalar(0.05), scalar(100, np.uint8)
    q = lambda name, op, inputs, **more: case("qlinear_" + name, op, inputs, types=[U8], **more)
    q("add", "QLinearAdd", [a, sa, za, b, sb, zb, sc, zc])
    q("mul", "QLinearMul", [a, sa, za, b, sb, zb, sc, zc])
    q("sigmoid", "QLinearSigmoid", [a, sa, za, scalar(1 / 256), scalar(0, np.uint8)], constant=(1, 2, 3, 4))
    q("leaky_relu", "QLinearLeakyRelu", [a, sa, za, sc, zc], constant=(1, 2, 3, 4), alpha=0.2)
    picture = u8(1, 2, 4, 4)
    q("average_pool", "QLinearAveragePool", [picture, sa, za, sc, zc], kernel_shape=[2, 2], strides=[2, 2])
    q("average_pool_last", "QLinearAveragePool", [picture.transpose(0, 2, 3, 1).copy(), sa, za, sc, zc], kernel_shape=[3, 3], pads=[1, 1, 1, 1], channels_last=1)
    q("global_average_pool", "QLinearGlobalAveragePool", [picture, sa, za, sc, zc])
    q("global_average_pool_last", "QLinearGlobalAveragePool", [picture.transpose(0, 2, 3, 1).copy(), sa, za, sc, zc], channels_last=1)
    q("concat", "QLinearConcat", [sc, zc, a, sa, za, u8(2, 2), sb, zb], constant=(0, 1, 3, 4, 6, 7), axis=1)
    q("softmax", "QLinearSoftmax", [a, sa, za, scalar(1 / 256), scalar(0, np.uint8)], constant=(1, 2, 3, 4), axis=1, opset=13)
    q("where", "QLinearWhere", [np.array([True, False, True]), a, sa, za, b, sb, zb, sc, zc], constant=(2, 3, 5, 6, 7, 8))
    # Small enough for processors on which ONNX Runtime's products of bytes saturate.
    w8 = random.integers(-50, 50, (3, 4)).astype(np.int8)
    zw = scalar(3, np.int8)
    case("qgemm", "QGemm", [a, sa, za, w8, sb, zw, i32(100, -50, 7, 3), sc, zc], types=[U8])
    case("qgemm_float", "QGemm", [a, sa, za, w8.T.copy(), f(4, low=0.01, high=0.05), random.integers(-9, 9, 4).astype(np.int8)], constant=(1, 2, 3, 4, 5), transB=1, alpha=0.5)
    x = f(2, 3)
    case("dynamic_quantize_matmul", "DynamicQuantizeMatMul", [x, w8, sb, zw, f(4)], constant=(1,))
    case("matmul_integer_to_float", "MatMulIntegerToFloat", [a, w8, sa, f(4, low=0.01, high=0.05), za, random.integers(-9, 9, 4).astype(np.int8), f(4)], constant=(1, 2, 3, 4, 5, 6))
    case("qattention", "QAttention", [u8(2, 3, 6), random.integers(-50, 50, (6, 24)).astype(np.int8), f(24), sa, scalar(0.01), i32(2, 3), za, zw], constant=(1, 2, 3, 4, 6, 7), num_heads=2)
    emb = [i32(1, 2, 3, 4, 0, 1).reshape(2, 3), i32(0, 1, 0, 1, 1, 0).reshape(2, 3), u8(5, 4), u8(4, 4), u8(2, 4), u8(4), u8(4), None]
    case("qembed_layer_norm", "QEmbedLayerNormalization", emb + [sa, sb, sc, sa, sb, za, zb, zc, za, zb], 2, types=[F32, 6], constant=tuple(range(2, 7)) + tuple(range(8, 18)))
    case("quantize_16", "QuantizeLinear", [f(2, 3), scalar(1e-4), scalar(5, np.int16)], types=[5])
    case("dequantize_16", "DequantizeLinear", [random.integers(0, 60000, (2, 3)).astype(np.uint16), scalar(1e-4), scalar(5, np.uint16)])

    for bits, block, k in ((4, 16, 32), (4, 32, 40), (8, 16, 32), (2, 16, 64)):
        n, blocks = 6, -(-k // block)
        weights, scales = u8(n, blocks, block * bits // 8), f(n * blocks, low=0.01, high=0.05)
        zeros = u8(n * -(-blocks * bits // 8))
        base = f"matmul_nbits_{bits}_{block}_{k}"
        for rows in (1, 5):
            case(f"{base}_rows{rows}", "MatMulNBits", [f(rows, k), weights, scales], constant=(1, 2), K=k, N=n, bits=bits, block_size=block)
        case(base + "_zeros", "MatMulNBits", [f(1, 2, k), weights, scales, zeros], constant=(1, 2, 3), K=k, N=n, bits=bits, block_size=block)
        case(base + "_bias", "MatMulNBits", [f(2, k), weights, scales, zeros, None, f(n)], constant=(1, 2, 3, 5), K=k, N=n, bits=bits, block_size=block)
    case("matmul_nbits_groups", "MatMulNBits", [f(2, 32), u8(6, 2, 8), f(12, low=0.01, high=0.05), None, random.permutation(32).astype(np.int32) // 16],
         constant=(1, 2, 4), K=32, N=6, bits=4, block_size=16)
    for kind in (0, 1):
        case(f"matmul_bnb4_{kind}", "MatMulBnb4", [f(3, 32), u8(96), f(12, low=0.1, high=0.9)], constant=(1, 2), K=32, N=6, block_size=16, quant_type=kind)
    case("gather_block_quantized", "GatherBlockQuantized", [u8(5, 16), i64(3, 0), f(5, 2, low=0.01, high=0.05), u8(5, 1)], constant=(0, 2, 3), bits=4, block_size=16,
         gather_axis=0, quantize_axis=1)
    case("gather_block_quantized_8", "GatherBlockQuantized", [u8(5, 32), i64(3, 0), f(5, 2, low=0.01, high=0.05)], constant=(0, 2), bits=8, block_size=16,
         gather_axis=0, quantize_axis=1)
