"""Operators with indices, order and data-dependent sizes."""
import numpy
from builder import *
from movement import axis_of

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def indices(b, shape, d, type=None):
    """Indices of a dimension of size d, some counted from the end."""
    if d == 0 and numpy.prod(shape, dtype=int):
        raise Unfit("index")
    random = numpy.random.RandomState(b.rng.getrandbits(32))
    data = random.randint(-d if b.chance(0.5) else 0, max(d, 1), shape)
    return b.constant(data.astype(NUMPY[type or I64]), type or b.rng.choice([I64, I32]), 0.5, False)


@op(4)
def gather(b):
    x = b.pick(ALL, lo=1)
    axis, said = axis_of(b, x.rank)
    i = indices(b, b.shape(0, 2, 5), x.shape[axis], b.rng.choice([I64, I32]))
    return b.same("Gather", x, i, shape=x.shape[:axis] + i.shape + x.shape[axis + 1:], axis=said)


@op(2)
def gather_elements(b):
    x = b.pick(ALL, lo=1)
    axis, said = axis_of(b, x.rank)
    shape = [b.rng.randint(1 if d else 0, d) for d in x.shape]
    shape[axis] = b.dim(5)
    i = indices(b, shape, x.shape[axis], b.rng.choice([I64, I32]))
    return b.same("GatherElements", x, i, shape=shape, axis=said)


@op(2)
def gather_nd(b):
    x = b.pick(ALL, lo=1, where=lambda v: v.size > 0)
    batch = b.rng.randint(0, x.rank - 1) if b.chance(0.4) else 0
    depth = b.rng.randint(1, x.rank - batch)
    outer = list(x.shape[:batch]) + list(b.shape(1 if not batch else 0, 2, 4))
    random = numpy.random.RandomState(b.rng.getrandbits(32))
    dims = numpy.array(x.shape[batch:batch + depth])
    data = random.randint(0, 10**6, outer + [depth]) % dims - (dims if b.chance(0.3) else 0)
    i = b.constant(data.astype(numpy.int64), I64, 0.5)
    return b.same("GatherND", x, i, shape=tuple(outer) + x.shape[batch + depth:], batch_dims=batch or None)


REDUCTIONS = ["none", "none", "add", "mul", "max", "min"]


def scattered(x, u, reduction, repeats):
    """Interval and error of what a scatter leaves."""
    if reduction == "add":
        return x.lo + min(0, u.lo) * repeats, x.hi + max(0, u.hi) * repeats, x.err + u.err * repeats
    if reduction == "mul":
        m = max(u.mag, 1) ** repeats * x.mag
        return -m, m, max(u.mag, 1) ** repeats * (x.err + repeats * u.err * x.mag)
    return min(x.lo, u.lo), max(x.hi, u.hi), max(x.err, u.err)


def reduction_of(b, x):
    if x.type == F16:
        return "none"
    r = b.rng.choice(REDUCTIONS if b.opset >= 18 else REDUCTIONS[:4] if b.opset >= 16 else REDUCTIONS[:1])
    return "none" if x.type == BOOL else r


@op(2)
def scatter_elements(b):
    x = b.pick(FLOATS + (I32, I64, BOOL), lo=1, where=lambda v: v.size > 0)
    axis, said = axis_of(b, x.rank)
    reduction = reduction_of(b, x)
    shape = [b.rng.randint(1, d) for d in x.shape]
    random = numpy.random.RandomState(b.rng.getrandbits(32))
    if reduction == "none":  # which of two equal indices wins is not specified
        data = numpy.argsort(random.rand(*shape[:axis], x.shape[axis], *shape[axis + 1:]), axis=axis).take(range(shape[axis]), axis=axis)
    else:
        data = random.randint(0, x.shape[axis], shape)
    if b.chance(0.4):
        data = data - x.shape[axis] * (random.rand(*data.shape) < 0.5)
    i = b.constant(data.astype(numpy.int64), I64, 0.5)
    u = b.pick((x.type,), shape=shape, new=0.6)
    out = scattered(x, u, reduction, shape[axis])
    return b.node("ScatterElements", [x, i, u], [b.computed(x.type, x.shape, *out) if reduction in ("add", "mul") else (x.type, x.shape, *out)], axis=said,
                  reduction=None if reduction == "none" else reduction)


@op(2)
def scatter_nd(b):
    x = b.pick(FLOATS + (I32, I64, BOOL), lo=1, where=lambda v: v.size > 0)
    depth = b.rng.randint(1, x.rank)
    places = int(numpy.prod(x.shape[:depth]))
    reduction = reduction_of(b, x)
    random = numpy.random.RandomState(b.rng.getrandbits(32))
    count = b.rng.randint(1, min(places, 6))
    flat = random.permutation(places)[:count] if reduction == "none" else random.randint(0, places, count)
    data = numpy.stack(numpy.unravel_index(flat, x.shape[:depth]), -1).astype(numpy.int64)
    if b.chance(0.3):
        data -= numpy.array(x.shape[:depth])
    u = b.pick((x.type,), shape=(count,) + x.shape[depth:], new=0.6)
    out = scattered(x, u, reduction, count)
    return b.node("ScatterND", [x, b.constant(data, I64, 0.5), u], [b.computed(x.type, x.shape, *out) if reduction in ("add", "mul") else (x.type, x.shape, *out)],
                  reduction=None if reduction == "none" else reduction)


