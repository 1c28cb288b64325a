"""Quantised operators. Scales are powers of two where rounding would decide between two integers."""
import numpy
from builder import *
from movement import axis_of

OPS = []
BYTES = (U8, I8)


def adds(v):
    """ONNX Runtime does not write integer sums of no products: their memory holds what was there before."""
    return v.exact and v.shape[-1] > 0


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def scale_of(b, type=F32, shape=()):
    return b.constant(numpy.array([2.0 ** b.rng.randint(-5, 0) for _ in range(int(numpy.prod(shape, dtype=int)))], NUMPY[type]).reshape(shape), type, 0.15)


def zero_of(b, type, shape=()):
    return b.fresh(type, shape, 0 if type == U8 else -5, 130 if type == U8 else 5, 0.15)


def limits(type):
    return float(numpy.iinfo(NUMPY[type]).min), float(numpy.iinfo(NUMPY[type]).max)


def granularity_of(b, x):
    """Shape of the scales of `x`, one, by an axis or by blocks, and the attributes that say so."""
    shape, extra = (), {}
    if x.rank and b.chance(0.4):
        axis, said = axis_of(b, x.rank)
        shape, extra = (x.shape[axis],), {"axis": said}
        if b.opset >= 21 and b.chance(0.4) and x.size:
            block = b.rng.randint(1, max(x.shape[axis], 1))
            shape = x.shape[:axis] + (-(-x.shape[axis] // block),) + x.shape[axis + 1:]
            extra["block_size"] = block
    return shape, extra


@op(2)
def quantize(b):
    x = b.pick((F32,) + ((F16,) if b.opset >= 19 else ()), where=lambda v: v.exact)
    type = b.rng.choice(BYTES if b.opset < 21 else BYTES + (U16, I16))
    shape, extra = granularity_of(b, x)
    zero = zero_of(b, type, shape) if b.chance(0.8) or type != U8 else None
    return b.node("QuantizeLinear", [x, scale_of(b, x.type, shape), zero], [(type, x.shape, *(v / (1 if type in BYTES else 4) for v in limits(type)), 0)], **extra)


@op(2)
def dequantize(b):
    x = b.pick(BYTES + ((I32,) if b.chance(0.3) else ()))
    shape, extra = granularity_of(b, x)
    type = b.pick_type((F32,))
    zero = zero_of(b, x.type, shape) if x.type != I32 and b.chance(0.7) else None
    scale = scale_of(b, type, shape) if b.chance(0.5) else b.fresh(type, shape, 0.01, 0.1, 0.15)
    m = (x.mag + (130 if x.type != I32 else 0)) * max(scale.mag, 1e-3)
    # What may be one integer off is one scale off.
    return b.node("DequantizeLinear", [x, scale, zero], [b.computed(type, x.shape, -m, m, x.err * scale.mag)], **extra)


@op(1)
def fake_quantize(b):
    """A pair of quantize and dequantize around a value, as trained models hold it."""
    x = b.pick((F32,), where=lambda v: v.exact)
    type = b.rng.choice(BYTES)
    scale, zero = scale_of(b), zero_of(b, type)
    q = b.node("QuantizeLinear", [x, scale, zero], [(type, x.shape, *limits(type), 0)])
    return b.node("DequantizeLinear", [q, scale, zero], [(F32, x.shape, -260 * scale.mag, 260 * scale.mag, 0)])


@op(1.5)
def dynamic_quantize(b):
    x = b.pick((F32,), lo=1, where=lambda v: v.exact and v.size > 0)
    # Halves between two integers may round either way: the scale is computed.
    return b.node("DynamicQuantizeLinear", [x], [(U8, x.shape, 0, 255, 1), b.computed(F32, (), 0, max(2 * x.mag, 0.01) / 255, 1e-7), (U8, (), 0, 255, 1)])


@op(2)
def matmul_integer(b):
    x = b.pick(BYTES, lo=2, hi=4, where=adds)
    type = b.rng.choice(BYTES)
    shape = (x.shape[-1], b.dim(9))
    # Without VNNI, ONNX Runtime adds two products of u8 and i8 in 16 bits, saturating: 7 bits do not reach that.
    y = b.fresh(type, shape, *(v / 2 for v in limits(type)), 0.2)
    za = zero_of(b, x.type) if b.chance(0.6) else None
    zb = zero_of(b, type, (shape[1],) if b.chance(0.3) else ()) if b.chance(0.5) else None
    m = float(max(1, shape[0]) * 300 * 300)
    return b.node("MatMulInteger", [x, y, za, zb], [(I32, x.shape[:-1] + (shape[1],), -m, m, 0)])


@op(1.5)
def qlinear_matmul(b):
    x = b.pick(BYTES, lo=2, hi=3, where=adds)
    type = b.rng.choice((x.type, I8))
    n = b.dim(9)
    y = b.fresh(type, (x.shape[-1], n), *(v / 2 for v in limits(type)), 0.2)
    out = x.type
    per = b.chance(0.3)
    return b.node("QLinearMatMul", [x, scale_of(b), zero_of(b, x.type), y, scale_of(b, F32, (n,) if per else ()), zero_of(b, type, (n,) if per else ()),
                                    scale_of(b), zero_of(b, out)], [(out, x.shape[:-1] + (n,), *limits(out), 1)])


@op(1.5)
def qlinear_conv(b):
    n, c, h, w = b.rng.randint(1, 2), b.rng.randint(1, 6), b.rng.randint(2, 7), b.rng.randint(2, 7)
    x = b.pick(BYTES, shape=(n, c, h, w), where=lambda v: v.exact)
    m, k = b.rng.choice([1, 3, 8, 16]), b.rng.randint(1, 2)
    groups = c if b.chance(0.25) else 1
    m = m * groups
    type = b.rng.choice((I8, x.type))
    weights = b.fresh(type, (m, c // groups, k, k), *(v / 2 for v in limits(type)), 0.1, fixed=True)
    per = b.chance(0.5)
    p = b.rng.randint(0, 1)
    shape = (n, m, h + 2 * p - k + 1, w + 2 * p - k + 1)
    zero = b.constant(numpy.zeros((m,) if per else (), NUMPY[type]), type, 0) if type == I8 or per else zero_of(b, type)
    bias = b.fresh(I32, (m,), -200, 200, 0.1) if b.chance(0.6) else None
    return b.node("QLinearConv", [x, scale_of(b), zero_of(b, x.type), weights, scale_of(b, F32, (m,) if per else ()), zero, scale_of(b), zero_of(b, x.type), bias],
                  [(x.type, shape, *limits(x.type), 1)], pads=[p] * 4, group=groups)


@op(1)
def conv_integer(b):
    n, c, h, w = b.rng.randint(1, 2), b.rng.randint(1, 5), b.rng.randint(2, 7), b.rng.randint(2, 7)
    x = b.pick((U8,), shape=(n, c, h, w), where=lambda v: v.exact)
    m, k, p = b.rng.choice([1, 3, 8]), b.rng.randint(1, 2), b.rng.randint(0, 1)
    type = b.rng.choice(BYTES)
    weights = b.fresh(type, (m, c, k, k), *(v / 2 for v in limits(type)), 0.1, fixed=True)
    zx = zero_of(b, U8) if b.chance(0.6) else None
    zw = zero_of(b, type) if b.chance(0.4) else None
    big = float(c * k * k * 300 * 300)
    return b.node("ConvInteger", [x, weights, zx, zw], [(I32, (n, m, h + 2 * p - k + 1, w + 2 * p - k + 1), -big, big, 0)], pads=[p] * 4)


MS = "com.microsoft"


@op(1)
def qlinear_binary(b):
    x = b.pick(BYTES, where=lambda v: v.exact)
    y = b.fresh(x.type, [1 if b.chance(0.3) else d for d in x.shape], *limits(x.type), 0.4)
    name = b.rng.choice(["QLinearAdd", "QLinearMul"])
    return b.node(name, [x, scale_of(b), zero_of(b, x.type), y, scale_of(b), zero_of(b, x.type), scale_of(b), zero_of(b, x.type)],
                  [(x.type, numpy.broadcast_shapes(x.shape, y.shape), *limits(x.type), 1)], domain=MS)


@op(0.7)
def qlinear_unary(b):
    x = b.pick(BYTES, where=lambda v: v.exact)
    name = b.rng.choice(["QLinearSigmoid", "QLinearLeakyRelu"])
    return b.node(name, [x, scale_of(b), zero_of(b, x.type), scale_of(b), zero_of(b, x.type)], [(x.type, x.shape, *limits(x.type), 1)], domain=MS)


@op(1)
def matmul_n_bits(b):
    k, n, block = b.rng.choice([16, 32, 48, 40]), b.rng.randint(1, 20), b.rng.choice([16, 32])
    bits = 4
    x = b.pick((F32,), shape=b.rng.choice([(b.rng.randint(1, 5), k), (2, b.rng.randint(1, 3), k)]))
    blocks = -(-k // block)
    w = b.fresh(U8, (n, blocks, block * bits // 8), 0, 255, 0)
    scales = b.fresh(F32, (n * blocks,), 0.01, 0.1, 0)
    zeros = b.fresh(U8, (n * (-(-blocks * bits // 8)),), 0, 255, 0) if b.chance(0.5) else None
    m = k * 1.6 * x.mag
    return b.node("MatMulNBits", [x, w, scales, zeros], [b.computed(F32, x.shape[:-1] + (n,), -m, m, k * 1.6 * x.err + 1e-5 * m)], domain=MS, K=k, N=n,
                  bits=bits, block_size=block)


@op(1.5)
def contrib_activation(b):
    name = b.rng.choice(["FastGelu", "QuickGelu", "Gelu", "BiasGelu", "FusedMatMul", "SkipLayerNormalization"])
    x = b.pick((F32,), lo=2, hi=3, where=lambda v: v.mag < 60 and v.size > 0)
    n, m = x.shape[-1], x.mag
    if name == "BiasGelu" or (name == "FastGelu" and b.chance(0.5)):
        bias = b.fresh(F32, (n,), -1, 1, 0.3)
        return b.node(name, [x, bias], [b.computed(F32, x.shape, -m - 1, m + 1, 1.2 * x.err + 1e-6 * m + 1e-6)], domain=MS)
    if name in ("FastGelu", "QuickGelu", "Gelu"):
        return b.node(name, [x], [b.computed(F32, x.shape, -m, m, 1.2 * x.err + 1e-6 * m + 1e-6)], domain=MS)
    if name == "FusedMatMul":
        ta, tb = b.rng.randint(0, 1), b.rng.randint(0, 1)
        rows, k = (x.shape[-1], x.shape[-2]) if ta else x.shape[-2:]
        y = b.fresh(F32, (9, k) if tb else (k, 9), -1, 1, 0.4)
        return b.node(name, [x, y], [b.computed(F32, x.shape[:-2] + (rows, 9), -m * k, m * k, k * x.err + 1e-6 * k * m)], domain=MS, transA=ta, transB=tb, alpha=0.5)
    skip = b.fresh(F32, x.shape, -2, 2, 0.5)
    gamma, beta = b.fresh(F32, (n,), 0.5, 1.5, 0.2), b.fresh(F32, (n,), -1, 1, 0.2)
    return b.node(name, [x, skip, gamma, beta if b.chance(0.7) else None], [b.computed(F32, x.shape, -9, 9, 5 * x.err + 1e-5 * (1 + m))], domain=MS, epsilon=0.1)
