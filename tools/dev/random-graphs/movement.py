"""Operators that move elements: their results are elements of their operands."""
import numpy
from builder import *

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def axis_of(b, rank):
    """An axis, half of the time counted from the end."""
    if rank == 0:
        raise Unfit("rank")
    axis = b.rng.randrange(rank)
    return axis, axis - rank if b.chance(0.4) else axis


def axes_of(b, rank, least=0):
    count = b.rng.randint(min(least, rank), rank)
    axes = b.rng.sample(range(rank), count)
    return axes, [a - rank if b.chance(0.3) else a for a in axes]


@op(3)
def transpose(b):
    x = b.pick(ALL)
    perm = list(range(x.rank))
    b.rng.shuffle(perm)
    if b.chance(0.15):
        return b.same("Transpose", x, shape=x.shape[::-1])
    return b.same("Transpose", x, shape=[x.shape[p] for p in perm], perm=perm)


def factors(b, size, rank):
    shape = [1] * rank
    for p in [2, 3, 5, 7, 11, 13, 17, 31]:
        while size % p == 0 and size > 1:
            size //= p
            shape[b.rng.randrange(rank)] *= p
    shape[b.rng.randrange(rank)] *= size
    return shape


@op(3)
def reshape(b):
    x = b.pick(ALL)
    if x.size == 0:
        shape = list(x.shape)
        b.rng.shuffle(shape)
        if b.opset < 14:
            raise Unfit("allowzero")
        return b.same("Reshape", x, b.ints(shape), shape=shape, allowzero=1)
    rank = b.rng.randint(0 if x.size == 1 else 1, 5)
    shape = factors(b, x.size, rank) if rank else []
    said = list(shape)
    for i in range(rank):
        if i < x.rank and shape[i] == x.shape[i] and b.chance(0.5):
            said[i] = 0
    if rank and b.chance(0.5):
        said[b.rng.randrange(rank)] = -1
    return b.same("Reshape", x, b.ints(said), shape=shape)


@op(1)
def flatten(b):
    x = b.pick(ALL)
    axis = b.rng.randint(0, x.rank)
    shape = [numpy.prod(x.shape[:axis], dtype=int), numpy.prod(x.shape[axis:], dtype=int)]
    return b.same("Flatten", x, shape=shape, axis=axis if b.chance(0.6) or axis == x.rank else axis - x.rank)


@op(2)
def squeeze(b):
    x = b.pick(ALL)
    ones = [i for i, d in enumerate(x.shape) if d == 1]
    if ones and b.chance(0.5):
        gone = b.rng.sample(ones, b.rng.randint(1, len(ones)))
        if len(gone) == len(ones) and b.chance(0.2) and not b.root.symbols:
            return b.same("Squeeze", x, shape=[d for i, d in enumerate(x.shape) if i not in gone])
        return b.same("Squeeze", x, b.constant(numpy.array([g - x.rank if b.chance(0.3) else g for g in gone], numpy.int64)),
                      shape=[d for i, d in enumerate(x.shape) if i not in gone])
    count = b.rng.randint(1, 2)
    if x.rank + count > 6:
        raise Unfit("rank")
    axes = b.rng.sample(range(x.rank + count), count)
    shape = list(x.shape)
    for a in sorted(axes):
        shape.insert(a, 1)
    return b.same("Unsqueeze", x, b.constant(numpy.array([a - len(shape) if b.chance(0.3) else a for a in axes], numpy.int64)), shape=shape)


