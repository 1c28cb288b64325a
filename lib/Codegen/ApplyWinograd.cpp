//===- ApplyWinograd.cpp - which convolutions by three taps take Winograd's form -------------------------===//
//
//   weights [1, 3, 3, IC, OC]  ->  G w G^T as two products with the constant G: [1, 6, 3, IC, OC], then [1, 6, 6, IC, OC] (of 4x4 results)
//
// The weights are constants, so that this can happen when the model is compiled; but the result is four times as large. It does for those that are
// used most, while they are small; the others are transformed where they are used (Contraction/Winograd.cpp). Those of one dimension, [1, 3, IC, OC] ->
// [1, 6, IC, OC], are transformed here or not at all.
//===-----------------------------------------------------------------------------------------------------===//
#include "Foreseeable.h"
#include "VectorBody.h"
#include "Contraction/WinogradTransforms.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ingot {
#define GEN_PASS_DEF_APPLYWINOGRAD
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// What a form takes, in cycles of a core that starts a vector multiply-add in each. Measured on Zen 1: a transform of a 6x6 tile on one vector of
/// channels takes 250 to 350 cycles, one of 3x3 weights about 100, and memory beyond the caches gives one core 4.6 bytes in a cycle (11 GB/s), less
/// where another reads as well.
struct Choice {
  const WinogradForm *form = nullptr;
  double blocks = 0; // times that the weights are transformed in a run
  int64_t growth = 0; // bytes that they take more when they are transformed before
};

Choice chooseForm(RankedTensorType weights, RankedTensorType out, int64_t lanes) {
  constexpr double kCyclesPerProduct = 8, kCyclesPerWeight = 3, kBytesPerCycle = 3, kCachedBytes = 4 << 20, kMargin = 1.15;
  constexpr double kUsual = 32; // what an unknown size counts as
  auto sizeOf = [&](int64_t dim) { return out.isDynamicDim(dim) ? kUsual : double(out.getDimSize(dim)); };
  double ic = weights.getDimSize(3), oc = weights.getDimSize(4), height = sizeOf(1), width = sizeOf(2);
  double taps = WinogradForm::kTaps * WinogradForm::kTaps, weightBytes = weights.getElementTypeBitWidth() / 8.0;
  auto read = [&](double times) { return times * std::max(0.0, taps * ic * oc * weightBytes - kCachedBytes) / kBytesPerCycle; };
  double best = std::max(taps * ic * oc * height * width / lanes, read(1)) / kMargin;
  Choice chosen;
  for (const WinogradForm &form : allWinogradForms()) {
    double tiles = std::ceil(height / form.results) * std::ceil(width / form.results), products = form.products();
    double transforms = tiles * (ic + oc) / lanes * products * kCyclesPerProduct;
    // The weights pass once for every block of tiles.
    double blocks = std::ceil(tiles / form.mostTiles(ic));
    transforms += blocks * ic * oc / lanes * products * kCyclesPerWeight;
    double cycles = std::max(products * ic * oc * tiles / lanes + transforms, read(blocks));
    if (cycles >= best) continue;
    best = cycles;
    chosen = {&form, blocks, int64_t((products * 4 - taps * weightBytes) * ic * oc)};
  }
  return chosen;
}

/// The same for a line, of any length and dilation: 4 results at a time, or none.
Choice chooseLineForm(ContractOp op, int64_t lanes) {
  constexpr double kCyclesPerProduct = 8, kMargin = 1.15, kLong = 1000;
  auto weights = cast<RankedTensorType>(op.getWeights().getType()), out = cast<RankedTensorType>(op.getOut().getType());
  const WinogradForm &form = allWinogradForms().front();
  double dilation = op.getDilations().front(), stretch = form.results * dilation;
  double length = out.isDynamicDim(1) ? kLong * stretch : out.getDimSize(1), ic = weights.getDimSize(2), oc = weights.getDimSize(3);
  double tiles = std::floor(length / stretch) * dilation + std::min(dilation, std::fmod(length, stretch));
  double cycles = form.points * ic * oc * tiles / lanes + tiles * (ic + oc) / lanes * form.points * kCyclesPerProduct;
  if (cycles * kMargin >= WinogradForm::kTaps * ic * oc * length / lanes) return {};
  return {&form, 0, int64_t((form.points * 4 - WinogradForm::kTaps * weights.getElementTypeBitWidth() / 8.0) * ic * oc)};
}

