//===- Generation.cpp - shape rules of operators that make tensors out of a few numbers ------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

LogicalResult RangeOp::infer(ShapeAnalysis &shapes) {
  auto scalar = [&](Value v) { auto c = shapes.contents(v); return c && c->size() == 1 ? c->front() : Dim(); };
  Dim start = scalar(getStart()), limit = scalar(getLimit()), delta = scalar(getDelta()), size;
  auto s = ShapeAnalysis::asConstant(start), l = ShapeAnalysis::asConstant(limit), step = ShapeAnalysis::asConstant(delta);
  if (step == 0) return emitOpError("expected a delta other than 0");
  if (s && l && step) {
    using Wide = __int128;
    Wide span = *step > 0 ? Wide(*l) - *s : Wide(*s) - *l, by = *step > 0 ? Wide(*step) : -Wide(*step), n = span > 0 ? (span + by - 1) / by : 0;
    if (n > (INT64_MAX >> 4)) return emitOpError("expected a number of elements that a memory holds, got a range from ") << *s << " to " << *l << " by " << *step;
    size = shapes.constant(static_cast<int64_t>(n));
  } else if (start && limit && step && *step > 0) {
    Dim span = normalize(limit - start);
    if (shapes.isNonNegative(span)) size = normalize((span + (*step - 1)).floorDiv(*step));
  }
  shapes.set(getOutput(), shapes.elementType(getStart()), {size});
  if (auto n = ShapeAnalysis::asConstant(size); n && *n <= 1024 && start && delta) {
    SmallVector<Dim> contents;
    for (int64_t i = 0; i < *n; ++i) contents.push_back(start + delta * i);
    shapes.setContents(getOutput(), contents);
  }
  return success();
}

LogicalResult ConstantOfShapeOp::infer(ShapeAnalysis &shapes) {
  auto value = getValue();
  Type element = value ? value->getElementType() : Type(Float32Type::get(getContext()));
  std::optional<int64_t> n = shapes.length(getInput());
  if (!n) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims;
  for (int64_t i = 0; i < *n; ++i) {
    dims.push_back(shapes.at(getInput(), i));
    if (auto c = ShapeAnalysis::asConstant(dims.back()); c && *c < 0) return emitOpError("expected sizes of 0 or more, got ") << *c;
  }
  shapes.set(getOutput(), element, dims);
  auto length = shapes.length(getOutput());
  if (!length || *length > 1024) return success();
  SmallVector<Dim> fill = value ? readContents(*value, shapes) : SmallVector<Dim>{shapes.constant(0)};
  if (fill.size() == 1) shapes.setContents(getOutput(), SmallVector<Dim>(*length, fill.front()));
  return success();
}

/// In the shape of the operand, with the element type that `dtype` names or else the operand's.
static LogicalResult inferLikeOperand(Operation *op, std::optional<int64_t> dtype, ShapeAnalysis &shapes) {
  Value input = op->getOperand(0);
  Type element = dtype ? elementTypeOf(*dtype, op->getContext()) : shapes.elementType(input);
  if (!element) return op->emitOpError("expected 'dtype' to be a number of an element type, got ") << dtype.value_or(0);
  if (shapes.hasRank(input))
    shapes.set(op->getResult(0), element, shapes.dims(input));
  else
    shapes.setUnranked(op->getResult(0), element);
  return success();
}
LogicalResult EyeLikeOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getInput(), 2, 2))) return failure();
  return inferLikeOperand(*this, getDtype(), shapes);
}
LogicalResult RandomNormalLikeOp::infer(ShapeAnalysis &shapes) { return inferLikeOperand(*this, getDtype(), shapes); }
LogicalResult RandomUniformLikeOp::infer(ShapeAnalysis &shapes) { return inferLikeOperand(*this, getDtype(), shapes); }
LogicalResult BernoulliOp::infer(ShapeAnalysis &shapes) { return inferLikeOperand(*this, getDtype(), shapes); }

template <class OpT> static LogicalResult inferRandom(OpT op, ShapeAnalysis &shapes) {
  Type element = elementTypeOf(op.getDtype(), op.getContext());
  if (!element) return op.emitOpError("expected 'dtype' to be a number of an element type, got ") << op.getDtype();
  SmallVector<Dim> dims;
  for (int64_t size : op.getShape()) {
    if (size < 0) return op.emitOpError("expected sizes of 0 or more, got ") << size;
    dims.push_back(shapes.constant(size));
  }
  shapes.set(op.getOutput(), element, dims);
  return success();
}
LogicalResult RandomNormalOp::infer(ShapeAnalysis &shapes) { return inferRandom(*this, shapes); }
LogicalResult RandomUniformOp::infer(ShapeAnalysis &shapes) { return inferRandom(*this, shapes); }

LogicalResult MultinomialOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getInput(), 2, 2))) return failure();
  Type element = elementTypeOf(getDtype(), getContext());
  if (!element) return emitOpError("expected 'dtype' to be a number of an element type, got ") << getDtype();
  Dim batch = shapes.hasRank(getInput()) ? shapes.dim(getInput(), 0) : Dim();
  shapes.set(getOutput(), element, {batch, shapes.constant(getSampleSize())});
  return success();
}
