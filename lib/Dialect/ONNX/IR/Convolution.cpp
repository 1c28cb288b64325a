//===- Convolution.cpp - shape rules of convolutions -------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace ingot::onnx;

/// Data N, C, spatial... (or channels last), weights OC, IC / group, spatial...
static LogicalResult inferConv(Operation *op, Value x, Value w, Value bias, Value y, Type element, ShapeAnalysis &shapes) {
  if (failed(expectRank(op, shapes, x, 3)) || failed(expectRank(op, shapes, w, 3))) return failure();
  if (!shapes.hasRank(x) && !shapes.hasRank(w)) {
    shapes.setUnranked(y, element);
    return success();
  }
  int64_t rank = shapes.hasRank(x) ? shapes.rank(x) : shapes.rank(w);
  if (failed(expectRank(op, shapes, x, rank, rank)) || failed(expectRank(op, shapes, w, rank, rank))) return failure();
  FailureOr<Windows> windows = readWindows(op, rank - 2);
  if (failed(windows)) return failure();
  auto group = op->getAttrOfType<IntegerAttr>("group");
  int64_t groups = group ? group.getInt() : 1;
  if (groups < 1) return op->emitOpError("expected a 'group' of 1 or more, got ") << groups;

  SmallVector<Dim> dims(rank);
  int64_t channel = channelAxis(op, rank), space = firstSpatialAxis(op);
  if (shapes.hasRank(w)) {
    Dim outputs = shapes.dim(w, 0);
    dims[channel] = outputs;
    if (groups > 1) shapes.require(op, outputs % groups, shapes.constant(0), "the output channels that are in no group, and none");
    if (shapes.hasRank(bias) && shapes.rank(bias) == 1 && failed(requireSame(op, shapes, shapes.dim(bias, 0), outputs, "the biases and output channels")))
      return failure();
  }
  auto kernelShape = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  if (kernelShape && kernelShape.size() != rank - 2)
    return op->emitOpError("expected ") << rank - 2 << " sizes in 'kernel_shape', got " << kernelShape.size();
  if (shapes.hasRank(x)) {
    dims[0] = shapes.dim(x, 0);
    if (shapes.hasRank(w)) {
      Dim inputs = normalize(shapes.dim(w, 1) * groups);
      if (failed(requireSame(op, shapes, shapes.dim(x, channel), inputs, "the channels of data and weights"))) return failure();
      auto outputs = ShapeAnalysis::asConstant(shapes.dim(w, 0));
      if (outputs && *outputs % groups != 0)
        return op->emitOpError("expected a multiple of ") << groups << " output channels, one share for each group, got " << *outputs;
    }
    for (int64_t i = 0; i < rank - 2; ++i) {
      Dim kernel = shapes.hasRank(w) ? shapes.dim(w, i + 2) : Dim();
      if (kernelShape) {
        Dim given = shapes.constant(kernelShape[i]);
        if (failed(requireSame(op, shapes, kernel, given, "'kernel_shape' and the weights"))) return failure();
        kernel = given;
      }
      if (!kernel) continue;
      FailureOr<Dim> count = windowCount(op, shapes, *windows, i, shapes.dim(x, space + i), kernel);
      if (failed(count)) return failure();
      dims[space + i] = *count;
    }
  }
  shapes.set(y, element, dims);
  return success();
}

LogicalResult ConvOp::infer(ShapeAnalysis &shapes) {
  return inferConv(*this, getX(), getW(), getB(), getY(), shapes.elementType(getX()), shapes);
}
LogicalResult DeformConvOp::infer(ShapeAnalysis &shapes) {
  return inferConv(*this, getX(), getW(), getB(), getY(), shapes.elementType(getX()), shapes);
}
LogicalResult ConvIntegerOp::infer(ShapeAnalysis &shapes) {
  return inferConv(*this, getOperand(0), getOperand(1), Value(), getResult(), IntegerType::get(getContext(), 32), shapes);
}
LogicalResult QLinearConvOp::infer(ShapeAnalysis &shapes) {
  return inferConv(*this, getOperand(0), getOperand(3), getB(), getResult(), shapes.elementType(getYZeroPoint()), shapes);
}

//===--------------------------------- ConvTranspose -----------------------------------===//

