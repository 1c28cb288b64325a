//===- Softmax.cpp - softmax and its relatives --------------------------------------===//
#include "Normalization.h"

using namespace mlir;
using namespace ingot;

namespace {

/// The largest along one axis, and maps to read it again.
struct AxisReduction {
  AxisReduction(ComputeBuilder &t, Value x, int64_t axis) : t(t), x(x), axis(axis), rank(cast<RankedTensorType>(x.getType()).getRank()) {
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        kept.push_back(i);
    identity = t.b.getMultiDimIdentityMap(rank);
    keptMap = t.select(rank, kept);
    wide = wideType(elementType(x));
  }
  Value largest() {
    ScalarBuilder scalars(t.b, t.loc, false, wide);
    return t.reduceWide(x, {axis}, scalars.lowest(wide), [](ScalarBuilder &s, ValueRange v) { return s.max(v[1], v[0]); });
  }
  Dims keptDims() {
    Dims all = t.dims(x), result;
    for (int64_t i : kept)
      result.push_back(all[i]);
    return result;
  }

  ComputeBuilder &t;
  Value x;
  int64_t axis, rank;
  SmallVector<int64_t> kept;
  AffineMap identity, keptMap;
  Type wide;
};

} // namespace

Value ingot::softmax(ComputeBuilder &t, Value x, int64_t axis, Type element) {
  AxisReduction r(t, x, axis);
  Value largest = r.largest();
  Value powers = t.mapWide({x, largest}, {r.identity, r.keptMap}, t.dims(x), r.wide,
                           [](ScalarBuilder &s, ValueRange v) { return s.exp(s.sub(v[0], v[1])); });
  Value sums = t.reduceWide(powers, {axis}, t.number(r.wide, 0), [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], v[0]); });
  Value factors = t.mapWide(sums, {}, r.keptDims(), r.wide, [](ScalarBuilder &s, ValueRange v) { return s.div(s.like(v[0], 1), v[0]); });
  return t.mapWide({powers, factors}, {r.identity, r.keptMap}, t.dims(x), element,
                   [](ScalarBuilder &s, ValueRange v) { return s.mul(v[0], v[1]); });
}

Value ingot::logSoftmax(ComputeBuilder &t, Value x, int64_t axis, Type element) {
  AxisReduction r(t, x, axis);
  Value largest = r.largest();
  Value sums = t.fold({x, largest}, {r.identity, r.keptMap}, t.full(r.keptDims(), t.number(r.wide, 0)), r.keptMap,
                      [](ScalarBuilder &s, ValueRange v) { return s.add(v[2], s.exp(s.sub(v[0], v[1]))); });
  Value offsets = t.mapWide({largest, sums}, {}, r.keptDims(), r.wide,
                            [](ScalarBuilder &s, ValueRange v) { return s.add(v[0], s.log(v[1])); });
  return t.mapWide({x, offsets}, {r.identity, r.keptMap}, t.dims(x), element,
                      [](ScalarBuilder &s, ValueRange v) { return s.sub(v[0], v[1]); });
}

namespace {

/// y = exp(x - max x) / sum exp(x - max x)
struct SoftmaxLowering : ONNXLowering<onnx::SoftmaxOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SoftmaxOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    if (type.getRank() == 0)
      return b.notifyMatchFailure(op, "expected an axis");
    Value y = softmax(t, adaptor.getInput(), fromFront(op.getAxis(), type.getRank()), type.getElementType());
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = x - max x - log(sum exp(x - max x))
struct LogSoftmaxLowering : ONNXLowering<onnx::LogSoftmaxOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LogSoftmaxOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Value y = logSoftmax(t, adaptor.getInput(), fromFront(op.getAxis(), type.getRank()), type.getElementType());
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = 1 at the first largest element, else 0
struct HardmaxLowering : ONNXLowering<onnx::HardmaxOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::HardmaxOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getInput();
    int64_t axis = fromFront(op.getAxis(), type.getRank());
    AxisReduction r(t, x, axis);
    Value largest = r.largest();
    Type i64 = b.getI64Type();
    auto position = [axis, i64](OpBuilder &nested, Location l) -> Value {
      return arith::IndexCastOp::create(nested, l, i64, linalg::IndexOp::create(nested, l, axis));
    };
    Value first = t.fold({x, largest}, {r.identity, r.keptMap}, t.full(r.keptDims(), t.number(i64, 4e18)), r.keptMap,
                         [&](ScalarBuilder &s, ValueRange v) {
                           return s.select(s.eq(v[0], v[1]), s.min(v[2], position(s.b, s.loc)), v[2]);
                         });
    Value y = t.mapWide(first, r.keptMap, t.dims(x), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      return s.select(s.eq(v[0], position(s.b, s.loc)), s.constant(s.resultType, 1), s.constant(s.resultType, 0));
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateSoftmaxLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<SoftmaxLowering, LogSoftmaxLowering, HardmaxLowering>(types, context);
}
