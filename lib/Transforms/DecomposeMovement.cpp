//===- DecomposeMovement.cpp - pads, concatenations and packs as fills and insertions ------------------===//
//
// What is inserted into a slice can be computed in that slice: bufferization gives producers the slice as their destination, so a
// pad or a concatenation costs nothing where its inputs have no other user.
//===-----------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

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

/// Bufferization looks at each insertion of a chain together with every other one, several times: the time is the cube of their number.
/// A long concatenation stays one op, which becomes one copy for each operand.
constexpr size_t kLongestChain = 32;

/// tensor.concat = insertions into an empty tensor, one after another.
struct DecomposeConcat : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    if (op.getInputs().size() > kLongestChain) return rewriter.notifyMatchFailure(op, "expected a short chain");
    FailureOr<SmallVector<Value>> whole = op.decomposeOperation(rewriter);
    if (failed(whole)) return rewriter.notifyMatchFailure(op, "expected sizes that can be told");
    rewriter.replaceOp(op, *whole);
    return success();
  }
};

struct DecomposeMovementPass : ingot::impl::DecomposeMovementBase<DecomposeMovementPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerPack, DecomposeConcat>(&getContext());
    linalg::populateDecomposePadPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};
} // namespace
