//===- Signal.cpp - shape rules of spectra and windows ------------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

static Dim scalar(ShapeAnalysis &shapes, Value v) {
  auto c = shapes.contents(v);
  return c && c->size() == 1 ? c->front() : Dim();
}

LogicalResult DFTOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (failed(expectRank(*this, shapes, getInput(), 2))) return failure();
  if (!shapes.hasRank(getInput())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getInput()));
  bool inverse = getInverse() != 0, onesided = getOnesided() != 0, hasLength = isPresent(getDftLength());
  dims.back() = shapes.constant(inverse && onesided ? 1 : 2);
  Dim axisGiven = isPresent(getAxis()) ? scalar(shapes, getAxis()) : shapes.constant(-2);
  if (auto a = ShapeAnalysis::asConstant(axisGiven)) {
    FailureOr<int64_t> axis = axisOf(*this, *a, dims.size());
    if (failed(axis)) return failure();
    Dim length = dims[*axis];
    if (hasLength) length = scalar(shapes, getDftLength());
    else if (inverse && onesided) length = (length - 1) * 2;
    dims[*axis] = length && onesided && !inverse ? normalize(length.floorDiv(2) + 1) : length;
  } else if (hasLength || onesided) {
    // Any dimension but the last can be that of the transform.
    std::fill(dims.begin(), dims.end() - 1, Dim());
  }
  shapes.set(getOutput(), element, dims);
  return success();
}

LogicalResult STFTOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getSignal(), 2, 3))) return failure();
  Dim batch, samples, length, frames, bins;
  if (shapes.hasRank(getSignal())) {
    batch = shapes.dim(getSignal(), 0);
    samples = shapes.dim(getSignal(), 1);
  }
  if (isPresent(getFrameLength()))
    length = scalar(shapes, getFrameLength());
  else if (isPresent(getWindow()) && shapes.hasRank(getWindow()) && shapes.rank(getWindow()) == 1)
    length = shapes.dim(getWindow(), 0);
  auto step = ShapeAnalysis::asConstant(scalar(shapes, getFrameStep()));
  if (step && *step < 1) return emitOpError("expected a frame step of 1 or more, got ") << *step;
  if (samples && length && step) frames = normalize((samples - length).floorDiv(*step) + 1);
  if (auto c = ShapeAnalysis::asConstant(frames); c && *c < 0) return emitOpError("expected a signal no shorter than a frame");
  if (length) bins = getOnesided() ? normalize(length.floorDiv(2) + 1) : length;
  shapes.set(getOutput(), shapes.elementType(getSignal()), {batch, frames, bins, shapes.constant(2)});
  return success();
}

static FailureOr<Type> outputType(Operation *op, int64_t dataType) {
  if (Type type = elementTypeOf(dataType, op->getContext())) return type;
  return op->emitOpError("expected 'output_datatype' to be a number of an element type, got ") << dataType;
}

LogicalResult MelWeightMatrixOp::infer(ShapeAnalysis &shapes) {
  FailureOr<Type> element = outputType(*this, getOutputDatatype());
  if (failed(element)) return failure();
  Dim length = scalar(shapes, getDftLength());
  shapes.set(getOutput(), *element, {length ? normalize(length.floorDiv(2) + 1) : Dim(), shapes.at(getNumMelBins(), 0)});
  return success();
}

template <class OpT> static LogicalResult inferWindow(OpT op, ShapeAnalysis &shapes) {
  FailureOr<Type> element = outputType(op, op.getOutputDatatype());
  if (failed(element)) return failure();
  shapes.set(op.getOutput(), *element, {shapes.at(op.getSize(), 0)});
  return success();
}
LogicalResult BlackmanWindowOp::infer(ShapeAnalysis &shapes) { return inferWindow(*this, shapes); }
LogicalResult HammingWindowOp::infer(ShapeAnalysis &shapes) { return inferWindow(*this, shapes); }
LogicalResult HannWindowOp::infer(ShapeAnalysis &shapes) { return inferWindow(*this, shapes); }
