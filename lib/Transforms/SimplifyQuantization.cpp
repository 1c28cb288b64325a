//===- SimplifyQuantization.cpp - rounding to a quantised type in fewer steps --------------------------===//
//
//   clamp(roundeven(x / scale) + zero, low, high)  ->  roundeven(clamp(x, (low - zero) * scale, (high - zero) * scale) / scale) + zero
//
// has nothing left to bound behind it, so that the division is one of finite numbers. And a number that is dequantised where it was quantised does not
// pass through integers:
//
//   sitofp(extui(trunci(fptosi(y))) - zero)  ->  y - zero       with y a whole number in the range of the type
//===---------------------------------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace ingot {
#define GEN_PASS_DEF_SIMPLIFYQUANTIZATION
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

static std::optional<double> constantOf(Value v) {
  APFloat number(0.0f);
  if (!v.getType().isF32() || !matchPattern(v, m_ConstantFloat(&number)) || !number.isFinite()) return std::nullopt;
  return number.convertToFloat();
}

namespace {

/// min(max(x, low), high) with constant bounds, which is a number for any x.
struct Clamped {
  Value x;
  double low, high;
};

/// roundeven(x / scale) + zero with constants.
struct Quantized {
  Value x, scale;
  double scaleValue, zero;
};

} // namespace

static std::optional<Clamped> readClamp(Value v) {
  auto min = v.getDefiningOp<arith::MinNumFOp>();
  auto max = min ? min.getLhs().getDefiningOp<arith::MaxNumFOp>() : arith::MaxNumFOp();
  if (!max) return std::nullopt;
  auto low = constantOf(max.getRhs()), high = constantOf(min.getRhs());
  if (!low || !high) return std::nullopt;
  return Clamped{max.getLhs(), *low, *high};
}

static std::optional<Quantized> readQuantized(Value v) {
  double zero = 0;
  if (auto add = v.getDefiningOp<arith::AddFOp>()) {
    auto constant = constantOf(add.getRhs());
    if (!constant || std::round(*constant) != *constant) return std::nullopt;
    zero = *constant;
    v = add.getLhs();
  }
  auto round = v.getDefiningOp<math::RoundEvenOp>();
  auto division = round ? round.getOperand().getDefiningOp<arith::DivFOp>() : arith::DivFOp();
  auto scale = division ? constantOf(division.getRhs()) : std::nullopt;
  if (!scale || !(*scale > 0)) return std::nullopt;
  return Quantized{division.getLhs(), division.getRhs(), *scale, zero};
}

namespace {

struct ClampBeforeDivision : OpRewritePattern<arith::MinNumFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::MinNumFOp op, PatternRewriter &b) const override {
    auto clamped = readClamp(op.getResult());
    auto quantized = clamped ? readQuantized(clamped->x) : std::nullopt;
    if (!quantized) return b.notifyMatchFailure(op, "expected a rounded quotient between constant bounds");
    auto constant = [&](double v) -> Value { return arith::ConstantOp::create(b, op.getLoc(), b.getF32FloatAttr(static_cast<float>(v))); };
    double low = (clamped->low - quantized->zero) * quantized->scaleValue, high = (clamped->high - quantized->zero) * quantized->scaleValue;
    if (!std::isfinite(static_cast<float>(low)) || !std::isfinite(static_cast<float>(high)))
      return b.notifyMatchFailure(op, "expected bounds that are numbers in f32");
    Value x = arith::MaxNumFOp::create(b, op.getLoc(), quantized->x, constant(low));
    x = arith::MinNumFOp::create(b, op.getLoc(), x, constant(high));
    Value whole = math::RoundEvenOp::create(b, op.getLoc(), arith::DivFOp::create(b, op.getLoc(), x, quantized->scale));
    if (quantized->zero != 0) whole = arith::AddFOp::create(b, op.getLoc(), whole, constant(quantized->zero));
    b.replaceOp(op, whole);
    return success();
  }
};

