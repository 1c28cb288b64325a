"""com.microsoft's operators of transformers and its other quantised ones."""
import numpy
from builder import *
from quantization import BYTES, limits, scale_of, zero_of

OPS = []
MS = "com.microsoft"


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


@op(1)
def skip_simplified(b):
    x = b.pick((F32,), lo=3, hi=3, where=lambda v: v.size > 0 and v.mag < 60)
    n = x.shape[-1]
    skip, gamma = b.fresh(F32, x.shape, -2, 2, 0.5), b.fresh(F32, (n,), 0.5, 1.5, 0.2)
    bias = b.fresh(F32, (n,), -1, 1, 0.2) if b.chance(0.4) else None
    m = 1.5 * n ** 0.5 + 0.1
    outputs = [b.computed(F32, x.shape, -m, m, 8 * x.err + 2e-5)]
    if b.chance(0.4):
        outputs += [None, None, b.computed(F32, x.shape, x.lo - 3, x.hi + 3, x.err)]
    return b.node("SkipSimplifiedLayerNormalization", [x, skip, gamma, bias], outputs, domain=MS, epsilon=0.1)


def tables(b, half, positions):
    angles = numpy.outer(numpy.arange(positions), 0.7 ** numpy.arange(half))
    return b.constant(numpy.cos(angles).astype(numpy.float32)), b.constant(numpy.sin(angles).astype(numpy.float32))


@op(1)
def rotary(b):
    batch, heads, length, half = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(1, 4), b.rng.choice([1, 2, 4])
    shape = (batch, length, heads * 2 * half) if b.chance(0.5) else (batch, heads, length, 2 * half)
    x = b.pick((F32,), shape=shape, new=0.5)
    most = length + 3
    cosines, sines = tables(b, half, most)
    if b.chance(0.5):
        positions = b.ints([[b.rng.randrange(most) for _ in range(length)] for _ in range(batch)])
    else:
        positions = b.ints([b.rng.randrange(4)])
    return b.node("RotaryEmbedding", [x, positions, cosines, sines], [b.computed(F32, shape, -2 * x.mag, 2 * x.mag, 2 * x.err)], domain=MS,
                  interleaved=b.rng.randint(0, 1))


@op(1)
def multi_head_attention(b):
    batch, heads, length, keys, size = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(1, 4), b.rng.randint(1, 5), b.rng.choice([1, 2, 4])
    q, k, v = [b.pick((F32,), shape=(batch, n, heads * size), new=0.6, where=lambda v: v.mag < 8 and v.err < 1e-4) for n in (length, keys, keys)]
    bias = b.fresh(F32, (3 * heads * size,), -1, 1, 0.2) if b.chance(0.4) else None
    added = b.fresh(F32, (1, heads, length, keys), -2, 2, 0.4) if b.chance(0.3) else None
    m, spread = v.mag + 1, 4 * size * (q.mag + 1) * (k.mag + 1)
    return b.node("MultiHeadAttention", [q, k, v, bias, None, added], [b.computed(F32, q.shape, -m, m, v.err + m * spread * (q.err + k.err + 2 * EPSILON[F32]))],
                  domain=MS, num_heads=heads)


