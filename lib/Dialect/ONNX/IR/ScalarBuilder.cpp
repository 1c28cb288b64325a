//===- ScalarBuilder.cpp - scalar arithmetic by element type, over arith and math -------===//
#include "ingot/Dialect/ONNX/ScalarBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLFunctionalExtras.h"

using namespace mlir;
using namespace ingot;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static bool isFloat(Value x) { return isa<FloatType>(getElementTypeOrSelf(x.getType())); }
static bool isBool(Type type) { return getElementTypeOrSelf(type).isInteger(1); }
static unsigned widthOf(Value x) { return getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(); }

/// `element`, in the vector shape of `shape` if that is a vector.
static Type withShapeOf(Type shape, Type element) {
  if (auto vector = dyn_cast<VectorType>(shape)) return vector.clone(element);
  return element;
}

static Value constantOf(ScalarBuilder &s, Type type, TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(type)) return arith::ConstantOp::create(s.b, s.loc, DenseElementsAttr::get(vector, scalar));
  return arith::ConstantOp::create(s.b, s.loc, scalar);
}

static Value integer(ScalarBuilder &s, Type type, const APInt &v) {
  return constantOf(s, type, s.b.getIntegerAttr(getElementTypeOrSelf(type), v));
}

static Value compare(ScalarBuilder &s, CmpFPredicate onFloats, CmpIPredicate onIntegers, Value x, Value y) {
  if (isFloat(x)) return arith::CmpFOp::create(s.b, s.loc, onFloats, x, y);
  return arith::CmpIOp::create(s.b, s.loc, onIntegers, x, y);
}

template <class FloatOp, class IntOp> static Value byKind(ScalarBuilder &s, Value x, Value y) {
  if (isFloat(x)) return FloatOp::create(s.b, s.loc, x, y);
  return IntOp::create(s.b, s.loc, x, y);
}

/// Applies `f`, which is defined on floats, to integers by way of f64.
static Value throughFloat(ScalarBuilder &s, Value x, llvm::function_ref<Value(Value)> f) {
  if (isFloat(x)) return f(x);
  Type type = getElementTypeOrSelf(x.getType());
  return s.cast(f(s.cast(x, s.b.getF64Type(), s.isUnsigned, false)), type, false, s.isUnsigned);
}

//===------------------------------- constants -----------------------------------===//

Value ScalarBuilder::constant(Type type, double v) {
  Type element = getElementTypeOrSelf(type);
  if (isa<FloatType>(element)) return constantOf(*this, type, b.getFloatAttr(element, v));
  if (isa<IndexType>(element)) return constantOf(*this, type, b.getIndexAttr(static_cast<int64_t>(v)));
  return integer(*this, type, APInt(element.getIntOrFloatBitWidth(), static_cast<int64_t>(v), true, /*implicitTrunc=*/true));
}

Value ScalarBuilder::lowest(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto f = dyn_cast<FloatType>(element)) return constantOf(*this, type, b.getFloatAttr(f, APFloat::getInf(f.getFloatSemantics(), true)));
  unsigned width = element.getIntOrFloatBitWidth();
  return integer(*this, type, isUnsigned || width == 1 ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
}

Value ScalarBuilder::highest(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto f = dyn_cast<FloatType>(element)) return constantOf(*this, type, b.getFloatAttr(f, APFloat::getInf(f.getFloatSemantics())));
  unsigned width = element.getIntOrFloatBitWidth();
  return integer(*this, type, isUnsigned || width == 1 ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
}

//===------------------------------- arithmetic -----------------------------------===//

Value ScalarBuilder::add(Value x, Value y) { return byKind<arith::AddFOp, arith::AddIOp>(*this, x, y); }
Value ScalarBuilder::sub(Value x, Value y) { return byKind<arith::SubFOp, arith::SubIOp>(*this, x, y); }
Value ScalarBuilder::mul(Value x, Value y) { return byKind<arith::MulFOp, arith::MulIOp>(*this, x, y); }
Value ScalarBuilder::fma(Value x, Value y, Value z) {
  if (isFloat(x)) return math::FmaOp::create(b, loc, x, y, z);
  return add(mul(x, y), z);
}