/// Least and greatest of roundeven(clamp(x) / scale) + zero.
std::optional<std::pair<double, double>> wholeRange(Value v) {
  auto quantized = readQuantized(v);
  auto clamped = quantized ? readClamp(quantized->x) : std::nullopt;
  if (!clamped) return std::nullopt;
  auto at = [&](double bound) { return std::nearbyint(static_cast<float>(bound) / static_cast<float>(quantized->scaleValue)) + quantized->zero; };
  return std::make_pair(at(clamped->low), at(clamped->high));
}

/// ext(trunc(i)) of a whole number that fits the narrow type.
template <class ExtOp> struct DropNarrowing : OpRewritePattern<ExtOp> {
  using OpRewritePattern<ExtOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ExtOp op, PatternRewriter &b) const override {
    auto narrowing = op.getIn().template getDefiningOp<arith::TruncIOp>();
    auto integer = narrowing ? narrowing.getIn().template getDefiningOp<arith::FPToSIOp>() : arith::FPToSIOp();
    if (!integer || integer.getType() != op.getType()) return b.notifyMatchFailure(op, "expected a narrowed integer, widened again");
    auto range = wholeRange(integer.getIn());
    unsigned bits = narrowing.getType().getIntOrFloatBitWidth();
    bool isUnsigned = std::is_same_v<ExtOp, arith::ExtUIOp>;
    double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1), high = std::ldexp(1.0, isUnsigned ? bits : bits - 1) - 1;
    if (!range || range->first < low || range->second > high) return b.notifyMatchFailure(op, "expected a number in the range of the narrow type");
    b.replaceOp(op, integer.getResult());
    return success();
  }
};

/// sitofp(fptosi(y)) and sitofp(fptosi(y) - c) of a whole number
struct DropInteger : OpRewritePattern<arith::SIToFPOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SIToFPOp op, PatternRewriter &b) const override {
    constexpr int64_t kExact = 1 << 23;
    Value integer = op.getIn();
    int64_t offset = 0;
    APInt constant;
    if (auto sub = integer.getDefiningOp<arith::SubIOp>(); sub && matchPattern(sub.getRhs(), m_ConstantInt(&constant))) {
      offset = -constant.getSExtValue();
      integer = sub.getLhs();
    } else if (auto add = integer.getDefiningOp<arith::AddIOp>(); add && matchPattern(add.getRhs(), m_ConstantInt(&constant))) {
      offset = constant.getSExtValue();
      integer = add.getLhs();
    }
    auto conversion = integer.getDefiningOp<arith::FPToSIOp>();
    if (!conversion || !op.getType().isF32() || !conversion.getIn().getType().isF32())
      return b.notifyMatchFailure(op, "expected an integer made of a number of f32");
    auto range = wholeRange(conversion.getIn());
    if (!range || std::abs(range->first) > kExact || std::abs(range->second) > kExact || std::abs(offset) > kExact)
      return b.notifyMatchFailure(op, "expected a whole number");
    Value result = conversion.getIn();
    if (offset != 0) {
      Value number = arith::ConstantOp::create(b, op.getLoc(), b.getF32FloatAttr(static_cast<float>(offset)));
      result = arith::AddFOp::create(b, op.getLoc(), result, number);
    }
    b.replaceOp(op, result);
    return success();
  }
};

/// (y + zero) - zero of a whole number
struct DropOffset : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::AddFOp op, PatternRewriter &b) const override {
    auto inner = op.getLhs().getDefiningOp<arith::AddFOp>();
    auto offset = constantOf(op.getRhs());
    if (!inner || !offset || !wholeRange(inner.getResult())) return b.notifyMatchFailure(op, "expected a whole number and an offset");
    if (constantOf(inner.getRhs()) != -*offset) return b.notifyMatchFailure(op, "expected opposite offsets");
    b.replaceOp(op, inner.getLhs());
    return success();
  }
};

struct SimplifyQuantization : ingot::impl::SimplifyQuantizationBase<SimplifyQuantization> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ClampBeforeDivision, DropNarrowing<arith::ExtUIOp>, DropNarrowing<arith::ExtSIOp>, DropInteger, DropOffset>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

} // namespace
