//===- FoldBatchNorm.cpp - batch normalisation into the product before it -----------===//
//
// In inference BatchNormalization is y = x * s + t per channel, s = scale / sqrt(var + epsilon), t = B - mean * s. Behind a product with
// constant weights s and t go into weights and bias; alone it becomes an elementwise Mul and Add. The arithmetic on constants is left
// to the constant evaluator.
//===-----------------------------------------------------------------------------===//
#include "LayoutRewrites.h"

#include "ingot/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ingot {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

/// True for constants and what is computed from them alone.
static bool isConstantExpression(Value v, int depth = 8) {
  Operation *op = v.getDefiningOp();
  if (!op || op->getNumRegions() || depth == 0)
    return false;
  if (isa<ConstantOp, NoValueOp>(op))
    return true;
  return isPure(op) && llvm::all_of(op->getOperands(), [&](Value o) { return isConstantExpression(o, depth - 1); });
}

static bool isAbsent(Value v) { return isa<NoneType>(v.getType()); }

namespace {
/// y = x * scale + shift, both of one dimension.
struct Affine {
  Value scale, shift;
};

/// Builds ONNX arithmetic on vectors of one element type.
struct VectorBuilder {
  OpBuilder &b;
  Location loc;

  Value add(Value x, Value y) { return AddOp::create(b, loc, x.getType(), x, y); }
  Value sub(Value x, Value y) { return SubOp::create(b, loc, x.getType(), x, y); }
  Value mul(Value x, Value y) { return MulOp::create(b, loc, x.getType(), x, y); }
  Value div(Value x, Value y) { return DivOp::create(b, loc, x.getType(), x, y); }
  Value sqrt(Value x) { return SqrtOp::create(b, loc, x.getType(), x); }
  Value scalar(Type element, double v) {
    auto type = RankedTensorType::get({}, element);
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, b.getFloatAttr(element, v)));
  }
  /// A vector as [1 x before, n, 1 x after].
  Value expand(Value v, int64_t before, int64_t after) {
    auto type = cast<RankedTensorType>(v.getType());
    SmallVector<int64_t> shape(before, 1), axes;
    shape.push_back(type.getDimSize(0));
    shape.append(after, 1);
    for (int64_t i = 0, e = shape.size(); i < e; ++i)
      if (i != before)
        axes.push_back(i);
    if (axes.empty())
      return v;
    return UnsqueezeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), v, indexConstant(b, loc, axes));
  }
};
} // namespace

static Affine affineOf(VectorBuilder &v, BatchNormalizationOp bn) {
  Type element = cast<RankedTensorType>(bn.getInputVar().getType()).getElementType();
  Value deviation = v.sqrt(v.add(bn.getInputVar(), v.scalar(element, bn.getEpsilon().convertToDouble())));
  Value scale = v.div(bn.getScale(), deviation);
  return {scale, v.sub(bn.getB(), v.mul(bn.getInputMean(), scale))};
}

/// Inference over an image of known rank, with parameters of one element type.
static LogicalResult matchInference(PatternRewriter &b, BatchNormalizationOp op) {
  if (op.getTrainingMode())
    return b.notifyMatchFailure(op, "expected inference mode");
  auto x = dyn_cast<RankedTensorType>(op.getX().getType());
  if (!x || x.getRank() < 2)
    return b.notifyMatchFailure(op, "expected an input of known rank, at least 2");
  for (Value v : op->getOperands().drop_front()) {
    auto type = dyn_cast<RankedTensorType>(v.getType());
    if (!type || type.getRank() != 1 || type.getElementType() != x.getElementType())
      return b.notifyMatchFailure(op, "expected vectors of the input's element type");
  }
  if (!op.getRunningMean().use_empty() || !op.getRunningVar().use_empty())
    return b.notifyMatchFailure(op, "expected no use of the running statistics");
  return success();
}

