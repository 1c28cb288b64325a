//===- Quantization.cpp - shape rules between floats and scaled integers ----------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// Elements of type `element`, or of the type whose number `dtype` is.
static LogicalResult inferLike(Operation *op, Type element, int64_t dtype, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0);
  if (dtype) element = elementTypeOf(dtype, op->getContext());
  if (!element) return op->emitOpError("expected 'output_dtype' to be the number of an element type, got ") << dtype;
  if (shapes.hasRank(x))
    shapes.set(op->getResult(0), element, SmallVector<Dim>(shapes.dims(x)));
  else
    shapes.setUnranked(op->getResult(0), element);
  return success();
}

LogicalResult QuantizeLinearOp::infer(ShapeAnalysis &shapes) {
  Type element = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  if (isPresent(getYZeroPoint()))
    element = shapes.elementType(getYZeroPoint());
  return inferLike(*this, element, isPresent(getYZeroPoint()) ? 0 : getOutputDtype(), shapes);
}

LogicalResult DequantizeLinearOp::infer(ShapeAnalysis &shapes) {
  return inferLike(*this, shapes.elementType(getXScale()), getOutputDtype(), shapes);
}

LogicalResult DynamicQuantizeLinearOp::infer(ShapeAnalysis &shapes) {
  Type ui8 = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  shapes.set(getYScale(), Float32Type::get(getContext()), {});
  shapes.set(getYZeroPoint(), ui8, {});
  return inferLike(*this, ui8, 0, shapes);
}
