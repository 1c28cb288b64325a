//===- MathApproximation.cpp - transcendental functions as polynomials ---------------------------===//
//
// Branch-free, so that they stay vector code: exponents are taken apart with integer operations, the rest is a polynomial. No conversion
// from float to integer is used, since that of a NaN is undefined.
//===-----------------------------------------------------------------------------------------------===//
#include "MathApproximation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include <limits>

using namespace mlir;

namespace {

/// Arithmetic on an f32 scalar or vector, and the integers of the same shape.
struct F32 {
  ImplicitLocOpBuilder b;
  Type type, intType;

  F32(PatternRewriter &rewriter, Location loc, Type type) : b(loc, rewriter), type(type), intType(b.getI32Type()) {
    if (auto v = dyn_cast<VectorType>(type)) intType = v.clone(intType);
  }
  Value splat(Type t, TypedAttr scalar) {
    if (auto v = dyn_cast<VectorType>(t)) return arith::ConstantOp::create(b, DenseElementsAttr::get(v, Attribute(scalar)));
    return arith::ConstantOp::create(b, scalar);
  }
  Value c(float v) { return splat(type, b.getF32FloatAttr(v)); }
  Value i(int32_t v) { return splat(intType, b.getI32IntegerAttr(v)); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  /// x * y + z, rounded once where the target can.
  Value fma(Value x, Value y, Value z) {
    auto contract = arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract);
    Value p = arith::MulFOp::create(b, x, y, contract);
    return arith::AddFOp::create(b, p, z, contract);
  }
  Value addi(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subi(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value toInt(Value x) { return arith::BitcastOp::create(b, intType, x); }
  Value toFloat(Value x) { return arith::BitcastOp::create(b, type, x); }
  Value less(Value x, Value y) { return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y); }
  Value select(Value p, Value x, Value y) { return arith::SelectOp::create(b, p, x, y); }
  /// Bounds that let a NaN through.
  Value clamp(Value x, float lo, float hi) {
    x = select(less(x, c(lo)), c(lo), x);
    return select(less(c(hi), x), c(hi), x);
  }
  /// Coefficients from the highest power down.
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value p = c(coefficients.front());
    for (float k : coefficients.drop_front()) p = fma(p, x, c(k));
    return p;
  }
  /// 2^n for an integer n in [-126, 127].
  Value powerOfTwo(Value n) { return toFloat(arith::ShLIOp::create(b, addi(n, i(127)), i(23))); }

  /// Of x = n ln 2 + r: n, and e^r - 1.
  std::pair<Value, Value> reducedExp(Value x);
  /// The magnitude of a number that is not negative, with another's sign.
  Value withSignOf(Value magnitude, Value x) {
    return toFloat(arith::OrIOp::create(b, toInt(magnitude), arith::AndIOp::create(b, toInt(x), i(std::numeric_limits<int32_t>::min()))));
  }

