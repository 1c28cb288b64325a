"""A graph that grows node by node, with what is known of each value: shape, range, error.

Floats that differ in their last bits are equal for a sum and not for a Floor. So each value has an interval, which holds all its elements, and a
bound of the error that two right implementations may differ by; operators that jump take only values whose error is 0.
"""
import numpy
import onnx
from onnx import TensorProto, helper

F16, F32, F64 = TensorProto.FLOAT16, TensorProto.FLOAT, TensorProto.DOUBLE
I8, I16, I32, I64 = TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64
U8, U16, U32, U64 = TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64
BOOL = TensorProto.BOOL
FLOATS = (F32, F16, F64)
INTS = (I8, I16, I32, I64, U8, U16, U32, U64)
NUMBERS = FLOATS + INTS
ALL = NUMBERS + (BOOL,)
NUMPY = {F16: numpy.float16, F32: numpy.float32, F64: numpy.float64, I8: numpy.int8, I16: numpy.int16, I32: numpy.int32, I64: numpy.int64,
         U8: numpy.uint8, U16: numpy.uint16, U32: numpy.uint32, U64: numpy.uint64, BOOL: numpy.bool_}
# What one operation may lose, a few units in the last place: functions are not exact to the bit anywhere.
EPSILON = {F16: 2e-3, F32: 1e-6, F64: 1e-13}


class Unfit(Exception):
    """The operator cannot be placed here; another is drawn."""


class Value:
    def __init__(self, name, type, shape, lo=0.0, hi=0.0, err=0.0, array=None):
        self.name, self.type, self.shape, self.array = name, type, tuple(int(d) for d in shape), array
        self.lo, self.hi, self.err = float(lo), float(hi), float(err)
        self.fixed = False  # its sizes are said in the model: others, or ranks, depend on them

    rank = property(lambda self: len(self.shape))
    size = property(lambda self: int(numpy.prod(self.shape, dtype=numpy.int64)))
    mag = property(lambda self: max(abs(self.lo), abs(self.hi)))
    exact = property(lambda self: self.err == 0)


