//===- DecomposeMovement.cpp - pads, concatenations and packs as fills and insertions ------------------===//
//
// What is inserted into a slice can be computed in that slice: bufferization gives producers the slice as their destination, so a
// pad or a concatenation costs nothing where its inputs have no other user.
//===-----------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"

namespace ingot {
#define GEN_PASS_DEF_DECOMPOSEMOVEMENT
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {
/// linalg.pack = pad, expand, transpose.
struct LowerPack : OpRewritePattern<linalg::PackOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::PackOp op, PatternRewriter &rewriter) const override { return linalg::lowerPack(rewriter, op); }
};

struct DecomposeMovementPass : ingot::impl::DecomposeMovementBase<DecomposeMovementPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerPack>(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    linalg::populateDecomposePadPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};
} // namespace