  Value exp(Value x);
  Value expm1(Value x);
  Value sigmoid(Value x);
  Value log(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sin(Value x) { return circular(x, 0); }
  Value cos(Value x) { return circular(x, 1); }
  Value circular(Value x, int32_t quarters);
};

/// n = round(x / ln 2), |r| <= ln 2 / 2; e^r by the minimax polynomial of Cephes (expf.c).
std::pair<Value, Value> F32::reducedExp(Value x) {
  // Adding 1.5 * 2^23 rounds to an integer, which then lies in the low bits.
  Value magic = c(12582912.0f);
  Value shifted = fma(x, c(1.44269504088896341f), magic);
  Value n = subi(toInt(shifted), i(0x4B400000)), rounded = sub(shifted, magic);
  Value r = fma(rounded, c(-0.693359375f), x);
  r = fma(rounded, c(2.12194440e-4f), r);
  Value p = polynomial(r, {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f});
  return {n, fma(mul(p, r), r, r)};
}

/// e^x = 2^n e^r. 2^n is applied in two halves, so that results below the smallest normal number and just under the largest come out right.
Value F32::exp(Value x) {
  auto [n, p] = reducedExp(clamp(x, -104.0f, 89.0f));
  Value half = arith::ShRSIOp::create(b, n, i(1));
  return mul(mul(add(p, c(1.0f)), powerOfTwo(half)), powerOfTwo(subi(n, half)));
}

/// 1 / (1 + e^-x), e^-x as in exp. Beyond +-87, where the result is 1 or less than 1e-37, there is nothing to be exact about: 2^n is applied once,
/// by adding n to the exponent, which the low bits of `shifted` hold.
Value F32::sigmoid(Value x) {
  x = clamp(x, -87.0f, 87.0f);
  Value magic = c(12582912.0f);
  Value shifted = fma(x, c(-1.44269504088896341f), magic), rounded = sub(shifted, magic);
  Value r = fma(rounded, c(0.693359375f), x);
  r = fma(rounded, c(-2.12194440e-4f), r);
  // e^-r
  Value p = polynomial(r, {-1.9875691500e-4f, 1.3981999507e-3f, -8.3334519073e-3f, 4.1665795894e-2f, -1.6666665459e-1f, 5.0000001201e-1f});
  p = add(fma(mul(p, r), r, arith::NegFOp::create(b, r)), c(1.0f));
  Value e = toFloat(addi(toInt(p), arith::ShLIOp::create(b, toInt(shifted), i(23))));
  return div(c(1.0f), add(e, c(1.0f)));
}

/// log(2^e m) = e ln 2 + log(m), m in [sqrt(1/2), sqrt(2)); log(1 + f) by the minimax polynomial of Cephes (logf.c).
Value F32::log(Value x) {
  Value tiny = less(x, c(1.17549435e-38f));
  Value scaled = select(tiny, mul(x, c(8388608.0f)), x);
  Value bits = addi(toInt(scaled), i(0x3f800000 - 0x3f3504f3));
  Value exponent = subi(arith::ShRSIOp::create(b, bits, i(23)), i(127));
  Value e = arith::SIToFPOp::create(b, type, exponent);
  e = sub(e, select(tiny, c(23.0f), c(0.0f)));
  Value m = toFloat(addi(arith::AndIOp::create(b, bits, i(0x7fffff)), i(0x3f3504f3)));
  Value f = sub(m, c(1.0f)), f2 = mul(f, f);
  Value p = polynomial(f, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                           2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
  Value y = mul(mul(p, f), f2);
  y = fma(e, c(-2.12194440e-4f), y);
  y = fma(f2, c(-0.5f), y);
  Value result = fma(e, c(0.693359375f), add(f, y));
  // Zero, negative numbers, infinity and NaN.
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  result = select(less(x, c(inf)), result, x);
  result = select(less(x, c(0.0f)), c(nan), result);
  return select(arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, c(0.0f)), c(-inf), result);
}

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), which does not cancel; in halves, as 2^n may be beyond the largest number.
Value F32::expm1(Value x) {
  auto [n, p] = reducedExp(clamp(x, -25.0f, 89.0f));
  Value half = powerOfTwo(subi(n, i(1)));
  Value y = fma(p, half, sub(half, c(0.5f)));
  return add(y, y);
}

/// tanh(x) = e / (e + 2), e = e^(2|x|) - 1; 1 in f32 from 9.01 on. Below 0.55 an odd polynomial, a minimax fit made for this file (degree 4
/// in x^2, an error of 0.02 units in the last place).
Value F32::tanh(Value x) {
  Value t = clamp(math::AbsFOp::create(b, x), 0.0f, 9.1f), square = mul(t, t);
  Value p = polynomial(square, {-0.006274233106523752f, 0.021071674302220345f, -0.05385230854153633f, 0.13332585990428925f,
                                -0.33333316445350647f});
  Value e = expm1(add(t, t));
  Value y = select(less(t, c(0.55f)), fma(mul(p, square), t, t), div(e, add(e, c(2.0f))));
  return withSignOf(y, x);
}

/// Below 1 an odd polynomial, above 1 - e^-q(|x|) with a polynomial q; both are minimax fits in the relative error of the result, made for
/// this file (degree 6, errors of 0.02 and 0.01 units in the last place). From 4 on it is 1 in f32.
Value F32::erf(Value x) {
  Value t = clamp(math::AbsFOp::create(b, x), 0.0f, 4.0f), square = mul(t, t);
  Value p = polynomial(square, {7.853857823647559e-05f, -0.0008010192541405559f, 0.005188327748328447f, -0.026853810995817184f,
                                0.1128358542919159f, -0.3761262595653534f, 0.12837916612625122f});
  Value q = polynomial(t, {1.3962444427306764e-05f, -0.00035059204674325883f, 0.003757476806640625f, -0.024010069668293f,
                           0.10653086751699448f, 0.6349695324897766f, 0.1286943405866623f});
  // From 1 to 4 the exponent lies between -16 and -1: 2^n needs neither bounds nor halves.
  auto [n, e] = reducedExp(sub(c(0.0f), fma(q, t, t)));
  Value tail = sub(c(1.0f), mul(add(e, c(1.0f)), powerOfTwo(n)));
  return withSignOf(select(less(t, c(1.0f)), fma(p, t, t), tail), x);
}

/// sin(x + quarters * pi/2): x = n pi/2 + r, |r| <= pi/4, and the polynomial of sine or cosine by the quadrant (Cephes, sinf.c). The reduction
/// is in f64, so that it holds for angles of millions.
Value F32::circular(Value x, int32_t quarters) {
  auto shaped = [&](Type element) -> Type {
    if (auto v = dyn_cast<VectorType>(type)) return v.clone(element);
    return element;
  };
  Type f64 = shaped(b.getF64Type()), i64 = shaped(b.getI64Type());
  auto c64 = [&](double v) { return splat(f64, b.getF64FloatAttr(v)); };
  Value wide = arith::ExtFOp::create(b, f64, x), magic = c64(6755399441055744.0);
  Value shifted = add(mul(wide, c64(0.63661977236758134308)), magic);
  Value turns = sub(shifted, magic);
  Value rest = sub(sub(wide, mul(turns, c64(1.5707963267341256))), mul(turns, c64(6.0771005065061922e-11)));
  Value r = arith::TruncFOp::create(b, type, rest);
  Value quadrant = addi(arith::TruncIOp::create(b, intType, arith::BitcastOp::create(b, i64, shifted)), i(quarters));
  Value z = mul(r, r);
  Value sine = fma(mul(polynomial(z, {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f}), z), r, r);
  Value cosine = polynomial(z, {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f, -0.5f, 1.0f});
  Value odd = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, arith::AndIOp::create(b, quadrant, i(1)), i(0));
  Value sign = arith::ShLIOp::create(b, arith::AndIOp::create(b, quadrant, i(2)), i(30));
  return toFloat(arith::XOrIOp::create(b, toInt(select(odd, cosine, sine)), sign));
}