/// A divisor that is neither 0 nor (if signed) -1, which are undefined for the integer instructions.
static Value safeDivisor(ScalarBuilder &s, Value y, Value isZero, Value isMinusOne) {
  Value bad = isMinusOne ? s.bitOr(isZero, isMinusOne) : isZero;
  return s.select(bad, s.like(y, 1), y);
}

Value ScalarBuilder::div(Value x, Value y) {
  if (isFloat(x)) return arith::DivFOp::create(b, loc, x, y);
  Value zero = like(x, 0), isZero = eq(y, zero);
  if (isUnsigned) return select(isZero, zero, arith::DivUIOp::create(b, loc, x, safeDivisor(*this, y, isZero, {})));
  Value isMinusOne = eq(y, like(y, -1));
  Value quotient = arith::DivSIOp::create(b, loc, x, safeDivisor(*this, y, isZero, isMinusOne));
  return select(isZero, zero, select(isMinusOne, sub(zero, x), quotient));
}

Value ScalarBuilder::rem(Value x, Value y) {
  if (isFloat(x)) return arith::RemFOp::create(b, loc, x, y);
  Value zero = like(x, 0), isZero = eq(y, zero);
  if (isUnsigned) return select(isZero, zero, arith::RemUIOp::create(b, loc, x, safeDivisor(*this, y, isZero, {})));
  // A divisor replaced by 1 leaves 0, which is the wanted remainder for -1 too.
  return arith::RemSIOp::create(b, loc, x, safeDivisor(*this, y, isZero, eq(y, like(y, -1))));
}

Value ScalarBuilder::floorMod(Value x, Value y) {
  Value r = rem(x, y), zero = like(x, 0);
  if (!isFloat(x) && isUnsigned) return r;
  Value otherSign = bitXor(lt(r, zero), lt(y, zero));
  return select(bitAnd(otherSign, bitNot(eq(r, zero))), add(r, y), r);
}

Value ScalarBuilder::max(Value x, Value y) {
  if (isUnsigned || isBool(x.getType())) return byKind<arith::MaximumFOp, arith::MaxUIOp>(*this, x, y);
  return byKind<arith::MaximumFOp, arith::MaxSIOp>(*this, x, y);
}
Value ScalarBuilder::min(Value x, Value y) {
  if (isUnsigned || isBool(x.getType())) return byKind<arith::MinimumFOp, arith::MinUIOp>(*this, x, y);
  return byKind<arith::MinimumFOp, arith::MinSIOp>(*this, x, y);
}
Value ScalarBuilder::clamp(Value x, Value low, Value high) {
  if (low) x = max(x, low);
  return high ? min(x, high) : x;
}
Value ScalarBuilder::neg(Value x) {
  if (isFloat(x)) return arith::NegFOp::create(b, loc, x);
  return sub(like(x, 0), x);
}
Value ScalarBuilder::abs(Value x) {
  if (isFloat(x)) return math::AbsFOp::create(b, loc, x);
  return isUnsigned ? x : math::AbsIOp::create(b, loc, x).getResult();
}
Value ScalarBuilder::sign(Value x) {
  Value zero = like(x, 0);
  // What is neither above nor below is 0 or NaN, and stays.
  Value rest = !isFloat(x) && isUnsigned ? x : select(lt(x, zero), like(x, -1), x);
  return select(gt(x, zero), like(x, 1), rest);
}
Value ScalarBuilder::shrink(Value x, double lambda, double bias) {
  // The threshold is a float even where the data are integers.
  Type element = getElementTypeOrSelf(x.getType());
  Value f = isFloat(x) ? x : cast(x, b.getF64Type(), isUnsigned, false);
  Value inside = select(gt(f, like(f, lambda)), sub(f, like(f, bias)), like(f, 0));
  return cast(select(lt(f, like(f, -lambda)), add(f, like(f, bias)), inside), element, false, isUnsigned);
}

//===------------------------- comparison, selection, bits --------------------------===//