@op(4)
def slice_(b):
    x = b.pick(ALL, lo=1)
    axes, said = axes_of(b, x.rank, 1)
    starts, ends, steps, shape = [], [], [], list(x.shape)
    for a in axes:
        d = x.shape[a]
        step = b.rng.choice([1, 1, 1, 2, 3, -1, -2])
        start = b.rng.randint(-d - 1, d + 1)
        end = b.rng.choice([b.rng.randint(-d - 1, d + 1), 2**31 - 1, 2**63 - 1] if step > 0 else [b.rng.randint(-d - 1, d + 1), -2**31, -d - 1, -2**63 + 1])
        if b.chance(0.5) and d:  # mostly something is left
            start, end = (0, b.rng.randint(1, d)) if step > 0 else (d - 1, b.rng.choice([-d - 1, -d]))
        # The bounds are clamped as ONNX says it, not as Python does.
        s, e = [v + d if v < 0 else v for v in (start, end)]
        s, e = (min(max(s, 0), d), min(max(e, 0), d)) if step > 0 else (min(max(s, 0), d - 1), min(max(e, -1), d - 1))
        shape[a] = len(range(s, e, step)) if d else 0
        starts.append(start), ends.append(end), steps.append(step)
    in_order = axes == list(range(len(axes)))
    type = I32 if b.chance(0.2) and all(-2**31 <= e < 2**31 for e in ends) else I64
    return b.same("Slice", x, b.ints(starts, type), b.ints(ends, type), None if in_order and b.chance(0.5) and steps == [1] * len(axes)
                  else b.ints(said, type), None if steps == [1] * len(axes) and b.chance(0.6) else b.ints(steps, type), shape=shape)


@op(3)
def pad(b):
    x = b.pick(FLOATS + (I32, I64, U8, I8) + ((BOOL,) if b.opset >= 13 else ()))
    mode = b.rng.choice(["constant", "constant", "reflect", "edge"] + (["wrap"] if b.opset >= 19 else []))
    axes, said = (list(range(x.rank)), None) if b.opset < 18 or b.chance(0.6) else axes_of(b, x.rank, 1)
    before, after, shape = [], [], list(x.shape)
    for a in axes:
        d = x.shape[a]
        most = 3 if mode in ("constant",) else min(3, d - 1) if mode == "reflect" else min(3, d) if mode == "wrap" else 3 if d else 0
        l, r = b.rng.randint(0, max(most, 0)), b.rng.randint(0, max(most, 0))
        if mode == "constant" and b.chance(0.15):
            l = -b.rng.randint(0, min(2, d + r))
        before.append(l), after.append(r)
        shape[a] = d + l + r
        if shape[a] < 0 or (l < 0 and -l > d):
            raise Unfit("pad")
    value = b.fresh(x.type, (), -1 if x.type in FLOATS else 1, 2, 0.2) if mode == "constant" and b.chance(0.5) else None
    pads, said = b.ints(before + after), None if said is None else b.ints(said)
    lo, hi = (min(x.lo, value.lo if value else 0), max(x.hi, value.hi if value else 0)) if mode == "constant" else (x.lo, x.hi)
    return b.node("Pad", [x, pads, value, said], [(x.type, shape, lo, hi, x.err)], mode=mode)


