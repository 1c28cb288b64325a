//===- Pooling.cpp - shape rules of pools -----------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace ingot::onnx;

static LogicalResult inferPool(Operation *op, Value x, ArrayRef<Value> results, ArrayRef<Type> elements, ShapeAnalysis &shapes) {
  auto kernel = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  int64_t rank = kernel.size() + 2;
  if (rank < 3 || failed(expectRank(op, shapes, x, rank, rank))) return rank < 3 ? op->emitOpError("expected a 'kernel_shape' of one size or more") : failure();
  FailureOr<Windows> windows = readWindows(op, rank - 2);
  if (failed(windows)) return failure();
  SmallVector<Dim> dims(rank);
  if (shapes.hasRank(x)) {
    dims.assign(shapes.dims(x).begin(), shapes.dims(x).end());
    for (int64_t i = 0; i < rank - 2; ++i) {
      if (kernel[i] < 1) return op->emitOpError("expected sizes of 1 or more in 'kernel_shape', got ") << kernel[i];
      Dim &d = dims[firstSpatialAxis(op) + i];
      FailureOr<Dim> count = windowCount(op, shapes, *windows, i, d, shapes.constant(kernel[i]));
      if (failed(count)) return failure();
      d = *count;
    }
  }
  for (auto [result, element] : llvm::zip(results, elements)) shapes.set(result, element, dims);
  return success();
}

LogicalResult AveragePoolOp::infer(ShapeAnalysis &shapes) {
  return inferPool(*this, getX(), {getY()}, {shapes.elementType(getX())}, shapes);
}
LogicalResult LpPoolOp::infer(ShapeAnalysis &shapes) {
  return inferPool(*this, getX(), {getY()}, {shapes.elementType(getX())}, shapes);
}
LogicalResult MaxPoolOp::infer(ShapeAnalysis &shapes) {
  return inferPool(*this, getX(), {getY(), getIndices()}, {shapes.elementType(getX()), IntegerType::get(getContext(), 64)}, shapes);
}

static LogicalResult inferGlobalPool(Operation *op, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0), y = op->getResult(0);
  if (failed(expectRank(op, shapes, x, 2))) return failure();
  if (!shapes.hasRank(x)) {
    shapes.setUnranked(y, shapes.elementType(x));
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(x));
  for (int64_t i = 0; i < static_cast<int64_t>(dims.size()) - 2; ++i) dims[firstSpatialAxis(op) + i] = shapes.constant(1);
  shapes.set(y, shapes.elementType(x), dims);
  return success();
}
LogicalResult GlobalAveragePoolOp::infer(ShapeAnalysis &shapes) { return inferGlobalPool(*this, shapes); }
LogicalResult GlobalMaxPoolOp::infer(ShapeAnalysis &shapes) { return inferGlobalPool(*this, shapes); }
LogicalResult GlobalLpPoolOp::infer(ShapeAnalysis &shapes) { return inferGlobalPool(*this, shapes); }

LogicalResult MaxUnpoolOp::infer(ShapeAnalysis &shapes) {
  int64_t rank = getKernelShape().size() + 2;
  if (failed(expectRank(*this, shapes, getX(), rank, rank))) return failure();
  FailureOr<Windows> windows = readWindows(*this, rank - 2);
  if (failed(windows)) return failure();
  SmallVector<Dim> dims(rank);
  for (int64_t i = 0; i < rank; ++i) {
    if (isPresent(getOutputShape())) {
      dims[i] = shapes.at(getOutputShape(), i);
    } else if (shapes.hasRank(getX())) {
      Dim d = shapes.dim(getX(), i);
      int64_t k = i - 2;
      if (k >= 0) d = (d - 1) * windows->strides[k] + (getKernelShape()[k] - windows->pads[k] - windows->pads[rank - 2 + k]);
      dims[i] = d;
    }
  }
  shapes.set(getOutput(), shapes.elementType(getX()), dims);
  return success();
}

LogicalResult Col2ImOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  std::optional<int64_t> spatial = shapes.length(getImageShape());
  if (failed(expectRank(*this, shapes, getInput(), 3, 3))) return failure();
  if (!spatial) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(2);
  if (shapes.hasRank(getInput())) {
    dims[0] = shapes.dim(getInput(), 0);
    auto block = shapes.constantContents(getBlockShape());
    Dim taps = shapes.constant(1);
    if (block)
      for (int64_t b : *block) taps = taps * b;
    if (block) dims[1] = divideExactly(shapes.dim(getInput(), 1), taps);
  }
  for (int64_t i = 0; i < *spatial; ++i) dims.push_back(shapes.at(getImageShape(), i));
  shapes.set(getOutput(), element, dims);
  return success();
}
