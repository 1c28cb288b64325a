//===- TreeTable.cpp - reading a tree ensemble into a table ------------------------------------===//
#include "TreeTable.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/DenseSet.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace ingot;

/// The numbers of a tensor attribute; empty if it is of another kind.
static SmallVector<double> numbersOf(ElementsAttr elements) {
  SmallVector<double> values;
  if (auto floats = dyn_cast_if_present<DenseFPElementsAttr>(elements))
    for (APFloat f : floats.getValues<APFloat>()) {
      bool inexact;
      f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
      values.push_back(f.convertToDouble());
    }
  else if (auto integers = dyn_cast_if_present<DenseIntElementsAttr>(elements))
    for (APInt i : integers.getValues<APInt>()) values.push_back(i.getZExtValue());
  else if (auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(elements)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob() ? resource.getRawHandle().getBlob()->getData() : ArrayRef<char>();
    auto read = [&](auto zero) {
      using T = decltype(zero);
      auto *first = reinterpret_cast<const T *>(data.data());
      values.append(first, first + data.size() / sizeof(T));
    };
    Type type = resource.getElementType();
    if (type.isF32()) read(float());
    if (type.isF64()) read(double());
    if (type.isInteger(8)) read(uint8_t());
  }
  return values;
}

/// The largest number below `s`, as the type of the data has it; NaN (which nothing is below) where there is none.
static double below(double s, bool isDouble) {
  double none = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  if (s == -infinity) return none;
  return isDouble ? std::nextafter(s, -infinity) : std::nextafter(static_cast<float>(s), -std::numeric_limits<float>::infinity());
}

namespace {
enum Mode { LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member };
}

/// A comparison as x <= split or x == split, see the header.
static TreeTable::Node normalized(TreeTable::Node node, Mode mode, bool missingIsTrue, bool isDouble) {
  bool swapped = mode == GreaterOrEqual || mode == Greater || mode == NotEqual;
  // NaN compares false with everything, and is not equal to anything.
  bool nanIsTrue = mode == NotEqual || missingIsTrue;
  if (swapped) {
    std::swap(node.onTrue, node.onFalse);
    nanIsTrue = !nanIsTrue;
  }
  if (mode == Less || mode == GreaterOrEqual) node.split = below(node.split, isDouble);
  if (mode == Equal || mode == NotEqual) node.feature |= TreeTable::kEquals;
  if (nanIsTrue) node.feature |= TreeTable::kNaNGoesTrue;
  return node;
}

/// The longest way from each node to a leaf; fails where a node can reach itself.
static LogicalResult findDepths(const TreeTable &table, SmallVectorImpl<int64_t> &depths) {
  constexpr int64_t unknown = -1, open = -2;
  depths.assign(table.nodes.size(), unknown);
  for (int64_t leaf = 0; leaf < table.leaves; ++leaf) depths[table.firstLeaf + leaf] = 0;
  SmallVector<int64_t> stack;
  for (auto &tree : table.trees) stack.push_back(tree.root);
  while (!stack.empty()) {
    int64_t at = stack.back();
    if (depths[at] >= 0) {
      stack.pop_back();
      continue;
    }
    const TreeTable::Node &node = table.nodes[at];
    int64_t below[] = {depths[node.onFalse], depths[node.onTrue]};
    if (below[0] >= 0 && below[1] >= 0) {
      depths[at] = 1 + std::max(below[0], below[1]);
      stack.pop_back();
      continue;
    }
    if (below[0] == open || below[1] == open || node.onFalse == at || node.onTrue == at) return failure();
    depths[at] = open;
    if (below[0] < 0) stack.push_back(node.onFalse);
    if (below[1] < 0 && node.onTrue != node.onFalse) stack.push_back(node.onTrue);
  }
  return success();
}

void TreeTable::visitLeaves(int64_t root, llvm::function_ref<void(int64_t)> visit) const {
  SmallVector<int64_t> stack = {root};
  llvm::DenseSet<int64_t> seen;
  while (!stack.empty()) {
    int64_t at = stack.pop_back_val();
    if (!seen.insert(at).second) continue;
    if (at >= firstLeaf && at < firstLeaf + leaves) {
      visit(at - firstLeaf);
      continue;
    }
    stack.push_back(nodes[at].onFalse);
    stack.push_back(nodes[at].onTrue);
  }
}

