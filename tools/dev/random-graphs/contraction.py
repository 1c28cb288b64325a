"""Products, convolutions, pooling, reductions, normalisation, attention."""
import numpy
from builder import *
from elementwise import partner, spread
from movement import axis_of, axes_of

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def dot(type, k, a, c):
    """Interval and error of a sum of k products."""
    m = k * a.mag * c.mag
    return -m, m, k * (a.mag * c.err + c.mag * a.err) + (k ** 0.5 * EPSILON[type] * a.mag * c.mag if type in FLOATS else 0)


@op(5)
def matmul(b):
    x = b.pick(FLOATS + (I32, I64), lo=1, hi=4)
    k = x.shape[-1]
    if x.rank >= 2 and b.chance(0.2):
        batch = list(x.shape[:-2])
        batch = batch[b.rng.randint(0, len(batch)):] if b.chance(0.5) else [1 if b.chance(0.4) else d for d in batch]
        shape = batch + [k, b.dim(9)]
    else:
        shape = [k] if b.chance(0.2) else [k, b.dim(9)]
    y = b.pick((x.type,), shape=shape, new=0.5)
    try:
        shape = numpy.matmul(numpy.zeros(x.shape), numpy.zeros(y.shape)).shape
    except ValueError:
        raise Unfit("matmul")
    return b.node("MatMul", [x, y], [b.computed(x.type, shape, *dot(x.type, max(k, 1), x, y))])


@op(3)
def gemm(b):
    x = b.pick(FLOATS, lo=2, hi=2)
    ta, tb = b.rng.randint(0, 1), b.rng.randint(0, 1)
    m, k = x.shape[::-1] if ta else x.shape
    n = b.dim(9)
    if k == 0:  # ONNX Runtime forgets beta then
        raise Unfit("empty")
    y = b.pick((x.type,), shape=(n, k) if tb else (k, n), new=0.5)
    lo, hi, err = dot(x.type, max(k, 1), x, y)
    c = None
    if b.chance(0.6):
        c = b.fresh(x.type, b.rng.choice([(m, n), (n,), (1, n), (m, 1), (1,), (), (1, 1)]), -2, 2, 0.3)
        lo, hi = lo - 2 * c.mag, hi + 2 * c.mag
    alpha, beta = (b.rng.choice([1.0, 0.5]), b.rng.choice([1.0, 2.0])) if x.type in FLOATS else (1.0, 1.0)
    return b.node("Gemm", [x, y, c], [b.computed(x.type, (m, n), lo, hi, err)], transA=ta, transB=tb, alpha=alpha, beta=beta)


@op(1.5)
def einsum(b):
    letters = "abcd"
    rank1, rank2 = b.rng.randint(1, 3), b.rng.randint(1, 3)
    sizes = {c: b.dim(5) for c in letters}
    left = "".join(b.rng.sample(letters, rank1))
    right = "".join(b.rng.sample(letters, rank2))
    both = sorted(set(left + right))
    out = "".join(b.rng.sample(both, b.rng.randint(0, len(both))))
    x = b.pick((F32, F64), shape=[sizes[c] for c in left], new=0.6)
    y = b.pick((x.type,), shape=[sizes[c] for c in right], new=0.6)
    k = int(numpy.prod([max(1, sizes[c]) for c in both if c not in out], dtype=int))
    return b.node("Einsum", [x, y], [b.computed(x.type, [sizes[c] for c in out], *dot(x.type, k, x, y))], equation=f"{left},{right}->{out}")


def window(b, size, pooling=False):
    """Kernel, stride, dilation and padding along one dimension and the size of the result."""
    for _ in range(20):
        kernel, stride, dilation = b.rng.randint(1, 4), b.rng.choice([1, 1, 2, 3]), b.rng.choice([1, 1, 2])
        before, after = b.rng.randint(0, kernel - 1 if pooling else 2), b.rng.randint(0, kernel - 1 if pooling else 2)
        extent = (kernel - 1) * dilation + 1
        out = (size + before + after - extent) // stride + 1
        if out > 0 and size > 0:
            return kernel, stride, dilation, before, after, out
    raise Unfit("window")


def image(b, types=FLOATS, groups=1):
    spatial = b.rng.choice([1, 2, 2, 2, 3])
    return b.pick(types, lo=spatial + 2, hi=spatial + 2, new=0.4, where=lambda v: v.size > 0 and v.mag <= 64) if b.chance(0.6) else b.fresh(
        b.pick_type(types), (b.rng.randint(1, 3), groups * b.rng.randint(1, 6)) + tuple(b.rng.randint(1, 9 if spatial < 3 else 5) for _ in range(spatial)))