Value ScalarBuilder::lt(Value x, Value y) {
  bool u = isUnsigned || isBool(x.getType());
  return compare(*this, CmpFPredicate::OLT, u ? CmpIPredicate::ult : CmpIPredicate::slt, x, y);
}
Value ScalarBuilder::le(Value x, Value y) {
  bool u = isUnsigned || isBool(x.getType());
  return compare(*this, CmpFPredicate::OLE, u ? CmpIPredicate::ule : CmpIPredicate::sle, x, y);
}
Value ScalarBuilder::eq(Value x, Value y) { return compare(*this, CmpFPredicate::OEQ, CmpIPredicate::eq, x, y); }
Value ScalarBuilder::isNaN(Value x) {
  if (!isFloat(x)) return constant(withShapeOf(x.getType(), b.getI1Type()), 0);
  return arith::CmpFOp::create(b, loc, CmpFPredicate::UNO, x, x);
}
Value ScalarBuilder::isInf(Value x, bool negative, bool positive) {
  if (!isFloat(x) || (!negative && !positive)) return constant(withShapeOf(x.getType(), b.getI1Type()), 0);
  if (negative && positive) return eq(abs(x), highest(x.getType()));
  return eq(x, negative ? lowest(x.getType()) : highest(x.getType()));
}
Value ScalarBuilder::select(Value cond, Value x, Value y) { return arith::SelectOp::create(b, loc, cond, x, y); }
Value ScalarBuilder::bitAnd(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitOr(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitXor(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitNot(Value x) { return bitXor(x, like(x, -1)); }

/// Shifts by the width or more, which are undefined for the instruction, give 0.
template <class ShiftOp> static Value shift(ScalarBuilder &s, Value x, Value y) {
  Value width = s.like(y, widthOf(x)), zero = s.like(x, 0);
  Value inRange = arith::CmpIOp::create(s.b, s.loc, CmpIPredicate::ult, y, width);
  return s.select(inRange, ShiftOp::create(s.b, s.loc, x, s.select(inRange, y, s.like(y, 0))), zero);
}
Value ScalarBuilder::shiftLeft(Value x, Value y) { return shift<arith::ShLIOp>(*this, x, y); }
Value ScalarBuilder::shiftRight(Value x, Value y) { return shift<arith::ShRUIOp>(*this, x, y); }

//===----------------------------- transcendentals ---------------------------------===//

Value ScalarBuilder::exp(Value x) { return throughFloat(*this, x, [&](Value f) { return math<math::ExpOp>(f); }); }
Value ScalarBuilder::log(Value x) { return throughFloat(*this, x, [&](Value f) { return math<math::LogOp>(f); }); }
Value ScalarBuilder::sqrt(Value x) { return throughFloat(*this, x, [&](Value f) { return math<math::SqrtOp>(f); }); }
Value ScalarBuilder::tanh(Value x) { return math<math::TanhOp>(x); }
Value ScalarBuilder::erf(Value x) { return math<math::ErfOp>(x); }
Value ScalarBuilder::expm1(Value x) { return math<math::ExpM1Op>(x); }
Value ScalarBuilder::sigmoid(Value x) { return div(like(x, 1), add(like(x, 1), exp(neg(x)))); }
// max(x, 0) + log(1 + exp(-|x|)): the exponential never overflows.
Value ScalarBuilder::softplus(Value x) { return add(max(x, like(x, 0)), math<math::Log1pOp>(exp(neg(abs(x))))); }

Value ScalarBuilder::logAddExp(Value x, Value y) {
  auto onFloats = [&](Value x, Value y) {
    Value tail = math<math::Log1pOp>(exp(neg(abs(sub(x, y)))));
    // Equal operands include two infinities, whose difference is no number.
    return add(max(x, y), select(eq(x, y), like(x, 0.69314718055994530942), tail));
  };
  if (isFloat(x)) return onFloats(x, y);
  Type type = getElementTypeOrSelf(x.getType()), f64 = b.getF64Type();
  return cast(onFloats(cast(x, f64, isUnsigned, false), cast(y, f64, isUnsigned, false)), type, false, isUnsigned);
}

Value ScalarBuilder::gelu(Value x, bool tanhApproximation) {
  Value half = mul(like(x, 0.5), x), inner;
  if (tanhApproximation) {
    Value cubic = mul(mul(x, x), mul(x, like(x, 0.044715)));
    inner = tanh(mul(like(x, 0.79788456080286535588), add(x, cubic))); // sqrt(2 / pi)
  } else {
    inner = erf(mul(x, like(x, 0.70710678118654752440)));
  }
  return mul(half, add(like(x, 1), inner));
}

Value ScalarBuilder::pow(Value x, Value y) {
  Type type = getElementTypeOrSelf(x.getType()), f64 = b.getF64Type();
  if (isFloat(x)) return math<math::PowFOp>(x, cast(y, type, isUnsigned, false));
  return cast(math<math::PowFOp>(cast(x, f64, isUnsigned, false), cast(y, f64, isUnsigned, false)), type, false, isUnsigned);
}

//===-------------------------------- conversion ------------------------------------===//

/// Truncation of a float whose value is first brought into the range of the integer, as the instruction is undefined outside.
/// NaN counts as the lower end.
template <class ConvertOp> static Value truncateInRange(ScalarBuilder &s, Value x, Type to, const APInt &low, const APInt &high) {
  const llvm::fltSemantics &semantics = cast<FloatType>(getElementTypeOrSelf(x.getType())).getFloatSemantics();
  auto bound = [&](const APInt &v) {
    APFloat f(semantics);
    f.convertFromAPInt(v, std::is_same_v<ConvertOp, arith::FPToSIOp>, APFloat::rmTowardZero);
    return constantOf(s, x.getType(), s.b.getFloatAttr(getElementTypeOrSelf(x.getType()), f));
  };
  Value inRange = arith::MinNumFOp::create(s.b, s.loc, arith::MaxNumFOp::create(s.b, s.loc, x, bound(low)), bound(high));
  return ConvertOp::create(s.b, s.loc, withShapeOf(x.getType(), to), inRange);
}

static Value floatToInteger(ScalarBuilder &s, Value x, IntegerType to, bool toUnsigned) {
  unsigned width = to.getWidth();
  if (width < 32 || (width == 32 && toUnsigned)) {
    // Through a wider signed integer, so that values just outside wrap as C compilers and NumPy have it.
    unsigned wide = width < 32 ? 32 : 64;
    Value w = truncateInRange<arith::FPToSIOp>(s, x, s.b.getIntegerType(wide), APInt::getSignedMinValue(wide), APInt::getSignedMaxValue(wide));
    return arith::TruncIOp::create(s.b, s.loc, withShapeOf(x.getType(), to), w);
  }
  Value asSigned = truncateInRange<arith::FPToSIOp>(s, x, to, APInt::getSignedMinValue(width), APInt::getSignedMaxValue(width));
  if (!toUnsigned) return asSigned;
  Value asUnsigned = truncateInRange<arith::FPToUIOp>(s, x, to, APInt::getMinValue(width), APInt::getMaxValue(width));
  return s.select(s.lt(x, s.like(x, 0)), asSigned, asUnsigned);
}

Value ScalarBuilder::cast(Value x, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = getElementTypeOrSelf(x.getType()), target = withShapeOf(x.getType(), to);
  if (from == to) return x;
  bool zeroExtend = fromUnsigned || from.isInteger(1);
  if (auto toFloat = dyn_cast<FloatType>(to)) {
    if (auto fromFloat = dyn_cast<FloatType>(from)) {
      // Between bf16 or f16 and f64 by way of f32, as no target does both steps at once.
      if (std::min(toFloat.getWidth(), fromFloat.getWidth()) == 16 && std::max(toFloat.getWidth(), fromFloat.getWidth()) == 64)
        return cast(cast(x, b.getF32Type(), false, false), to, false, false);
      if (toFloat.getWidth() > fromFloat.getWidth()) return arith::ExtFOp::create(b, loc, target, x);
      if (toFloat.getWidth() < fromFloat.getWidth()) return arith::TruncFOp::create(b, loc, target, x);
      // Two formats of one width meet in f32.
      return arith::TruncFOp::create(b, loc, target, arith::ExtFOp::create(b, loc, withShapeOf(x.getType(), b.getF32Type()), x));
    }
    if (zeroExtend) return arith::UIToFPOp::create(b, loc, target, x);
    return arith::SIToFPOp::create(b, loc, target, x);
  }
  if (to.isInteger(1)) {
    Value zero = like(x, 0);
    return compare(*this, CmpFPredicate::UNE, CmpIPredicate::ne, x, zero);
  }
  if (isa<FloatType>(from)) return floatToInteger(*this, x, mlir::cast<IntegerType>(to), toUnsigned);
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth()) return arith::TruncIOp::create(b, loc, target, x);
  if (zeroExtend) return arith::ExtUIOp::create(b, loc, target, x);
  return arith::ExtSIOp::create(b, loc, target, x);
}
