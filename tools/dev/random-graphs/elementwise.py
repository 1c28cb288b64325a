"""Elementwise operators, comparisons, casts; broadcasting."""
import numpy
from builder import *

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def erf(x):
    import math
    return numpy.vectorize(math.erf, otypes=[float])(x)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


# Operator: function, domain, opset, attributes (drawn from).
UNARY = {
    "Abs": (numpy.abs, None, 13), "Neg": (numpy.negative, None, 13), "Reciprocal": (lambda x: 1 / x, (0.2, 50), 13),
    "Sqrt": (numpy.sqrt, (0.01, 1e4), 13), "Exp": (numpy.exp, (-20, 6), 13), "Log": (numpy.log, (0.02, 1e4), 13),
    "Erf": (erf, None, 13), "Sin": (numpy.sin, (-50, 50), 7), "Cos": (numpy.cos, (-50, 50), 7), "Tan": (numpy.tan, (-1.3, 1.3), 7),
    "Asin": (numpy.arcsin, (-0.98, 0.98), 7), "Acos": (numpy.arccos, (-0.98, 0.98), 7), "Atan": (numpy.arctan, None, 7),
    "Sinh": (numpy.sinh, (-6, 6), 9), "Cosh": (numpy.cosh, (-6, 6), 9), "Tanh": (numpy.tanh, None, 13),
    "Asinh": (numpy.arcsinh, None, 9), "Acosh": (numpy.arccosh, (1.05, 1e3), 9), "Atanh": (numpy.arctanh, (-0.95, 0.95), 9),
    "Relu": (lambda x: numpy.maximum(x, 0), None, 13), "LeakyRelu": (lambda x: numpy.where(x < 0, 0.5 * x, x), None, 16, {"alpha": 0.5}),
    "Elu": (lambda x: numpy.where(x < 0, 1.5 * numpy.expm1(numpy.minimum(x, 0)), x), None, 6, {"alpha": 1.5}),
    "Celu": (lambda x: numpy.where(x < 0, 2 * numpy.expm1(numpy.minimum(x, 0) / 2), x), None, 12, {"alpha": 2.0}),
    "Selu": (lambda x: 1.0507 * numpy.where(x < 0, 1.6733 * numpy.expm1(numpy.minimum(x, 0)), x), None, 6),
    "Gelu": (lambda x: x * 0.5 * (1 + erf(x / 2 ** 0.5)), None, 20), "Sigmoid": (sigmoid, (-60, 60), 13),
    "HardSigmoid": (lambda x: numpy.clip(0.2 * x + 0.5, 0, 1), None, 6), "HardSwish": (lambda x: x * numpy.clip(x / 6 + 0.5, 0, 1), None, 14),
    "Softplus": (lambda x: numpy.logaddexp(x, 0), (-60, 60), 1), "Softsign": (lambda x: x / (1 + numpy.abs(x)), None, 1),
    "Mish": (lambda x: x * numpy.tanh(numpy.logaddexp(x, 0)), (-60, 60), 18), "Identity": (lambda x: x, None, 13),
}
JUMPS = {"Floor": numpy.floor, "Ceil": numpy.ceil, "Round": numpy.round, "Sign": numpy.sign}


def bend(function, lo, hi):
    """The interval of a function over an interval and its steepest slope there, from samples."""
    x = numpy.linspace(lo, hi, 129)
    y = function(x)
    slope = numpy.abs(numpy.diff(y)).max() / ((hi - lo) / 128) if hi > lo else 10.0
    pad = 0.02 * (y.max() - y.min()) + 1e-9
    return float(y.min() - pad), float(y.max() + pad), float(slope)