namespace {

/// BatchNormalization(Conv(x, w, b)) = Conv(x, w * s, b * s + t)
template <class ConvOpT> struct FoldBatchNormIntoConv : OpRewritePattern<BatchNormalizationOp> {
  using OpRewritePattern<BatchNormalizationOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormalizationOp op, PatternRewriter &b) const override {
    auto conv = op.getX().template getDefiningOp<ConvOpT>();
    if (!conv || failed(matchInference(b, op)))
      return failure();
    constexpr bool isTransposed = std::is_same_v<ConvOpT, ConvTransposeOp>;
    auto weights = dyn_cast<RankedTensorType>(conv.getW().getType());
    if (!conv->hasOneUse() || !weights || !isConstantExpression(conv.getW()) || !isConstantExpression(conv.getB()))
      return b.notifyMatchFailure(op, "expected a convolution with constant weights that is used once");
    if (isTransposed && conv.getGroup() != 1)
      return b.notifyMatchFailure(op, "expected one group");
    if (!llvm::all_of(op->getOperands().drop_front(), [](Value v) { return isConstantExpression(v); }))
      return b.notifyMatchFailure(op, "expected constant parameters");

    VectorBuilder v{b, op.getLoc()};
    Affine a = affineOf(v, op);
    // Output channels are dimension 0 of Conv's weights and dimension 1 of ConvTranspose's.
    int64_t before = isTransposed ? 1 : 0;
    Value scaled = v.mul(conv.getW(), v.expand(a.scale, before, weights.getRank() - 1 - before));
    Value bias = ::isAbsent(conv.getB()) ? a.shift : v.add(v.mul(conv.getB(), a.scale), a.shift);
    auto folded = cast<ConvOpT>(b.clone(*conv));
    folded.getWMutable().assign(scaled);
    folded.getBMutable().assign(bias);
    b.replaceAllUsesWith(op.getY(), folded.getY());
    b.eraseOp(op);
    return success();
  }
};

/// BatchNormalization(Gemm(a, b, c)) = Gemm(a, b * s, c * s + t)
struct FoldBatchNormIntoGemm : OpRewritePattern<BatchNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormalizationOp op, PatternRewriter &b) const override {
    auto gemm = op.getX().getDefiningOp<GemmOp>();
    if (!gemm || failed(matchInference(b, op)))
      return failure();
    if (!gemm->hasOneUse() || !isConstantExpression(gemm.getB()) || !isConstantExpression(gemm.getC()))
      return b.notifyMatchFailure(op, "expected a product with constant weights that is used once");
    auto c = dyn_cast<RankedTensorType>(gemm.getC().getType());
    auto n = cast<RankedTensorType>(op.getScale().getType());
    bool hasBias = !::isAbsent(gemm.getC());
    if (hasBias && (!c || c != n || gemm.getBeta().convertToFloat() != 1.0f))
      return b.notifyMatchFailure(op, "expected a plain bias per column");

    VectorBuilder v{b, op.getLoc()};
    Affine a = affineOf(v, op);
    Value scaled = v.mul(gemm.getB(), gemm.getTransB() ? v.expand(a.scale, 0, 1) : a.scale);
    Value bias = hasBias ? v.add(v.mul(gemm.getC(), a.scale), a.shift) : a.shift;
    auto folded = cast<GemmOp>(b.clone(*gemm));
    folded.getBMutable().assign(scaled);
    folded.getCMutable().assign(bias);
    folded.setBetaAttr(b.getF32FloatAttr(1.0f));
    b.replaceAllUsesWith(op.getY(), folded.getY());
    b.eraseOp(op);
    return success();
  }
};

/// BatchNormalization(x) = x * s + t
struct BatchNormToElementwise : OpRewritePattern<BatchNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormalizationOp op, PatternRewriter &b) const override {
    if (failed(matchInference(b, op)))
      return failure();
    auto x = cast<RankedTensorType>(op.getX().getType());
    if (x.getElementType().getIntOrFloatBitWidth() < 32)
      return b.notifyMatchFailure(op, "expected no narrow float: its statistics lose too much in two roundings");
    VectorBuilder v{b, op.getLoc()};
    Affine a = affineOf(v, op);
    int64_t after = x.getRank() - 2;
    Value scaled = MulOp::create(b, op.getLoc(), x, op.getX(), v.expand(a.scale, 0, after));
    Value shifted = AddOp::create(b, op.getLoc(), x, scaled, v.expand(a.shift, 0, after));
    b.replaceAllUsesWith(op.getY(), shifted);
    b.eraseOp(op);
    return success();
  }
};

struct FoldBatchNorm : ingot::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldBatchNormIntoConv<ConvOp>, FoldBatchNormIntoConv<ConvTransposeOp>, FoldBatchNormIntoGemm>(&getContext(), 2);
    patterns.add<BatchNormToElementwise>(&getContext(), 1);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
