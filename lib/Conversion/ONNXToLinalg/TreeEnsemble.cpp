//===- TreeEnsemble.cpp - eight trees at a time, without branches -----------------------------------===//
//
// Where a row leads in a tree is known only node by node, so one walk is a chain of loads; eight of them side by side hide each other's
// latency, for one row as for many. First all leaves are found, then their weights are folded.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "OtherDomains.h"
#include "TreeTable.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kLanes = 8;
enum Aggregate { Average, Sum, Min, Max };

struct TreeEnsembleLowering : ONNXLowering<onnx::MLTreeEnsembleOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MLTreeEnsembleOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// The trees in the order they are walked: `perTarget` groups of eight for each target, where each tree has one target only.
struct Layout {
  SmallVector<int64_t> roots;  // [groups, lanes] numbers of nodes
  SmallVector<int64_t> depths; // [groups]
  bool byTarget = false;
  int64_t perTarget = 0;
};

/// The only target that the leaves of a tree have weights for, none if they have several.
std::optional<int64_t> onlyTarget(const TreeTable &table, int64_t root) {
  std::optional<int64_t> only;
  bool several = false;
  table.visitLeaves(root, [&](int64_t leaf) {
    several |= table.begins[leaf + 1] - table.begins[leaf] > 1;
    for (int64_t w = table.begins[leaf]; w < table.begins[leaf + 1]; ++w) {
      several |= only && *only != table.targets[w];
      only = table.targets[w];
    }
  });
  return several ? std::nullopt : std::optional<int64_t>(only.value_or(0));
}

/// Trees of like depth are neighbours; what is missing to the eighth is the leaf `empty`, which weighs nothing.
Layout arrange(const TreeTable &table, int64_t targets, int64_t empty) {
  Layout layout;
  SmallVector<SmallVector<TreeTable::Tree>> lists(targets);
  layout.byTarget = llvm::all_of(table.trees, [&](const TreeTable::Tree &tree) {
    std::optional<int64_t> target = onlyTarget(table, tree.root);
    if (target) lists[*target].push_back(tree);
    return target.has_value();
  });
  if (!layout.byTarget) lists.assign(1, table.trees);
  for (auto &list : lists) layout.perTarget = std::max<int64_t>(layout.perTarget, llvm::divideCeil(list.size(), kLanes));
  for (auto &list : lists) {
    llvm::sort(list, [](const TreeTable::Tree &x, const TreeTable::Tree &y) { return std::tie(x.depth, x.root) < std::tie(y.depth, y.root); });
    list.resize(layout.perTarget * kLanes, {empty, 0});
    for (size_t i = 0; i < list.size(); i += kLanes) {
      int64_t deepest = 0;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        layout.roots.push_back(list[i + lane].root);
        deepest = std::max(deepest, list[i + lane].depth);
      }
      layout.depths.push_back(deepest);
    }
  }
  return layout;
}

/// The node table as words of the data's width, node numbers times four.
template <class Word, class Float> DenseElementsAttr wordsOf(Builder &b, const TreeTable &table) {
  SmallVector<Word> words;
  words.reserve(table.nodes.size() * 4);
  for (const TreeTable::Node &node : table.nodes) {
    words.push_back(static_cast<Word>(node.feature));
    words.push_back(llvm::bit_cast<Word>(static_cast<Float>(node.split)));
    words.push_back(static_cast<Word>(node.onFalse * 4));
    words.push_back(static_cast<Word>(node.onTrue * 4));
  }
  auto type = RankedTensorType::get(words.size(), b.getIntegerType(sizeof(Word) * 8));
  return DenseElementsAttr::get(type, ArrayRef<Word>(words));
}

Value constant(OpBuilder &b, Location loc, DenseElementsAttr value) { return arith::ConstantOp::create(b, loc, value); }

Value indexTable(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  return constant(b, loc, DenseElementsAttr::get(RankedTensorType::get(values.size(), b.getI32Type()), ArrayRef<int32_t>(SmallVector<int32_t>(values.begin(), values.end()))));
}

/// Builds the loops over rows, groups and levels.
struct Walk {
  OpBuilder &b;
  Location loc;
  const TreeTable &table;
  Value x, words; // [rows, features]
  Type element;