class Builder:
    def __init__(self, rng, opset, parent=None, limit=4096):
        self.rng, self.opset, self.parent, self.limit = rng, opset, parent, limit
        self.root = parent.root if parent else self
        self.nodes, self.values, self.used = [], [], set()
        if not parent:
            self.inputs, self.initializers, self.count, self.domains = [], [], 0, set()
            self.symbols, self.zeros = rng.random() < 0.5, rng.random() < 0.06
            self.types = rng.choice([(F32,)] * 5 + [(F32, F16), (F32, F64), (F16,), (F64,), (F32, F16, F64)])

    # ---- chances

    def chance(self, p):
        return self.rng.random() < p

    def pick_type(self, allowed):
        """One of the allowed types; of the floats, those that this graph uses."""
        floats = [t for t in allowed if t in self.root.types]
        others = [t for t in allowed if t not in FLOATS]
        if not floats and not others:
            raise Unfit("type")
        return self.rng.choice(others if not floats or (others and self.chance(0.25)) else floats)

    def dim(self, most=8):
        r = self.rng.random()
        if self.root.zeros and r < 0.15:
            return 0
        if r < 0.2:
            return 1
        return self.rng.choice([2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33]) if r > 0.85 and most >= 8 else self.rng.randint(1, most)

    def shape(self, lo=0, hi=4, most=8):
        for _ in range(20):
            shape = tuple(self.dim(most) for _ in range(self.rng.randint(lo, hi)))
            if numpy.prod(shape, dtype=numpy.int64) <= self.limit:
                return shape
        raise Unfit("shape")

    # ---- values

    def name(self, prefix):
        self.root.count += 1
        return f"{prefix}{self.root.count}"

    def constant(self, array, type=None, input_chance=0.0, fixed=True):
        """A value with these elements: an initializer, or an input that the test data hold."""
        array = numpy.asarray(array, dtype=NUMPY[type] if type else None)
        type = type or next(t for t, n in NUMPY.items() if array.dtype == n)
        finite = array[numpy.isfinite(array)] if array.dtype.kind == "f" else array
        lo, hi = (float(finite.min()), float(finite.max())) if finite.size else (0, 0)
        is_input = self.chance(input_chance)
        value = Value(self.name("x" if is_input else "c"), type, array.shape, lo, hi, 0, array)
        value.fixed = fixed
        if is_input:
            self.root.inputs.append(value)
        else:
            self.root.initializers.append(value)
        self.root.values.append(value)
        return value

    def fresh(self, type, shape, lo=-2.0, hi=2.0, input_chance=0.6, distinct=False, fixed=False):
        """New elements in [lo, hi]: floats with all their bits or quarters; `distinct` makes no two of them equal."""
        random = numpy.random.RandomState(self.rng.getrandbits(32))
        size = int(numpy.prod(shape, dtype=numpy.int64))
        if type == BOOL:
            data = random.rand(size) < 0.5
        elif type in FLOATS:
            if distinct:
                data = lo + (hi - lo) * (random.permutation(size) + 0.5) / max(size, 1)
            else:
                data = random.uniform(lo, hi, size)
                if self.chance(0.2):
                    data = numpy.clip(numpy.round(data * 4) / 4, lo, hi)
        else:
            info = numpy.iinfo(NUMPY[type])
            a, b = max(int(lo), info.min), min(int(hi), info.max)
            if distinct:
                data = a + random.permutation(max(size, min(b - a + 1, 10 * size + 10)))[:size]
                if size and int(data.max()) > info.max:
                    raise Unfit("distinct integers")
            else:
                data = random.randint(a, b + 1, size)
        return self.constant(numpy.asarray(data).astype(NUMPY[type]).reshape(shape), type, input_chance, fixed)

    def visible(self):
        return self.values + (self.parent.visible() if self.parent else [])

    def pick(self, types=FLOATS, lo=0, hi=5, where=None, new=0.25, shape=None):
        """A value of the graph that fits, or with chance `new`, or where none fits, a new one."""
        fits = [v for v in self.visible() if v.type in types and lo <= v.rank <= hi and (shape is None or v.shape == tuple(shape)) and
                (where is None or where(v))]
        if fits and not self.chance(new):
            unused = [v for v in fits if v.name not in self.root.used]
            return self.rng.choice(unused if unused and self.chance(0.7) else fits)
        type = self.pick_type(types)
        for _ in range(20):
            wanted = tuple(shape) if shape is not None else self.shape(lo, hi)
            value = self.fresh(type, wanted, *((-2, 2) if type in FLOATS else (0, 9) if type in (U8, U16, U32, U64) else (-9, 9)))
            if where is None or where(value):
                return value
            self.root.values.remove(value)
            (self.root.inputs if value in self.root.inputs else self.root.initializers).remove(value)
        raise Unfit("operand")

    def ints(self, data, type=I64):
        """A small operand that says sizes, axes, indices: mostly constant, as exporters write it."""
        return self.constant(numpy.asarray(data, dtype=NUMPY[type]), type, 0.12)

    def node(self, op, inputs, outputs, domain="", **attributes):
        """Adds a node; `outputs` are (type, shape, lo, hi, err), or None for one that is left out."""
        for value in outputs:
            if value and numpy.prod(value[1], dtype=numpy.int64) > 4 * self.limit:
                raise Unfit("size")
            if value and (not numpy.isfinite([float(v) for v in value[2:]]).all() or max(abs(value[2]), abs(value[3])) > self.most(value[0])):
                raise Unfit("range")
            if value and value[0] in FLOATS and value[4] > 0.02 * max(abs(value[2]), abs(value[3]), 1e-3):
                raise Unfit("error")
        results = [Value(self.name("v"), *v) if v else None for v in outputs]
        inputs = list(inputs)
        while inputs and inputs[-1] is None:
            inputs.pop()
        self.nodes.append(helper.make_node(op, [v.name if v else "" for v in inputs], [v.name if v else "" for v in results],
                                           name=f"n{self.root.count}", domain=domain, **{k: a for k, a in attributes.items() if a is not None}))
        self.root.used.update(v.name for v in inputs if v)
        if domain:
            self.root.domains.add(domain)
        self.values += [v for v in results if v]
        return results[0] if len(results) == 1 else results

    @staticmethod
    def most(type):
        return {F16: 1000, F32: 1e5, F64: 1e5, BOOL: 1, TensorProto.STRING: 1, I8: 128, U8: 255}.get(type) or float(numpy.iinfo(NUMPY[type]).max) / 4

    def same(self, op, value, *inputs, shape=None, **attributes):
        """A node whose results are some of the elements of `value`."""
        return self.node(op, [value, *inputs], [(value.type, value.shape if shape is None else shape, value.lo, value.hi, value.err)], **attributes)

    def computed(self, type, shape, lo, hi, err):
        """An output that was rounded: its interval with the error of the result's own type added."""
        if type not in FLOATS:
            return type, shape, lo, hi, err
        return type, shape, lo, hi, err + EPSILON[type] * max(abs(lo), abs(hi), 1e-6)

    # ---- the model

    def declare(self, value, is_output=False):
        """Inputs have symbolic sizes where the graph has; equal sizes share a name. Outputs leave their shape to inference."""
        dims = []
        for d in value.shape:
            r = self.rng.random() if self.root.symbols and not is_output and not value.fixed else 1
            dims.append(f"s{d}" if r < 0.45 else None if r < 0.5 else d)
        return helper.make_tensor_value_info(value.name, value.type, None if is_output else dims)

    def model(self):
        made = {o for n in self.nodes for o in n.output if o}
        results = [v for v in self.values if v.name in made and (v.name not in self.used or self.chance(0.12))]
        read = set(self.used) | {v.name for v in results}
        kept = [v for v in self.inputs if v.name in read]
        graph = helper.make_graph(self.nodes, "g", [self.declare(v) for v in kept], [self.declare(v, True) for v in results],
                                  [onnx.numpy_helper.from_array(v.array, v.name) for v in self.initializers if v.name in read])
        opsets = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid(d, 3 if d == "ai.onnx.ml" else 1) for d in sorted(self.domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10 if self.opset < 25 else 11), kept, results