@op(6)
def unary(b):
    name = b.rng.choice([n for n, row in UNARY.items() if row[2] <= b.opset])
    function, domain, _, *attributes = UNARY[name]
    # Neg, Abs and such also take integers.
    types = FLOATS if name in ("Relu", "Sqrt", "Exp", "Log", "Tanh", "Sigmoid", "Erf", "Abs", "Neg", "Reciprocal", "Identity", "LeakyRelu") else (F32,) if name == "Gelu" else (F32, F64)
    types += ((I32, I64, I8) if name in ("Abs", "Neg", "Relu", "Identity") else ())
    x = b.pick(types, where=lambda v: domain is None or (v.lo >= domain[0] and v.hi <= domain[1]))
    lo, hi, slope = bend(function, x.lo, x.hi)
    if name in ("Abs", "Neg", "Relu", "Identity"):
        lo, hi = (min(lo, x.lo), max(hi, x.hi)) if name != "Neg" else (-x.hi, -x.lo)
        lo = max(lo, 0) if name in ("Abs", "Relu") else lo
        return b.node(name, [x], [(x.type, x.shape, lo, hi, x.err)])
    extra = {"approximate": b.rng.choice(["none", "tanh"])} if name == "Gelu" else dict(attributes[0]) if attributes else {}
    # ONNX Runtime expands HardSwish to a HardSigmoid whose attribute is 1/6 in f32.
    rounded = 5e-9 * x.mag ** 2 if name == "HardSwish" and x.type == F64 else 0
    return b.node(name, [x], [b.computed(x.type, x.shape, lo, hi, x.err * slope + EPSILON[x.type] * x.mag * min(slope, 1) + rounded)], **extra)


@op(1)
def jumping(b):
    name = b.rng.choice(list(JUMPS))
    x = b.pick(FLOATS + ((I32, I64) if name == "Sign" else ()), where=lambda v: v.exact)
    lo, hi = float(numpy.floor(x.lo)), float(numpy.ceil(x.hi))
    return b.node(name, [x], [(x.type, x.shape, *((-1, 1) if name == "Sign" else (lo, hi)), 0)])


@op(0.5)
def is_nan_or_inf(b):
    x = b.pick((F32, F64), where=lambda v: v.array is not None and v in b.root.inputs and v.size > 0)
    if not x.name in b.root.used and b.chance(0.7):
        flat = x.array.reshape(-1)
        for _ in range(min(3, flat.size)):
            flat[b.rng.randrange(flat.size)] = b.rng.choice([numpy.nan, numpy.inf, -numpy.inf])
        x.lo, x.hi, x.err = -1e30, 1e30, 1e30  # fit for nothing else
    name = b.rng.choice(["IsNaN", "IsInf"])
    extra = b.rng.choice([{}, {"detect_negative": 0}, {"detect_positive": 0}]) if name == "IsInf" else {}
    return b.node(name, [x], [(BOOL, x.shape, 0, 1, 0)], **extra)


def partner(b, x, lo=-2.0, hi=2.0, type=None, where=None):
    """A second operand that broadcasts with x: an equal or wider value of the graph, or a new one with sizes left out or made 1."""
    type = type or x.type
    shape = list(x.shape)
    if b.chance(0.4):
        def fits(v):
            try:
                numpy.broadcast_shapes(v.shape, x.shape)
            except ValueError:
                return False
            return where is None or where(v)
        return b.pick((type,), where=fits, new=0, shape=None) if any(v.type == type and fits(v) for v in b.visible()) else b.fresh(type, shape, lo, hi)
    r = b.rng.random()
    if r < 0.3:
        shape = shape[b.rng.randint(0, len(shape)):]
    shape = [1 if b.chance(0.25) else d for d in shape]
    if r > 0.85 and len(shape) < 5:
        shape = [b.dim(4) for _ in range(b.rng.randint(1, 5 - len(shape)))] + shape if len(shape) == x.rank else shape
    return b.fresh(type, shape, lo, hi, 0.4)


def spread(*values):
    try:
        return numpy.broadcast_shapes(*[v.shape for v in values])
    except ValueError:
        raise Unfit("broadcast")


def products(x, y):
    return [x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi]


@op(6)
def arithmetic(b):
    name = b.rng.choice(["Add", "Sub", "Mul"])
    x = b.pick(FLOATS + (I32, I64, I8, U8, U32, U64, I16, U16))
    y = partner(b, x, *((-2, 2) if x.type in FLOATS else (0, 5) if x.type in (U8, U16, U32, U64) else (-5, 5)))
    if b.chance(0.3) and name != "Sub":
        x, y = y, x
    if x.type in (U8, U16, U32, U64) and name == "Sub":
        raise Unfit("wraps")
    if name == "Mul":
        p = products(x, y)
        out = min(p), max(p), x.mag * y.err + y.mag * x.err
    else:
        out = (x.lo + y.lo, x.hi + y.hi, x.err + y.err) if name == "Add" else (x.lo - y.hi, x.hi - y.lo, x.err + y.err)
    return b.node(name, [x, y], [b.computed(x.type, spread(x, y), *out)])


