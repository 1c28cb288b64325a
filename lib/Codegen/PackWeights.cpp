//===- PackWeights.cpp - weights of contractions in panels ----------------------------------------===//
//
// The kernel reads weights panel by panel, in the order in which it multiplies. Constants are packed when the model is compiled; weights
// that are computed are packed in the run only where their own order would cost more than the copy.
//===------------------------------------------------------------------------------------------------===//
#include "Foreseeable.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "llvm/Support/MathExtras.h"

namespace ingot {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

/// The source of a pure transposition, and the source's dimension for each dimension of the result.
static Value transposeSource(Value v, SmallVector<int64_t> &dims) {
  auto transpose = v.getDefiningOp<linalg::TransposeOp>();
  if (!transpose) return {};
  dims.assign(transpose.getPermutation().begin(), transpose.getPermutation().end());
  return transpose.getInput();
}

/// Rows of the product that share the weights; unknown sizes are taken as many.
static int64_t rowsOf(ContractOp op) {
  auto type = cast<ShapedType>(op.getOut().getType());
  int64_t rows = 1;
  for (int64_t d : type.getShape().drop_front(op.getBatchedWeights() ? 1 : 0).drop_back())
    rows *= ShapedType::isDynamic(d) ? 64 : d;
  return rows;
}

/// Columns of a panel: the target's, or less where there are not so many columns.
static int64_t panelColumns(ContractOp op, const TargetRow &target) {
  int64_t bits = op.getAccumulatorType().getIntOrFloatBitWidth();
  int64_t columns = cast<ShapedType>(op.getWeights().getType()).getShape().back();
  int64_t panel = target.tileColumns(bits);
  if (ShapedType::isDynamic(columns) || columns <= 0) return panel;
  while (panel > 1 && panel / 2 >= columns) panel /= 2;
  return panel;
}

/// Whether dot products of four take the op: 8-bit integers, a depth of whole fours, and weights that can lie so.
static bool takesDots(ContractOp op, const TargetRow &target, int64_t panel) {
  auto isByte = [](Value v) { return cast<ShapedType>(v.getType()).getElementType().isInteger(8); };
  ArrayRef<int64_t> weights = cast<ShapedType>(op.getWeights().getType()).getShape();
  int64_t depth = weights[weights.size() - 2];
  return target.dots != DotProduct::None && isByte(op.getInput()) && isByte(op.getWeights()) && op.getAccumulatorType().isInteger(32) &&
         !op.getUnsignedWeights() && !ShapedType::isDynamic(depth) && depth > 0 && depth % kDotDepth == 0 && panel >= kDotDepth;
}

/// Rearranges a tensor as packing does, or is the place for it.
static bool movesWeights(Operation *op) {
  auto rearranges = [](Operation *o) { return isa<linalg::PackOp, linalg::TransposeOp>(o); };
  if (isa<tensor::EmptyOp>(op)) return llvm::all_of(op->getUsers(), rearranges);
  return rearranges(op) || isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp, tensor::CastOp>(op);
}

namespace {

/// weights -> linalg.pack of OC in panels: [W, K.., IC, OC] -> [W, panels, K.., IC, NR], or of OC and IC: [W, panels, K.., IC/4, NR, 4]
struct PackContractWeights : OpRewritePattern<ContractOp> {
  const TargetRow &target;
  PackContractWeights(MLIRContext *context, const TargetRow &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getWeights().getType());
    if (!type) return rewriter.notifyMatchFailure(op, "expected tensors");
    if (op.getDepthwise()) return rewriter.notifyMatchFailure(op, "expected a sum over channels");
    if (op.isPacked()) return rewriter.notifyMatchFailure(op, "expected plain weights");
    int64_t rank = type.getRank();
    auto dims = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    Value source = op.getWeights();
    bool constant = isForeseeable(source);
    if (Value before = transposeSource(source, dims)) source = before;
    if (!constant && source == op.getWeights() && !isBadlyStrided(op, type))
      return rewriter.notifyMatchFailure(op, "expected weights that are constant, transposed, or of a stride that a cache cannot hold");

    int64_t panel = panelColumns(op, target);
    int64_t columnDim = dims[rank - 1];
    SmallVector<int64_t> order{dims[0], columnDim};
    for (int64_t i = 1; i < rank - 1; ++i) order.push_back(dims[i]);
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> tiles{rewriter.getIndexAttr(panel)};
    SmallVector<int64_t> tiled{columnDim};
    if (constant && takesDots(op, target, panel)) {
      tiles.push_back(rewriter.getIndexAttr(kDotDepth));
      tiled.push_back(dims[rank - 2]);
    }
    Value destination = linalg::PackOp::createDestinationTensor(rewriter, loc, source, tiles, tiled, order);
    std::optional<Value> padding;
    int64_t columns = type.getShape().back();
    if (ShapedType::isDynamic(columns) || columns % panel)
      padding = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
    Value packed = linalg::PackOp::create(rewriter, loc, source, destination, tiled, tiles, padding, order).getResult();
    rewriter.modifyOpInPlace(op, [&] { op.getWeightsMutable().assign(packed); });
    return success();
  }

  /// Rows of weights that are a multiple of a page apart fall on the same lines of a cache.
  static bool isBadlyStrided(ContractOp op, RankedTensorType type) {
    int64_t columns = type.getShape().back();
    return !ShapedType::isDynamic(columns) && columns > 0 && columns * type.getElementTypeBitWidth() / 8 % 4096 == 0 && rowsOf(op) >= 64;
  }
};

struct PackWeights : ingot::impl::PackWeightsBase<PackWeights> {
  using Base::Base;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PackContractWeights>(&getContext(), lookupTarget(target));
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) return signalPassFailure();
    // A recurrent cell's weights are packed before its loop over time.
    getOperation()->walk([](LoopLikeOpInterface loop) {
      moveLoopInvariantCode(
          loop.getLoopRegions(), [&](Value v, Region *) { return loop.isDefinedOutsideOfLoop(v); },
          [](Operation *op, Region *) { return movesWeights(op) && isMemoryEffectFree(op) && isSpeculatable(op); },
          [&](Operation *op, Region *) { loop.moveOutOfLoop(op); });
    });
  }
};

} // namespace
