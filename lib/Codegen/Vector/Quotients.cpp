//===- Quotients.cpp - division by the scale of a quantised type ------------------------------------===//
//
//   roundeven(min(max(x, low), high) / c)  ->  q = x * r;  roundeven(fma(fma(-q, c, x), r, q))        with r = 1 / c
//
// One step of Newton's iteration with an exact remainder gives the rounded quotient (Markstein), in three instructions of which a processor starts
// two in a cycle. Quotients have to be finite and far from the smallest numbers, which those of quantisation are.
//===------------------------------------------------------------------------------------------------===//
#include "MathApproximation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

static std::optional<float> splatOf(Value v) {
  if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) v = broadcast.getSource();
  APFloat number(0.0f);
  if (!getElementTypeOrSelf(v.getType()).isF32() || !matchPattern(v, m_ConstantFloat(&number))) return std::nullopt;
  return number.convertToFloat();
}

/// Whether the value is between constants, and so no infinity nor NaN.
static bool isBounded(Value v) {
  auto min = v.getDefiningOp<arith::MinNumFOp>();
  auto max = min ? min.getLhs().getDefiningOp<arith::MaxNumFOp>() : arith::MaxNumFOp();
  return max && splatOf(min.getRhs()) && splatOf(max.getRhs());
}

namespace {

struct DivideByConstant : OpRewritePattern<math::RoundEvenOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::RoundEvenOp op, PatternRewriter &b) const override {
    auto division = op.getOperand().getDefiningOp<arith::DivFOp>();
    auto type = dyn_cast<VectorType>(op.getType());
    auto divisor = division && type ? splatOf(division.getRhs()) : std::nullopt;
    if (!divisor || !isBounded(division.getLhs())) return b.notifyMatchFailure(op, "expected a bounded vector by a constant");
    float magnitude = std::fabs(*divisor);
    if (!(magnitude > 1e-30f && magnitude < 1e30f)) return b.notifyMatchFailure(op, "expected a divisor far from the smallest and largest numbers");
    auto splat = [&](float v) -> Value { return arith::ConstantOp::create(b, op.getLoc(), DenseElementsAttr::get(type, Attribute(b.getF32FloatAttr(v)))); };
    Value x = division.getLhs(), r = splat(1 / *divisor), minus = splat(-*divisor);
    Value q = arith::MulFOp::create(b, op.getLoc(), x, r);
    Value rest = vector::FMAOp::create(b, op.getLoc(), q, minus, x);
    q = vector::FMAOp::create(b, op.getLoc(), rest, r, q);
    b.modifyOpInPlace(op, [&] { op.getOperandMutable().assign(q); });
    return success();
  }
};

} // namespace

void ingot::populateQuotients(RewritePatternSet &patterns) { patterns.add<DivideByConstant>(patterns.getContext()); }
