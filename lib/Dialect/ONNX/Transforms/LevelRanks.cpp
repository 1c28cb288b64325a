//===- LevelRanks.cpp - branches whose results differ in ones at the front ----------------===//
//
// The steps of AffineGrid's grid are an If: a scalar where there is one step, else the quotient of a scalar and a size that lies in a tensor of
// one element. Numpy's rule of broadcasting gives both the same meaning beside an operand of rank 1 or more.
//===--------------------------------------------------------------------------------===//
#include "LevelRanks.h"
#include "LayoutRewrites.h"

using namespace mlir;
using namespace ingot::onnx;

/// A use that makes no difference between a value of `rank` and the same value with fewer ones in front.
static bool broadcastsTo(OpOperand &use, int64_t rank) {
  Operation *op = use.getOwner();
  // Only the element type counts.
  if (isa<CastLikeOp>(op)) return use.getOperandNumber() == 1;
  return isa<ElementwiseInterface>(op) && llvm::any_of(op->getOperands(), [&](Value other) {
    auto type = dyn_cast<RankedTensorType>(other.getType());
    return other != use.get() && type && type.getRank() >= rank;
  });
}

/// Puts ones in front of the operand of `yield` until it has `rank` dimensions.
static void expand(YieldOp yield, unsigned index, int64_t rank) {
  Value value = yield->getOperand(index);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank - type.getRank())), shape(axes.size(), 1);
  llvm::append_range(shape, type.getShape());
  OpBuilder b(yield);
  yield->setOperand(index, UnsqueezeOp::create(b, yield.getLoc(), RankedTensorType::get(shape, type.getElementType()), value,
                                               indexConstant(b, yield.getLoc(), axes)));
}

bool ingot::onnx::levelRanks(IfOp op) {
  auto first = dyn_cast<YieldOp>(op.getThenBranch().front().getTerminator()), second = dyn_cast<YieldOp>(op.getElseBranch().front().getTerminator());
  if (!first || !second || first->getNumOperands() != op->getNumResults() || second->getNumOperands() != op->getNumResults()) return false;
  bool changed = false;
  for (auto [index, result] : llvm::enumerate(op->getResults())) {
    auto a = dyn_cast<RankedTensorType>(first->getOperand(index).getType()), b = dyn_cast<RankedTensorType>(second->getOperand(index).getType());
    if (!a || !b || a.getRank() == b.getRank()) continue;
    auto larger = a.getRank() > b.getRank() ? a : b;
    int64_t missing = std::abs(a.getRank() - b.getRank());
    if (!llvm::all_of(larger.getShape().take_front(missing), [](int64_t size) { return size == 1; }) ||
        !llvm::all_of(result.getUses(), [&](OpOperand &use) { return broadcastsTo(use, larger.getRank()); }))
      continue;
    expand(larger == a ? second : first, index, larger.getRank());
    changed = true;
  }
  return changed;
}
