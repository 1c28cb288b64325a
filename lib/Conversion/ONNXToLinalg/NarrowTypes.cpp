//===- NarrowTypes.cpp - conversions of 8- and 4-bit floats and of 4- and 2-bit integers ----===//
//
// Branch-free integer arithmetic on the bits of an f32, so that a loop of them stays vector code. The formats are those of "FP8 Formats
// for Deep Learning" (Micikevicius et al., 2022), "8-bit Numerical Formats for Deep Neural Networks" (Noune et al., 2022) and of the OCP
// Microscaling Formats specification; out-of-range values go where ONNX's Cast sends them.
//===-----------------------------------------------------------------------------===//
#include "NarrowTypes.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace ingot;

namespace {

/// What stands for values that are no numbers.
enum class Specials {
  IEEE,      // the largest exponent: infinities and NaN
  AllOnes,   // NaN where all bits are one, no infinity
  MinusZero, // NaN in place of -0, no infinity
  None
};

/// sign, exponent, mantissa; the value is 2^(exponent - bias) * 1.mantissa, or 2^(1 - bias) * 0.mantissa.
struct FloatFormat {
  unsigned exponentBits, mantissaBits;
  int bias;
  Specials specials;

  unsigned width() const { return exponentBits + mantissaBits; } // without the sign
  int ones() const { return (1 << width()) - 1; }
  int infinity() const { return ones() & ~((1 << mantissaBits) - 1); }
  int largest() const { return specials == Specials::IEEE ? infinity() - 1 : specials == Specials::AllOnes ? ones() - 1 : ones(); }
  unsigned shift() const { return 23 - mantissaBits; } // to where f32 has these bits
};

std::optional<FloatFormat> formatOf(Type type) {
  return llvm::TypeSwitch<Type, std::optional<FloatFormat>>(type)
      .Case<Float8E4M3FNType>([](auto) { return FloatFormat{4, 3, 7, Specials::AllOnes}; })
      .Case<Float8E4M3FNUZType>([](auto) { return FloatFormat{4, 3, 8, Specials::MinusZero}; })
      .Case<Float8E5M2Type>([](auto) { return FloatFormat{5, 2, 15, Specials::IEEE}; })
      .Case<Float8E5M2FNUZType>([](auto) { return FloatFormat{5, 2, 16, Specials::MinusZero}; })
      .Case<Float4E2M1FNType>([](auto) { return FloatFormat{2, 1, 1, Specials::None}; })
      .Default([](auto) { return std::nullopt; });
}

constexpr int kF32Infinity = 0x7f800000, kF32NaN = 0x7fc00000;

/// Arithmetic on an f32 and its bits.
struct Bits {
  ScalarBuilder &s;

