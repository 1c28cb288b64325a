//===- LowerExpandShape.cpp - expansions of buffers by their run-time sizes -------------------------------===//
//
// Upstream's expand-strided-metadata computes the one unknown size of a group from the others; a group with several unknown sizes needs
// the sizes that the op carries.
//===-----------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace ingot {
#define GEN_PASS_DEF_LOWEREXPANDSHAPE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {
/// Sizes are the op's; the stride of a dimension is the product of the sizes behind it in its group and of the source's stride.
struct ExpandBySizes : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op, PatternRewriter &b) const override {
    MemRefType type = op.getResultType();
    SmallVector<int64_t> staticStrides;
    int64_t staticOffset;
    if (failed(type.getStridesAndOffset(staticStrides, staticOffset))) return b.notifyMatchFailure(op, "expected a strided result");
    Location loc = op.getLoc();
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, op.getSrc());
    // Without a group, of a buffer of rank 0, all sizes are 1.
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), strides(type.getRank(), b.getIndexAttr(1));
    auto constantOr = [&](int64_t known, Value v) { return ShapedType::isDynamic(known) ? OpFoldResult(v) : b.getIndexAttr(known); };
    for (auto [source, group] : llvm::enumerate(op.getReassociationIndices())) {
      Value stride = metadata.getStrides()[source];
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = constantOr(staticStrides[dim], stride);
        if (dim != group.front())
          stride = arith::MulIOp::create(b, loc, stride, getValueOrCreateConstantIndexOp(b, loc, sizes[dim]));
      }
    }
    b.replaceOpWithNewOp<memref::ReinterpretCastOp>(op, type, op.getSrc(), constantOr(staticOffset, metadata.getOffset()), sizes, strides);
    return success();
  }
};

struct LowerExpandShapePass : ingot::impl::LowerExpandShapeBase<LowerExpandShapePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandBySizes>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};
} // namespace