FailureOr<TreeTable> ingot::readTreeTable(onnx::MLTreeEnsembleOp op) {
  TreeTable table;
  Location loc = op.getLoc();
  auto features = op.getNodesFeatureids(), trueIds = op.getNodesTruenodeids(), falseIds = op.getNodesFalsenodeids();
  auto trueLeafs = op.getNodesTrueleafs(), falseLeafs = op.getNodesFalseleafs();
  auto missing = op.getNodesMissingValueTracksTrue().value_or(ArrayRef<int64_t>());
  SmallVector<double> splits = numbersOf(op.getNodesSplits()), modes = numbersOf(op.getNodesModes());
  SmallVector<double> members = op.getMembershipValues() ? numbersOf(*op.getMembershipValues()) : SmallVector<double>();
  table.weights = numbersOf(op.getLeafWeights());
  table.targets.assign(op.getLeafTargetids().begin(), op.getLeafTargetids().end());
  int64_t inner = features.size(), weights = table.weights.size(), targets = op.getNTargets();
  for (int64_t size : {trueIds.size(), falseIds.size(), trueLeafs.size(), falseLeafs.size(), splits.size(), modes.size(), missing.empty() ? inner : missing.size()})
    if (size != inner)
      return emitError(loc) << "the attributes 'nodes_...' have " << inner << " and " << size << " elements, expected one for each node in all";
  if ((int64_t)table.targets.size() != weights)
    return emitError(loc) << "'leaf_targetids' has " << table.targets.size() << " elements, expected " << weights << " as 'leaf_weights'";
  for (int64_t target : table.targets)
    if (target < 0 || target >= targets) return emitError(loc) << "a leaf has target " << target << ", expected 0 to " << targets - 1;
  if (auto begins = op.getLeafBegins()) table.begins.assign(begins->begin(), begins->end());
  else for (int64_t i = 0; i <= weights; ++i) table.begins.push_back(i);
  table.firstLeaf = inner;
  table.leaves = table.begins.size() - 1;
  table.nodes.resize(inner + table.leaves);
  for (int64_t leaf = inner; leaf < inner + table.leaves; ++leaf) table.nodes[leaf].onFalse = table.nodes[leaf].onTrue = leaf;

  auto element = op.getNodesSplits().getElementType();
  bool isDouble = element.isF64();
  size_t member = 0;
  for (int64_t i = 0; i < inner; ++i) {
    auto child = [&](int64_t id, int64_t isLeaf) -> std::optional<int64_t> {
      if (id < 0 || id >= (isLeaf ? table.leaves : inner)) return std::nullopt;
      return isLeaf ? inner + id : id;
    };
    auto onTrue = child(trueIds[i], trueLeafs[i]), onFalse = child(falseIds[i], falseLeafs[i]);
    if (!onTrue || !onFalse) return emitError(loc) << "node " << i << " leads to a node or leaf that does not exist, expected nodes 0 to " << inner - 1 << " and leaves 0 to "
                                                << table.leaves - 1;
    if (features[i] < 0 || features[i] >= TreeTable::kFeatureMask) return emitError(loc) << "node " << i << " compares feature " << features[i] << ", expected 0 or more";
    if (!(modes[i] >= LessOrEqual && modes[i] <= Member)) return emitError(loc) << "node " << i << " has mode " << modes[i] << ", expected 0 to 6";
    table.features = std::max(table.features, features[i] + 1);
    bool missingIsTrue = !missing.empty() && missing[i] != 0;
    TreeTable::Node node{features[i], splits[i], *onFalse, *onTrue};
    if (modes[i] != Member) {
      table.nodes[i] = normalized(node, Mode(int(modes[i])), missingIsTrue, isDouble);
      continue;
    }
    // A set, which NaN ends in the list of all: one comparison behind the other.
    SmallVector<double> set;
    while (member < members.size() && !std::isnan(members[member])) set.push_back(members[member++]);
    ++member;
    if (set.empty()) return emitError(loc) << "node " << i << " has no values in 'membership_values', expected one or more";
    for (auto [k, value] : llvm::enumerate(set)) {
      TreeTable::Node test = node;
      test.split = value;
      if (k + 1 < set.size()) test.onFalse = table.nodes.size() + (k == 0 ? 0 : 1);
      test = normalized(test, Equal, missingIsTrue && k == 0, isDouble);
      if (k == 0) table.nodes[i] = test;
      else table.nodes.push_back(test);
    }
  }
  for (const TreeTable::Node &node : table.nodes) {
    table.hasNaN |= (node.feature & TreeTable::kNaNGoesTrue) != 0;
    table.hasEquals |= (node.feature & TreeTable::kEquals) != 0;
  }
  for (int64_t root : op.getTreeRoots()) {
    if (root < 0 || root >= inner) return emitError(loc) << "'tree_roots' has " << root << ", expected 0 to " << inner - 1;
    table.trees.push_back({root, 0});
  }
  SmallVector<int64_t> depths;
  if (failed(findDepths(table, depths))) return emitError(loc) << "a node of a tree leads back to itself, expected trees";
  for (auto &tree : table.trees) tree.depth = depths[tree.root];
  return table;
}