@op(1)
def group_query_attention(b):
    batch, group, kv, length, size = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(1, 2), b.rng.randint(1, 4), b.rng.choice([8, 16])
    heads = group * kv
    q, k, v = [b.fresh(F32, (batch, length, n * size), -1, 1, 0.6) for n in (heads, kv, kv)]
    past = b.rng.randint(0, 3) if length == 1 else 0
    before = [b.fresh(F32, (batch, kv, past, size), -1, 1, 0.6) for _ in range(2)] if past else [None, None]
    total = past + length
    lens, whole = b.constant(numpy.full((batch,), total - 1, numpy.int32)), b.constant(numpy.int32(total))
    rotate = b.chance(0.4)
    cosines, sines = tables(b, size // 2, total + 4) if rotate else (None, None)
    state = b.computed(F32, (batch, kv, total, size), -2, 2, 1e-6)
    return b.node("GroupQueryAttention", [q, k, v, *before, lens, whole, cosines, sines], [b.computed(F32, q.shape, -2, 2, 1e-4), state, state], domain=MS,
                  num_heads=heads, kv_num_heads=kv, do_rotary=1 if rotate else None)


@op(0.7)
def embeddings(b):
    batch, length, width, words = b.rng.randint(1, 2), b.rng.randint(1, 4), b.rng.choice([3, 4, 8]), 7
    ids, segments = b.fresh(I32, (batch, length), 0, words - 1, 0.7), b.fresh(I32, (batch, length), 0, 1, 0.7)
    tables_ = [b.fresh(F32, (n, width), -1, 1, 0.2) for n in (words, length + 2, 2)]
    gamma, beta = b.fresh(F32, (width,), 0.5, 1.5, 0.1), b.fresh(F32, (width,), -1, 1, 0.1)
    return b.node("EmbedLayerNormalization", [ids, segments, *tables_, gamma, beta],
                  [b.computed(F32, (batch, length, width), -8, 8, 1e-4), (I32, (batch,), 0, length, 0)], domain=MS, epsilon=0.1)


@op(0.7)
def fused_conv(b):
    n, c, h, w, m = b.rng.randint(1, 2), b.rng.randint(1, 4), b.rng.randint(2, 6), b.rng.randint(2, 6), b.rng.choice([1, 3, 8])
    x = b.pick((F32,), shape=(n, c, h, w), new=0.5)
    weights, bias = b.fresh(F32, (m, c, 1, 1), -1, 1, 0.1, fixed=True), b.fresh(F32, (m,), -1, 1, 0.1)
    most = c * x.mag + 1
    return b.node("FusedConv", [x, weights, bias], [b.computed(F32, (n, m, h, w), -most, most, c * x.err + 4 * EPSILON[F32] * most)], domain=MS,
                  activation=b.rng.choice(["Relu", "Tanh", "Sigmoid"]))


@op(0.7)
def qlinear_concat(b):
    x = b.pick(BYTES, lo=1, where=lambda v: v.exact)
    axis = b.rng.randrange(x.rank)
    parts = [x] + [b.fresh(x.type, x.shape, *limits(x.type), 0.4) for _ in range(b.rng.randint(0, 2))]
    shape = list(x.shape)
    shape[axis] *= len(parts)
    operands = [scale_of(b), zero_of(b, x.type)]
    for p in parts:
        operands += [p, scale_of(b), zero_of(b, x.type)]
    return b.node("QLinearConcat", operands, [(x.type, shape, *limits(x.type), 1)], domain=MS, axis=axis)


@op(0.7)
def qlinear_global_pool(b):
    x = b.pick(BYTES, lo=4, hi=4, where=lambda v: v.exact and v.size > 0)
    return b.node("QLinearGlobalAveragePool", [x, scale_of(b), zero_of(b, x.type), scale_of(b), zero_of(b, x.type)],
                  [(x.type, x.shape[:2] + (1, 1), *limits(x.type), 1)], domain=MS)


@op(0.7)
def gather_block_quantized(b):
    rows, blocks, block = b.rng.randint(1, 5), b.rng.randint(1, 2), 16
    data = b.fresh(U8, (rows, blocks * block // 2), 0, 255, 0, fixed=True)
    scales = b.fresh(F32, (rows, blocks), 0.01, 0.1, 0)
    i = b.ints([b.rng.randrange(rows) for _ in range(b.rng.randint(1, 4))])
    return b.node("GatherBlockQuantized", [data, i, scales], [b.computed(F32, i.shape + (blocks * block,), -2, 2, 0)], domain=MS, block_size=block, bits=4,
                  gather_axis=0, quantize_axis=1)