  Type i32() { return s.b.getI32Type(); }
  Value c(int64_t v) { return s.constant(i32(), v); }
  Value ofFloat(Value x) { return arith::BitcastOp::create(s.b, s.loc, i32(), x); }
  Value toFloat(Value x) { return arith::BitcastOp::create(s.b, s.loc, s.b.getF32Type(), x); }
  Value ofByte(Value x) { return arith::ExtUIOp::create(s.b, s.loc, i32(), x); }
  Value toByte(Value x) { return arith::TruncIOp::create(s.b, s.loc, s.b.getI8Type(), x); }
  Value left(Value x, unsigned by) { return arith::ShLIOp::create(s.b, s.loc, x, c(by)); }
  Value right(Value x, unsigned by) { return arith::ShRUIOp::create(s.b, s.loc, x, c(by)); }
  Value mask(Value x, int64_t m) { return s.bitAnd(x, c(m)); }
  Value compare(arith::CmpIPredicate p, Value x, int64_t y) { return arith::CmpIOp::create(s.b, s.loc, p, x, c(y)); }
  Value above(Value x, int64_t y) { return compare(arith::CmpIPredicate::sgt, x, y); }
  Value equal(Value x, int64_t y) { return compare(arith::CmpIPredicate::eq, x, y); }
};

Value decodeFloat(ScalarBuilder &s, Value stored, const FloatFormat &f) {
  Bits b{s};
  Value code = b.ofByte(stored), magnitude = b.mask(code, f.ones());
  // With the exponent still biased as in the narrow format; a product with a power of two sets that right, subnormal numbers too.
  Value scaled = b.left(magnitude, f.shift());
  Value bits = b.ofFloat(s.mul(b.toFloat(scaled), s.constant(s.b.getF32Type(), std::ldexp(1.0, 127 - f.bias))));
  switch (f.specials) {
  case Specials::IEEE: bits = s.select(b.above(magnitude, f.infinity() - 1), s.bitOr(scaled, b.c(kF32Infinity)), bits); break;
  case Specials::AllOnes: bits = s.select(b.equal(magnitude, f.ones()), b.c(kF32NaN), bits); break;
  case Specials::MinusZero: bits = s.select(b.equal(code, 1 << f.width()), b.c(kF32NaN), bits); break;
  case Specials::None: break;
  }
  Value sign = b.left(b.mask(code, 1 << f.width()), 31 - f.width());
  return b.toFloat(s.bitOr(bits, sign));
}

Value encodeFloat(ScalarBuilder &s, Value x, const FloatFormat &f, bool saturate) {
  Bits b{s};
  Value all = b.ofFloat(x), bits = b.mask(all, 0x7fffffff);
  // Normal numbers: halves to even by adding just under half, and the last bit that stays.
  Value last = b.mask(b.right(bits, f.shift()), 1);
  Value rounded = b.right(s.add(bits, s.add(last, b.c((1 << (f.shift() - 1)) - 1))), f.shift());
  Value normal = s.sub(rounded, b.c((127 - f.bias) << f.mantissaBits));
  // Subnormal ones: the addition of a number whose last bit is worth the smallest subnormal rounds to a multiple of that.
  float magic = std::ldexp(1.0f, 24 - f.bias - int(f.mantissaBits));
  Value sum = b.ofFloat(s.add(b.toFloat(bits), s.constant(s.b.getF32Type(), magic)));
  Value subnormal = s.sub(sum, b.c(llvm::bit_cast<int32_t>(magic)));
  Value code = s.select(b.above(bits, llvm::bit_cast<int32_t>(std::ldexp(1.0f, 1 - f.bias)) - 1), normal, subnormal);

  int notANumber = f.specials == Specials::IEEE ? f.infinity() | 1 << (f.mantissaBits - 1) : f.specials == Specials::AllOnes ? f.ones() : 0;
  int beyond = saturate || f.specials == Specials::None ? f.largest() : f.specials == Specials::IEEE ? f.infinity() : notANumber;
  Value isNaN = b.above(bits, kF32Infinity), isBeyond = b.above(code, f.largest());
  code = s.select(isBeyond, b.c(beyond), code);
  code = s.select(isNaN, b.c(notANumber), code);
  Value withSign = s.bitOr(code, b.mask(b.right(all, 31 - f.width()), 1 << f.width()));
  int minusZero = 1 << f.width();
  if (f.specials == Specials::None) return b.toByte(s.select(isNaN, b.c(minusZero), withSign));
  if (f.specials != Specials::MinusZero) return b.toByte(withSign);
  // There is one zero; the code of the other is NaN.
  withSign = s.select(b.equal(code, 0), b.c(0), withSign);
  Value becomesNaN = saturate ? isNaN : s.bitOr(isNaN, isBeyond);
  return b.toByte(s.select(becomesNaN, b.c(minusZero), withSign));
}

/// 2^(code - 127); 255 is NaN.
Value decodePowerOfTwo(ScalarBuilder &s, Value stored) {
  Bits b{s};
  Value code = b.ofByte(stored);
  Value bits = s.select(b.equal(code, 0), b.c(1 << 22), b.left(code, 23)); // 2^-127 is subnormal
  return b.toFloat(s.select(b.equal(code, 255), b.c(kF32NaN), bits));
}

/// The sign is lost: only magnitudes have a code.
Value encodePowerOfTwo(ScalarBuilder &s, Value x, const CastMode &mode) {
  Bits b{s};
  Value bits = b.mask(b.ofFloat(x), 0x7fffffff), exponent = b.right(bits, 23), mantissa = b.mask(bits, 0x7fffff);
  Value code = exponent;
  if (mode.roundMode != "down") {
    // Rounds up above the power of two itself, or from the middle between two on. Subnormal numbers lie above 2^-127, which has the
    // highest bit of the mantissa alone.
    bool toNearest = mode.roundMode == "nearest";
    Value least = s.select(b.equal(exponent, 0), b.c(toNearest ? 3 << 21 : (1 << 22) + 1), b.c(toNearest ? 1 << 22 : 1));
    Value roundsUp = arith::CmpIOp::create(s.b, s.loc, arith::CmpIPredicate::sge, mantissa, least);
    code = s.add(code, s.cast(roundsUp, b.i32(), true, false));
  }
  code = s.select(b.above(code, 254), b.c(mode.saturate ? 254 : 255), code);
  return b.toByte(s.select(b.above(bits, kF32Infinity), b.c(255), code));
}

/// An f32 from an f64 so that a second rounding, to fewer bits, gives what one rounding would have given: what is not exact gets an odd last
/// bit ("rounding to odd", Boldo and Melquiond).
Value toOddF32(ScalarBuilder &s, Value x) {
  Bits b{s};
  Value nearest = arith::TruncFOp::create(s.b, s.loc, s.b.getF32Type(), x);
  Value back = arith::ExtFOp::create(s.b, s.loc, x.getType(), nearest);
  Value bits = b.ofFloat(nearest);
  Value inexact = arith::CmpFOp::create(s.b, s.loc, arith::CmpFPredicate::ONE, back, x);
  Value isEven = b.equal(b.mask(bits, 1), 0);
  Value tooFar = arith::CmpFOp::create(s.b, s.loc, arith::CmpFPredicate::OGT, s.abs(back), s.abs(x));
  Value odd = s.select(tooFar, s.sub(bits, b.c(1)), s.add(bits, b.c(1)));
  return b.toFloat(s.select(s.bitAnd(inexact, isEven), odd, bits));
}

/// The low bits of a byte, spread to all of it as the sign of the integer says.
Value decodeInteger(ScalarBuilder &s, Value stored, IntegerType type) {
  unsigned unused = 8 - type.getWidth();
  Value by = s.like(stored, unused), high = arith::ShLIOp::create(s.b, s.loc, stored, by);
  if (type.isUnsigned()) return arith::ShRUIOp::create(s.b, s.loc, high, by);
  return arith::ShRSIOp::create(s.b, s.loc, high, by);
}

bool isBelowByte(Type type) { return type.isInteger() && !type.isInteger(1) && type.getIntOrFloatBitWidth() < 8; }

} // namespace

