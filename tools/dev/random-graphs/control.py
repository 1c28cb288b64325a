"""Operators with bodies, sequences and recurrent layers."""
import numpy
import elementwise
from builder import *
from movement import axis_of

OPS = []


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def body(b, inputs, outputs):
    """A subgraph; its nodes may read everything that b sees."""
    return helper.make_graph(b.nodes, b.name("g"), [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
                             [helper.make_tensor_value_info(v.name, v.type, None) for v in outputs])


def bounded(b, x):
    """A value of x's shape and type that repeated application leaves in an interval."""
    if x.type in FLOATS:
        y = elementwise.partner(b, x) if b.chance(0.5) else x
        if y.shape != x.shape and numpy.broadcast_shapes(x.shape, y.shape) != x.shape:
            y = x
        total = b.node("Add", [x, y], [b.computed(x.type, x.shape, x.lo + y.lo, x.hi + y.hi, x.err + y.err)])
        return b.node("Tanh", [total], [b.computed(x.type, x.shape, -1, 1, total.err)])
    other = b.fresh(x.type, x.shape, 0, 3, 0.2)
    return b.node(b.rng.choice(["Max", "Min"]), [x, other], [(x.type, x.shape, min(x.lo, 0), max(x.hi, 3), 0)])


@op(2)
def if_(b):
    condition = b.fresh(BOOL, b.rng.choice([(), (1,)]), input_chance=0.85)
    x = b.pick((F32, F64, I32), new=0.1)
    graphs, results = [], []
    for _ in range(2):
        inner = Builder(b.rng, b.opset, b, b.limit)
        y = x
        for _ in range(b.rng.randint(1, 2)):
            y = bounded(inner, y)
        graphs.append(body(inner, [], [y]))
        results.append(y)
    lo, hi, err = min(r.lo for r in results), max(r.hi for r in results), max(r.err for r in results)
    return b.node("If", [condition], [(x.type, x.shape, lo, hi, err)], then_branch=graphs[0], else_branch=graphs[1])


@op(2)
def loop(b):
    x = b.pick((F32, I32), new=0.3)
    trips = b.rng.randint(0 if b.root.zeros else 1, 5)
    stops = b.rng.randint(1, 6) if b.chance(0.4) else None
    inner = Builder(b.rng, b.opset, b, b.limit)
    i, c, s = b.name("i"), b.name("k"), b.name("s")
    lo, hi = (-2, 2) if x.type == F32 else (-9, 9)
    state = Value(s, x.type, x.shape, min(x.lo, lo), max(x.hi, hi), max(x.err, 1e-6) if x.type == F32 else 0)
    step = Value(i, I64, (), 0, 5, 0)
    inner.values += [state, step]
    y = bounded(inner, state)
    if y is state:
        raise Unfit("body")
    scanned = inner.node("Cast", [step], [(F32, (), 0, 5, 0)], to=F32) if b.chance(0.4) else y
    limit = b.ints(stops if stops else 100)
    goes_on = inner.node("Less", [step, limit], [(BOOL, (), 0, 1, 0)])
    graph = body(inner, [(i, I64, ()), (c, BOOL, ()), (s, x.type, [None] * x.rank)], [goes_on, y, scanned])
    runs = min(trips, stops + 1) if stops else trips
    growth = 3.0 ** runs
    outputs = [(x.type, x.shape, min(y.lo, x.lo), max(y.hi, x.hi), state.err * growth + runs * 1e-6 if x.type == F32 else 0),
               (scanned.type, (runs,) + scanned.shape, scanned.lo, scanned.hi, scanned.err * growth)]
    m = b.ints(trips)
    m = m if b.chance(0.8) or not stops else None
    if m is None:
        runs = stops + 1
        outputs[1] = (scanned.type, (runs,) + scanned.shape, scanned.lo, scanned.hi, scanned.err * 3.0 ** runs)
    start = b.constant(numpy.array(True)) if b.chance(0.5) else None
    return b.node("Loop", [m, start, x], outputs, body=graph)


@op(1.5)
def scan(b):
    x = b.pick((F32,), lo=2, hi=4)
    reverse = b.rng.randint(0, 1)
    # The axis that is walked along is the first one, unless said otherwise.
    axis = b.rng.randrange(x.rank) if b.chance(0.4) else 0
    row = x.shape[:axis] + x.shape[axis + 1:]
    start = b.fresh(F32, row, -1, 1, 0.5)
    inner = Builder(b.rng, b.opset, b, b.limit)
    s, e = Value(b.name("s"), F32, row, -2, 2, 1e-6), Value(b.name("e"), F32, row, x.lo, x.hi, x.err)
    inner.values += [s, e]
    total = inner.node("Add", [s, e], [(F32, row, s.lo + e.lo, s.hi + e.hi, e.err + 1e-6)])
    new = inner.node("Tanh", [total], [(F32, row, -1, 1, total.err)])
    out = inner.node("Mul", [new, e], [(F32, row, -e.mag, e.mag, e.err + e.mag * new.err)])
    graph = body(inner, [(v.name, F32, [None] * len(row)) for v in (s, e)], [new, out])
    n = max(x.shape[axis], 1)
    return b.node("Scan", [start, x], [(F32, row, -1, 1, n * (x.err + 2e-6)), (F32, (x.shape[axis],) + row, -x.mag, x.mag, (n + 1) * (x.err + 2e-6) * (1 + x.mag))],
                  body=graph, num_scan_inputs=1, scan_input_directions=[reverse] if reverse else None, scan_input_axes=[axis] if axis else None)



@op(1)
def sequence(b):
    x = b.pick((F32, I64), lo=1, where=lambda v: v.size > 0)
    axis, said = axis_of(b, x.rank)
    d = x.shape[axis]
    keep = b.rng.randint(0, 1)
    name = b.name("q")
    if b.chance(0.5):
        part = b.rng.randint(1, d)
        split = b.ints(part)
        sizes = [part] * (d // part) + ([d % part] if d % part else [])
        keep = 1
    else:
        split, sizes = None, [1] * d
    b.nodes.append(helper.make_node("SplitToSequence", [x.name] + ([split.name] if split else []), [name], name="n" + name, axis=said, keepdims=keep))
    b.root.used.update([x.name] + ([split.name] if split else []))
    if b.chance(0.3):
        more = b.pick((x.type,), shape=x.shape)
        b.root.used.add(more.name)
        longer, at = b.name("q"), b.rng.randint(0, len(sizes))
        if not keep:
            raise Unfit("rank")
        b.nodes.append(helper.make_node("SequenceInsert", [name, more.name, b.ints(at).name], [longer], name="n" + longer))
        b.root.used.add(b.nodes[-1].input[2])
        name, sizes, x2 = longer, sizes[:at] + [d] + sizes[at:], more
    else:
        x2 = x
    lo, hi, err = min(x.lo, x2.lo), max(x.hi, x2.hi), max(x.err, x2.err)

    class Named:
        pass
    q = Named()
    q.name = name
    if b.chance(0.5):
        which = b.rng.randrange(len(sizes))
        shape = x.shape[:axis] + ((sizes[which],) if keep else ()) + x.shape[axis + 1:]
        return b.node("SequenceAt", [q, b.ints(which - len(sizes) if b.chance(0.3) else which)], [(x.type, shape, lo, hi, err)])
    if not keep:
        return b.node("ConcatFromSequence", [q], [(x.type, (d,) + x.shape[:axis] + x.shape[axis + 1:], lo, hi, err)], axis=0, new_axis=1)
    shape = x.shape[:axis] + (sum(sizes),) + x.shape[axis + 1:]
    return b.node("ConcatFromSequence", [q], [(x.type, shape, lo, hi, err)], axis=axis)


@op(2)
def recurrent(b):
    name, gates = b.rng.choice([("LSTM", 4), ("GRU", 3), ("RNN", 1)])
    steps, batch, size, hidden = b.rng.randint(1, 6), b.rng.randint(1, 3), b.rng.randint(1, 6), b.rng.choice([1, 2, 4, 5, 8])
    x = b.pick((F32,), shape=(steps, batch, size), where=lambda v: v.mag < 10)
    direction = b.rng.choice(["forward", "reverse", "bidirectional"])
    d = 2 if direction == "bidirectional" else 1
    w, r = b.fresh(F32, (d, gates * hidden, size), -0.7, 0.7, 0.1, fixed=True), b.fresh(F32, (d, gates * hidden, hidden), -0.7, 0.7, 0.1, fixed=True)
    bias = b.fresh(F32, (d, 2 * gates * hidden), -0.5, 0.5, 0.1) if b.chance(0.6) else None
    lens = b.ints([b.rng.randint(1, steps) for _ in range(batch)], I32) if b.chance(0.3) else None
    if lens and b.chance(0.5):
        lens = b.constant(lens.array, I32, 1)
    h = b.fresh(F32, (d, batch, hidden), -1, 1) if b.chance(0.4) else None
    c = b.fresh(F32, (d, batch, hidden), -1, 1) if b.chance(0.4) and name == "LSTM" else None
    inputs = [x, w, r, bias, lens, h]
    extra = {"direction": None if direction == "forward" and b.chance(0.5) else direction}
    if name == "LSTM":
        inputs += [c, b.fresh(F32, (d, 3 * hidden), -0.5, 0.5, 0.1) if b.chance(0.3) else None]
        if b.chance(0.1):
            extra["input_forget"] = 1
    if name == "GRU":
        extra["linear_before_reset"] = b.rng.randint(0, 1)
    if b.chance(0.2):
        extra["clip"] = 0.5
    if b.chance(0.2):
        extra["activations"] = {"LSTM": ["Sigmoid", "Tanh", "Relu"], "GRU": ["HardSigmoid", "Softsign"], "RNN": ["Relu"]}[name] * d
    grown = 3.0 + (steps if "activations" in extra else 0)
    m, err = (grown * (4 ** steps if extra.get("activations", [""])[0] == "Relu" else 1)), 4 * steps * size * (x.err + 1e-6) * max(1, 2 ** steps if "activations" in extra else 1)
    state = b.computed(F32, (d, batch, hidden), -m, m, err)
    outputs = [b.computed(F32, (steps, d, batch, hidden), -m, m, err), state if b.chance(0.8) else None]
    if name == "LSTM":
        outputs.append(b.computed(F32, (d, batch, hidden), -m - steps, m + steps, 2 * err) if b.chance(0.7) else None)
    if b.chance(0.1) and any(outputs[1:]):
        outputs[0] = None
    return b.node(name, inputs, outputs, hidden_size=hidden, **extra)


@op(0.7)
def sequence_of_values(b):
    x = b.pick((F32, I64), where=lambda v: v.size > 0)
    y = b.pick((x.type,), shape=x.shape, new=0.4)
    name, erased = b.name("q"), b.name("q")
    b.nodes.append(helper.make_node("SequenceConstruct", [x.name, y.name, x.name], [name], name="n" + name))
    at = b.ints(b.rng.randint(-3, 2))
    b.nodes.append(helper.make_node("SequenceErase", [name, at.name], [erased], name="n" + erased))
    b.root.used.update([x.name, y.name, at.name])
    q = Value(erased, x.type, ())
    if b.chance(0.3):
        return b.node("SequenceLength", [q], [(I64, (), 2, 2, 0)])
    lo, hi, err = min(x.lo, y.lo), max(x.hi, y.hi), max(x.err, y.err)
    if b.chance(0.5) or not x.rank:
        return b.node("SequenceAt", [q, b.ints(b.rng.randint(-2, 1))], [(x.type, x.shape, lo, hi, err)])
    return b.node("ConcatFromSequence", [q], [(x.type, (2 * x.shape[0],) + x.shape[1:], lo, hi, err)], axis=0)


@op(0.5, since=16)
def optional(b):
    x = b.pick((F32, I64))
    name = b.name("o")
    b.nodes.append(helper.make_node("Optional", [x.name], [name], name="n" + name))
    b.root.used.add(x.name)
    o = Value(name, x.type, x.shape)
    if b.chance(0.3):
        return b.node("OptionalHasElement", [o], [(BOOL, (), 0, 1, 0)])
    return b.node("OptionalGetElement", [o], [(x.type, x.shape, x.lo, x.hi, x.err)])