@op(2)
def division(b):
    x = b.pick(FLOATS + (I32, I64, I8, U8))
    if x.type in FLOATS:
        y = partner(b, x, *b.rng.choice([(0.5, 3), (-3, -0.5)]), where=lambda v: v.lo > 0.3 or v.hi < -0.3)
        least = min(abs(y.lo), abs(y.hi))
        if y.lo <= 0 <= y.hi:
            raise Unfit("zero")
        return b.node("Div", [x, y], [b.computed(x.type, spread(x, y), -x.mag / least, x.mag / least, x.err / least + y.err * x.mag / least ** 2)])
    y = partner(b, x, *b.rng.choice([(1, 5), (-5, -1)] if x.type not in (U8,) else [(1, 5)]), where=lambda v: v.lo >= 1 or v.hi <= -1)
    if y.lo <= 0 <= y.hi:
        raise Unfit("zero")
    if b.chance(0.5):
        return b.node("Div", [x, y], [(x.type, spread(x, y), -x.mag, x.mag, 0)])
    return b.node("Mod", [x, y], [(x.type, spread(x, y), -y.mag, y.mag, 0)], fmod=b.rng.randint(0, 1))


@op(0.5)
def power(b):
    x = b.pick((F32, F64, F16), where=lambda v: v.lo >= 0 and v.hi <= 5, new=0.1)
    if x.lo < 0.05:
        y = b.fresh(x.type, (), *b.rng.choice([(2, 2), (3, 3), (1, 1), (0.5, 0.5)]), input_chance=0.2)
        if x.err and y.lo < 1:
            raise Unfit("slope")
    else:
        y = partner(b, x, -1.5, 2.0, where=lambda v: v.mag <= 2)
    if x.lo < 0.05 and y.lo <= 0:
        raise Unfit("pole")
    corner = [max(x.lo, 1e-6) ** y.lo, max(x.lo, 1e-6) ** y.hi, x.hi ** y.lo if x.hi > 0 else 0, x.hi ** y.hi]
    most = max(corner + [1])
    return b.node("Pow", [x, y], [b.computed(x.type, spread(x, y), 0, most, most * (x.err * y.mag / max(x.lo, 0.3) + 4 * y.err) + 2 * EPSILON[x.type] * most)])


@op(2)
def variadic(b):
    name = b.rng.choice(["Max", "Min", "Sum", "Mean"])
    x = b.pick(FLOATS + ((I32, I64, U32, U64, I8, U8) if name in ("Max", "Min") else ()))
    values = [x] + [partner(b, x, 0 if x.type in (U8, U32, U64) else -2, 2) for _ in range(b.rng.randint(0, 3))]
    b.rng.shuffle(values)
    lo, hi = [v.lo for v in values], [v.hi for v in values]
    err = max(v.err for v in values)
    if name in ("Max", "Min"):
        return b.node(name, values, [(x.type, spread(*values), min(lo), max(hi), err)])
    out = (sum(lo), sum(hi), sum(v.err for v in values)) if name == "Sum" else (min(lo), max(hi), err)
    return b.node(name, values, [b.computed(x.type, spread(*values), *out)])


@op(2)
def compare(b):
    name = b.rng.choice(["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"])
    if name.endswith("Equal") and name != "Equal" and b.opset < 12:
        raise Unfit("opset")
    x = b.pick(FLOATS + (I32, I64, U8, I8) + ((BOOL,) if name == "Equal" else ()), where=lambda v: v.exact)
    y = partner(b, x, 0 if x.type == U8 else -2, 2, where=lambda v: v.exact)
    return b.node(name, [x, y], [(BOOL, spread(x, y), 0, 1, 0)])


@op(1)
def logic(b):
    name = b.rng.choice(["And", "Or", "Xor", "Not"])
    x = b.pick((BOOL,), new=0.2)
    if name == "Not":
        return b.node("Not", [x], [(BOOL, x.shape, 0, 1, 0)])
    y = partner(b, x)
    return b.node(name, [x, y], [(BOOL, spread(x, y), 0, 1, 0)])