bool ingot::isNarrow(Type element) {
  auto f = dyn_cast<FloatType>(element);
  return (f && f.getWidth() <= 8) || isBelowByte(element);
}

Type ingot::storageType(Type element) {
  MLIRContext *context = element.getContext();
  if (isNarrow(element)) return IntegerType::get(context, 8);
  // A string is its pointer and its size, which move like any pair of numbers.
  if (isa<onnx::StringType>(element)) return ComplexType::get(IntegerType::get(context, 64));
  if (auto i = dyn_cast<IntegerType>(element)) return IntegerType::get(context, i.getWidth());
  if (auto c = dyn_cast<ComplexType>(element); c && isa<FloatType>(c.getElementType()))
    return IntegerType::get(context, 2 * c.getElementType().getIntOrFloatBitWidth());
  return element;
}

Value ingot::decode(ScalarBuilder &s, Value stored, Type from) {
  if (auto format = formatOf(from)) return decodeFloat(s, stored, *format);
  if (isa<Float8E8M0FNUType>(from)) return decodePowerOfTwo(s, stored);
  if (isBelowByte(from)) return decodeInteger(s, stored, cast<IntegerType>(from));
  return stored;
}

Value ingot::encode(ScalarBuilder &s, Value x, Type to, bool isUnsigned, const CastMode &mode) {
  auto format = formatOf(to);
  if (format || isa<Float8E8M0FNUType>(to)) {
    Value f = x.getType().isF64() ? toOddF32(s, x) : s.cast(x, s.b.getF32Type(), isUnsigned, false);
    return format ? encodeFloat(s, f, *format, mode.saturate) : encodePowerOfTwo(s, f, mode);
  }
  Value whole = s.cast(x, storageType(to), isUnsigned, to.isUnsignedInteger());
  return isBelowByte(to) ? s.bitAnd(whole, s.like(whole, (1 << to.getIntOrFloatBitWidth()) - 1)) : whole;
}

Value ingot::castElement(ScalarBuilder &s, Value stored, Type from, Type to, const CastMode &mode) {
  Value x = decode(s, stored, from);
  // No target converts an f64 to 16 bits by itself.
  if (from.isF64() && (to.isF16() || to.isBF16())) x = toOddF32(s, x);
  return encode(s, x, to, from.isUnsignedInteger(), mode);
}
