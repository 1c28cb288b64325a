//===- Broadcast.cpp - operands that broadcast together ------------------------------===//
#include "Broadcast.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// x where it is not 1, else y.
static OpFoldResult broadcastDim(TensorBuilder &t, OpFoldResult x, OpFoldResult y) {
  if (isConstantIntValue(x, 1) || x == y) return y;
  if (isConstantIntValue(y, 1) || getConstantIntValue(x)) return x;
  Value vx = t.value(x), isOne = t.compare(arith::CmpIPredicate::eq, vx, t.index(1));
  return t.select(isOne, t.value(y), vx);
}

Value ingot::expandTo(TensorBuilder &t, Value operand, ArrayRef<OpFoldResult> dims) {
  Dims from = t.dims(operand);
  int64_t offset = dims.size() - from.size();
  Value zero = t.index(0), one = t.index(1);
  SmallVector<Value> repeats(from.size());
  for (auto [i, d] : llvm::enumerate(from)) {
    OpFoldResult to = dims[offset + i];
    if (isConstantIntValue(d, 1)) {
      repeats[i] = t.boolean(true);
      continue;
    }
    if (d == to || (getConstantIntValue(d) && getConstantIntValue(d) == getConstantIntValue(to)))
      continue;
    Value size = t.value(d), isOne = t.compare(arith::CmpIPredicate::eq, size, one);
    Value equal = t.compare(arith::CmpIPredicate::eq, size, t.value(to));
    t.check(arith::OrIOp::create(t.b, t.loc, isOne, equal),
            "dimension " + Twine(i) + " of an operand fits neither 1 nor the dimension it is broadcast with");
    repeats[i] = isOne;
  }
  return t.compute(dims, elementType(operand), [&](OpBuilder &b, Location loc, ValueRange indices) -> Value {
    SmallVector<Value> at;
    for (auto [i, repeat] : llvm::enumerate(repeats)) {
      Value index = indices[offset + i];
      at.push_back(repeat ? arith::SelectOp::create(b, loc, repeat, zero, index).getResult() : index);
    }
    return tensor::ExtractOp::create(b, loc, operand, at);
  });
}

BroadcastOperands ingot::broadcastTogether(const LoweringContext &context, ConversionPatternRewriter &b, Location loc, Value result,
                                           ValueRange originals, ValueRange lowered) {
  TensorBuilder t(b, loc);
  const onnx::ShapeAnalysis &shapes = context.shapes;
  ArrayRef<onnx::Dim> resultDims = shapes.dims(result);
  int64_t rank = resultDims.size();
  BroadcastOperands out;
  for (int64_t i = 0; i < rank; ++i) {
    if (context.isKnown(result, i)) {
      out.dims.push_back(context.materialize(b, loc, resultDims[i]));
      continue;
    }
    OpFoldResult d = t.indexAttr(1);
    for (auto [original, value] : llvm::zip(originals, lowered)) {
      int64_t at = i - (rank - shapes.rank(original));
      if (at >= 0)
        d = broadcastDim(t, d, t.dim(value, at));
    }
    out.dims.push_back(d);
  }
  onnx::Dim unit = getAffineConstantExpr(1, b.getContext());
  for (auto [original, value] : llvm::zip(originals, lowered)) {
    ArrayRef<onnx::Dim> dims = shapes.dims(original);
    int64_t offset = rank - dims.size();
    SmallVector<AffineExpr> read;
    bool clear = true;
    for (auto [i, d] : llvm::enumerate(dims)) {
      onnx::Dim r = resultDims[offset + i];
      bool equal = d == r, repeated = d == unit && !equal;
      clear &= equal || repeated;
      read.push_back(repeated ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(offset + i));
    }
    out.inputs.push_back(clear ? value : expandTo(t, value, out.dims));
    out.maps.push_back(clear ? AffineMap::get(rank, 0, read, b.getContext()) : b.getMultiDimIdentityMap(rank));
  }
  return out;
}
