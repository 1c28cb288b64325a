//===- Convolution.cpp - convolution, channels last ---------------------------------===//
//
// Operators that onnx-propagate-layout left in ONNX's order (it leaves none of known rank) are turned here, so that there is one form.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"

using namespace mlir;
using namespace ingot;

FailureOr<RankedTensorType> ingot::staticWeights(ConversionPatternRewriter &b, Operation *op, Value weights) {
  auto type = dyn_cast<RankedTensorType>(weights.getType());
  if (type && type.hasStaticShape())
    return type;
  emitError(op->getLoc()) << "expected weights of static shape, got " << weights.getType();
  return failure();
}

Value ingot::contractWeights(ComputeBuilder &t, Value weights, int64_t groups) {
  auto type = cast<RankedTensorType>(weights.getType());
  int64_t rank = type.getRank();
  Dims split = {t.indexAttr(groups), t.indexAttr(type.getDimSize(0) / groups)};
  SmallVector<ReassociationIndices> pieces = {{0, 1}};
  for (int64_t i = 1; i < rank; ++i) {
    split.push_back(t.indexAttr(type.getDimSize(i)));
    pieces.push_back({i + 1});
  }
  // [G, OC, IC, K...] -> [G, K..., IC, OC]
  SmallVector<int64_t> order = {0};
  for (int64_t i = 3; i <= rank; ++i)
    order.push_back(i);
  order.append({2, 1});
  return t.transpose(t.expand(weights, pieces, split), order);
}

/// One filter per channel: a window op without reduction over channels. Weights [C, 1, K...] are read as [K..., C].
static Value convolveDepthwise(ComputeBuilder &t, Value padded, Value weights, const Window &window, ArrayRef<OpFoldResult> outDims,
                               Type outElement, bool unsignedInput, bool unsignedWeights) {
  int64_t r = window.rank();
  SmallVector<int64_t> order;
  for (int64_t i = 1; i <= r; ++i)
    order.push_back(i);
  order.push_back(0);
  Value taps = t.transpose(t.removeUnitDim(weights, 1), order);
  Type wide = wideType(outElement);
  Value sums = t.full(outDims, t.number(wide, 0));
  AffineMap maps[] = {window.inputMap(t), window.kernelMap(t, /*withChannel=*/true)};
  Value result = t.fold({padded, taps}, maps, sums, window.outputMap(t), [&](ScalarBuilder &s, ValueRange x) {
    Value in = s.cast(x[0], wide, unsignedInput, unsignedInput), tap = s.cast(x[1], wide, unsignedWeights, unsignedWeights);
    return s.add(x[2], s.mul(in, tap));
  });
  return t.convertElements(result, outElement);
}

Value ingot::convolve(ComputeBuilder &t, Value padded, Value weights, const Window &window, int64_t groups, ArrayRef<OpFoldResult> outDims,
                      Type outElement, bool unsignedInput, bool unsignedWeights) {
  auto type = cast<RankedTensorType>(weights.getType());
  if (groups > 1 && type.getDimSize(1) == 1 && type.getDimSize(0) == groups)
    return convolveDepthwise(t, padded, weights, window, outDims, outElement, unsignedInput, unsignedWeights);
  ContractSpec spec{window.strides, window.dilations, groups, false, unsignedInput, unsignedWeights};
  return contract(t, padded, contractWeights(t, weights, groups), outDims, outElement, spec);
}

namespace {

/// y[n, o, c] = sum over k, i of x[n, o * strides + k * dilations - pads, i] * w[c, i, k] + b[c]
struct ConvLowering : ONNXLowering<onnx::ConvOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto weights = staticWeights(b, op, adaptor.getW());
    if (failed(weights))
      return failure();
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims out = lowering.dims(b, op.getLoc(), op.getY());
    Window window = makeWindow(t, windowAttributes(op), weights->getShape().drop_front(2), t.dims(adaptor.getX()), out);
    Value padded = window.pad(t, adaptor.getX(), t.number(type.getElementType(), 0));
    Value y = convolve(t, padded, adaptor.getW(), window, op.getGroup(), out, type.getElementType());
    if (!isAbsent(op.getB())) {
      int64_t rank = type.getRank();
      AffineMap maps[] = {b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})};
      y = t.mapWide({y, adaptor.getB()}, maps, out, type.getElementType(),
                    [](ScalarBuilder &s, ValueRange x) { return s.add(x[0], x[1]); });
    }
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateConvolutionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ConvLowering>(types, context);
}
