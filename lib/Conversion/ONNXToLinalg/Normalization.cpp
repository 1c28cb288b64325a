//===- Normalization.cpp - normalisation over trailing or given dimensions ------------===//
#include "Normalization.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ingot;

//===--------------------------------- statistics ---------------------------------===//

Statistics::Statistics(ComputeBuilder &t, Value x, ArrayRef<int64_t> axes)
    : t(t), x(x), axes(axes), wide(wideType(elementType(x))) {
  for (int64_t i = 0, rank = cast<RankedTensorType>(x.getType()).getRank(); i < rank; ++i)
    if (!llvm::is_contained(axes, i))
      kept.push_back(i);
}

AffineMap Statistics::keptMap() { return t.select(kept.size() + axes.size(), kept); }

Value Statistics::count() {
  Dims sizes;
  for (int64_t a : axes)
    sizes.push_back(t.dim(x, a));
  Value n = t.fromIndex(t.value(t.product(sizes)), t.b.getI64Type());
  return arith::SIToFPOp::create(t.b, t.loc, wide, n);
}

Value Statistics::divideByCount(Value sums) {
  Value n = count();
  return t.mapWide(sums, {}, t.dims(sums), wide, [&](ScalarBuilder &s, ValueRange v) { return s.div(v[0], n); });
}

/// Sums over one axis at a time, the last one with `first`: partial sums keep the error of long sums small.
Value Statistics::sum(ValueRange others, ArrayRef<AffineMap> otherMaps, ComputeBuilder::ScalarBody first) {
  int64_t rank = kept.size() + axes.size(), last = axes.empty() ? -1 : axes.back();
  Dims sizes;
  SmallVector<int64_t> left;
  for (int64_t i = 0; i < rank; ++i) {
    if (i == last)
      continue;
    left.push_back(i);
    sizes.push_back(t.dim(x, i));
  }
  SmallVector<Value> inputs = {x};
  inputs.append(others.begin(), others.end());
  SmallVector<AffineMap> maps = {t.b.getMultiDimIdentityMap(rank)};
  llvm::append_range(maps, otherMaps);
  Value partial = t.fold(inputs, maps, t.full(sizes, t.number(wide, 0)), t.select(rank, left), first);
  for (int64_t i = static_cast<int64_t>(axes.size()) - 2; i >= 0; --i)
    partial = t.reduceWide(partial, axes[i], t.number(wide, 0), [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], v[0]); });
  return partial;
}

Value Statistics::mean() {
  return divideByCount(sum({}, {}, [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], v[0]); }));
}

Value Statistics::variance(Value mean) {
  return divideByCount(sum(mean, keptMap(), [](ScalarBuilder &s, ValueRange v) {
    Value d = s.sub(v[0], v[1]);
    return s.add(v[2], s.mul(d, d));
  }));
}

Value Statistics::meanSquare() {
  return divideByCount(sum({}, {}, [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], s.mul(v[0], v[0])); }));
}

Value Statistics::inverseRoot(Value v, double epsilon) {
  return t.mapWide(v, {}, t.dims(v), wide, [&](ScalarBuilder &s, ValueRange x) {
    return s.div(s.like(x[0], 1), s.sqrt(s.add(x[0], s.like(x[0], epsilon))));
  });
}

/// Dimensions [axis, rank).
static SmallVector<int64_t> trailingAxes(int64_t axis, int64_t rank) {
  SmallVector<int64_t> axes;
  for (int64_t i = axis; i < rank; ++i)
    axes.push_back(i);
  return axes;
}

namespace {

/// Y = (X - mean) / sqrt(variance + epsilon) * Scale + B over the trailing dimensions
struct LayerNormalizationLowering : ONNXLowering<onnx::LayerNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LayerNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getY().getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank(), axis = fromFront(op.getAxis(), rank);
    Statistics stats(t, adaptor.getX(), trailingAxes(axis, rank));
    Value mean = stats.mean();
    Value inverse = stats.inverseRoot(stats.variance(mean), op.getEpsilon().convertToFloat());

