//===- Convolution.cpp - convolution, channels last ---------------------------------===//
//
// Operators that onnx-propagate-layout left in ONNX's order (it leaves none of known rank) are turned here, so that there is one form.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "StoredWeights.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

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

/// One filter per channel: [C, 1, K...] -> [1, K..., 1, C]
static Value depthwiseWeights(ComputeBuilder &t, Value weights) {
  int64_t r = cast<RankedTensorType>(weights.getType()).getRank() - 2;
  SmallVector<int64_t> order;
  for (int64_t i = 1; i <= r; ++i)
    order.push_back(i);
  order.push_back(0);
  Value taps = t.transpose(t.removeUnitDim(weights, 1), order);
  return t.insertUnitDim(t.insertUnitDim(taps, r), 0);
}

static bool hasFilterPerChannel(RankedTensorType weights, int64_t groups) {
  return groups > 1 && weights.getDimSize(1) == 1 && weights.getDimSize(0) == groups;
}

Value ingot::convolve(ComputeBuilder &t, Value input, Value weights, const Window &window, int64_t groups, ArrayRef<OpFoldResult> outDims,
                      Type outElement, bool unsignedInput, bool unsignedWeights, ArrayRef<int64_t> pads) {
  auto type = cast<RankedTensorType>(weights.getType());
  if (!type.hasStaticShape())
    return convolveDynamic(t, input, weights, {window.strides, window.dilations}, groups, outDims, outElement, unsignedInput, unsignedWeights);
  ContractSpec spec{window.strides, window.dilations, groups, false, unsignedInput, unsignedWeights, SmallVector<int64_t>(pads)};
  spec.depthwise = hasFilterPerChannel(type, groups);
  if (spec.depthwise) {
    spec.groups = 1;
    return contract(t, input, depthwiseWeights(t, weights), outDims, outElement, spec);
  }
  return contract(t, input, contractWeights(t, weights, groups), outDims, outElement, spec);
}

/// The padding, which the kernel does itself: elements before the input, and behind it as many as windows reach for. Empty where nothing is padded, none
/// where it must be done beforehand: where it follows from unknown sizes, or elements are cut off.
static std::optional<SmallVector<int64_t>> kernelPads(const Window &window, const WindowAttributes &attributes) {
  SmallVector<int64_t> pads;
  // The number of windows is such that none reaches beyond the input.
  bool same = attributes.autoPad.starts_with("SAME");
  if (!window.isPadded() || (!same && (!attributes.pads || llvm::all_of(*attributes.pads, [](int64_t pad) { return pad == 0; })))) return pads;
  for (OpFoldResult pad : window.padBefore) {
    auto before = getConstantIntValue(pad);
    if (!before || *before < 0) return std::nullopt;
    pads.push_back(*before);
  }
  return pads;
}

/// The bytes that the numbers of a convolution with one filter per channel are cast from, which its kernel reads as they are; null: none.
static Value bytesOfFilter(onnx::ConvOp op, ConversionPatternRewriter &b) {
  auto cast = op.getX().getDefiningOp<onnx::CastOp>();
  if (!cast || !hasFilterPerChannel(mlir::cast<RankedTensorType>(op.getW().getType()), op.getGroup())) return {};
  if (!elementType(op.getX()).isF32() || !mlir::cast<ShapedType>(cast.getInput().getType()).getElementType().isInteger(8)) return {};
  return b.getRemappedValue(cast.getInput());
}

namespace {

/// y[n, o, c] = sum over k, i of x[n, o * strides + k * dilations - pads, i] * w[c, i, k] + b[c]
struct ConvLowering : ONNXLowering<onnx::ConvOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto weights = cast<RankedTensorType>(adaptor.getW().getType());
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims out = lowering.dims(b, op.getLoc(), op.getY());
    Dims in = t.dims(adaptor.getX()), kernel = t.dims(adaptor.getW());
    Window window = makeWindow(t, windowAttributes(op), ArrayRef<OpFoldResult>(kernel).drop_front(2), in, out);
    auto pads = weights.hasStaticShape() ? kernelPads(window, windowAttributes(op)) : std::nullopt;
    Value x = pads ? adaptor.getX() : window.pad(t, adaptor.getX(), t.number(type.getElementType(), 0));
    StoredWeights stored = quantizedWeights(b, op.getW(), adaptor.getW(), /*columnDim=*/0);
    bool readsUnsigned = false;
    if (Value bytes = pads ? bytesOfFilter(op, b) : Value()) x = bytes, readsUnsigned = isUnsigned(op.getX().getDefiningOp<onnx::CastOp>().getInput());
    Value y = convolve(t, x, stored.value, window, op.getGroup(), out, type.getElementType(), readsUnsigned, stored.isUnsigned,
                       pads.value_or(SmallVector<int64_t>()));
    int64_t rank = type.getRank();
    bool hasBias = !isAbsent(op.getB());
    SmallVector<Value> inputs = {y};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
    if (stored.scale) {
      inputs.push_back(stored.scale);
      maps.push_back(stored.scaleMap(t, rank));
    }
    if (hasBias) {
      inputs.push_back(adaptor.getB());
      maps.push_back(t.select(rank, {rank - 1}));
    }
    if (inputs.size() > 1)
      y = t.mapWide(inputs, maps, out, type.getElementType(), [&](ScalarBuilder &s, ValueRange x) {
        Value v = stored.scale ? s.mul(x[0], x[1]) : x[0];
        return hasBias ? s.add(v, x.back()) : v;
      });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateConvolutionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ConvLowering>(types, context);
}
