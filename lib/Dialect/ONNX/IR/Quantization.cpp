//===- Quantization.cpp - shape rules between floats and scaled integers ----------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

static LogicalResult inferLike(Operation *op, Type element, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0);
  if (!element) return op->emitOpError("expected 'output_dtype' to be a number of an element type");
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
  else if (getOutputDtype() != 0)
    element = elementTypeOf(getOutputDtype(), getContext());
  return inferLike(*this, element, shapes);
}

LogicalResult DequantizeLinearOp::infer(ShapeAnalysis &shapes) {
  return inferLike(*this, getOutputDtype() != 0 ? elementTypeOf(getOutputDtype(), getContext()) : shapes.elementType(getXScale()), shapes);
}

LogicalResult DynamicQuantizeLinearOp::infer(ShapeAnalysis &shapes) {
  Type ui8 = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
  shapes.set(getYScale(), Float32Type::get(getContext()), {});
  shapes.set(getYZeroPoint(), ui8, {});
  return inferLike(*this, ui8, shapes);
}