@op(1)
def one_hot(b):
    depth = b.rng.randint(1, 6)
    i = indices(b, b.shape(1, 3, 4), depth, I64)
    type = b.rng.choice([F32, I64])
    values = b.fresh(type, (2,), -2, 2, 0.3)
    axis = b.rng.randint(-1, len(i.shape))
    shape = list(i.shape)
    shape.insert(axis if axis >= 0 else len(shape), depth)
    d = b.ints(b.rng.choice([depth, [depth]]))
    return b.node("OneHot", [i, d, values], [(type, shape, values.lo, values.hi, 0)], axis=axis)


def sortable(b, types=(F32, F64, I32, I64)):
    """An operand without equal elements, for operators whose order would not be specified."""
    shape = b.shape(1, 4, 7)
    return b.fresh(b.pick_type(types), shape, -9, 9 if b.chance(0.5) else 500, distinct=True)


@op(2)
def top_k(b):
    x = sortable(b)
    axis, said = axis_of(b, x.rank)
    k = b.rng.randint(0 if b.root.zeros else 1, max(x.shape[axis], 0)) if x.shape[axis] else 0
    shape = list(x.shape)
    shape[axis] = k
    return b.node("TopK", [x, b.ints([k])], [(x.type, shape, x.lo, x.hi, 0), (I64, shape, 0, max(x.shape[axis], 1), 0)], axis=said,
                  largest=b.rng.randint(0, 1), sorted=1)


@op(2)
def arg_max(b):
    ties = b.chance(0.4)  # the first or the last of equal elements is specified
    x = b.pick((F32, F64, I32, I8, U8), lo=1, where=lambda v: v.exact) if ties else sortable(b, (F32, F64, I32))
    axis, said = axis_of(b, x.rank)
    if x.shape[axis] == 0:
        raise Unfit("empty")
    keep = b.rng.randint(0, 1)
    if x.size == 0:
        said = axis  # as for the reductions
    shape = x.shape[:axis] + ((1,) if keep else ()) + x.shape[axis + 1:]
    return b.node(b.rng.choice(["ArgMax", "ArgMin"]), [x], [(I64, shape, 0, max(x.shape[axis], 1), 0)], axis=said, keepdims=keep,
                  select_last_index=b.rng.randint(0, 1))


@op(0.7)
def hardmax(b):
    x = sortable(b, (F32,))
    _, said = axis_of(b, x.rank)
    return b.node("Hardmax", [x], [(x.type, x.shape, 0, 1, 0)], axis=said)


@op(1.5)
def cum_sum(b):
    x = b.pick((F32, F64, I32, I64), lo=1)
    axis, said = axis_of(b, x.rank)
    n = max(x.shape[axis], 1)
    type = b.rng.choice([I32, I64])
    return b.node("CumSum", [x, b.constant(numpy.asarray(said, NUMPY[type]), type, 0.1)], [b.computed(x.type, x.shape, min(0, x.lo * n), max(0, x.hi * n), x.err * n + (
        n * EPSILON[x.type] * x.mag if x.type in FLOATS else 0))], exclusive=b.rng.randint(0, 1), reverse=b.rng.randint(0, 1))


def known(b, types, lo=1, hi=4):
    return b.pick(types, lo=lo, hi=hi, where=lambda v: v.array is not None and v.exact)


@op(1)
def non_zero(b):
    x = known(b, (F32, I32, I64, U8, BOOL), lo=1)
    if x.type != BOOL and x.name not in b.root.used and b.chance(0.5):
        x.array[numpy.abs(x.array) < 1] = 0
        x.lo, x.hi = min(x.lo, 0), max(x.hi, 0)
    count = int(numpy.count_nonzero(x.array))
    return b.node("NonZero", [x], [(I64, (x.rank, count), 0, 64, 0)])


@op(1)
def compress(b):
    x = b.pick(ALL, lo=1)
    axis, said = axis_of(b, x.rank)
    flat = b.chance(0.3)
    n = x.size if flat else x.shape[axis]
    data = numpy.array([b.chance(0.5) for _ in range(b.rng.randint(min(1, n), n))], bool)
    shape = list(x.shape)
    shape[axis] = int(data.sum())
    return b.same("Compress", x, b.constant(data, BOOL, 0.6), shape=(int(data.sum()),) if flat else shape, axis=None if flat else said)


