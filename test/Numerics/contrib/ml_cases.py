"""Operators of ai.onnx.ml."""
import numpy as np

from nodes import F32, I64, ML, case, f, i32, i64, random


def tree_arrays(trees, depth, features, targets, prefix, weights_per_leaf=1, mode="BRANCH_LEQ", nan=False, low=-1.0):
    """Attributes of full trees of a depth, in the form of version 1."""
    a = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "truenodeids", "falsenodeids", "modes", "missing_value_tracks_true")}
    w = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    modes = mode if isinstance(mode, list) else [mode]
    for tree in range(trees):
        inner = 2 ** depth - 1
        for node in range(2 * inner + 1):
            leaf = node >= inner
            a["treeids"].append(tree)
            a["nodeids"].append(node)
            a["featureids"].append(0 if leaf else int(random.integers(features)))
            a["values"].append(0.0 if leaf else round(float(random.uniform(-1, 1)), 1))
            a["truenodeids"].append(0 if leaf else 2 * node + 1)
            a["falsenodeids"].append(0 if leaf else 2 * node + 2)
            a["modes"].append("LEAF" if leaf else modes[int(random.integers(len(modes)))])
            a["missing_value_tracks_true"].append(int(nan and not leaf and random.integers(2)))
            if leaf:
                for k in range(weights_per_leaf):
                    w["treeids"].append(tree)
                    w["nodeids"].append(node)
                    w["ids"].append((tree + k) % targets)
                    w["weights"].append(float(random.uniform(low, 1)))
    attributes = {f"nodes_{k}": v for k, v in a.items()}
    attributes.update({f"{prefix}_{k}": v for k, v in w.items()})
    return attributes


def grid(rows, columns):
    """Numbers that are often equal to a split."""
    return (random.integers(-10, 11, (rows, columns)) / 10).astype(np.float32)


