//===- Loss.cpp - training losses ---------------------------------------------------------===//
#include "Indices.h"
#include "Normalization.h"

using namespace mlir;
using namespace ingot;

/// Ends the run unless every target is a class or the ignored one, and the dimensions of both agree.
static void checkTargets(ComputeBuilder &t, Value scores, Value target, std::optional<int64_t> ignored) {
  Value classes = t.value(t.dim(scores, 1));
  int64_t rank = cast<RankedTensorType>(target.getType()).getRank();
  for (int64_t i = 0; i < rank; ++i) {
    OpFoldResult wanted = t.dim(scores, i == 0 ? 0 : i + 1), got = t.dim(target, i);
    if (getConstantIntValue(wanted) && getConstantIntValue(wanted) == getConstantIntValue(got))
      continue;
    t.check(t.compare(arith::CmpIPredicate::eq, t.value(wanted), t.value(got)),
            "dimension " + Twine(i) + " of the targets differs from that of the scores");
  }
  t.check(t.compare(arith::CmpIPredicate::ne, classes, t.index(0)), "there are no classes");
  Type i64 = t.b.getI64Type();
  Value limit = t.fromIndex(classes, i64);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  Value bad = t.reduceWide(target, axes, t.number(i64, 0), [&](ScalarBuilder &s, ValueRange v) {
    Value x = s.cast(v[0], i64, false, false);
    Value outside = arith::CmpIOp::create(s.b, s.loc, arith::CmpIPredicate::uge, x, limit);
    if (ignored)
      outside = s.select(s.eq(x, s.like(x, *ignored)), s.constant(s.b.getI1Type(), 0), outside);
    return s.bitOr(v[1], s.cast(outside, i64, true, false));
  });
  t.check(t.compare(arith::CmpIPredicate::eq, t.extract(bad), t.number(i64, 0)), "a target is out of range, expected a class");
}

/// -weight[target] * logProbabilities[n, target, ...] of each target, 0 where it is ignored; their sum; or that over the sum of weights.
static Value logLikelihoodLoss(ComputeBuilder &t, Value logProbabilities, Value target, Value weight, std::optional<int64_t> ignored,
                               StringRef reduction, Type element) {
  checkTargets(t, logProbabilities, target, ignored);
  Type wide = wideType(element), i64 = t.b.getI64Type();
  Dims dims = t.dims(target);
  int64_t rank = dims.size();
  auto isIgnored = [&](ScalarBuilder &s, Value x) { return ignored ? s.eq(x, s.like(x, *ignored)) : s.constant(s.b.getI1Type(), 0); };
  // An ignored target reads class 0.
  auto classOf = [&](ScalarBuilder &s, Value x) -> Value {
    Value inside = s.select(isIgnored(s, x), s.like(x, 0), x);
    return arith::IndexCastOp::create(s.b, s.loc, s.b.getIndexType(), inside);
  };
  Value weights = t.mapWide(target, {}, dims, wide, [&](ScalarBuilder &s, ValueRange v) {
    Value x = s.cast(v[0], i64, false, false), one = s.constant(wide, 1);
    if (weight)
      one = s.cast(tensor::ExtractOp::create(s.b, s.loc, weight, classOf(s, x)), wide, false, false);
    return s.select(isIgnored(s, x), s.constant(wide, 0), one);
  });
  Value losses = t.mapWide({target, weights}, {}, dims, reduction == "none" ? element : wide, [&](ScalarBuilder &s, ValueRange v) {
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(linalg::IndexOp::create(s.b, s.loc, i));
    at.insert(at.begin() + 1, classOf(s, s.cast(v[0], i64, false, false)));
    Value likelihood = s.cast(tensor::ExtractOp::create(s.b, s.loc, logProbabilities, at), wide, false, false);
    Value loss = s.neg(s.mul(likelihood, v[1]));
    return s.select(isIgnored(s, s.cast(v[0], i64, false, false)), s.like(loss, 0), loss);
  });
  if (reduction == "none")
    return losses;
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  auto sum = [&](Value x) { return t.reduceWide(x, axes, t.number(wide, 0), [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], v[0]); }); };
  if (reduction == "sum")
    return t.convertElements(sum(losses), element);
  return t.mapWide({sum(losses), sum(weights)}, {}, {}, element, [](ScalarBuilder &s, ValueRange v) { return s.div(v[0], v[1]); });
}

static std::optional<int64_t> optionalInt(std::optional<uint64_t> v) {
  return v ? std::optional<int64_t>(static_cast<int64_t>(*v)) : std::nullopt;
}

namespace {

struct NegativeLogLikelihoodLossLowering : ONNXLowering<onnx::NegativeLogLikelihoodLossOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::NegativeLogLikelihoodLossOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || !isa<RankedTensorType>(adaptor.getInput().getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    ComputeBuilder t(b, op.getLoc());
    Value weight = isAbsent(op.getWeight()) ? Value() : adaptor.getWeight();
    Value loss = logLikelihoodLoss(t, adaptor.getInput(), adaptor.getTarget(), weight, optionalInt(op.getIgnoreIndex()), op.getReduction(),
                                   type.getElementType());
    b.replaceOp(op, t.castTo(loss, type));
    return success();
  }
};

/// The negative log likelihood loss of log(softmax(scores)), classes along dimension 1
struct SoftmaxCrossEntropyLossLowering : ONNXLowering<onnx::SoftmaxCrossEntropyLossOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SoftmaxCrossEntropyLossOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getOutput().getType()));
    if (!type || !isa<RankedTensorType>(adaptor.getScores().getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    ComputeBuilder t(b, op.getLoc());
    Type element = type.getElementType();
    Value weights = isAbsent(op.getWeights()) ? Value() : adaptor.getWeights();
    Value wide = logSoftmax(t, adaptor.getScores(), 1, wideType(element));
    Value loss = logLikelihoodLoss(t, wide, adaptor.getLabels(), weights, optionalInt(op.getIgnoreIndex()), op.getReduction(), element);
    Value logProb = t.castTo(t.convertElements(wide, element), typeConverter->convertType(op.getLogProb().getType()));
    b.replaceOp(op, {t.castTo(loss, type), logProb});
    return success();
  }
};

} // namespace

void ingot::populateLossLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<NegativeLogLikelihoodLossLowering, SoftmaxCrossEntropyLossLowering>(types, context);
}
