//===- WinogradTransforms.cpp - Winograd's forms of 3x3 on vectors of channels -----------------===//
#include "WinogradTransforms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr float kWeights4[] = {1.0f / 4, 0, 0, -1.0f / 6, -1.0f / 6, -1.0f / 6, -1.0f / 6, 1.0f / 6, -1.0f / 6,
                               1.0f / 24, 1.0f / 12, 1.0f / 6, 1.0f / 24, -1.0f / 12, 1.0f / 6, 0, 0, 1};
constexpr float kWeights2[] = {1, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1};
const WinogradForm kForms[] = {{4, 6, kWeights4}, {2, 4, kWeights2}};

/// Arithmetic on vectors, products and sums joined where the target can.
struct Arithmetic {
  OpBuilder &b;
  Location loc;
  arith::FastMathFlagsAttr contract = arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract);

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y, contract); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y, contract); }
  Value mul(Value x, float k) {
    auto type = cast<VectorType>(x.getType());
    Value factor = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(b.getF32FloatAttr(k))));
    return arith::MulFOp::create(b, loc, x, factor, contract);
  }
  /// x * k + y
  Value fma(Value x, float k, Value y) { return add(mul(x, k), y); }
};

} // namespace

static constexpr int64_t kMostScratch = 640 << 10; // on the stack of a thread

int64_t WinogradForm::mostTiles(int64_t channels) const {
  constexpr int64_t kMostTiles = 32;
  return std::clamp<int64_t>(kMostScratch / (products() * channels * 4), 1, kMostTiles);
}

int64_t WinogradForm::mostTilesOfLine(int64_t channels) const {
  constexpr int64_t kMostTiles = 96; // of 64 channels, with 128 columns of weights, in the cache of a core
  return std::clamp<int64_t>(kMostScratch / (points * channels * 4), 1, kMostTiles);
}

ArrayRef<WinogradForm> ingot::allWinogradForms() { return kForms; }

const WinogradForm &ingot::winogradForm(int64_t results) {
  return *llvm::find_if(kForms, [&](const WinogradForm &form) { return form.results == results; });
}

/// Four elements to four, or six to six, in one dimension.
static SmallVector<Value> transformInputLine(Arithmetic &a, ArrayRef<Value> d) {
  if (d.size() == 4) return {a.sub(d[0], d[2]), a.add(d[1], d[2]), a.sub(d[2], d[1]), a.sub(d[1], d[3])};
  Value even = a.fma(d[2], -4, d[4]), odd = a.fma(d[1], -4, d[3]);
  Value outer = a.sub(d[4], d[2]), inner = a.sub(d[3], d[1]);
  return {a.fma(d[0], 4, a.fma(d[2], -5, d[4])), a.add(even, odd), a.sub(even, odd), a.fma(inner, 2, outer), a.fma(inner, -2, outer),
          a.fma(d[1], 4, a.fma(d[3], -5, d[5]))};
}

/// Four products to two results, or six to four, in one dimension.
static SmallVector<Value> transformOutputLine(Arithmetic &a, ArrayRef<Value> m) {
  if (m.size() == 4) return {a.add(a.add(m[0], m[1]), m[2]), a.sub(a.sub(m[1], m[2]), m[3])};
  Value sumOne = a.add(m[1], m[2]), differenceOne = a.sub(m[1], m[2]), sumTwo = a.add(m[3], m[4]), differenceTwo = a.sub(m[3], m[4]);
  return {a.add(a.add(m[0], sumOne), sumTwo), a.fma(differenceTwo, 2, differenceOne), a.fma(sumTwo, 4, sumOne),
          a.add(a.fma(differenceTwo, 8, differenceOne), m[5])};
}

using Line = SmallVector<Value> (*)(Arithmetic &, ArrayRef<Value>);

/// A square through columns, then rows, that each become `results` elements.
static SmallVector<Value> transformSquare(Arithmetic &a, ArrayRef<Value> square, int64_t points, int64_t results, Line line) {
  SmallVector<Value> columns(results * points), out;
  for (int64_t j = 0; j < points; ++j) {
    SmallVector<Value> column;
    for (int64_t i = 0; i < points; ++i) column.push_back(square[i * points + j]);
    for (auto [i, v] : llvm::enumerate(line(a, column))) columns[i * points + j] = v;
  }
  for (int64_t i = 0; i < results; ++i) out.append(line(a, ArrayRef(columns).slice(i * points, points)));
  return out;
}

/// G w of 4x4 results.
static SmallVector<Value> transformWeightsLine4(Arithmetic &a, ArrayRef<Value> w) {
  Value outer = a.mul(a.add(w[0], w[2]), -1.0f / 6), middle = a.mul(w[1], 1.0f / 6);
  Value outerTwo = a.fma(w[2], 1.0f / 6, a.mul(w[0], 1.0f / 24)), middleTwo = a.mul(w[1], 1.0f / 12);
  return {a.mul(w[0], 1.0f / 4), a.sub(outer, middle), a.add(outer, middle), a.add(outerTwo, middleTwo), a.sub(outerTwo, middleTwo), w[2]};
}

/// G w of 2x2 results.
static SmallVector<Value> transformWeightsLine2(Arithmetic &a, ArrayRef<Value> w) {
  Value outer = a.mul(a.add(w[0], w[2]), 0.5f), middle = a.mul(w[1], 0.5f);
  return {w[0], a.add(outer, middle), a.sub(outer, middle), w[2]};
}

SmallVector<Value> ingot::transformWinogradWeights(const WinogradForm &form, OpBuilder &b, Location loc, ArrayRef<Value> w) {
  Arithmetic a{b, loc};
  return transformSquare(a, w, WinogradForm::kTaps, form.points, form.results == 4 ? transformWeightsLine4 : transformWeightsLine2);
}

SmallVector<Value> ingot::transformWinogradInput(const WinogradForm &form, OpBuilder &b, Location loc, ArrayRef<Value> d) {
  Arithmetic a{b, loc};
  return transformSquare(a, d, form.points, form.points, transformInputLine);
}

SmallVector<Value> ingot::transformWinogradOutput(const WinogradForm &form, OpBuilder &b, Location loc, ArrayRef<Value> m) {
  Arithmetic a{b, loc};
  return transformSquare(a, m, form.points, form.results, transformOutputLine);
}

SmallVector<Value> ingot::transformWinogradInputLine(OpBuilder &b, Location loc, ArrayRef<Value> d) {
  Arithmetic a{b, loc};
  return transformInputLine(a, d);
}

SmallVector<Value> ingot::transformWinogradOutputLine(OpBuilder &b, Location loc, ArrayRef<Value> m) {
  Arithmetic a{b, loc};
  return transformOutputLine(a, m);
}