def add():
    x = grid(7, 5)
    with_nan = x.copy()
    with_nan[random.integers(0, 3, x.shape) == 0] = np.nan
    regressor = lambda name, x, trees, depth, targets=1, **more: case(
        "ml_tree_regressor_" + name, "TreeEnsembleRegressor", [x], domain=ML, n_targets=targets,
        **tree_arrays(trees, depth, 5, targets, "target", **{k: more.pop(k) for k in ("weights_per_leaf", "mode", "nan") if k in more}), **more)
    regressor("one", x, 1, 2)
    regressor("nine", x, 9, 3, base_values=[0.5])
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        regressor(mode.lower(), with_nan, 3, 3, mode="BRANCH_" + mode, nan=True)
    regressor("mixed_modes", with_nan, 5, 3, mode=["BRANCH_LEQ", "BRANCH_GT", "BRANCH_EQ", "BRANCH_LT"], nan=True)
    regressor("by_target", x, 7, 2, targets=3)
    regressor("many_weights", x, 7, 2, targets=3, weights_per_leaf=2)
    for function in ("AVERAGE", "MIN", "MAX"):
        regressor(function.lower(), x, 4, 2, targets=2, weights_per_leaf=2, aggregate_function=function, base_values=[0.25, -1.0])
    # Scores of one target ONNX Runtime leaves as they are, whatever the transform.
    regressor("softmax", x, 3, 2, targets=3, weights_per_leaf=3, post_transform="SOFTMAX")
    case("ml_tree_regressor_double", "TreeEnsembleRegressor", [x.astype(np.float64)], domain=ML, n_targets=1, **tree_arrays(3, 2, 5, 1, "target"))

    def classifier(name, classes, trees, low=-1.0, one=False, **more):
        arrays = tree_arrays(trees, 2, 5, classes, "class", weights_per_leaf=more.pop("weights_per_leaf", 1), low=low)
        if one is not False:
            arrays["class_ids"] = [one] * len(arrays["class_ids"])
        case("ml_tree_classifier_" + name, "TreeEnsembleClassifier", [x], 2, domain=ML, types=[I64, F32],
             classlabels_int64s=[10 * (i + 1) for i in range(classes)], **arrays, **more)
    classifier("three", 3, 6)
    classifier("softmax", 3, 6, post_transform="SOFTMAX")
    classifier("softmax_zero", 4, 3, post_transform="SOFTMAX_ZERO")
    classifier("binary_positive", 2, 3, low=0.0, one=0)
    classifier("binary_second_id", 2, 3, low=0.0, one=1)
    classifier("binary_margin", 2, 3, one=0)
    classifier("binary_logistic", 2, 3, one=0, post_transform="LOGISTIC")
    classifier("binary_based", 2, 3, one=0, base_values=[0.3], post_transform="LOGISTIC")

    rows = f(4, 3)
    case("ml_linear_regressor", "LinearRegressor", [rows], domain=ML, coefficients=list(map(float, f(6))), intercepts=[0.5, -0.5], targets=2)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        case("ml_linear_classifier_" + transform.lower(), "LinearClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[3, 1, 2],
             coefficients=list(map(float, f(9))), intercepts=[0.5, -0.5, 0.1], multi_class=1, post_transform=transform)
    for transform in ("NONE", "LOGISTIC"):
        case("ml_linear_classifier_binary_" + transform.lower(), "LinearClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[3, 1],
             coefficients=list(map(float, f(3))), intercepts=[0.1], post_transform=transform)
    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        svm = dict(kernel_type=kernel, kernel_params=[0.4, 0.3, 2.0])
        case("ml_svm_regressor_" + kernel.lower(), "SVMRegressor", [rows], domain=ML, coefficients=list(map(float, f(4))), n_supports=4,
             support_vectors=list(map(float, f(12))), rho=[0.2], **svm)
        case("ml_svm_classifier_" + kernel.lower(), "SVMClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[5, 6, 7],
             vectors_per_class=[2, 1, 2], coefficients=list(map(float, f(10))), support_vectors=list(map(float, f(15))), rho=[0.1, -0.2, 0.3], **svm)
    case("ml_svm_classifier_binary", "SVMClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[5, 6], vectors_per_class=[2, 1],
         coefficients=list(map(float, f(3))), support_vectors=list(map(float, f(9))), rho=[0.1], kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0])
    case("ml_svm_classifier_platt", "SVMClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[5, 6], vectors_per_class=[2, 1],
         coefficients=list(map(float, f(3))), support_vectors=list(map(float, f(9))), rho=[0.1], kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0],
         prob_a=[-1.5], prob_b=[0.2])
    case("ml_svm_classifier_platt_three", "SVMClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[5, 6, 7], vectors_per_class=[2, 1, 2],
         coefficients=list(map(float, f(10))), support_vectors=list(map(float, f(15))), rho=[0.1, -0.2, 0.3], kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0],
         prob_a=[-1.5, -2.0, -1.0], prob_b=[0.2, 0.1, -0.3])
    case("ml_svm_classifier_plane", "SVMClassifier", [rows], 2, domain=ML, types=[I64, F32], classlabels_ints=[5, 6, 7],
         coefficients=list(map(float, f(9))), rho=[0.1], kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0])

    case("ml_array_feature_extractor", "ArrayFeatureExtractor", [rows, i64(2, 0)], domain=ML)
    case("ml_binarizer", "Binarizer", [rows], domain=ML, threshold=0.2)
    case("ml_feature_vectorizer", "FeatureVectorizer", [rows, f(4, 2)], domain=ML, inputdimensions=[3, 2])
    case("ml_imputer_nan", "Imputer", [with_nan], domain=ML, imputed_value_floats=[1.0, 2.0, 3.0, 4.0, 5.0], replaced_value_float=float("nan"))
    case("ml_imputer_integer", "Imputer", [random.integers(0, 3, (4, 2)).astype(np.int64)], domain=ML, types=[I64], imputed_value_int64s=[7], replaced_value_int64=1)
    for norm in ("MAX", "L1", "L2"):
        case("ml_normalizer_" + norm.lower(), "Normalizer", [np.vstack([rows, 0 * rows[:1]])], domain=ML, norm=norm)
    case("ml_one_hot_encoder", "OneHotEncoder", [i64(3, 1, 9).reshape(3, 1)], domain=ML, cats_int64s=[1, 2, 3])
    case("ml_scaler", "Scaler", [rows], domain=ML, offset=[0.1, 0.2, 0.3], scale=[2.0, 3.0, 4.0])
    case("ml_label_encoder_few", "LabelEncoder", [i64(3, 1, 9)], domain=ML, version=2, types=[F32], keys_int64s=[1, 2, 3], values_floats=[0.5, 1.5, 2.5], default_float=-7.0)
    many = list(map(int, random.permutation(100)[:41]))
    case("ml_label_encoder_many", "LabelEncoder", [random.integers(-5, 105, (3, 20)).astype(np.int64)], domain=ML, version=2, types=[I64], keys_int64s=many,
         values_int64s=list(range(1000, 1041)), default_int64=-3)
    case("ml_label_encoder_floats", "LabelEncoder", [np.array([0.5, np.nan, 2.0, -0.0], np.float32)], domain=ML, version=2, types=[I64],
         keys_floats=[0.0, 0.5, float("nan")], values_int64s=[4, 5, 6])