  Value word(TensorBuilder &n, Value at, int64_t k) {
    Value index = k ? arith::AddIOp::create(n.b, n.loc, at, n.index(k)).getResult() : at;
    return n.extract(words, index);
  }
  /// One step of one tree: the node after `at`, both as positions in the table.
  Value step(OpBuilder &nested, Location l, Value row, Value at) {
    TensorBuilder n(nested, l);
    Value feature = word(n, at, 0), flags = feature;
    Type wordType = feature.getType();
    bool flagged = table.hasNaN || table.hasEquals;
    auto masked = [&](int64_t bits) -> Value {
      return arith::AndIOp::create(nested, l, flags, arith::ConstantOp::create(nested, l, nested.getIntegerAttr(wordType, APInt(wordType.getIntOrFloatBitWidth(), bits, false, true))));
    };
    auto has = [&](int64_t flag) -> Value {
      Value zero = arith::ConstantOp::create(nested, l, nested.getIntegerAttr(wordType, 0));
      return n.compare(arith::CmpIPredicate::ne, masked(flag), zero);
    };
    if (flagged) feature = masked(TreeTable::kFeatureMask);
    Value v = n.extract(x, {row, n.toIndex(feature, true)});
    Value split = arith::BitcastOp::create(nested, l, element, word(n, at, 1));
    auto compare = [&](arith::CmpFPredicate p, Value y) -> Value { return arith::CmpFOp::create(nested, l, p, v, y); };
    Value goes = compare(arith::CmpFPredicate::OLE, split);
    if (table.hasEquals) goes = n.select(has(TreeTable::kEquals), compare(arith::CmpFPredicate::OEQ, split), goes);
    if (table.hasNaN) goes = arith::OrIOp::create(nested, l, goes, arith::AndIOp::create(nested, l, compare(arith::CmpFPredicate::UNO, v), has(TreeTable::kNaNGoesTrue)));
    Value way = arith::AddIOp::create(nested, l, at, n.toIndex(goes, true));
    return n.toIndex(word(n, way, 2), true);
  }

  /// Positions of the leaves, [groups, rows] for each lane: the nodes of a group stay in the cache for all rows.
  SmallVector<Value> leaves(ComputeBuilder &t, const Layout &layout) {
    int64_t groups = layout.depths.size();
    SmallVector<int64_t> starts;
    for (int64_t root : layout.roots) starts.push_back(root * 4);
    Value roots = indexTable(b, loc, starts), depths = indexTable(b, loc, layout.depths);
    Dims dims = {t.indexAttr(groups), t.dim(x, 0)};
    SmallVector<Value> outs;
    SmallVector<Type> types;
    for (int64_t lane = 0; lane < kLanes; ++lane) outs.push_back(t.empty(dims, b.getI32Type())), types.push_back(outs.back().getType());
    SmallVector<AffineMap> maps(kLanes, b.getMultiDimIdentityMap(2));
    SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(b, loc, types, ValueRange(), outs, maps, loops, [&](OpBuilder &nested, Location l, ValueRange) {
      TensorBuilder n(nested, l);
      Value group = linalg::IndexOp::create(nested, l, 0), row = linalg::IndexOp::create(nested, l, 1);
      Value first = arith::MulIOp::create(nested, l, group, n.index(kLanes));
      SmallVector<Value> at;
      for (int64_t lane = 0; lane < kLanes; ++lane)
        at.push_back(n.toIndex(n.extract(roots, arith::AddIOp::create(nested, l, first, n.index(lane)).getResult()), true));
      Value depth = n.toIndex(n.extract(depths, group), true);
      auto down = scf::ForOp::create(nested, l, n.index(0), depth, n.index(1), at, [&](OpBuilder &inner, Location k, Value, ValueRange now) {
        SmallVector<Value> next;
        for (Value v : now) next.push_back(step(inner, k, row, v));
        scf::YieldOp::create(inner, k, next);
      });
      SmallVector<Value> found;
      for (Value v : down.getResults()) found.push_back(n.fromIndex(v, nested.getI32Type()));
      linalg::YieldOp::create(nested, l, found);
    });
    return SmallVector<Value>(generic.getResults());
  }
};

/// Weights in the order of the leaves, [leaves] or [leaves, targets]; `neutral` where a leaf has none.
DenseElementsAttr weightTable(Builder &b, const TreeTable &table, Type element, int64_t targets, bool byTarget, double neutral) {
  int64_t columns = byTarget ? 1 : targets;
  SmallVector<double> all((table.leaves + 1) * columns, neutral);
  for (int64_t leaf = 0; leaf < table.leaves; ++leaf)
    for (int64_t w = table.begins[leaf]; w < table.begins[leaf + 1]; ++w) {
      double &entry = all[leaf * columns + (byTarget ? 0 : table.targets[w])];
      entry = entry == neutral ? table.weights[w] : entry + table.weights[w];
    }
  auto type = RankedTensorType::get(all.size(), element);
  if (element.isF64()) return DenseElementsAttr::get(type, ArrayRef<double>(all));
  return DenseElementsAttr::get(type, ArrayRef<float>(SmallVector<float>(all.begin(), all.end())));
}

} // namespace

