//===- Trees.cpp - the three forms of tree ensembles as one ----------------------------------===//
//
// Versions 1 and 3 number nodes within trees and hang any number of weights on a leaf; version 5 has arrays of inner nodes, of leaves and of
// roots. The latter, with a range of weights for each leaf, is what the IR has; labels and transformed scores are other operators.
//===-----------------------------------------------------------------------------===//
#include "Scores.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace ingot;

namespace {
/// The attributes of one form, read and checked for equal lengths.
struct Nodes {
  SmallVector<int64_t> trees, ids, features, trueIds, falseIds, missing;
  SmallVector<StringRef> modes;
  SmallVector<double> splits;
  SmallVector<int64_t> weightTrees, weightNodes, weightTargets;
  SmallVector<double> weights, base;
  bool isDouble = false;
};
} // namespace

static SmallVector<double> doublesOf(Attribute a) {
  SmallVector<double> values;
  if (auto floats = dyn_cast_if_present<DenseF32ArrayAttr>(a)) values.append(floats.asArrayRef().begin(), floats.asArrayRef().end());
  else if (auto dense = dyn_cast_if_present<DenseElementsAttr>(a); dense && isa<FloatType>(dense.getElementType()))
    for (APFloat f : dense.getValues<APFloat>()) values.push_back(f.convertToDouble());
  return values;
}

/// A list as floats, or as the tensor that version 3 has for doubles.
static SmallVector<double> takeNumbers(Rewriter &r, StringRef name, Nodes &nodes) {
  Attribute tensor = r.node.attributes.erase((name + "_as_tensor").str()), list = r.node.attributes.erase(name);
  if (auto dense = dyn_cast_if_present<DenseElementsAttr>(tensor)) nodes.isDouble |= dense.getElementType().isF64();
  SmallVector<double> values = doublesOf(tensor);
  return values.empty() ? doublesOf(list) : values;
}

static FailureOr<Nodes> takeNodes(Rewriter &r, StringRef target) {
  Nodes n;
  auto take = [&](const Twine &name) { return r.takeInts(name.str()).value_or(SmallVector<int64_t>()); };
  n.trees = take("nodes_treeids"), n.ids = take("nodes_nodeids"), n.features = take("nodes_featureids");
  n.trueIds = take("nodes_truenodeids"), n.falseIds = take("nodes_falsenodeids"), n.missing = take("nodes_missing_value_tracks_true");
  n.weightTrees = take(target + "_treeids"), n.weightNodes = take(target + "_nodeids"), n.weightTargets = take(target + "_ids");
  n.splits = takeNumbers(r, "nodes_values", n);
  n.weights = takeNumbers(r, (target + "_weights").str(), n);
  n.base = takeNumbers(r, "base_values", n);
  auto modes = dyn_cast_if_present<ArrayAttr>(r.node.attributes.erase("nodes_modes"));
  if (modes)
    for (auto mode : modes.getAsRange<StringAttr>()) n.modes.push_back(mode.getValue());
  // How often a branch was taken in training: nothing for the result.
  r.node.attributes.erase("nodes_hitrates");
  r.node.attributes.erase("nodes_hitrates_as_tensor");
  size_t count = n.ids.size();
  if (n.missing.empty()) n.missing.assign(count, 0);
  for (size_t size : {n.trees.size(), n.features.size(), n.trueIds.size(), n.falseIds.size(), n.missing.size(), n.modes.size(), n.splits.size()})
    if (size != count || count == 0)
      return r.error() << "the attributes 'nodes_...' have " << count << " and " << size << " elements, expected one for each node in all";
  size_t weights = n.weights.size();
  if (n.weightTrees.size() != weights || n.weightNodes.size() != weights || n.weightTargets.size() != weights)
    return r.error() << "the attributes '" << target << "_...' are of different lengths, expected one element for each weight in all";
  return n;
}

