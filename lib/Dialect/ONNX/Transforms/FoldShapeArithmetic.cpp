//===- FoldShapeArithmetic.cpp - sizes that are known become constants -------------------------===//
//
// Exporters compute shapes, axes and scales by operators.  ShapeAnalysis has evaluated them already; this pass writes the values down,
// which can decide conditions of onnx.If, whose branches can then be evaluated in turn. So can the ranks that users of the results accept.
//===-----------------------------------------------------------------------------===//
#include "DecideLengths.h"
#include "LevelRanks.h"
#include "RequiredRanks.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/IR/Iterators.h"

namespace ingot {
#define GEN_PASS_DEF_FOLDSHAPEARITHMETIC
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

/// The contents as elements of the type of `v`; null if they are unknown or not all constant.
static ElementsAttr contentsOf(Value v, const ShapeAnalysis &shapes) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  auto contents = shapes.constantContents(v);
  if (!type || !type.hasStaticShape() || !contents || static_cast<int64_t>(contents->size()) != type.getNumElements()) return {};
  Type element = type.getElementType();
  SmallVector<Attribute> values;
  for (int64_t c : *contents) {
    if (auto f = dyn_cast<FloatType>(element))
      values.push_back(FloatAttr::get(f, static_cast<double>(c)));
    else if (auto i = dyn_cast<IntegerType>(element))
      values.push_back(IntegerAttr::get(i, APInt(i.getWidth(), c, /*isSigned=*/true, /*implicitTrunc=*/true)));
    else
      return {};
  }
  return DenseElementsAttr::get(type, values);
}

/// Replaces the results of ops without side effects.
static void materialize(func::FuncOp function, const ShapeAnalysis &shapes) {
  function.walk([&](Operation *op) {
    if (!isa<InferInterface>(op) || !isPure(op)) return;
    for (Value result : op->getResults()) {
      if (result.use_empty()) continue;
      ElementsAttr value = contentsOf(result, shapes);
      if (!value) continue;
      OpBuilder builder(op);
      result.replaceAllUsesWith(ConstantOp::create(builder, op->getLoc(), value.getType(), value));
    }
  });
}

/// The condition, where it is a constant.
static std::optional<bool> branchByCondition(IfOp op) {
  auto constant = op.getCond().getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!dense || dense.getNumElements() != 1 || !dense.getElementType().isInteger(1)) return std::nullopt;
  return *dense.value_begin<bool>();
}

/// Puts the branch that is taken in the place of each If that `decide` decides.
template <class Decide> static bool inlineDecided(func::FuncOp function, Decide decide) {
  bool changed = false;
  function.walk([&](IfOp op) {
    std::optional<bool> first = decide(op);
    if (!first) return;
    Block &taken = (*first ? op.getThenBranch() : op.getElseBranch()).front();
    auto yield = dyn_cast<YieldOp>(taken.getTerminator());
    if (!yield || yield.getNumOperands() != op.getNumResults()) return;
    SmallVector<Value> values(yield.getOperands());
    // The model may say the rank of the If's result only.
    for (auto [result, v] : llvm::zip(op.getResults(), values)) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      Operation *made = v.getDefiningOp();
      if (type && isa<UnrankedTensorType>(v.getType()) && made && made->getBlock() == &taken && !made->getNumRegions())
        v.setType(RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), getElementTypeOrSelf(v.getType())));
    }
    yield.erase();
    op->getBlock()->getOperations().splice(op->getIterator(), taken.getOperations());
    op.replaceAllUsesWith(values);
    op.erase();
    changed = true;
  });
  return changed;
}

static bool levelAllRanks(func::FuncOp function) {
  bool changed = false;
  function.walk([&](IfOp op) { changed |= levelRanks(op); });
  return changed;
}

static void eraseDead(func::FuncOp function) {
  function.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isa_and_nonnull<ONNXDialect>(op->getDialect()) && isOpTriviallyDead(op)) op->erase();
  });
}

/// A branch that was decided can decide others, once for each level of nesting at most.
static LogicalResult fold(func::FuncOp function) {
  do {
    ShapeAnalysis shapes(function.getContext());
    if (failed(shapes.run(function))) return failure();
    shapes.updateTypes(function);
    materialize(function, shapes);
  } while (inlineDecided(function, branchByCondition) || inlineDecided(function, branchByRequiredRank) || levelAllRanks(function));
  eraseDead(function);
  return success();
}

namespace {
struct FoldShapeArithmetic : ingot::impl::FoldShapeArithmeticBase<FoldShapeArithmetic> {
  using FoldShapeArithmeticBase::FoldShapeArithmeticBase;
  void runOnOperation() override {
    do {
      if (failed(fold(getOperation()))) return signalPassFailure();
    } while (decideLengths(getOperation(), fold));
  }
};
} // namespace
