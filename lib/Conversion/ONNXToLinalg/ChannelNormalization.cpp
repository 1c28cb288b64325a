//===- ChannelNormalization.cpp - normalisation per channel or across channels ----------===//
//
// Instance, group and local response normalisation are channels last, as onnx-propagate-layout leaves them; batch normalisation is not
// turned by it (in inference it is elementwise by now) and keeps ONNX's order.
//===-----------------------------------------------------------------------------===//
#include "Normalization.h"

using namespace mlir;
using namespace ingot;

namespace {

SmallVector<int64_t> spatialAxes(int64_t rank) {
  SmallVector<int64_t> axes;
  for (int64_t i = 1; i < rank - 1; ++i)
    axes.push_back(i);
  return axes;
}

void checkChannels(ComputeBuilder &t, OpFoldResult channels, ValueRange parameters) {
  for (Value v : parameters)
    t.checkEqual(t.dim(v, 0), channels, "expected one parameter for each channel");
}

/// y = (x - mean) / sqrt(variance + epsilon) * scale[c] + b[c], statistics per sample and channel
struct InstanceNormalizationLowering : ONNXLowering<onnx::InstanceNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::InstanceNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    Value x = adaptor.getInput();
    checkChannels(t, t.dim(x, rank - 1), {adaptor.getScale(), adaptor.getB()});
    Statistics stats(t, x, spatialAxes(rank));
    Value mean = stats.mean();
    Value inverse = stats.inverseRoot(stats.variance(mean), op.getEpsilon().convertToFloat());
    AffineMap channel = t.select(rank, {rank - 1});
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank), stats.keptMap(), stats.keptMap(), channel, channel};
    Value y = t.mapWide({x, mean, inverse, adaptor.getScale(), adaptor.getB()}, maps, t.dims(x), type.getElementType(),
                        [](ScalarBuilder &s, ValueRange v) { return s.add(s.mul(s.mul(s.sub(v[0], v[1]), v[2]), v[3]), v[4]); });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c], statistics per sample and group of channels
struct GroupNormalizationLowering : ONNXLowering<onnx::GroupNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GroupNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    OpFoldResult groups = t.indexAttr(op.getNumGroups());
    Dims sizes = t.dims(adaptor.getX()), split(sizes);
    OpFoldResult perGroup = t.floorDiv(sizes.back(), groups);
    split.back() = groups;
    split.push_back(perGroup);
    t.checkEqual(t.mul(groups, perGroup), sizes.back(), "expected the groups to divide the channels");
    checkChannels(t, sizes.back(), {adaptor.getScale(), adaptor.getBias()});
    SmallVector<ReassociationIndices> pieces;
    for (int64_t i = 0; i < rank - 1; ++i)
      pieces.push_back({i});
    pieces.push_back({rank - 1, rank});
    Value x = t.expand(adaptor.getX(), pieces, split);
    Value scale = t.expand(adaptor.getScale(), {{0, 1}}, {groups, perGroup});
    Value bias = t.expand(adaptor.getBias(), {{0, 1}}, {groups, perGroup});

    SmallVector<int64_t> axes = spatialAxes(rank);
    axes.push_back(rank);
    Statistics stats(t, x, axes);
    Value mean = stats.mean();
    Value inverse = stats.inverseRoot(stats.variance(mean), op.getEpsilon().convertToFloat());
    AffineMap channel = t.select(rank + 1, {rank - 1, rank});
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank + 1), stats.keptMap(), stats.keptMap(), channel, channel};
    Value y = t.mapWide({x, mean, inverse, scale, bias}, maps, split, type.getElementType(),
                        [](ScalarBuilder &s, ValueRange v) { return s.add(s.mul(s.mul(s.sub(v[0], v[1]), v[2]), v[3]), v[4]); });
    b.replaceOp(op, t.castTo(t.collapse(y, pieces), type));
    return success();
  }
};

