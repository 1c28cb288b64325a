"""Windows, Fourier transforms, grids, patches and training losses."""
import numpy
from builder import *
from movement import axis_of

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


@op(0.7, since=17)
def window_function(b):
    size = b.rng.randint(1, 20)
    name = b.rng.choice(["HannWindow", "HammingWindow", "BlackmanWindow"])
    type = b.pick_type((F32, F64))
    return b.node(name, [b.ints(size)], [b.computed(type, (size,), -0.1, 1.1, 4 * EPSILON[F32])], periodic=b.rng.randint(0, 1),
                  output_datatype=type if b.chance(0.5) or type != F32 else None)


@op(1, since=17)
def dft(b):
    parts, length = b.rng.choice([1, 2]), b.rng.randint(1, 9)
    shape = list(b.shape(1, 2, 4)) + [length, parts]
    if 0 in shape:
        raise Unfit("empty")
    axis = len(shape) - 2 if b.chance(0.6) else b.rng.randrange(len(shape) - 1)
    x = b.pick((F32, F64), shape=shape, new=0.5)
    points = b.rng.randint(1, 9) if b.chance(0.4) else None
    n = points or shape[axis]
    onesided = b.rng.randint(0, 1) if parts == 1 else 0
    inverse = 0 if onesided else b.rng.randint(0, 1)
    out = list(shape)
    out[-1], out[axis] = 2, n // 2 + 1 if onesided else n
    m = 2 * x.mag * max(n, shape[axis])
    extra = {"onesided": onesided, "inverse": inverse}
    # ONNX Runtime's pi has nine digits, in f64 too; an angle is up to n of them.
    exactness = 4 * EPSILON[x.type] + (1e-8 * n if x.type == F64 else 0)
    operands = [x, b.ints(points) if points else None]
    if b.opset >= 20:
        operands.append(b.ints(axis - len(shape) if b.chance(0.4) else axis))
    else:
        extra["axis"] = axis
    return b.node("DFT", operands, [b.computed(x.type, out, -m, m, n * x.err * 2 + exactness * m)], **extra)


@op(0.7, since=17)
def stft(b):
    frame, step, batch = b.rng.choice([2, 4, 8, 5]), b.rng.randint(1, 4), b.rng.randint(1, 2)
    length = frame + b.rng.randint(0, 12)
    x = b.pick((F32,), shape=(batch, length, 1), new=0.5)
    frames = 1 + (length - frame) // step
    window = b.fresh(F32, (frame,), 0, 1, 0.2) if b.chance(0.7) else None
    onesided = b.rng.randint(0, 1)
    bins = frame // 2 + 1 if onesided else frame
    m = 2 * x.mag * frame
    return b.node("STFT", [x, b.ints(step), window, b.ints(frame) if window is None or b.chance(0.5) else None],
                  [b.computed(F32, (batch, frames, bins, 2), -m, m, 2 * frame * x.err + 8 * EPSILON[F32] * m)], onesided=onesided)