    Dims dims = t.dims(adaptor.getX());
    Value scale = adaptor.getScale(), bias = adaptor.getB();
    AffineMap scaleMap = t.broadcastMap(scale, dims);
    SmallVector<Value> inputs = {adaptor.getX(), mean, inverse, scale};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank), stats.keptMap(), stats.keptMap(), scaleMap};
    bool hasBias = !isAbsent(op.getB());
    if (hasBias) {
      maps.push_back(t.broadcastMap(bias, dims));
      inputs.push_back(bias);
    }
    Value y = t.mapWide(inputs, maps, t.dims(adaptor.getX()), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      Value scaled = s.mul(s.mul(s.sub(v[0], v[1]), v[2]), v[3]);
      return hasBias ? s.add(scaled, v[4]) : scaled;
    });
    b.replaceOp(op, {t.castTo(y, type), asResult(t, op.getMean(), mean, rank), asResult(t, op.getInvStdDev(), inverse, rank)});
    return success();
  }

private:
  /// Statistics with the normalised dimensions as 1.
  Value asResult(ComputeBuilder &t, Value result, Value statistic, int64_t rank) const {
    auto type = dyn_cast<RankedTensorType>(typeConverter->convertType(result.getType()));
    if (!type)
      return {};
    Value v = t.convertElements(statistic, type.getElementType());
    while (cast<RankedTensorType>(v.getType()).getRank() < rank)
      v = t.insertUnitDim(v, cast<RankedTensorType>(v.getType()).getRank());
    return t.castTo(v, type);
  }
};

/// Y = X / sqrt(mean X^2 + epsilon) * scale over the trailing dimensions
struct RMSNormalizationLowering : ONNXLowering<onnx::RMSNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RMSNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    Statistics stats(t, adaptor.getX(), trailingAxes(fromFront(op.getAxis(), rank), rank));
    Value inverse = stats.inverseRoot(stats.meanSquare(), op.getEpsilon().convertToFloat());
    Value scale = adaptor.getScale();
    AffineMap scaleMap = t.broadcastMap(scale, t.dims(adaptor.getX()));
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank), stats.keptMap(), scaleMap};
    Value y = t.mapWide({adaptor.getX(), inverse, scale}, maps, t.dims(adaptor.getX()), type.getElementType(),
                        [](ScalarBuilder &s, ValueRange v) { return s.mul(s.mul(v[0], v[1]), v[2]); });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// Y = (X - mean) / (sqrt(variance) + 1e-9) over the given axes
struct MeanVarianceNormalizationLowering : ONNXLowering<onnx::MeanVarianceNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MeanVarianceNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    SmallVector<int64_t> axes = {0, 2, 3};
    if (op.getAxes())
      axes.assign(op.getAxes()->begin(), op.getAxes()->end());
    for (int64_t &a : axes)
      a = fromFront(a, rank);
    llvm::sort(axes);
    Statistics stats(t, adaptor.getX(), axes);
    Value mean = stats.mean(), variance = stats.variance(mean);
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank), stats.keptMap(), stats.keptMap()};
    Value y = t.mapWide({adaptor.getX(), mean, variance}, maps, t.dims(adaptor.getX()), type.getElementType(),
                        [](ScalarBuilder &s, ValueRange v) {
                          return s.div(s.sub(v[0], v[1]), s.add(s.sqrt(v[2]), s.like(v[2], 1e-9)));
                        });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = x / |x|_p along an axis, 0 where the norm is 0
struct LpNormalizationLowering : ONNXLowering<onnx::LpNormalizationOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LpNormalizationOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    bool isL1 = op.getP() == 1;
    Statistics stats(t, adaptor.getInput(), fromFront(op.getAxis(), rank));
    Value sums = t.reduceWide(adaptor.getInput(), stats.axes, t.number(stats.wide, 0), [&](ScalarBuilder &s, ValueRange v) {
      return s.add(v[1], isL1 ? s.abs(v[0]) : s.mul(v[0], v[0]));
    });
    Value norms = isL1 ? sums : t.mapWide(sums, {}, t.dims(sums), stats.wide, [](ScalarBuilder &s, ValueRange v) { return s.sqrt(v[0]); });
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank), stats.keptMap()};
    Value y = t.mapWide({adaptor.getInput(), norms}, maps, t.dims(adaptor.getInput()), type.getElementType(),
                        [](ScalarBuilder &s, ValueRange v) {
                          Value zero = s.like(v[1], 0);
                          return s.select(s.eq(v[1], zero), zero, s.div(v[0], v[1]));
                        });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateNormalizationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<LayerNormalizationLowering, RMSNormalizationLowering, MeanVarianceNormalizationLowering, LpNormalizationLowering>(types, context);
  populateDropoutLowering(patterns, types, context);
  populateLossLowering(patterns, types, context);
  populateSoftmaxLowering(patterns, types, context);
  populateChannelNormalizationLowering(patterns, types, context);
}
