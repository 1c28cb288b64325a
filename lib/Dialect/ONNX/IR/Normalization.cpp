//===- Normalization.cpp - shape rules of normalisations ------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// The result is like the operand, whose rank is at least `least`.
static LogicalResult inferLike(Operation *op, ShapeAnalysis &shapes, int64_t least = 0) {
  if (failed(expectRank(op, shapes, op->getOperand(0), least))) return failure();
  shapes.setLike(op->getResult(0), op->getOperand(0));
  return success();
}
static LogicalResult inferAlong(Operation *op, int64_t axis, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0);
  if (failed(inferLike(op, shapes, 1)) || (shapes.hasRank(x) && failed(axisOf(op, axis, shapes.rank(x))))) return failure();
  return success();
}

LogicalResult SoftmaxOp::infer(ShapeAnalysis &shapes) { return inferAlong(*this, getAxis(), shapes); }
LogicalResult LogSoftmaxOp::infer(ShapeAnalysis &shapes) { return inferAlong(*this, getAxis(), shapes); }
LogicalResult HardmaxOp::infer(ShapeAnalysis &shapes) { return inferAlong(*this, getAxis(), shapes); }
LogicalResult LpNormalizationOp::infer(ShapeAnalysis &shapes) { return inferAlong(*this, getAxis(), shapes); }
LogicalResult MeanVarianceNormalizationOp::infer(ShapeAnalysis &shapes) {
  SmallVector<int64_t> axes = {0, 2, 3};
  if (getAxes()) axes.assign(getAxes()->begin(), getAxes()->end());
  if (shapes.hasRank(getX()) && failed(axesOf(*this, axes, shapes.rank(getX())))) return failure();
  return inferLike(*this, shapes);
}
LogicalResult LRNOp::infer(ShapeAnalysis &shapes) {
  return inferLike(*this, shapes, 2);
}

/// Parameters of one size each channel.
static LogicalResult checkChannels(Operation *op, ArrayRef<Value> parameters, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0);
  if (!shapes.hasRank(x)) return success();
  Dim channels = shapes.dim(x, channelAxis(op, shapes.rank(x)));
  for (Value v : parameters) {
    if (failed(expectRank(op, shapes, v, 1, 1))) return failure();
    if (shapes.hasRank(v) && failed(requireSame(op, shapes, channels, shapes.dim(v, 0), "channels and parameters"))) return failure();
  }
  return success();
}
LogicalResult BatchNormalizationOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getRunningMean(), getInputMean());
  shapes.setLike(getRunningVar(), getInputVar());
  // Of rank 1 is a batch of one channel.
  if (shapes.hasRank(getX()) && shapes.rank(getX()) == 1) return inferLike(*this, shapes);
  if (failed(inferLike(*this, shapes, 2))) return failure();
  return checkChannels(*this, {getScale(), getB(), getInputMean(), getInputVar()}, shapes);
}
LogicalResult InstanceNormalizationOp::infer(ShapeAnalysis &shapes) {
  if (failed(inferLike(*this, shapes, 3))) return failure();
  return checkChannels(*this, {getScale(), getB()}, shapes);
}
LogicalResult GroupNormalizationOp::infer(ShapeAnalysis &shapes) {
  if (failed(inferLike(*this, shapes, 2))) return failure();
  if (!shapes.hasRank(getX())) return success();
  auto channels = ShapeAnalysis::asConstant(shapes.dim(getX(), channelAxis(*this, shapes.rank(getX()))));
  int64_t groups = getNumGroups();
  if (groups < 1 || (channels && *channels % groups != 0))
    return emitOpError("expected 'num_groups' to divide the channels, got ") << groups;
  return success();
}

/// Parameters that broadcast to the first operand, which keeps its shape.
static LogicalResult checkParameters(Operation *op, ArrayRef<Value> parameters, ShapeAnalysis &shapes) {
  Value x = op->getOperand(0);
  for (Value v : parameters) {
    if (!isPresent(v) || !shapes.hasRank(v) || !shapes.hasRank(x)) continue;
    bool fits = shapes.rank(v) <= shapes.rank(x);
    for (auto [d, whole] : llvm::zip(llvm::reverse(shapes.dims(v)), llvm::reverse(shapes.dims(x)))) {
      auto size = ShapeAnalysis::asConstant(d), expected = ShapeAnalysis::asConstant(whole);
      fits &= !size || size == 1 || !expected || size == expected;
    }
    if (!fits) return op->emitOpError("expected parameters that broadcast to ") << shapes.str(shapes.dims(x)) << ", got " << shapes.str(shapes.dims(v));
  }
  return success();
}

LogicalResult LayerNormalizationOp::infer(ShapeAnalysis &shapes) {
  Type statistics = elementTypeOf(getStashType(), getContext());
  if (!isa_and_nonnull<FloatType>(statistics)) return emitOpError("expected 'stash_type' to be the number of a float type, got ") << getStashType();
  shapes.setLike(getY(), getX());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getMean(), statistics);
    shapes.setUnranked(getInvStdDev(), statistics);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()));
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), dims.size());
  if (failed(axis) || failed(checkParameters(*this, {getScale(), getB()}, shapes))) return failure();
  std::fill(dims.begin() + *axis, dims.end(), shapes.constant(1));
  shapes.set(getMean(), statistics, dims);
  shapes.set(getInvStdDev(), statistics, dims);
  return success();
}
LogicalResult RMSNormalizationOp::infer(ShapeAnalysis &shapes) {
  if (failed(inferAlong(*this, getAxis(), shapes)) || failed(checkParameters(*this, {getScale()}, shapes))) return failure();
  if (Type element = shapes.elementType(getScale()); element && shapes.hasRank(getX())) shapes.set(getY(), element, SmallVector<Dim>(shapes.dims(getX())));
  return success();
}

LogicalResult DropoutOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getOutput(), getData());
  Type boolean = IntegerType::get(getContext(), 1);
  if (shapes.hasRank(getData()))
    shapes.set(getMask(), boolean, SmallVector<Dim>(shapes.dims(getData())));
  else
    shapes.setUnranked(getMask(), boolean);
  return success();
}