/// The size along spatial dimension i: every input pixel spreads over a window, `stride` apart.
static Dim transposedSize(ConvTransposeOp op, const Windows &w, int64_t i, Dim in, Dim kernel) {
  int64_t stride = w.strides[i];
  if (auto shape = op.getOutputShape()) return getAffineConstantExpr((*shape)[i], op.getContext());
  auto outputPadding = op.getOutputPadding();
  int64_t extra = outputPadding ? (*outputPadding)[i] : 0;
  if (w.autoPad.starts_with("SAME")) return in * stride;
  int64_t pads = w.autoPad == "VALID" ? 0 : w.pads[i] + w.pads[w.pads.size() / 2 + i];
  return (in - 1) * stride + (kernel - 1) * w.dilations[i] + (1 + extra - pads);
}

LogicalResult ConvTransposeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getX());
  if (failed(expectRank(*this, shapes, getX(), 3)) || failed(expectRank(*this, shapes, getW(), 3))) return failure();
  if (!shapes.hasRank(getX()) || !shapes.hasRank(getW())) {
    shapes.setUnranked(getY(), element);
    return success();
  }
  int64_t rank = shapes.rank(getX()), spatial = rank - 2;
  if (failed(expectRank(*this, shapes, getW(), rank, rank))) return failure();
  FailureOr<Windows> windows = readWindows(*this, spatial);
  if (failed(windows)) return failure();
  if (getOutputShape() && static_cast<int64_t>(getOutputShape()->size()) != spatial)
    return emitOpError("expected ") << spatial << " sizes in 'output_shape', got " << getOutputShape()->size();
  if (getOutputPadding() && static_cast<int64_t>(getOutputPadding()->size()) != spatial)
    return emitOpError("expected ") << spatial << " sizes in 'output_padding', got " << getOutputPadding()->size();
  int64_t channel = channelAxis(*this, rank), space = firstSpatialAxis(*this);
  if (failed(requireSame(*this, shapes, shapes.dim(getX(), channel), shapes.dim(getW(), 0), "the channels of data and weights"))) return failure();
  int64_t groups = getGroup();
  auto inner = ShapeAnalysis::asConstant(shapes.dim(getW(), 0));
  if (groups < 1 || (inner && *inner % groups != 0)) return emitOpError("expected 'group' to divide the channels, got ") << groups;
  SmallVector<Dim> dims(rank);
  dims[0] = shapes.dim(getX(), 0);
  dims[channel] = shapes.dim(getW(), 1) * static_cast<int64_t>(getGroup());
  if (groups > 1) shapes.require(*this, shapes.dim(getW(), 0) % groups, shapes.constant(0), "the channels that are in no group, and none");
  if (shapes.hasRank(getB()) && shapes.rank(getB()) == 1 &&
      failed(requireSame(*this, shapes, shapes.dim(getB(), 0), dims[channel], "the biases and output channels")))
    return failure();
  for (int64_t i = 0; i < spatial; ++i) {
    dims[space + i] = normalize(transposedSize(*this, *windows, i, shapes.dim(getX(), space + i), shapes.dim(getW(), i + 2)));
    if (auto c = ShapeAnalysis::asConstant(dims[space + i]); c && *c < 0)
      return emitOpError("expected pads that leave something of dimension ") << space + i << ", got size " << *c;
  }
  shapes.set(getY(), element, dims);
  return success();
}

LogicalResult CausalConvWithStateOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getOutput(), getInput());
  SmallVector<Dim> dims(3);
  if (shapes.hasRank(getInput())) dims = {shapes.dim(getInput(), 0), shapes.dim(getInput(), 1), Dim()};
  if (shapes.hasRank(getWeight())) {
    Dim channels = shapes.dim(getWeight(), 0);
    dims[1] = dims[1] ? sameDim(*this, dims[1], channels, "the channels of data and weights") : channels;
    if (!dims[1] || !sameDim(*this, shapes.dim(getWeight(), 1), shapes.constant(1), "the channels of a filter, which is over one")) return failure();
    dims[2] = shapes.dim(getWeight(), 2) - 1;
  }
  if (isPresent(getBias()) && shapes.hasRank(getBias()) && dims[1] && !sameDim(*this, dims[1], shapes.dim(getBias(), 0), "channels and biases"))
    return failure();
  if (isPresent(getPastState()) && shapes.hasRank(getPastState()))
    for (auto [i, d] : llvm::enumerate(dims)) {
      d = d ? sameDim(*this, d, shapes.dim(getPastState(), i), "'past_state' and what the filters reach back to") : shapes.dim(getPastState(), i);
      if (!d) return failure();
    }
  shapes.set(getPresentState(), shapes.elementType(getInput()), dims);
  return success();
}
