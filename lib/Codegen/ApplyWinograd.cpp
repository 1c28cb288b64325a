//===- ApplyWinograd.cpp - which 3x3 convolutions take Winograd's form -----------------------------------===//
//
//   weights [1, 3, 3, IC, OC]  ->  G w G^T as two products with the constant G: [1, 6, 3, IC, OC], then [1, 6, 6, IC, OC] (of 4x4 results)
//
// The weights are constants, so that this happens when the model is compiled.
//===-----------------------------------------------------------------------------------------------------===//
#include "Foreseeable.h"
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

/// The form that takes the least time, if it is clearly less than that of the direct one. Estimates are in cycles of a core that starts a vector
/// multiply-add in each. Measured on Zen 1: a transform of a 6x6 tile on one vector of channels takes 250 to 350 cycles, and memory beyond the
/// caches gives one core 4.6 bytes in a cycle (11 GB/s), less where another reads as well.
static const WinogradForm *chooseForm(RankedTensorType weights, RankedTensorType out, int64_t lanes) {
  constexpr double kCyclesPerProduct = 8, kBytesPerCycle = 3, kCachedBytes = 4 << 20, kMargin = 1.15;
  double ic = weights.getDimSize(3), oc = weights.getDimSize(4), height = out.getDimSize(1), width = out.getDimSize(2);
  auto read = [&](double matrices, double times) { return times * std::max(0.0, matrices * ic * oc * 4 - kCachedBytes) / kBytesPerCycle; };
  double taps = WinogradForm::kTaps * WinogradForm::kTaps;
  double best = std::max(taps * ic * oc * height * width / lanes, read(taps, 1)) / kMargin;
  const WinogradForm *chosen = nullptr;
  for (const WinogradForm &form : allWinogradForms()) {
    double tiles = std::ceil(height / form.results) * std::ceil(width / form.results), products = form.products();
    double transforms = tiles * (ic + oc) / lanes * products * kCyclesPerProduct;
    // The weights pass once for every block of tiles.
    double blocks = std::ceil(tiles / form.mostTiles(ic));
    double cycles = std::max(products * ic * oc * tiles / lanes + transforms, read(products, blocks));
    if (cycles >= best) continue;
    best = cycles;
    chosen = &form;
  }
  return chosen;
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
    if (!weights.hasStaticShape() || weights.getDimSize(1) != WinogradForm::kTaps || weights.getDimSize(2) != WinogradForm::kTaps)
      return rewriter.notifyMatchFailure(op, "expected 3x3 weights");
    if (ShapedType::isDynamicShape(input.getShape().drop_front()) || ShapedType::isDynamicShape(out.getShape().drop_front()))
      return rewriter.notifyMatchFailure(op, "expected a static image");
    if (!isForeseeable(op.getWeights())) return rewriter.notifyMatchFailure(op, "expected constant weights");
    if (weights.getDimSize(3) % 4) return rewriter.notifyMatchFailure(op, "expected input channels that are a multiple of 4");
    const WinogradForm *form = chooseForm(weights, out, target.vectorLength(32));
    if (!form) return rewriter.notifyMatchFailure(op, "expected enough channels and results");

    Location loc = op.getLoc();
    Value transformed = transformDim(rewriter, loc, *form, transformDim(rewriter, loc, *form, op.getWeights(), 1), 2);
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightsMutable().assign(transformed);
      op.setWinograd(form->results);
    });
    return success();
  }

  /// Multiplies dimension `dim` of size 3 by G.
  static Value transformDim(OpBuilder &b, Location loc, const WinogradForm &form, Value weights, int64_t dim) {
    auto type = cast<RankedTensorType>(weights.getType());
    auto matrixType = RankedTensorType::get({form.points, WinogradForm::kTaps}, b.getF32Type());
    Value matrix = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(matrixType, form.weights));
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = form.points;
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
