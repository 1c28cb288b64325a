"""ai.onnx.ml, and strings on the way from numbers to numbers."""
import numpy
from builder import *

OPS = []
ML = "ai.onnx.ml"
STRING = TensorProto.STRING


def op(weight=1.0, since=1):
    return lambda f: OPS.append((f, weight, since)) or f


def features(b, types=(F32,), most=60):
    return b.pick(types, lo=2, hi=2, where=lambda v: v.size > 0 and v.mag < most)


@op(0.6)
def scaler(b):
    x = features(b)
    n = x.shape[1]
    count = b.rng.choice([1, n])
    offset, scale = [b.rng.randint(-4, 4) / 4 for _ in range(count)], [b.rng.randint(1, 8) / 4 for _ in range(count)]
    m = (x.mag + 1) * 2
    return b.node("Scaler", [x], [b.computed(F32, x.shape, -m, m, 2 * x.err + 2 * EPSILON[F32] * m)], domain=ML, offset=[float(v) for v in offset], scale=scale)


@op(0.4)
def binarizer(b):
    x = b.pick((F32,), lo=1, where=lambda v: v.exact)
    return b.node("Binarizer", [x], [(F32, x.shape, 0, 1, 0)], domain=ML, threshold=b.rng.choice([0.0, 0.3]))


@op(0.4)
def normalizer(b):
    x = b.fresh(F32, (b.rng.randint(1, 4), b.rng.randint(1, 6)), 0.25, 3)
    return b.node("Normalizer", [x], [b.computed(F32, x.shape, 0, 1, 4 * EPSILON[F32])], domain=ML, norm=b.rng.choice(["MAX", "L1", "L2"]))


@op(0.5)
def array_feature_extractor(b):
    x = b.pick((F32, I64, I32, F64), lo=1, hi=3, where=lambda v: v.size > 0)
    count = b.rng.randint(1, 4)
    i = b.ints([b.rng.randrange(x.shape[-1]) for _ in range(count)])
    shape = (1, count) if x.rank == 1 else x.shape[:-1] + (count,)
    return b.node("ArrayFeatureExtractor", [x, i], [(x.type, shape, x.lo, x.hi, x.err)], domain=ML)


@op(0.4)
def imputer(b):
    x = features(b)
    if not x.exact:
        raise Unfit("exact")
    return b.node("Imputer", [x], [(F32, x.shape, min(x.lo, -1), max(x.hi, 1), 0)], domain=ML, imputed_value_floats=[0.5], replaced_value_float=0.25)


@op(0.5)
def one_hot_encoder(b):
    x = b.pick((I64,), lo=1, hi=2)
    categories = b.rng.sample(range(-3, 8), b.rng.randint(1, 5))
    return b.node("OneHotEncoder", [x], [(F32, x.shape + (len(categories),), 0, 1, 0)], domain=ML, cats_int64s=categories, zeros=1)


@op(0.5)
def label_encoder(b):
    x = b.pick((I64,))
    keys = b.rng.sample(range(-5, 9), b.rng.randint(1, 6))
    if b.chance(0.5):
        return b.node("LabelEncoder", [x], [(F32, x.shape, -9, 9, 0)], domain=ML, keys_int64s=keys, values_floats=[b.rng.randint(-9, 9) / 2 for _ in keys], default_float=0.5)
    names = b.node("LabelEncoder", [x], [(STRING, x.shape, 0, 0, 0)], domain=ML, keys_int64s=keys, values_strings=[f"s{k}" for k in keys], default_string="none")
    b.values.remove(names)
    return b.node("LabelEncoder", [names], [(I64, x.shape, -5, 9, 0)], domain=ML, keys_strings=[f"s{k}" for k in keys[:3]] + ["none"],
                  values_int64s=keys[:3] + [7], default_int64=-1)


@op(0.7)
def linear_regressor(b):
    x = features(b)
    n, targets = x.shape[1], b.rng.randint(1, 3)
    weights = [b.rng.randint(-8, 8) / 4 for _ in range(n * targets)]
    bias = [b.rng.randint(-4, 4) / 4 for _ in range(targets)] if b.chance(0.7) else None
    m = 2 * n * x.mag + 1
    return b.node("LinearRegressor", [x], [b.computed(F32, (x.shape[0], targets), -m, m, 2 * n * x.err + 2 * EPSILON[F32] * m)], domain=ML, coefficients=weights,
                  intercepts=bias, targets=targets)


@op(1)
def tree_ensemble(b):
    """Complete binary trees of depth 1 or 2 over exact features, with thresholds that no quarter is equal to."""
    x = b.pick((F32,), lo=2, hi=2, where=lambda v: v.size > 0 and v.exact and v.array is not None)
    n, targets, trees = x.shape[1], b.rng.randint(1, 3), b.rng.randint(1, 3)
    rows = {k: [] for k in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    mode = b.rng.choice(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
    for tree in range(trees):
        depth = b.rng.randint(1, 2)
        for node in range(2 ** (depth + 1) - 1):
            leaf = node >= 2 ** depth - 1
            row = (tree, node, 0 if leaf else b.rng.randrange(n), "LEAF" if leaf else mode, 0.0 if leaf else b.rng.randint(-8, 8) / 4 + 0.125,
                   0 if leaf else 2 * node + 1, 0 if leaf else 2 * node + 2)
            for k, v in zip(rows, row):
                rows[k].append(v)
            if leaf:
                for k, v in zip(leaves, (tree, node, b.rng.randrange(targets), b.rng.randint(-8, 8) / 4)):
                    leaves[k].append(v)
    m = 2.0 * trees + 1
    extra = {f"nodes_{k}": v for k, v in rows.items()}
    extra.update({f"target_{k}": v for k, v in leaves.items()})
    return b.node("TreeEnsembleRegressor", [x], [b.computed(F32, (x.shape[0], targets), -m, m, EPSILON[F32] * m)], domain=ML, n_targets=targets,
                  aggregate_function=b.rng.choice(["SUM", "SUM", "AVERAGE"]), **extra)


@op(0.7, since=20)
def strings(b):
    """Whole numbers as texts: joined, compared and read again."""
    x = b.pick((I64, I32), where=lambda v: v.mag < 1000)
    text = b.node("Cast", [x], [(STRING, x.shape, 0, 0, 0)], to=STRING)
    b.values.remove(text)
    if b.chance(0.5):
        more = b.node("StringConcat", [text, text], [(STRING, x.shape, 0, 0, 0)])
        b.values.remove(more)
        return b.node("Equal", [more, text], [(BOOL, x.shape, 0, 1, 0)])
    if b.chance(0.5):
        return b.node("RegexFullMatch", [text], [(BOOL, x.shape, 0, 1, 0)], pattern=b.rng.choice(["-?[0-9]", "1.*", "[02468]+"]))
    to = b.rng.choice([I64, F32])
    return b.node("Cast", [text], [(to, x.shape, x.lo, x.hi, 0)], to=to)