@op(5)
def conv(b):
    x = image(b, (F32, F16))
    c = x.shape[1]
    groups = b.rng.choice([g for g in range(1, c + 1) if c % g == 0]) if b.chance(0.4) else 1
    out_channels = groups * b.rng.choice([1, 1, 2, 3, 4, 8, 16]) if groups > 1 else b.rng.choice([1, 2, 3, 5, 8, 16, 17])
    rows = [window(b, d) for d in x.shape[2:]]
    k, s, d, p, q, o = zip(*rows)
    w = b.fresh(x.type, (out_channels, c // groups) + k, -1, 1, 0.15, fixed=True)
    lo, hi, err = dot(x.type, c // groups * int(numpy.prod(k)), x, w)
    bias = b.fresh(x.type, (out_channels,), -1, 1, 0.15) if b.chance(0.6) else None
    auto = {"pads": list(p) + list(q)}
    if b.chance(0.2):
        auto = {"auto_pad": b.rng.choice(["SAME_UPPER", "SAME_LOWER"])}
        d, o = (1,) * len(k), [-(-n // t) for n, t in zip(x.shape[2:], s)]
    return b.node("Conv", [x, w, bias], [b.computed(x.type, (x.shape[0], out_channels) + tuple(o), lo - 1, hi + 1, err)], group=groups, strides=list(s),
                  dilations=list(d), kernel_shape=list(k) if b.chance(0.7) else None, **auto)


@op(2)
def conv_transpose(b):
    x = image(b, (F32,))
    c = x.shape[1]
    groups = b.rng.choice([g for g in range(1, c + 1) if c % g == 0]) if b.chance(0.4) else 1
    per = b.rng.randint(1, 4)
    k, s, d, p, q, extra, o = [], [], [], [], [], [], []
    for n in x.shape[2:]:
        kernel, stride, dilation = b.rng.randint(1, 4), b.rng.randint(1, 3), b.rng.choice([1, 1, 2])
        before, after = b.rng.randint(0, 1), b.rng.randint(0, 1)
        more = b.rng.randint(0, stride - 1) if b.chance(0.4) else 0
        size = stride * (n - 1) + more + (kernel - 1) * dilation + 1 - before - after
        if size <= 0:
            raise Unfit("size")
        k.append(kernel), s.append(stride), d.append(dilation), p.append(before), q.append(after), extra.append(more), o.append(size)
    w = b.fresh(x.type, (c, per) + tuple(k), -1, 1, 0.15, fixed=True)
    bias = b.fresh(x.type, (groups * per,), -1, 1, 0.15) if b.chance(0.5) else None
    lo, hi, err = dot(x.type, c // groups * int(numpy.prod(k)), x, w)
    return b.node("ConvTranspose", [x, w, bias], [b.computed(x.type, (x.shape[0], groups * per) + tuple(o), lo - 1, hi + 1, err)], group=groups, strides=s,
                  dilations=d, pads=p + q, output_padding=extra if any(extra) else None)


@op(3)
def pool(b):
    name = b.rng.choice(["MaxPool", "MaxPool", "AveragePool", "LpPool"])
    x = image(b, (F32, F64, F16) if name == "MaxPool" else (F32,))
    rows = [window(b, d, True) for d in x.shape[2:]]
    k, s, d, p, q, o = zip(*rows)
    extra = {"kernel_shape": list(k), "strides": list(s), "pads": list(p) + list(q)}
    dilated = (name == "MaxPool" and b.opset >= 10) or b.opset >= 19
    if name == "LpPool":
        dilated = b.opset >= 18
        extra["p"] = b.rng.choice([1, 2, 3])
    if dilated:
        extra["dilations"] = list(d)
    else:
        d = (1,) * len(k)
    ceil = b.rng.randint(0, 1) if name != "LpPool" or b.opset >= 18 else 0
    sizes = []
    for n, kk, ss, dd, pp, qq in zip(x.shape[2:], k, s, d, p, q):
        room = n + pp + qq - (kk - 1) * dd - 1
        if room < 0:
            raise Unfit("window")
        size = (-(-room // ss) if ceil else room // ss) + 1
        if ceil and (size - 1) * ss >= n + pp:  # a window that starts in the padding is left out
            size -= 1
        sizes.append(size)
    if ceil:
        extra["ceil_mode"] = 1
    shape = x.shape[:2] + tuple(sizes)
    if name == "MaxPool":
        # Windows that see only padding have no specified value.
        if any(pp > (kk - 1) * dd or qq > (kk - 1) * dd for kk, dd, pp, qq in zip(k, d, p, q)) or any(dd > 1 for dd in d) and any(p + q):
            raise Unfit("padding")
        outputs = [(x.type, shape, x.lo, x.hi, x.err)]
        if x.exact and x.array is not None and b.chance(0.3) and len(numpy.unique(x.array)) == x.size:
            outputs.append((I64, shape, 0, x.size, 0))
            extra["storage_order"] = b.rng.randint(0, 1) if len(k) == 2 else 0
        return b.node(name, [x], outputs, **extra)
    if name == "AveragePool":
        extra["count_include_pad"] = b.rng.randint(0, 1)
        return b.node(name, [x], [b.computed(x.type, shape, min(x.lo, 0), max(x.hi, 0), x.err + EPSILON[x.type] * x.mag)], **extra)
    if not x.exact:
        raise Unfit("root")
    m = x.mag * float(numpy.prod(k))
    return b.node(name, [x], [b.computed(x.type, shape, 0, m, 4 * EPSILON[x.type] * m)], **extra)


@op(1)
def max_unpool(b):
    n, c, h, w = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(2, 8), b.rng.randint(2, 8)
    x = b.fresh(F32, (n, c, h, w), -9, 9, distinct=True)
    y, i = b.node("MaxPool", [x], [(F32, (n, c, h // 2, w // 2), -9, 9, 0), (I64, (n, c, h // 2, w // 2), 0, x.size, 0)], kernel_shape=[2, 2], strides=[2, 2])
    # What an output_shape means for indices is not agreed on: the shape that the windows give it is.
    if h % 2 or w % 2:
        raise Unfit("shape")
    return b.node("MaxUnpool", [y, i], [(F32, (n, c, h, w), -9, 9, 0)], kernel_shape=[2, 2], strides=[2, 2])


@op(1)
def global_pool(b):
    name = b.rng.choice(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
    x = image(b, (F32,))
    shape = x.shape[:2] + (1,) * (x.rank - 2)
    if name == "GlobalMaxPool":
        return b.same(name, x, shape=shape)
    if name == "GlobalLpPool":
        if not x.exact:
            raise Unfit("root")
        return b.node(name, [x], [b.computed(x.type, shape, 0, x.mag * x.size, 4 * EPSILON[x.type] * x.mag * x.size)])
    return b.node(name, [x], [b.computed(x.type, shape, x.lo, x.hi, x.err + EPSILON[x.type] * x.mag)])


@op(6)
def reduce(b):
    name = b.rng.choice(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum",
                         "ReduceLogSumExp"])
    x = b.pick((F32, F64, F16, I32, I64) if name in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1") else (F32, F64, F16))
    axes, said = axes_of(b, x.rank)
    everything = not axes
    noop = 0
    if everything and b.chance(0.3) and (b.opset >= 18 or name == "ReduceSum"):
        noop = 1
    if everything and not noop:
        axes = list(range(x.rank))
    keep = b.rng.randint(0, 1)
    if x.size == 0:
        said = list(axes)  # ONNX Runtime keeps a dimension of an empty operand whose axis is counted from the end
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    n = int(numpy.prod([x.shape[a] for a in axes], dtype=int))
    if n == 0 and name not in ("ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2"):
        raise Unfit("empty")
    n, m, e = max(n, 1), x.mag, x.err
    eps = EPSILON.get(x.type, 0)
    if name == "ReduceProd" and max(m, 1) ** n > 1e4 or name in ("ReduceLogSum",) and (x.lo < 0.02 or noop):
        raise Unfit("range")
    if name == "ReduceL2" and (e or noop):
        raise Unfit("root")
    if name == "ReduceLogSumExp" and m > 20:
        raise Unfit("range")
    out = {"ReduceSum": (x.lo * n, x.hi * n, e * n + n ** 0.5 * eps * m), "ReduceMean": (x.lo, x.hi, e + eps * m), "ReduceMax": (x.lo, x.hi, e),
           "ReduceMin": (x.lo, x.hi, e), "ReduceProd": (-max(m, 1) ** n, max(m, 1) ** n, n * max(m, 1) ** (n - 1) * (e + eps * m)),
           "ReduceL1": (0, m * n, e * n + n ** 0.5 * eps * m), "ReduceL2": (0, m * n ** 0.5, eps * m * n), "ReduceSumSquare": (0, m * m * n, 2 * e * m * n + n * eps * m * m),
           "ReduceLogSum": (numpy.log(max(x.lo, 1e-3)), numpy.log(max(x.hi * n, 1)), e / max(x.lo, 0.02) + 2 * eps),
           "ReduceLogSumExp": (x.lo - 1, x.hi + numpy.log(n), e + 3 * eps * (1 + m))}[name]
    lo, hi = min(out[0], x.lo if name in ("ReduceSum",) else out[0]), max(out[1], x.hi if name == "ReduceSum" else out[1])
    kind = (x.type, shape, lo, hi, e) if name in ("ReduceMax", "ReduceMin") else b.computed(x.type, shape, lo, hi, out[2])
    extra = {"keepdims": keep}
    operand = None
    if b.opset >= 18 or name == "ReduceSum":
        if not everything:
            operand = b.constant(numpy.array(said, numpy.int64), I64, 0)
        elif noop:
            extra["noop_with_empty_axes"] = 1
            operand = b.constant(numpy.array([], numpy.int64), I64, 0) if b.chance(0.5) else None
    elif not everything:
        extra["axes"] = said
    return b.node(name, [x, operand], [kind], **extra)


@op(3)
def softmax(b):
    name = b.rng.choice(["Softmax", "Softmax", "LogSoftmax"])
    x = b.pick(FLOATS, lo=1, where=lambda v: v.mag <= 60)
    _, said = axis_of(b, x.rank)
    n = max(max(x.shape), 1)
    out = (0, 1, 2 * x.err + 3 * EPSILON[x.type]) if name == "Softmax" else (-2 * x.mag - numpy.log(n), 0, 2 * x.err + 4 * EPSILON[x.type] * (1 + x.mag))
    return b.node(name, [x], [b.computed(x.type, x.shape, *out)], axis=said)


def normalised(x, epsilon, scale, bias):
    """What a normalisation may lose: errors grow by at most the inverse deviation, which is bounded by epsilon."""
    m = 3 * max(x.size, 1) ** 0.5 ** 0.5 * scale + bias
    return -m, m, scale * (2 * x.err + 2 * EPSILON[x.type] * x.mag) / epsilon ** 0.5


@op(3)
def norm(b):
    names = ["LayerNormalization", "InstanceNormalization", "BatchNormalization", "LpNormalization", "LRN", "MeanVarianceNormalization"] + (
        ["GroupNormalization"] if b.opset >= 21 else []) + (["RMSNormalization"] if b.opset >= 23 else [])
    name = b.rng.choice(names)
    eps = b.rng.choice([0.1, 0.5])
    if name in ("LayerNormalization", "RMSNormalization"):
        if b.opset < 17:
            raise Unfit("opset")
        x = b.pick((F32, F16, F64), lo=1, where=lambda v: v.size > 0)
        axis, said = axis_of(b, x.rank)
        scale = b.fresh(x.type, x.shape[axis:], 0.5, 1.5, 0.3)
        bias = b.fresh(x.type, x.shape[axis:], -1, 1, 0.3) if name[0] == "L" and b.chance(0.7) else None
        kind = b.computed(x.type, x.shape, *normalised(x, eps, 1.5, 1))
        outputs = [kind]
        if name[0] == "L" and x.type == F32 and b.chance(0.2):
            shape = x.shape[:axis] + (1,) * (x.rank - axis)
            outputs += [b.computed(F32, shape, x.lo, x.hi, x.err), b.computed(F32, shape, 0, 3.2, 2 * kind[4])]
        return b.node(name, [x, scale, bias], outputs, axis=said, epsilon=eps)
    x = image(b, (F32, F64) if name == "BatchNormalization" else (F32,))
    c = x.shape[1]
    if name == "BatchNormalization":
        scale, bias, mean, var = [b.fresh(x.type, (c,), *r, 0.15) for r in ((0.5, 1.5), (-1, 1), (-1, 1), (0.5, 2))]
        m = 1.5 / 0.7 * (x.mag + 1) + 1
        return b.node(name, [x, scale, bias, mean, var], [b.computed(x.type, x.shape, -m, m, 2.2 * x.err + 3 * EPSILON[x.type] * m)], epsilon=eps)
    if name == "InstanceNormalization":
        return b.node(name, [x, b.fresh(x.type, (c,), 0.5, 1.5, 0.2), b.fresh(x.type, (c,), -1, 1, 0.2)], [b.computed(x.type, x.shape, *normalised(x, eps, 1.5, 1))], epsilon=eps)
    if name == "GroupNormalization":
        groups = b.rng.choice([g for g in range(1, c + 1) if c % g == 0])
        return b.node(name, [x, b.fresh(x.type, (c,), 0.5, 1.5, 0.2), b.fresh(x.type, (c,), -1, 1, 0.2)], [b.computed(x.type, x.shape, *normalised(x, eps, 1.5, 1))],
                      num_groups=groups, epsilon=eps)
    if name == "LRN":
        m = x.mag
        return b.node(name, [x], [b.computed(x.type, x.shape, -m, m, 2 * x.err * (1 + m) + 4 * EPSILON[x.type] * m)], size=b.rng.choice([1, 2, 3, 5]), alpha=0.01, beta=0.75, bias=1.0)
    if not x.exact or x.size < 3:
        raise Unfit("deviation")
    if name == "LpNormalization":
        x = b.fresh(F32, x.shape, 0.5, 2)
        _, said = axis_of(b, x.rank)
        return b.node(name, [x], [b.computed(x.type, x.shape, 0, 1, 1e-5)], axis=said, p=b.rng.choice([1, 2]))
    if x.rank != 4 or min(x.shape[0] * int(numpy.prod(x.shape[2:])), 99) < 6:
        raise Unfit("deviation")
    return b.node(name, [x], [b.computed(x.type, x.shape, -9, 9, 1e-4)])


@op(1.5, since=23)
def attention(b):
    batch, heads, q, k, h, hv = b.rng.randint(1, 2), b.rng.choice([1, 2, 4]), b.rng.randint(1, 7), b.rng.randint(1, 9), b.rng.choice([2, 4, 8]), b.rng.choice([2, 4, 8])
    kv_heads = b.rng.choice([g for g in (1, 2, 4) if heads % g == 0])
    type = b.pick_type((F32, F16))
    flat = b.chance(0.4)
    def operand(n, length, size):
        return b.pick((type,), shape=(batch, length, n * size) if flat else (batch, n, length, size), new=0.6, where=lambda v: v.mag <= 8)
    Q, K, V = operand(heads, q, h), operand(kv_heads, k, h), operand(kv_heads, k, hv)
    extra, mask = {}, None
    if flat:
        extra.update(q_num_heads=heads, kv_num_heads=kv_heads)
    causal = b.chance(0.3)
    if causal:
        extra["is_causal"] = 1
    elif b.chance(0.4):
        shape = b.rng.choice([(q, k), (1, 1, q, k), (batch, 1, q, k), (batch, heads, q, k)])
        mask = b.fresh(type, shape, -2, 2)
    if b.chance(0.3):
        extra["scale"] = 0.25
    if b.chance(0.2):
        extra["softcap"] = 4.0
    shape = (batch, q, heads * hv) if flat else (batch, heads, q, hv)
    err = V.err + V.mag * 4 * h * (Q.mag * K.err + K.mag * Q.err + EPSILON[type] * Q.mag * K.mag * 2)
    return b.node("Attention", [Q, K, V, mask], [b.computed(type, shape, -V.mag, V.mag, err)], **extra)


@op(0.5, since=23)
def rotary(b):
    batch, heads, length, size = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(1, 5), b.rng.choice([2, 4, 8])
    x = b.pick((F32,), shape=(batch, heads, length, size), new=0.5)
    positions = 8
    cos, sin = b.fresh(F32, (positions, size // 2), -1, 1, 0.2), b.fresh(F32, (positions, size // 2), -1, 1, 0.2)
    random = numpy.random.RandomState(b.rng.getrandbits(32))
    ids = b.constant(random.randint(0, positions, (batch, length)).astype(numpy.int64), I64, 0.6)
    return b.node("RotaryEmbedding", [x, cos, sin, ids], [b.computed(F32, x.shape, -2 * x.mag, 2 * x.mag, 2 * x.err)], interleaved=b.rng.randint(0, 1))


@op(0.5)
def det(b):
    n = b.rng.randint(1, 4)
    x = b.fresh(F32, tuple(b.dim(3) for _ in range(b.rng.randint(0, 2))) + (n, n), -2, 2)
    m = float(2 ** n * [1, 1, 2, 6, 24][n])
    return b.node("Det", [x], [b.computed(F32, x.shape[:-2], -m, m, 1e-5 * m)])
