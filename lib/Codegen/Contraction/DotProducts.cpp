//===- DotProducts.cpp - sums of products of four 8-bit integers ------------------------------===//
//
// Processors with VNNI multiply four bytes, unsigned by signed, and add to the sum before. Others multiply pairs of 16-bit numbers and add the two:
// bytes at even places are one such operand and those at odd places another, which two shifts make without moving anything. So weights lie in
// memory in one order for all of them.
//===------------------------------------------------------------------------------------------===//
#include "DotProducts.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

/// The bytes at even places and those at odd ones, as 16-bit numbers.
SmallVector<Value> DotProducts::split(Value v, bool isUnsigned) {
  auto bytes = cast<VectorType>(v.getType());
  auto type = VectorType::get(bytes.getNumElements() * bytes.getElementTypeBitWidth() / 16, b.getI16Type());
  auto splat = [&](int64_t number) -> Value { return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getI16IntegerAttr(number))); };
  v = vector::BitCastOp::create(b, loc, type, v);
  Value eight = splat(8);
  if (isUnsigned) return {arith::AndIOp::create(b, loc, v, splat(255)), arith::ShRUIOp::create(b, loc, v, eight)};
  Value even = arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, v, eight), eight);
  return {even, arith::ShRSIOp::create(b, loc, v, eight)};
}

SmallVector<Value> DotProducts::weights(Value bytes) {
  if (inPairs(tile, unsignedInput)) return split(bytes, /*isUnsigned=*/false);
  return {bytes};
}

SmallVector<Value> DotProducts::input(Value quad, int64_t columns) {
  Value all = vector::BroadcastOp::create(b, loc, VectorType::get(columns, b.getI32Type()), quad);
  if (inPairs(tile, unsignedInput)) return split(all, unsignedInput);
  return {vector::BitCastOp::create(b, loc, VectorType::get(4 * columns, b.getI8Type()), all)};
}

Value DotProducts::part(Value v, int64_t first, int64_t count) {
  if (cast<VectorType>(v.getType()).getNumElements() == count) return v;
  return vector::ExtractStridedSliceOp::create(b, loc, v, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
}

/// `columns` is a number that there is an instruction for.
Value DotProducts::multiplyPart(ValueRange input, ValueRange weights, Value sum, int64_t first, int64_t columns) {
  sum = part(sum, first, columns);
  bool pairs = inPairs(tile, unsignedInput);
  auto call = [&](const Twine &name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, loc, sum.getType(), b.getStringAttr(name), operands).getResult(0);
  };
  for (auto [x, w] : llvm::zip_equal(input, weights)) {
    int64_t perColumn = pairs ? 2 : 4;
    Value a = part(x, perColumn * first, perColumn * columns), c = part(w, perColumn * first, perColumn * columns);
    if (tile.dots == DotProduct::Quads) {
      sum = call("llvm.x86.avx512." + Twine(pairs ? "vpdpwssd." : "vpdpbusd.") + Twine(32 * columns), {sum, a, c});
      continue;
    }
    StringRef name = columns == 16 ? "llvm.x86.avx512.pmaddw.d.512" : columns == 8 ? "llvm.x86.avx2.pmadd.wd" : "llvm.x86.sse2.pmadd.wd";
    sum = arith::AddIOp::create(b, loc, sum, call(name, {a, c}));
  }
  return sum;
}

/// One column, where columns do not lie side by side.
Value DotProducts::multiplyOne(ValueRange input, ValueRange weights, Value sum) {
  Value total = vector::ExtractOp::create(b, loc, sum, ArrayRef<int64_t>{0});
  for (auto [x, w] : llvm::zip_equal(input, weights)) {
    auto wide = cast<VectorType>(x.getType()).clone(b.getI32Type());
    // Taken apart, numbers have their sign.
    bool zeroExtend = unsignedInput && !inPairs(tile, unsignedInput);
    Value a = zeroExtend ? arith::ExtUIOp::create(b, loc, wide, x).getResult() : arith::ExtSIOp::create(b, loc, wide, x).getResult();
    Value products = arith::MulIOp::create(b, loc, a, arith::ExtSIOp::create(b, loc, wide, w));
    total = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, products, total);
  }
  return vector::BroadcastOp::create(b, loc, sum.getType(), total);
}

Value DotProducts::multiply(ValueRange input, ValueRange weights, Value sum) {
  int64_t columns = cast<VectorType>(sum.getType()).getNumElements();
  if (columns == 1) return multiplyOne(input, weights, sum);
  int64_t most = tile.columns / tile.vectors;
  auto partSize = [&](int64_t rest) {
    int64_t size = kDotDepth;
    while (size * 2 <= std::min(rest, most)) size *= 2;
    return size;
  };
  if (partSize(columns) == columns) return multiplyPart(input, weights, sum, 0, columns);
  Value result = sum;
  for (int64_t first = 0; first < columns;) {
    int64_t size = partSize(columns - first);
    Value some = multiplyPart(input, weights, sum, first, size);
    result = vector::InsertStridedSliceOp::create(b, loc, some, result, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{1});
    first += size;
  }
  return result;
}
