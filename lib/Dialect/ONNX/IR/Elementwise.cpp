//===- Elementwise.cpp - the shape rule of elementwise operators, and Cast -------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::onnx;

/// Operands are of one element type, but for a condition and an exponent, which have their own.
static LogicalResult sameElementTypes(Operation *op, ShapeAnalysis &shapes) {
  if (isa<PowOp>(op)) return success();
  Type first;
  for (Value v : op->getOperands().drop_front(isa<WhereOp>(op) ? 1 : 0)) {
    Type type = isPresent(v) ? shapes.elementType(v) : Type();
    if (!type) continue;
    if (first && type != first) return op->emitOpError("expected operands of one element type, got ") << first << " and " << type;
    first = type;
  }
  return success();
}

LogicalResult ingot::onnx::inferElementwise(Operation *op, ShapeAnalysis &shapes, int like) {
  Value result = op->getResult(0);
  if (op->getNumOperands() == 0) return op->emitOpError("expected at least one operand");
  Type element = like < 0 ? Type(IntegerType::get(op->getContext(), 1)) : shapes.elementType(op->getOperand(like));
  if (!element) return op->emitOpError("expected a tensor, got ") << shapes.type(op->getOperand(like));
  if (failed(sameElementTypes(op, shapes))) return failure();
  SmallVector<Dim> dims;
  for (Value v : op->getOperands()) {
    if (!isPresent(v)) continue;
    if (!shapes.hasRank(v)) {
      shapes.setUnranked(result, element);
      return success();
    }
    FailureOr<SmallVector<Dim>> both = broadcastDims(op, shapes, dims, shapes.dims(v), result);
    if (failed(both)) return failure();
    dims = std::move(*both);
  }
  shapes.set(result, element, dims);
  foldContents(op, shapes);
  return success();
}

Value CastOp::buildScalar(ScalarBuilder &s, ValueRange args) {
  Type to = elementTypeOf(getTo(), getContext());
  return s.cast(args.front(), s.resultType, s.isUnsigned, to && to.isUnsignedInteger());
}

LogicalResult CastOp::infer(ShapeAnalysis &shapes) {
  Type to = elementTypeOf(getTo(), getContext());
  if (!to) return emitOpError("expected 'to' to be a number of an element type, got ") << getTo();
  if (shapes.hasRank(getInput()))
    shapes.set(getOutput(), to, shapes.dims(getInput()));
  else
    shapes.setUnranked(getOutput(), to);
  foldContents(*this, shapes);
  return success();
}