@op(4)
def concat(b):
    x = b.pick(ALL, lo=1)
    axis, said = axis_of(b, x.rank)
    parts = [x]
    for _ in range(b.rng.randint(0, 3)):
        fits = [v for v in b.visible() if v.type == x.type and v.rank == x.rank and all(p == q for i, (p, q) in enumerate(zip(v.shape, x.shape)) if i != axis)]
        shape = list(x.shape)
        shape[axis] = b.dim(5)
        parts.append(b.rng.choice(fits) if b.chance(0.6) else b.fresh(x.type, shape, 0, 2, 0.5))
    b.rng.shuffle(parts)
    shape = list(x.shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    return b.node("Concat", parts, [(x.type, shape, min(p.lo for p in parts), max(p.hi for p in parts), max(p.err for p in parts))], axis=said)


@op(2)
def split(b):
    x = b.pick(ALL, lo=1)
    axis, said = axis_of(b, x.rank)
    d, count = x.shape[axis], b.rng.randint(1, 4)
    sizes, extra, operand = None, {}, None
    if b.chance(0.5):
        cuts = sorted(b.rng.randint(0, d) for _ in range(count - 1))
        sizes = [q - p for p, q in zip([0] + cuts, cuts + [d])]
        operand = b.ints(sizes)
    elif b.opset >= 18:
        part = -(-d // count)
        sizes = [part] * (count - 1) + [d - part * (count - 1)]
        extra = {"num_outputs": count}
    elif d % count == 0:
        sizes = [d // count] * count
    if sizes is None or min(sizes) < 0 or (extra and min(sizes) == 0):
        raise Unfit("split")
    outputs = []
    for s in sizes:
        shape = list(x.shape)
        shape[axis] = s
        outputs.append((x.type, shape, x.lo, x.hi, x.err))
    return b.node("Split", [x, operand], outputs, axis=said, **extra)


@op(2)
def expand(b):
    x = b.pick(ALL)
    shape = [b.dim(5) if d == 1 else b.rng.choice([d, 1]) for d in x.shape]
    shape = shape[b.rng.randint(0, x.rank):] if b.chance(0.2) else [b.dim(3) for _ in range(b.rng.randint(0, max(0, 5 - x.rank)))] + shape
    return b.same("Expand", x, b.ints(shape), shape=numpy.broadcast_shapes(x.shape, shape))


@op(1.5)
def tile(b):
    x = b.pick(ALL)
    repeats = [b.rng.choice([1, 1, 2, 3] + ([0] if b.root.zeros else [])) for _ in x.shape]
    return b.same("Tile", x, b.ints(repeats), shape=[d * r for d, r in zip(x.shape, repeats)])


@op(1)
def depth_to_space(b):
    n, c, h, w, s = b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(1, 4), b.rng.randint(1, 4), b.rng.randint(1, 3)
    if b.chance(0.5):
        x = b.pick((F32, F64), shape=(n, c * s * s, h, w))
        return b.same("DepthToSpace", x, shape=(n, c, h * s, w * s), blocksize=s, mode=b.rng.choice(["DCR", "CRD"]))
    x = b.pick((F32, F64), shape=(n, c, h * s, w * s))
    return b.same("SpaceToDepth", x, shape=(n, c * s * s, h, w), blocksize=s)


@op(1)
def trilu(b):
    if b.opset < 14:
        raise Unfit("opset")
    x = b.pick((F32, F64, I64), lo=2)
    k = b.ints(b.rng.randint(-3, 4)) if b.chance(0.7) else None
    return b.node("Trilu", [x, k], [(x.type, x.shape, min(x.lo, 0), max(x.hi, 0), x.err)], upper=b.rng.randint(0, 1))


@op(1)
def shape_of(b):
    x = b.pick(ALL)
    if b.chance(0.3):
        return b.node("Size", [x], [(I64, (), 0, x.size, 0)])
    start, end = (b.rng.randint(-x.rank, x.rank), b.rng.choice([None, b.rng.randint(-x.rank, x.rank)])) if b.opset >= 15 and x.rank else (None, None)
    dims = x.shape[start:end]
    return b.node("Shape", [x], [(I64, (len(dims),), min(dims or [0]), max(dims or [0]), 0)], start=start, end=end)


@op(1)
def through_shape(b):
    """What exporters write for view(): the shape taken apart, put together and given to Reshape or Expand."""
    x = b.pick(ALL, lo=2, where=lambda v: v.size > 0)
    shape = b.node("Shape", [x], [(I64, (x.rank,), min(x.shape), max(x.shape), 0)])
    first = b.node("Gather", [shape, b.constant(numpy.int64(0))], [(I64, (), x.shape[0], x.shape[0], 0)], axis=0)
    if b.chance(0.5):
        wide = b.node("Unsqueeze", [first, b.constant(numpy.array([0], numpy.int64))], [(I64, (1,), first.lo, first.hi, 0)])
        sizes = b.node("Concat", [wide, b.constant(numpy.array([-1], numpy.int64))], [(I64, (2,), -1, first.hi, 0)], axis=0)
        return b.same("Reshape", x, sizes, shape=(x.shape[0], x.size // x.shape[0]))
    last = b.node("Slice", [shape, b.ints([x.rank - 1]), b.ints([2**31 - 1])], [(I64, (1,), x.shape[-1], x.shape[-1], 0)])
    return b.node("ConstantOfShape", [last], [(F32, (x.shape[-1],), 1.5, 1.5, 0)], value=helper.make_tensor("v", F32, [1], [1.5]))


@op(0.7)
def range_(b):
    type = b.rng.choice([I64, I32, F32])
    start, step, count = b.rng.randint(-5, 5), b.rng.choice([-3, -1, 1, 2]), b.rng.randint(0 if b.root.zeros else 1, 9)
    limit = start + step * count - (b.rng.randint(0, abs(step) - 1) * (1 if step > 0 else -1) if count else 0)
    values = [b.constant(numpy.asarray(v, NUMPY[type]), type, 0.3) for v in (start, limit, step)]
    data = numpy.arange(start, limit, step)
    return b.node("Range", values, [(type, (len(data),), -40, 40, 0)])


@op(0.7)
def constant_of_shape(b):
    type = b.pick_type(ALL)
    shape = b.shape(0, 4, 5)
    return b.node("ConstantOfShape", [b.ints(list(shape))], [(type, shape, 0, 1, 0)], value=helper.make_tensor("v", type, [1], [1]))


@op(0.7)
def eye_like(b):
    x = b.pick(FLOATS + (I32, I64), lo=2, hi=2)
    return b.node("EyeLike", [x], [(x.type, x.shape, 0, 1, 0)], k=b.rng.randint(-3, 3))


@op(0.7, since=18)
def center_crop_pad(b):
    x = b.pick((F32, I32), lo=1)
    axes, said = axes_of(b, x.rank, 1)
    shape = list(x.shape)
    for a in axes:
        shape[a] = b.rng.randint(1, 9)
    return b.node("CenterCropPad", [x, b.ints([shape[a] for a in axes])], [(x.type, shape, min(x.lo, 0), max(x.hi, 0), x.err)], axes=said)


@op(2)
def resize(b):
    x = b.pick((F32, U8, I8), lo=2, hi=4, where=lambda v: v.size > 0 and v.mag < 100)
    mode = b.rng.choice(["nearest", "linear", "cubic"])
    if mode != "nearest" and x.type not in (F32, F16):
        raise Unfit("type")
    # Scales that a float holds exactly, so that "nearest" has no ties that rounding decides.
    scales = [1.0] * x.rank
    for a in range(max(0, x.rank - 2), x.rank):
        scales[a] = b.rng.choice([0.5, 1.0, 2.0, 4.0, 1.5, 3.0])
    shape = [int(numpy.floor(d * s)) for d, s in zip(x.shape, scales)]
    if 0 in shape:
        raise Unfit("size")
    extra = {"mode": mode, "coordinate_transformation_mode": b.rng.choice(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])}
    if mode == "nearest":
        extra["nearest_mode"] = b.rng.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
        if extra["coordinate_transformation_mode"] != "asymmetric":
            scales = [1.0 if s == 1.5 else s for s in scales]
    if extra["coordinate_transformation_mode"] == "align_corners":
        # Whether the size is that before or after rounding down is not agreed on.
        scales = [s if d * s == int(d * s) else 1.0 for d, s in zip(x.shape, scales)]
    if mode == "cubic":
        if x.rank != 4:
            raise Unfit("rank")
        extra.update(cubic_coeff_a=b.rng.choice([-0.75, -0.5]), exclude_outside=b.rng.randint(0, 1))
    shape = [int(numpy.floor(d * s)) for d, s in zip(x.shape, scales)]
    if 0 in shape:
        raise Unfit("size")
    if b.opset >= 18 and mode == "linear" and b.chance(0.3):
        extra["antialias"] = 1
    by_size = b.chance(0.4)
    if by_size:
        scales = [t / d for t, d in zip(shape, x.shape)]
    operands = [x, None, None, b.ints(shape)] if by_size else [x, None, b.constant(numpy.array(scales, numpy.float32), F32, 0.15)]
    if mode == "nearest":
        return b.node("Resize", operands, [(x.type, shape, x.lo, x.hi, x.err)], **extra)
    return b.node("Resize", operands, [b.computed(x.type, shape, -2 * x.mag, 2 * x.mag, 3 * x.err + 4 * EPSILON[x.type] * x.mag)], **extra)