/// 1 / (1 + exp(-x)) on f32
struct RecogniseSigmoid : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::DivFOp op, PatternRewriter &rewriter) const override {
    auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
    if (!getElementTypeOrSelf(op.getType()).isF32() || !isOne(op.getLhs()) || !sum)
      return rewriter.notifyMatchFailure(op, "expected the reciprocal of a sum of f32");
    Value other = isOne(sum.getLhs()) ? sum.getRhs() : isOne(sum.getRhs()) ? sum.getLhs() : Value();
    auto exp = other ? other.getDefiningOp<math::ExpOp>() : nullptr;
    auto negated = exp ? exp.getOperand().getDefiningOp<arith::NegFOp>() : nullptr;
    if (!negated) return rewriter.notifyMatchFailure(op, "expected 1 + exp(-x)");
    F32 f(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, f.sigmoid(negated.getOperand()));
    return success();
  }
  static bool isOne(Value v) {
    if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) v = broadcast.getSource();
    return matchPattern(v, m_OneFloat());
  }
};

/// Replaces an op on f32 by `approximate`.
template <class OpT, Value (F32::*approximate)(Value)> struct Approximate : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32()) return rewriter.notifyMatchFailure(op, "expected f32");
    F32 f(rewriter, op.getLoc(), type);
    rewriter.replaceOp(op, (f.*approximate)(op.getOperand()));
    return success();
  }
};

} // namespace

void ingot::populateSigmoidApproximation(RewritePatternSet &patterns) { patterns.add<RecogniseSigmoid>(patterns.getContext()); }

void ingot::populateMathApproximation(RewritePatternSet &patterns) {
  patterns.add<Approximate<math::ExpOp, &F32::exp>, Approximate<math::ExpM1Op, &F32::expm1>, Approximate<math::LogOp, &F32::log>,
               Approximate<math::TanhOp, &F32::tanh>, Approximate<math::ErfOp, &F32::erf>, Approximate<math::SinOp, &F32::sin>,
               Approximate<math::CosOp, &F32::cos>>(patterns.getContext());
}