@op(1)
def unique(b):
    x = known(b, (F32, I64, I8, F64), lo=1, hi=3)
    if x.size == 0:
        raise Unfit("empty")
    if x.type in (F32, F64) and x.name not in b.root.used and b.chance(0.7):
        x.array[...] = numpy.round(x.array)
        x.lo, x.hi = numpy.floor(x.lo), numpy.ceil(x.hi)
    axis = None if b.chance(0.5) else b.rng.randrange(x.rank)
    values, index = numpy.unique(x.array, return_index=True, axis=axis)
    n, count = (x.size if axis is None else x.shape[axis]), len(index)
    outputs = [(x.type, values.shape, x.lo, x.hi, 0), (I64, (count,), 0, n, 0), (I64, (n,), 0, n, 0), (I64, (count,), 1, n, 0)]
    return b.node("Unique", [x], [outputs[0]] + [o if b.chance(0.6) else None for o in outputs[1:3]] + [outputs[3]], axis=axis, sorted=b.rng.randint(0, 1))


@op(1)
def reverse_sequence(b):
    x = b.pick(ALL, lo=2, where=lambda v: v.shape[0] > 0 and v.shape[1] > 0)
    batch = b.rng.randint(0, 1)
    lens = [b.rng.randint(1, x.shape[1 - batch]) for _ in range(x.shape[batch])]
    return b.same("ReverseSequence", x, b.ints(lens), batch_axis=batch, time_axis=1 - batch)


@op(0.7)
def non_max_suppression(b):
    # Boxes in a row, whose overlap is far from the threshold, with scores that differ.
    count, classes, batch = b.rng.randint(1, 9), b.rng.randint(1, 3), b.rng.randint(1, 2)
    boxes = numpy.zeros((batch, count, 4), numpy.float32)
    for n in range(batch):
        for i in range(count):
            y = float(b.rng.choice([0, 1, 10, 20]))
            boxes[n, i] = (y, 0, y + 8, 8) if b.chance(0.7) else (y + 8, 8, y, 0)
    scores = b.fresh(F32, (batch, classes, count), 0, 1, 0.7, distinct=True)
    most, iou, score = b.rng.randint(0, 5), b.rng.choice([0.5, 0.3]), b.rng.choice([None, 0.25])
    picked = 0
    for n in range(batch):
        for c in range(classes):
            taken = []
            for i in sorted(range(count), key=lambda i: -scores.array[n, c, i]):
                if score is not None and not scores.array[n, c, i] > score:
                    continue
                y = [min(boxes[n, j, 0], boxes[n, j, 2]) for j in taken + [i]]
                if len(taken) < most and all(max(0, 8 - abs(y[-1] - z)) / (8 + min(8, abs(y[-1] - z))) <= iou for z in y[:-1]):
                    taken.append(i)
            picked += len(taken)
    inputs = [b.constant(boxes, F32, 0.7), scores, b.ints([most]), b.constant(numpy.array([iou], numpy.float32))] + (
        [b.constant(numpy.array([score], numpy.float32))] if score is not None else [])
    return b.node("NonMaxSuppression", inputs, [(I64, (picked, 3), 0, 10, 0)], center_point_box=0)


@op(0.7, since=16)
def roi_align(b):
    if b.opset >= 22:
        raise Unfit("opset")
    x = b.pick((F32,), shape=(b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(3, 8), b.rng.randint(3, 8)), where=lambda v: v.mag < 1e3)
    count, out = b.rng.randint(1, 4), (b.rng.randint(1, 3), b.rng.randint(1, 3))
    corner = numpy.random.RandomState(b.rng.getrandbits(32)).rand(count, 4).astype(numpy.float32) * 4
    corner[:, 2:] += corner[:, :2] + 0.5
    rois, which = b.constant(corner, F32, 0.7), b.ints([b.rng.randrange(x.shape[0]) for _ in range(count)])
    return b.node("RoiAlign", [x, rois, which], [b.computed(F32, (count, x.shape[1]) + out, min(x.lo, 0), max(x.hi, 0), 2 * x.err + 4e-5 * x.mag)],
                  output_height=out[0], output_width=out[1], sampling_ratio=b.rng.choice([0, 1, 2]), spatial_scale=b.rng.choice([1.0, 0.5]),
                  mode=b.rng.choice(["avg", "max"]) if False else "avg", coordinate_transformation_mode=b.rng.choice(["half_pixel", "output_half_pixel"]))


@op(0.7, since=16)
def grid_sample(b):
    x = b.pick((F32,), shape=(b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(2, 6), b.rng.randint(2, 6)), where=lambda v: v.mag < 1e3)
    out = (b.rng.randint(1, 4), b.rng.randint(1, 4))
    grid = b.fresh(F32, (x.shape[0],) + out + (2,), -1.3, 1.3)
    mode = b.rng.choice(["linear", "nearest", "cubic"]) if b.opset >= 20 else b.rng.choice(["bilinear", "nearest", "bicubic"])
    lo, hi = -3 * x.mag, 3 * x.mag
    return b.node("GridSample", [x, grid], [b.computed(F32, x.shape[:2] + out, lo, hi, 4 * x.err + 2e-4 * x.mag)], mode=mode,
                  padding_mode=b.rng.choice(["zeros", "border", "reflection"]), align_corners=b.rng.randint(0, 1))