/// y = x / (bias + alpha / size * sum of x^2 over neighbouring channels)^beta
struct LRNLowering : ONNXLowering<onnx::LRNOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LRNOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    int64_t rank = type.getRank(), size = op.getSize(), axis = op->hasAttr("channels_last") ? rank - 1 : 1;
    Type wide = wideType(type.getElementType());
    Dims low(rank, t.indexAttr(0)), high(rank, t.indexAttr(0));
    low[axis] = t.indexAttr((size - 1) / 2);
    high[axis] = t.indexAttr(size - 1 - (size - 1) / 2);
    Value padded = t.padOrCrop(x, low, high, t.number(type.getElementType(), 0));
    SmallVector<AffineExpr> read, written;
    for (int64_t i = 0; i < rank; ++i) {
      read.push_back(i == axis ? t.loop(i) + t.loop(rank) : t.loop(i));
      written.push_back(t.loop(i));
    }
    Value window = t.empty({t.indexAttr(size)}, wide);
    AffineMap maps[] = {t.mapOf(rank + 1, read), t.select(rank + 1, {rank})};
    Value sums = t.fold({padded, window}, maps, t.full(t.dims(x), t.number(wide, 0)), t.mapOf(rank + 1, written),
                        [](ScalarBuilder &s, ValueRange v) { return s.add(v[2], s.mul(v[0], v[0])); });
    double factor = op.getAlpha().convertToFloat() / static_cast<double>(size);
    double bias = op.getBias().convertToFloat(), beta = op.getBeta().convertToFloat();
    Value y = t.mapWide({x, sums}, {}, t.dims(x), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      Value base = s.add(s.like(v[1], bias), s.mul(v[1], s.like(v[1], factor)));
      return s.div(v[0], s.pow(base, s.like(base, beta)));
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// Y = (X - mean[c]) / sqrt(var[c] + epsilon) * scale[c] + B[c]; in training the statistics are the batch's
struct BatchNormalizationLowering : ONNXLowering<onnx::BatchNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::BatchNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getY().getType()));
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    int64_t rank = type.getRank(), axis = op->hasAttr("channels_last") ? rank - 1 : std::min<int64_t>(1, rank - 1);
    Value mean = adaptor.getInputMean(), variance = adaptor.getInputVar();
    checkChannels(t, t.dim(x, axis), {mean, variance, adaptor.getScale(), adaptor.getB()});
    Value runningMean = mean, runningVar = variance;
    if (op.getTrainingMode()) {
      SmallVector<int64_t> axes;
      for (int64_t i = 0; i < rank; ++i)
        if (i != axis)
          axes.push_back(i);
      Statistics stats(t, x, axes);
      Value batchMean = stats.mean(), batchVariance = stats.variance(batchMean);
      runningMean = blend(t, mean, batchMean, op.getMomentum().convertToFloat());
      runningVar = blend(t, variance, batchVariance, op.getMomentum().convertToFloat());
      mean = batchMean;
      variance = batchVariance;
    }
    AffineMap channel = t.select(rank, {axis});
    double epsilon = op.getEpsilon().convertToFloat();
    Value factor = t.mapWide({adaptor.getScale(), variance}, {}, t.dims(variance), wideType(type.getElementType()),
                             [&](ScalarBuilder &s, ValueRange v) {
                               Value root = s.sqrt(s.add(s.cast(v[1], s.resultType, false, false), s.constant(s.resultType, epsilon)));
                               return s.div(s.cast(v[0], s.resultType, false, false), root);
                             });
    Value y = t.mapWide({x, mean, factor, adaptor.getB()}, {b.getMultiDimIdentityMap(rank), channel, channel, channel}, t.dims(x),
                        type.getElementType(), [](ScalarBuilder &s, ValueRange v) {
                          auto wide = [&](Value x) { return s.cast(x, s.resultType, false, false); };
                          return s.add(s.mul(s.sub(v[0], wide(v[1])), wide(v[2])), wide(v[3]));
                        });
    auto asType = [&](Value v, Value result) { return t.castTo(v, typeConverter->convertType(result.getType())); };
    b.replaceOp(op, {t.castTo(y, type), asType(runningMean, op.getRunningMean()), asType(runningVar, op.getRunningVar())});
    return success();
  }

private:
  /// old * momentum + batch * (1 - momentum)
  static Value blend(ComputeBuilder &t, Value old, Value batch, double momentum) {
    return t.mapWide({old, batch}, {}, t.dims(old), elementType(old), [&](ScalarBuilder &s, ValueRange v) {
      Value x = s.cast(v[0], s.resultType, false, false), y = s.cast(v[1], s.resultType, false, false);
      return s.add(s.mul(x, s.like(x, momentum)), s.mul(y, s.like(y, 1 - momentum)));
    });
  }
};

} // namespace

void ingot::populateChannelNormalizationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<InstanceNormalizationLowering, GroupNormalizationLowering, LRNLowering, BatchNormalizationLowering>(types, context);
}
