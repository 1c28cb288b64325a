//===- FuseElementwise.cpp - elementwise work moves into its only consumer ---------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace ingot {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {

/// Recomputing this body for every element that reads it costs less than a pass over memory.
bool isCheap(linalg::GenericOp op) {
  if (op.getBody()->getOperations().size() > 4) return false;
  return llvm::none_of(op.getBody()->getOperations(),
                       [](Operation &inner) { return isa<math::MathDialect>(inner.getDialect()) || isa<arith::DivFOp>(inner); });
}

/// A body that reads memory by computed indices keeps its loads where their addresses are computed once.
bool hasGather(linalg::GenericOp op) {
  return op.getBody()->walk([](tensor::ExtractOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// Adds to what its result held before, like a reduction over no dimension: a consumer would add once for every element it computes.
bool readsItsResult(linalg::GenericOp op) {
  return llvm::any_of(op.getDpsInitsMutable(), [&](OpOperand &init) { return op.payloadUsesValueFromOperand(&init); });
}

bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || readsItsResult(producer)) return false;
  if (!producer->hasOneUse() && !(isCheap(producer) && producer.getNumDpsInputs() == 0)) return false;
  // A consumer that reads an element many times (a window, a broadcast over other dimensions, a reduction beside
  // parallel dimensions that the operand does not have) would compute it as often.
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  bool readsOnce = map.isProjectedPermutation() && map.getNumResults() == consumer.getNumLoops();
  if (!readsOnce && !isCheap(producer)) return false;
  if (!map.isProjectedPermutation()) return false;
  if (hasGather(producer) && !readsOnce) return false;
  // Vector loops want few different access patterns.
  return producer->getNumOperands() + consumer->getNumOperands() < 16;
}

struct FuseElementwisePass : ingot::impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateConstantFoldLinalgOperations(patterns, [](OpOperand *) { return false; });
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config))) signalPassFailure();
  }
};
} // namespace