namespace {
/// The arrays of version 5, as they are built.
struct Forest {
  SmallVector<int64_t> features, trueIds, falseIds, trueLeafs, falseLeafs, missing, roots, leafBegins, leafTargets;
  SmallVector<uint8_t> modes;
  SmallVector<double> splits, leafWeights;
};
} // namespace

static std::optional<uint8_t> modeNumber(StringRef mode) {
  static const StringRef names[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  const StringRef *found = llvm::find(names, mode);
  return found == std::end(names) ? std::nullopt : std::optional<uint8_t>(found - names);
}

static FailureOr<Forest> buildForest(Rewriter &r, const Nodes &n, int64_t targets) {
  Forest f;
  using Key = std::pair<int64_t, int64_t>; // tree, node
  DenseMap<Key, size_t> index;
  for (size_t i = 0; i < n.ids.size(); ++i)
    if (!index.try_emplace({n.trees[i], n.ids[i]}, i).second)
      return r.error() << "node " << n.ids[i] << " of tree " << n.trees[i] << " is there twice; expected different numbers";
  DenseMap<size_t, SmallVector<size_t>> weightsOf;
  for (size_t w = 0; w < n.weights.size(); ++w) {
    auto it = index.find({n.weightTrees[w], n.weightNodes[w]});
    if (it == index.end()) return r.error() << "a weight is for node " << n.weightNodes[w] << " of tree " << n.weightTrees[w] << ", which does not exist";
    if (n.weightTargets[w] < 0 || n.weightTargets[w] >= targets)
      return r.error() << "a weight is for target " << n.weightTargets[w] << ", expected 0 to " << targets - 1;
    weightsOf[it->second].push_back(w);
  }
  // Inner nodes and leaves get numbers of their own.
  SmallVector<int64_t> number(n.ids.size());
  SmallVector<bool> isChild(n.ids.size());
  int64_t inner = 0;
  for (size_t i = 0; i < n.ids.size(); ++i) {
    if (n.modes[i] != "LEAF") {
      number[i] = inner++;
      continue;
    }
    number[i] = f.leafBegins.size();
    f.leafBegins.push_back(f.leafWeights.size());
    for (size_t w : weightsOf.lookup(i)) {
      f.leafTargets.push_back(n.weightTargets[w]);
      f.leafWeights.push_back(n.weights[w]);
    }
  }
  f.leafBegins.push_back(f.leafWeights.size());
  auto child = [&](size_t parent, int64_t id, int64_t &target, int64_t &leaf) -> LogicalResult {
    auto it = index.find({n.trees[parent], id});
    if (it == index.end()) return r.error() << "node " << n.ids[parent] << " of tree " << n.trees[parent] << " leads to node " << id << ", which does not exist";
    isChild[it->second] = true;
    leaf = n.modes[it->second] == "LEAF";
    target = number[it->second];
    return success();
  };
  for (size_t i = 0; i < n.ids.size(); ++i) {
    if (n.modes[i] == "LEAF") continue;
    std::optional<uint8_t> mode = modeNumber(n.modes[i]);
    if (!mode) return r.error() << "node " << n.ids[i] << " has mode '" << n.modes[i] << "'; expected BRANCH_LEQ, LT, GTE, GT, EQ or NEQ, or LEAF";
    int64_t onTrue, onFalse, trueLeaf, falseLeaf;
    if (failed(child(i, n.trueIds[i], onTrue, trueLeaf)) || failed(child(i, n.falseIds[i], onFalse, falseLeaf))) return failure();
    f.features.push_back(n.features[i]), f.modes.push_back(*mode), f.splits.push_back(n.splits[i]), f.missing.push_back(n.missing[i] != 0);
    f.trueIds.push_back(onTrue), f.falseIds.push_back(onFalse), f.trueLeafs.push_back(trueLeaf), f.falseLeafs.push_back(falseLeaf);
  }
  llvm::SmallSetVector<int64_t, 16> rooted, all(n.trees.begin(), n.trees.end());
  for (size_t i = 0; i < n.ids.size(); ++i) {
    if (isChild[i]) continue;
    rooted.insert(n.trees[i]);
    if (n.modes[i] != "LEAF") {
      f.roots.push_back(number[i]);
      continue;
    }
    // A tree of one leaf: a node that leads there either way.
    f.roots.push_back(f.features.size());
    f.features.push_back(0), f.modes.push_back(0), f.splits.push_back(0), f.missing.push_back(0);
    f.trueIds.push_back(number[i]), f.falseIds.push_back(number[i]), f.trueLeafs.push_back(1), f.falseLeafs.push_back(1);
  }
  if (rooted.size() != all.size()) return r.error() << "a tree has no root: each of its nodes is a child of another";
  return f;
}

static Value emitForest(Chain &c, Value x, const Forest &f, ArrayRef<double> base, int64_t targets, int64_t aggregate, bool isDouble) {
  Rewriter &r = c.r;
  Type element = isDouble ? r.b.getF64Type() : r.b.getF32Type();
  auto numbers = [&](ArrayRef<double> values) -> Attribute {
    auto type = RankedTensorType::get(values.size(), element);
    if (isDouble) return DenseElementsAttr::get(type, values);
    return DenseElementsAttr::get(type, ArrayRef<float>(SmallVector<float>(values.begin(), values.end())));
  };
  auto ints = [&](StringRef name, ArrayRef<int64_t> values) { return r.attr(name, r.b.getDenseI64ArrayAttr(values)); };
  auto modes = DenseElementsAttr::get(RankedTensorType::get(f.modes.size(), r.b.getIntegerType(8, false)), ArrayRef<uint8_t>(f.modes));
  SmallVector<NamedAttribute> attributes = {
      ints("leaf_begins", f.leafBegins), ints("leaf_targetids", f.leafTargets), r.attr("leaf_weights", numbers(f.leafWeights)),
      ints("nodes_featureids", f.features), ints("nodes_truenodeids", f.trueIds), ints("nodes_falsenodeids", f.falseIds),
      ints("nodes_trueleafs", f.trueLeafs), ints("nodes_falseleafs", f.falseLeafs), r.attr("nodes_modes", modes),
      r.attr("nodes_splits", numbers(f.splits)), ints("nodes_missing_value_tracks_true", f.missing), ints("tree_roots", f.roots),
      r.attr("n_targets", targets), r.attr("aggregate_function", aggregate)};
  if (!base.empty()) attributes.push_back(r.attr("base_values", r.b.getDenseF32ArrayAttr(SmallVector<float>(base.begin(), base.end()))));
  // Integers are compared as floats.
  if (!isa<FloatType>(c.elementOf(x))) x = c.cast(x, c.f32);
  return c.op("ml.TreeEnsemble", x, attributes, c.elementOf(x).isF64() ? Type(r.b.getF64Type()) : c.f32);
}

static LogicalResult treeEnsembleRegressor(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  if (failed(c.require({0})) || failed(transform)) return failure();
  std::string function = r.takeString("aggregate_function", "SUM");
  static const StringRef functions[] = {"AVERAGE", "SUM", "MIN", "MAX"};
  const StringRef *aggregate = llvm::find(functions, StringRef(function));
  if (aggregate == std::end(functions)) return r.error() << "attribute 'aggregate_function' is '" << function << "'; expected SUM, AVERAGE, MIN or MAX";
  int64_t targets = r.takeInt("n_targets", 1);
  FailureOr<Nodes> nodes = takeNodes(r, "target");
  if (failed(nodes)) return failure();
  if (targets < 1 || (!nodes->base.empty() && (int64_t)nodes->base.size() != targets))
    return r.error() << "'base_values' has " << nodes->base.size() << " values, expected one for each of " << targets << " targets, or none";
  FailureOr<Forest> forest = buildForest(r, *nodes, targets);
  if (failed(forest)) return failure();
  Value y = emitForest(c, r.operand(0), *forest, nodes->base, targets, aggregate - functions, nodes->isDouble);
  return c.replace(c.cast(postTransform(c, y, *transform), c.f32));
}

static LogicalResult treeEnsembleClassifier(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  Value labels = failed(transform) ? Value() : takeLabels(r, "classlabels_int64s", "classlabels_strings");
  if (!labels || failed(c.require({0}))) return failure();
  int64_t classes = cast<RankedTensorType>(labels.getType()).getDimSize(0);
  FailureOr<Nodes> nodes = takeNodes(r, "class");
  if (failed(nodes)) return failure();
  // One kind of weight for two classes is the score of the second; if it is numbered so, the first has score 0 instead of what is left.
  bool isBinary = classes == 2 && !nodes->weights.empty() && llvm::all_equal(nodes->weightTargets), positive = llvm::all_of(nodes->weights, [](double w) { return w >= 0; });
  SmallVector<double> base = nodes->base;
  SmallVector<bool> never(classes, true);
  for (int64_t target : nodes->weightTargets)
    if (target >= 0 && target < classes) never[target] = false;
  bool hasZero = isBinary && nodes->weightTargets.front() == 1 && base.empty();
  if (isBinary) {
    for (int64_t &target : nodes->weightTargets) target = 0;
    if (base.size() == 2) base.erase(base.begin());
  }
  int64_t targets = isBinary ? 1 : classes;
  if (!base.empty() && (int64_t)base.size() != targets)
    return r.error() << "'base_values' has " << base.size() << " values, expected one for each of " << targets << " scores, or none";
  FailureOr<Forest> forest = buildForest(r, *nodes, targets);
  if (failed(forest)) return failure();
  Value scores = c.cast(emitForest(c, r.operand(0), *forest, base, targets, /*sum*/ 1, nodes->isDouble), c.f32);
  if (!isBinary) return replaceLargest(c, scores, labels, *transform, base.empty() ? ArrayRef<bool>(never) : ArrayRef<bool>());
  if (hasZero) {
    Value second = c.squeeze(c.cast(c.compare("Greater", scores, positive ? 0.5 : 0.0), c.i64), {1});
    return c.replace({c.gather(labels, second, 0), postTransform(c, c.concat({c.mul(scores, 0.0), scores}, 1), *transform)});
  }
  return replaceBinary(c, scores, labels, positive ? BinaryScore::Probability : BinaryScore::Margin, *transform);
}

static LogicalResult treeEnsemble(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  static const StringRef transforms[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  int64_t transform = r.takeInt("post_transform", 0);
  if (transform < 0 || transform > 4) return r.error() << "attribute 'post_transform' is " << transform << "; expected 0 to 4";
  r.node.attributes.erase("nodes_hitrates");
  if (r.node.attributes.get("leaf_begins") || r.node.attributes.get("base_values"))
    return r.error() << "has the attribute '" << (r.node.attributes.get("leaf_begins") ? "leaf_begins" : "base_values") << "', which the operator does not know";
  Value x = r.operand(0);
  SmallVector<NamedAttribute> attributes(r.node.attributes.begin(), r.node.attributes.end());
  Value wide = c.elementOf(x).isF16() ? c.cast(x, c.f32) : x;
  Value y = c.castLike(c.op("ml.TreeEnsemble", wide, attributes), x);
  r.node.attributes.clear();
  return c.replace(postTransform(c, y, transforms[transform]));
}

static constexpr OpsetRow kRows[] = {
    {"ai.onnx.ml", "TreeEnsembleRegressor", kAnyVersion, treeEnsembleRegressor},
    {"ai.onnx.ml", "TreeEnsembleClassifier", kAnyVersion, treeEnsembleClassifier},
    {"ai.onnx.ml", "TreeEnsemble", kAnyVersion, treeEnsemble},
};
ArrayRef<OpsetRow> ingot::treeRows() { return kRows; }
