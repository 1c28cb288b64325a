//===- Elementwise.cpp - the shape rule of elementwise operators, and Cast -------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::onnx;

Value CastOp::buildScalar(ScalarBuilder &s, ValueRange args) {
  Type to = elementTypeOf(getTo(), getContext());
  return s.cast(args.front(), s.resultType, s.isUnsigned, to && to.isUnsignedInteger());
}