@op(0.5, since=17)
def mel(b):
    mels, length, rate = b.rng.randint(1, 5), b.rng.choice([16, 32]), b.rng.choice([8000, 16000])
    low, high = b.constant(numpy.float32(b.rng.choice([0, 20.0, 300.0]))), b.constant(numpy.float32(rate / 2))
    return b.node("MelWeightMatrix", [b.ints(mels), b.ints(length), b.ints(rate), low, high], [(F32, (length // 2 + 1, mels), 0, 1, 1e-5)])


@op(0.7, since=20)
def affine_grid(b):
    spatial, n, c = b.rng.choice([2, 3]), b.rng.randint(1, 2), b.rng.randint(1, 2)
    theta = b.pick((F32, F64), shape=(n, spatial, spatial + 1), new=0.6)
    sizes = [b.rng.randint(2, 4) for _ in range(spatial)]  # of one pixel ONNX Runtime divides by zero where corners are aligned
    m = 4 * theta.mag
    return b.node("AffineGrid", [theta, b.ints([n, c] + sizes)], [b.computed(theta.type, [n] + sizes + [spatial], -m, m, 4 * theta.err + 4 * EPSILON[theta.type] * m)],
                  align_corners=b.rng.randint(0, 1))


@op(0.7, since=18)
def col2im(b):
    block, image = [b.rng.randint(1, 3) for _ in range(2)], [b.rng.randint(3, 6) for _ in range(2)]
    stride, pad = [b.rng.randint(1, 2) for _ in range(2)], [b.rng.randint(0, 1) for _ in range(4)]
    dilation = [b.rng.randint(1, 2) for _ in range(2)]
    counts = [(image[i] + pad[i] + pad[i + 2] - dilation[i] * (block[i] - 1) - 1) // stride[i] + 1 for i in range(2)]
    if min(counts) < 1:
        raise Unfit("window")
    n, c = b.rng.randint(1, 2), b.rng.randint(1, 3)
    x = b.pick((F32,), shape=(n, c * block[0] * block[1], counts[0] * counts[1]), new=0.6)
    m = x.mag * block[0] * block[1]
    return b.node("Col2Im", [x, b.ints(image), b.ints(block)], [b.computed(F32, [n, c] + image, -m, m, x.err * block[0] * block[1] + 2 * EPSILON[F32] * m)],
                  strides=stride, pads=pad, dilations=dilation)


@op(0.7)
def max_roi_pool(b):
    if b.opset >= 22:
        raise Unfit("opset")
    x = b.pick((F32,), shape=(b.rng.randint(1, 2), b.rng.randint(1, 3), b.rng.randint(3, 7), b.rng.randint(3, 7)))
    rows = []
    for _ in range(b.rng.randint(1, 3)):
        y, z = b.rng.randrange(x.shape[2]), b.rng.randrange(x.shape[3])
        rows.append([b.rng.randrange(x.shape[0]), z, y, b.rng.randint(z, x.shape[3] - 1), b.rng.randint(y, x.shape[2] - 1)])
    out = [b.rng.randint(1, 3), b.rng.randint(1, 3)]
    return b.node("MaxRoiPool", [x, b.constant(numpy.array(rows, numpy.float32), F32, 0.7)],
                  [(F32, [len(rows), x.shape[1]] + out, min(x.lo, 0), max(x.hi, 0), x.err)], pooled_shape=out)


@op(1, since=13)
def loss(b):
    n, c = b.rng.randint(1, 4), b.rng.randint(2, 6)
    more = b.rng.choice([(), (), (3,), (2, 3)])
    x = b.pick((F32,), shape=(n, c) + more, new=0.5, where=lambda v: v.mag < 50)
    target = b.fresh(b.rng.choice([I64, I32]), (n,) + more, 0, c - 1, 0.5)
    weight = b.fresh(F32, (c,), 0.5, 2, 0.2) if b.chance(0.4) else None
    reduction = b.rng.choice(["none", "sum", "mean"])
    count = int(numpy.prod((n,) + more)) if reduction == "sum" else 1
    ignored = b.rng.randrange(c) if b.chance(0.3) and reduction != "mean" else None
    name = b.rng.choice(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
    m = 2 * count * (x.mag if name[0] == "N" else 2 * x.mag + numpy.log(c))
    kind = b.computed(F32, (n,) + more if reduction == "none" else (), -m, m, 4 * count * (x.err + 4 * EPSILON[F32] * (1 + x.mag)))
    outputs = [kind]
    if name[0] == "S" and b.chance(0.4):
        outputs.append(b.computed(F32, x.shape, -2 * x.mag - numpy.log(c), 0, 2 * x.err + 4 * EPSILON[F32] * (1 + x.mag)))
    return b.node(name, [x, target, weight], outputs, reduction=reduction, ignore_index=ignored)


@op(0.5, since=13)
def dropout(b):
    x = b.pick(FLOATS)
    return b.node("Dropout", [x, b.constant(numpy.float32(0.5)) if b.chance(0.5) else None],
                  [(x.type, x.shape, x.lo, x.hi, x.err)] + ([(BOOL, x.shape, 0, 1, 0)] if b.chance(0.4) else []))
