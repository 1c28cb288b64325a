//===- ApplyWinograd.cpp - which 3x3 convolutions take Winograd's form -----------------------------------===//
//
//   weights [1, 3, 3, IC, OC]  ->  G w G^T as two products with the constant G: [1, 6, 3, IC, OC], then [1, 6, 6, IC, OC]
//
// The weights are constants, so that this happens when the model is compiled.
//===-----------------------------------------------------------------------------------------------------===//
#include "Contraction/WinogradTransforms.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ingot {
#define GEN_PASS_DEF_APPLYWINOGRAD
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

/// Computed from constants alone by a few ops.
static bool isForeseeable(Value v, int depth = 8) {
  Operation *op = v.getDefiningOp();
  if (!op || depth == 0) return false;
  if (op->hasTrait<OpTrait::ConstantLike>() || isa<tensor::EmptyOp>(op)) return true;
  return isMemoryEffectFree(op) && op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(), [&](Value operand) { return isForeseeable(operand, depth - 1); });
}

/// Estimates in cycles of one core that starts a vector multiply-add in each. Measured on Zen 1: a transform of a tile on one vector of channels takes
/// 250 to 350 cycles, and memory beyond the caches gives 4 to 5 bytes in a cycle (11 GB/s).
static bool paysOff(RankedTensorType weights, RankedTensorType out, int64_t lanes) {
  constexpr double kTransformCycles = 300, kBytesPerCycle = 4.5, kCachedBytes = 4 << 20, kMargin = 1.15;
  double ic = weights.getDimSize(3), oc = weights.getDimSize(4), height = out.getDimSize(1), width = out.getDimSize(2);
  double tiles = std::ceil(height / Winograd4::kResults) * std::ceil(width / Winograd4::kResults);
  double products = Winograd4::kPoints * Winograd4::kPoints, taps = Winograd4::kTaps * Winograd4::kTaps;
  auto read = [&](double bytes) { return std::max(0.0, bytes - kCachedBytes) / kBytesPerCycle; };
  double direct = std::max(taps * ic * oc * height * width / lanes, read(taps * ic * oc * 4));
  double multiply = products * ic * oc * tiles / lanes, transforms = tiles * (ic + oc) / lanes * kTransformCycles;
  return (multiply + transforms + read(products * ic * oc * 4)) * kMargin < direct;
}

namespace {

struct ContractToWinograd : OpRewritePattern<ContractOp> {
  const TargetRow &target;
  ContractToWinograd(MLIRContext *context, const TargetRow &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    auto input = dyn_cast<RankedTensorType>(op.getInput().getType()), weights = dyn_cast<RankedTensorType>(op.getWeights().getType()),
         out = dyn_cast<RankedTensorType>(op.getOut().getType());
    if (!input || !weights || !out) return rewriter.notifyMatchFailure(op, "expected tensors");
    if (op.getSpatialRank() != 2 || op.isPacked() || op.getDepthwise() || op.getWinograd() || op.getGroups() != 1 || op.getBatchedWeights())
      return rewriter.notifyMatchFailure(op, "expected a convolution of two dimensions without groups");
    auto isOne = [](int64_t v) { return v == 1; };
    if (!llvm::all_of(op.getStrides(), isOne) || !llvm::all_of(op.getDilations(), isOne))
      return rewriter.notifyMatchFailure(op, "expected strides and dilations of one");
    if (!input.getElementType().isF32() || !weights.getElementType().isF32() || !op.getAccumulatorType().isF32())
      return rewriter.notifyMatchFailure(op, "expected f32");
    if (!weights.hasStaticShape() || weights.getDimSize(1) != Winograd4::kTaps || weights.getDimSize(2) != Winograd4::kTaps)
      return rewriter.notifyMatchFailure(op, "expected 3x3 weights");
    if (ShapedType::isDynamicShape(input.getShape().drop_front()) || ShapedType::isDynamicShape(out.getShape().drop_front()))
      return rewriter.notifyMatchFailure(op, "expected a static image");
    if (!isForeseeable(op.getWeights())) return rewriter.notifyMatchFailure(op, "expected constant weights");
    if (weights.getDimSize(3) % 4) return rewriter.notifyMatchFailure(op, "expected input channels that are a multiple of 4");
    if (!paysOff(weights, out, target.vectorLength(32))) return rewriter.notifyMatchFailure(op, "expected enough channels and results");

    Value transformed = transformDim(rewriter, op.getLoc(), transformDim(rewriter, op.getLoc(), op.getWeights(), 1), 2);
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightsMutable().assign(transformed);
      op.setWinograd(Winograd4::kResults);
    });
    return success();
  }

  /// Multiplies dimension `dim` of size 3 by G.
  static Value transformDim(OpBuilder &b, Location loc, Value weights, int64_t dim) {
    auto type = cast<RankedTensorType>(weights.getType());
    auto matrixType = RankedTensorType::get({Winograd4::kPoints, Winograd4::kTaps}, b.getF32Type());
    Value matrix = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(matrixType, ArrayRef(&Winograd4::kWeights[0][0], Winograd4::kPoints * Winograd4::kTaps)));
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = Winograd4::kPoints;
    int64_t rank = type.getRank();
    // Loops: the result's dimensions, then the tap that is summed over.
    SmallVector<AffineExpr> read, write;
    for (int64_t i = 0; i < rank; ++i) {
      write.push_back(b.getAffineDimExpr(i));
      read.push_back(b.getAffineDimExpr(i == dim ? rank : i));
    }
    AffineMap maps[] = {AffineMap::get(rank + 1, 0, read, b.getContext()),
                        AffineMap::get(rank + 1, 0, {b.getAffineDimExpr(dim), b.getAffineDimExpr(rank)}, b.getContext()),
                        AffineMap::get(rank + 1, 0, write, b.getContext())};
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    loops.push_back(utils::IteratorType::reduction);
    Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
    Value init = linalg::FillOp::create(b, loc, zero, tensor::EmptyOp::create(b, loc, shape, b.getF32Type()).getResult()).getResult(0);
    return linalg::GenericOp::create(b, loc, init.getType(), ValueRange{weights, matrix}, init, maps, loops,
                                     [](OpBuilder &nested, Location l, ValueRange x) {
                                       Value product = arith::MulFOp::create(nested, l, x[0], x[1]);
                                       linalg::YieldOp::create(nested, l, arith::AddFOp::create(nested, l, x[2], product).getResult());
                                     })
        .getResult(0);
  }
};

struct ApplyWinograd : ingot::impl::ApplyWinogradBase<ApplyWinograd> {
  using Base::Base;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ContractToWinograd>(&getContext(), lookupTarget(target));
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

} // namespace