@op(1, since=18)
def bits(b):
    name = b.rng.choice(["BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift"])
    x = b.pick((U8, U16, U32, U64) if name == "BitShift" else INTS)
    info = numpy.iinfo(NUMPY[x.type])
    lo, hi = (-16 if info.min else 0, max(16, int(x.hi) * 2 + 2))
    if name == "BitwiseNot":
        if not info.min:
            raise Unfit("large")
        return b.node(name, [x], [(x.type, x.shape, -x.hi - 1, -x.lo - 1, 0)])
    y = partner(b, x, 0, 3, where=lambda v: 0 <= v.lo and v.hi <= 7)
    if y.lo < 0 or y.hi > 7:
        raise Unfit("shift")
    if name == "BitShift":
        left = b.chance(0.5)
        return b.node(name, [x, y], [(x.type, spread(x, y), 0, x.hi * 2 ** y.hi if left else x.hi, 0)], direction="LEFT" if left else "RIGHT")
    return b.node(name, [x, y], [(x.type, spread(x, y), min(lo, x.lo * 2 - 8), hi + 8, 0)])


@op(2)
def where(b):
    x = b.pick(FLOATS + (I32, I64, U8))
    c = partner(b, x, type=BOOL)
    y = partner(b, x, 0 if x.type == U8 else -2, 2)
    if b.chance(0.5):
        x, y = y, x
    return b.node("Where", [c, x, y], [(x.type, spread(c, x, y), min(x.lo, y.lo), max(x.hi, y.hi), max(x.err, y.err))])


@op(1)
def clip(b):
    x = b.pick(FLOATS + (I32, I64, I8, U8))
    a = b.rng.choice([-1.0, -0.25, 0.5]) if x.type in FLOATS else 1
    lo = b.fresh(x.type, (), a, a, 0.2) if b.chance(0.75) else None
    hi = b.fresh(x.type, (), a + 1, a + 1, 0.2) if b.chance(0.75) else None
    low, high = x.lo, x.hi
    if lo:
        low, high = max(low, lo.lo), max(high, lo.lo)
    if hi:
        low, high = min(low, hi.lo), min(high, hi.lo)
    return b.node("Clip", [x, lo, hi], [(x.type, x.shape, low, high, x.err)])


@op(1, since=16)
def prelu(b):
    x = b.pick((F32,))
    shape = [1 if b.chance(0.3) else d for d in x.shape[b.rng.randint(0, x.rank):]]
    y = b.fresh(x.type, shape, -2, 2, 0.3)
    p = [v for v in products(x, y)] + [x.lo, x.hi]
    return b.node("PRelu", [x, y], [b.computed(x.type, x.shape, min(p), max(p), x.err * max(1, y.mag))])


@op(0.5)
def threshold(b):
    name = b.rng.choice(["ThresholdedRelu", "Shrink"])
    # In double precision ONNX Runtime computes with floats.
    x = b.pick((F32, F16) if name == "Shrink" else (F32,), where=lambda v: v.exact)
    if name == "Shrink":
        return b.node(name, [x], [b.computed(x.type, x.shape, x.lo - 1, x.hi + 1, 0)], lambd=0.75, bias=b.rng.choice([0.0, 0.5]))
    return b.node(name, [x], [(x.type, x.shape, min(x.lo, 0), max(x.hi, 0), 0)], alpha=b.rng.choice([0.25, 1.0]))


@op(3)
def cast(b):
    x = b.pick(ALL)
    to = b.pick_type(tuple(t for t in ALL if t != x.type))
    if to not in FLOATS and to != BOOL:
        info = numpy.iinfo(NUMPY[to])
        if not x.exact or x.lo <= info.min - 1 or x.hi >= info.max + 1 or (x.lo < 0 and info.min == 0):
            raise Unfit("cast")
        return b.node("Cast", [x], [(to, x.shape, numpy.trunc(x.lo), numpy.trunc(x.hi), 0)], to=to)
    if to == BOOL:
        if not x.exact:
            raise Unfit("cast")
        return b.node("Cast", [x], [(to, x.shape, 0, 1, 0)], to=to)
    # Both round a cast alike.
    err = x.err if x.err == 0 else x.err + EPSILON[to] * x.mag
    if b.opset >= 15 and b.chance(0.2):
        like = b.pick((to,), lo=0, hi=2)
        return b.node("CastLike", [x, like], [(to, x.shape, x.lo, x.hi, err)])
    return b.node("Cast", [x], [(to, x.shape, x.lo, x.hi, err)], to=to)