LogicalResult TreeEnsembleLowering::matchAndRewrite(onnx::MLTreeEnsembleOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
  Type element = type ? type.getElementType() : Type();
  if (!element || elementType(adaptor.getX()) != element) return b.notifyMatchFailure(op, "expected rows of f32 or f64");
  int64_t targets = op.getNTargets(), aggregate = op.getAggregateFunction();
  if (op.getPostTransform() != 0 || aggregate < Average || aggregate > Max)
    return emitError(op.getLoc()) << "has aggregate_function " << aggregate << " and post_transform " << op.getPostTransform()
                                  << "; expected 0 (average), 1 (sum), 2 (minimum) or 3 (maximum), and no transform";
  FailureOr<TreeTable> table = readTreeTable(op);
  if (failed(table)) return failure();

  double infinity = std::numeric_limits<double>::infinity();
  double neutral = aggregate == Min ? infinity : aggregate == Max ? -infinity : 0;
  // One more leaf, for the trees that fill up a group.
  int64_t empty = table->nodes.size();
  table->nodes.push_back({0, 0, empty, empty});
  Layout layout = arrange(*table, targets, empty);

  ComputeBuilder t(b, op.getLoc());
  Value x = adaptor.getX();
  if (cast<RankedTensorType>(x.getType()).getRank() == 1) x = t.insertUnitDim(x, 0);
  t.check(t.compare(arith::CmpIPredicate::sge, t.value(t.dim(x, 1)), t.index(table->features)),
          "a row has fewer features than the " + Twine(table->features) + " that the trees look at");
  DenseElementsAttr words = element.isF64() ? wordsOf<int64_t, double>(b, *table) : wordsOf<int32_t, float>(b, *table);
  Walk walk{b, op.getLoc(), *table, x, constant(b, op.getLoc(), words), element};
  SmallVector<Value> leaves = walk.leaves(t, layout);

  // Folded over groups and lanes; rows, targets, groups are the loops.
  Value weights = constant(b, op.getLoc(), weightTable(b, *table, element, targets, layout.byTarget, neutral));
  AffineExpr group = layout.byTarget ? t.loop(1) * layout.perTarget + t.loop(2) : t.loop(2);
  // A tensor whose size is the number of groups gives the loop its length.
  Value length = t.empty({t.indexAttr(layout.perTarget)}, b.getI1Type());
  SmallVector<Value> inputs = leaves;
  inputs.push_back(length);
  SmallVector<AffineMap> maps(kLanes, t.mapOf(3, {group, t.loop(0)}));
  maps.push_back(t.select(3, {2}));
  Value init = t.full({t.dim(x, 0), t.indexAttr(targets)}, t.number(element, neutral));
  int64_t firstLeaf = table->firstLeaf, columns = layout.byTarget ? 1 : targets, lastLeaf = table->leaves;
  Value sums = t.fold(inputs, maps, init, t.select(3, {0, 1}), [&](ScalarBuilder &s, ValueRange v) {
    TensorBuilder n(s.b, s.loc);
    Value acc = v.back();
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      // Positions count words from the first node; the leaf that fills up comes last.
      Value node = arith::ShRUIOp::create(s.b, s.loc, n.toIndex(v[lane], true), n.index(2));
      Value leaf = arith::SubIOp::create(s.b, s.loc, node, n.index(firstLeaf));
      leaf = arith::MinUIOp::create(s.b, s.loc, leaf, n.index(lastLeaf));
      if (columns > 1) {
        Value target = linalg::IndexOp::create(s.b, s.loc, 1);
        leaf = arith::AddIOp::create(s.b, s.loc, arith::MulIOp::create(s.b, s.loc, leaf, n.index(columns)), target);
      }
      Value w = n.extract(weights, leaf);
      acc = aggregate == Min ? s.min(acc, w) : aggregate == Max ? s.max(acc, w) : s.add(acc, w);
    }
    return acc;
  });

  SmallVector<Value> operands = {sums};
  SmallVector<AffineMap> readers = {b.getMultiDimIdentityMap(2)};
  if (auto base = op.getBaseValues(); base && !base->empty()) {
    if ((int64_t)base->size() != targets) return emitError(op.getLoc()) << "'base_values' has " << base->size() << " values, expected " << targets;
    DenseElementsAttr values = DenseElementsAttr::get(RankedTensorType::get(targets, b.getF32Type()), *base);
    operands.push_back(t.convertElements(constant(b, op.getLoc(), values), element));
    readers.push_back(t.select(2, {1}));
  }
  int64_t trees = table->trees.size();
  Value y = t.mapWide(operands, readers, t.dims(sums), element, [&](ScalarBuilder &s, ValueRange v) {
    Value sum = v[0];
    if (aggregate == Average) sum = s.div(sum, s.like(sum, trees));
    // No leaf at all.
    if (aggregate == Min || aggregate == Max) sum = s.select(s.eq(sum, s.like(sum, neutral)), s.like(sum, 0), sum);
    return v.size() > 1 ? s.add(sum, v[1]) : sum;
  });
  b.replaceOp(op, t.castTo(y, type));
  return success();
}

void ingot::populateTreeEnsembleLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<TreeEnsembleLowering>(types, context);
}