/// Whether the op is a convolution that Winograd's forms are for.
bool isCandidate(ContractOp op) {
  auto input = dyn_cast<RankedTensorType>(op.getInput().getType()), weights = dyn_cast<RankedTensorType>(op.getWeights().getType()),
       out = dyn_cast<RankedTensorType>(op.getOut().getType());
  if (!input || !weights || !out) return false;
  if (op.getSpatialRank() > 2 || op.isPacked() || op.getDepthwise() || op.getWinograd() || op.getGroups() != 1 || op.getBatchedWeights()) return false;
  auto isOne = [](int64_t v) { return v == 1; };
  bool isLine = op.getSpatialRank() == 1;
  if (!llvm::all_of(op.getStrides(), isOne) || (!isLine && !llvm::all_of(op.getDilations(), isOne))) return false;
  if (!input.getElementType().isF32() || !weights.getElementType().isIntOrFloat() || weights.getElementTypeBitWidth() > 32 || !op.getAccumulatorType().isF32()) return false;
  if (!weights.hasStaticShape() || weights.getDimSize(1) != WinogradForm::kTaps) return false;
  if (isLine) return isForeseeable(op.getWeights()) && weights.getDimSize(2) % 4 == 0 && !out.isDynamicDim(2);
  if (weights.getDimSize(2) != WinogradForm::kTaps || out.isDynamicDim(3)) return false;
  return isForeseeable(op.getWeights()) && weights.getDimSize(3) % 4 == 0;
}

struct ApplyWinograd : ingot::impl::ApplyWinogradBase<ApplyWinograd> {
  using Base::Base;

  void runOnOperation() override {
    int64_t lanes = lookupTarget(target).vectorLength(32), left = mostGrowth;
    SmallVector<std::pair<ContractOp, Choice>> chosen;
    getOperation()->walk([&](ContractOp op) {
      if (!isCandidate(op)) return;
      if (op.getSpatialRank() == 1) {
        Choice choice = chooseLineForm(op, lanes);
        if (!choice.form || choice.growth > left) return;
        left -= choice.growth;
        OpBuilder b(op);
        op.setWinograd(choice.form->results);
        op.getWeightsMutable().assign(transformDim(b, op.getLoc(), *choice.form, op.getWeights(), 1, op.getUnsignedWeights()));
        return;
      }
      Choice choice = chooseForm(cast<RankedTensorType>(op.getWeights().getType()), cast<RankedTensorType>(op.getOut().getType()), lanes);
      if (!choice.form) return;
      op.setWinograd(choice.form->results);
      chosen.push_back({op, choice});
    });
    // Those that would be transformed most often in a run are transformed now.
    llvm::stable_sort(chosen, [](auto &a, auto &b) { return a.second.blocks > b.second.blocks; });
    for (auto &[op, choice] : chosen) {
      if (choice.growth > left) continue;
      left -= choice.growth;
      OpBuilder b(op);
      op.getWeightsMutable().assign(transformDim(b, op.getLoc(), *choice.form, transformDim(b, op.getLoc(), *choice.form, op.getWeights(), 1, op.getUnsignedWeights()), 2));
    }
  }

  /// Multiplies dimension `dim` of size 3 by G.
  static Value transformDim(OpBuilder &b, Location loc, const WinogradForm &form, Value weights, int64_t dim, bool isUnsigned = false) {
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
                                     [&](OpBuilder &nested, Location l, ValueRange x) {
                                       Value w = convertElement(nested, l, x[0], nested.getF32Type(), isUnsigned);
                                       Value product = arith::MulFOp::create(nested, l, w, x[1]);
                                       linalg::YieldOp::create(nested, l, arith::AddFOp::create(nested, l, x[2], product).getResult());
                                     })
        .getResult(0);
  }
};

} // namespace
