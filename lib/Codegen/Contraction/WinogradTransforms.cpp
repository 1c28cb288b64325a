//===- WinogradTransforms.cpp - F(4x4, 3x3) on vectors of channels -----------------------------===//
#include "WinogradTransforms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kPoints = Winograd4::kPoints, kResults = Winograd4::kResults;

/// Arithmetic on vectors, products and sums joined where the target can.
struct Arithmetic {
  OpBuilder &b;
  Location loc;
  arith::FastMathFlagsAttr contract = arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract);

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y, contract); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y, contract); }
  /// x * k + y
  Value fma(Value x, float k, Value y) {
    auto type = cast<VectorType>(x.getType());
    Value factor = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(b.getF32FloatAttr(k))));
    return add(arith::MulFOp::create(b, loc, x, factor, contract), y);
  }
};

} // namespace

/// Six elements to six, in one dimension.
static SmallVector<Value> transformInputLine(Arithmetic &a, ArrayRef<Value> d) {
  Value even = a.fma(d[2], -4, d[4]), odd = a.fma(d[1], -4, d[3]);
  Value outer = a.sub(d[4], d[2]), inner = a.sub(d[3], d[1]);
  return {a.fma(d[0], 4, a.fma(d[2], -5, d[4])), a.add(even, odd), a.sub(even, odd), a.fma(inner, 2, outer), a.fma(inner, -2, outer),
          a.fma(d[1], 4, a.fma(d[3], -5, d[5]))};
}

/// Six products to four results, in one dimension.
static SmallVector<Value> transformOutputLine(Arithmetic &a, ArrayRef<Value> m) {
  Value sumOne = a.add(m[1], m[2]), differenceOne = a.sub(m[1], m[2]), sumTwo = a.add(m[3], m[4]), differenceTwo = a.sub(m[3], m[4]);
  return {a.add(a.add(m[0], sumOne), sumTwo), a.fma(differenceTwo, 2, differenceOne), a.fma(sumTwo, 4, sumOne),
          a.add(a.fma(differenceTwo, 8, differenceOne), m[5])};
}

using Line = SmallVector<Value> (*)(Arithmetic &, ArrayRef<Value>);

/// A square of 6x6 through columns, then rows, that each become `results` elements.
static SmallVector<Value> transformSquare(Arithmetic &a, ArrayRef<Value> square, int64_t results, Line line) {
  SmallVector<Value> columns(results * kPoints), out;
  for (int64_t j = 0; j < kPoints; ++j) {
    SmallVector<Value> column;
    for (int64_t i = 0; i < kPoints; ++i) column.push_back(square[i * kPoints + j]);
    for (auto [i, v] : llvm::enumerate(line(a, column))) columns[i * kPoints + j] = v;
  }
  for (int64_t i = 0; i < results; ++i) out.append(line(a, ArrayRef(columns).slice(i * kPoints, kPoints)));
  return out;
}

SmallVector<Value> ingot::transformWinogradInput(OpBuilder &b, Location loc, ArrayRef<Value> d) {
  Arithmetic a{b, loc};
  return transformSquare(a, d, kPoints, transformInputLine);
}

SmallVector<Value> ingot::transformWinogradOutput(OpBuilder &b, Location loc, ArrayRef<Value> m) {
  Arithmetic a{b, loc};
  return transformSquare(a, m, kResults, transformOutputLine);
}
