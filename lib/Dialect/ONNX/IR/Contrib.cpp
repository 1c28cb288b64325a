//===- Contrib.cpp - shape rules of operators of com.microsoft ------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

LogicalResult MSMatMulNBitsOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getA(), 1))) return failure();
  int64_t bits = getBits(), block = getBlockSize(), k = getK(), n = getN();
  if (bits != 2 && bits != 4 && bits != 8) return emitOpError("expected 'bits' 2, 4 or 8, got ") << bits;
  if (block < 16 || (block & (block - 1))) return emitOpError("expected 'block_size' to be a power of two from 16, got ") << block;
  if (k < 1 || n < 1) return emitOpError("expected 'K' and 'N' of 1 or more, got ") << k << " and " << n;
  if (getWeightPrepacked() != 0) return emitOpError("expected 'weight_prepacked' 0, got ") << getWeightPrepacked();
  if (!shapes.hasRank(getA())) {
    shapes.setUnranked(getY(), shapes.elementType(getA()));
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getA()));
  if (failed(requireSame(*this, shapes, dims.back(), shapes.constant(k), "the columns of A and 'K'"))) return failure();
  dims.back() = shapes.constant(n);
  shapes.set(getY(), shapes.elementType(getA()), dims);
  return success();
}

LogicalResult MSInverseOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 2))) return failure();
  if (shapes.hasRank(getX())) {
    ArrayRef<Dim> dims = shapes.dims(getX());
    if (!sameDim(*this, dims[dims.size() - 2], dims.back(), "the rows and columns of square matrices")) return failure();
  }
  shapes.setLike(getY(), getX());
  return success();
}
