//===- ScalarBuilder.h - scalar arithmetic over any element type ------------------===//
//
// The rows of the op table write their scalar operation once, over `s`: s.add(a, b) becomes arith.addf or arith.addi as the type
// demands, s.lt(a, b) a signed, unsigned or ordered comparison.  Works on vectors of scalars too.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_SCALARBUILDER_H
#define INGOT_DIALECT_ONNX_SCALARBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace ingot {

class ScalarBuilder {
public:
  /// `isUnsigned`: the integers among the operands are unsigned in ONNX.  `resultType`: signless element type wanted.
  ScalarBuilder(mlir::OpBuilder &b, mlir::Location loc, bool isUnsigned, mlir::Type resultType)
      : b(b), loc(loc), isUnsigned(isUnsigned), resultType(resultType) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool isUnsigned;
  mlir::Type resultType;

  /// A constant of the type, from a number that is exact in it.
  mlir::Value constant(mlir::Type type, double v);
  mlir::Value like(mlir::Value x, double v) { return constant(x.getType(), v); }
  /// Smallest and largest value of the type (infinities for floats).
  mlir::Value lowest(mlir::Type type);
  mlir::Value highest(mlir::Type type);

  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  /// Integer division truncates; by zero it gives zero, and the lowest value by -1 gives itself.
  mlir::Value div(mlir::Value x, mlir::Value y);
  /// NaN if one is NaN.
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  /// The remainder with the sign of `x` (as C's % and fmod), and that with the sign of `y` (as Python's %).
  mlir::Value rem(mlir::Value x, mlir::Value y);
  mlir::Value floorMod(mlir::Value x, mlir::Value y);
  /// At least `low`, then at most `high`; a null bound is none.
  mlir::Value clamp(mlir::Value x, mlir::Value low, mlir::Value high);
  /// -1, 0 or 1; NaN stays.
  mlir::Value sign(mlir::Value x);
  mlir::Value neg(mlir::Value x);
  mlir::Value abs(mlir::Value x);
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z);

  mlir::Value lt(mlir::Value x, mlir::Value y);
  mlir::Value le(mlir::Value x, mlir::Value y);
  mlir::Value gt(mlir::Value x, mlir::Value y) { return lt(y, x); }
  mlir::Value ge(mlir::Value x, mlir::Value y) { return le(y, x); }
  mlir::Value eq(mlir::Value x, mlir::Value y);
  mlir::Value isNaN(mlir::Value x);
  mlir::Value isInf(mlir::Value x, bool negative, bool positive);
  mlir::Value select(mlir::Value cond, mlir::Value x, mlir::Value y);
  mlir::Value bitAnd(mlir::Value x, mlir::Value y);
  mlir::Value bitOr(mlir::Value x, mlir::Value y);
  mlir::Value bitXor(mlir::Value x, mlir::Value y);
  mlir::Value bitNot(mlir::Value x);
  mlir::Value shiftLeft(mlir::Value x, mlir::Value y);
  mlir::Value shiftRight(mlir::Value x, mlir::Value y);

  /// Any unary op of the math dialect (or arith), by its C++ class: s.math<math::ExpOp>(x).
  template <class OpT> mlir::Value math(mlir::Value x) { return OpT::create(b, loc, x).getResult(); }
  template <class OpT> mlir::Value math(mlir::Value x, mlir::Value y) { return OpT::create(b, loc, x, y).getResult(); }
  mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value sqrt(mlir::Value x);
  mlir::Value tanh(mlir::Value x);
  mlir::Value erf(mlir::Value x);
  mlir::Value sigmoid(mlir::Value x);
  mlir::Value softplus(mlir::Value x);
  mlir::Value expm1(mlir::Value x);
  /// log(exp(x) + exp(y)) without overflow.
  mlir::Value logAddExp(mlir::Value x, mlir::Value y);
  mlir::Value gelu(mlir::Value x, bool tanhApproximation);
  /// x + bias below -lambda, x - bias above lambda, else 0.
  mlir::Value shrink(mlir::Value x, double lambda, double bias);
  /// The result has the type of `x`; `y` may be of another.
  mlir::Value pow(mlir::Value x, mlir::Value y);
  /// Converts between any two arithmetic types as ONNX's Cast does (floats to integers truncate, x != 0 to bool, ...).
  mlir::Value cast(mlir::Value x, mlir::Type to, bool fromUnsigned, bool toUnsigned);
};

} // namespace ingot

#endif
