//===- Quantization.cpp - between floats and scaled integers -----------------------------===//
#include "ComputeBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include <cmath>

using namespace mlir;
using namespace ingot;

/// Reads scale or zero point for an element of the data: per tensor, per position along an axis, or per block along it.
static FailureOr<AffineMap> parameterMap(ComputeBuilder &t, Value parameter, int64_t rank, int64_t axis, int64_t blockSize) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (axis < 0)
    axis += rank;
  if (type.getRank() == 0)
    return t.mapOf(rank, {});
  if (type.hasStaticShape() && type.getNumElements() == 1)
    return t.mapOf(rank, SmallVector<AffineExpr>(type.getRank(), t.zero()));
  if (type.getRank() == 1 && blockSize == 0)
    return t.select(rank, {axis});
  if (type.getRank() != rank || blockSize <= 0)
    return failure();
  SmallVector<AffineExpr> read;
  for (int64_t i = 0; i < rank; ++i)
    read.push_back(i == axis ? t.loop(i).floorDiv(blockSize) : t.loop(i));
  return t.mapOf(rank, read);
}

/// The integer nearest to `real` + `zero`, saturated to the type's range.
static Value saturate(ScalarBuilder &s, Value real, Value zero, Type element, bool isUnsigned) {
  Value shifted = s.math<math::RoundEvenOp>(real);
  if (zero)
    shifted = s.add(shifted, zero);
  unsigned bits = element.getIntOrFloatBitWidth();
  double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1), high = std::ldexp(1.0, isUnsigned ? bits : bits - 1) - 1;
  Value clamped = s.clamp(shifted, s.like(shifted, low), s.like(shifted, high));
  return s.cast(s.cast(clamped, s.b.getI32Type(), false, false), element, false, false);
}

namespace {

/// y = saturate(round(x / y_scale) + y_zero_point), halves to even
struct QuantizeLinearLowering : ONNXLowering<onnx::QuantizeLinearOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::QuantizeLinearOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    auto element = dyn_cast<IntegerType>(type.getElementType());
    if (!element || element.getWidth() > 16)
      return b.notifyMatchFailure(op, "expected a result of at most 16-bit integers");
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    bool hasZero = !isAbsent(op.getYZeroPoint());
    auto scaleMap = parameterMap(t, adaptor.getYScale(), rank, op.getAxis(), op.getBlockSize());
    auto zeroMap = hasZero ? parameterMap(t, adaptor.getYZeroPoint(), rank, op.getAxis(), op.getBlockSize()) : scaleMap;
    if (failed(scaleMap) || failed(zeroMap))
      return emitError(op.getLoc()) << "expected a scale per tensor, axis or block, got " << op.getYScale().getType();
    SmallVector<Value> inputs = {adaptor.getX(), adaptor.getYScale()};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank), *scaleMap};
    if (hasZero) {
      inputs.push_back(adaptor.getYZeroPoint());
      maps.push_back(*zeroMap);
    }
    bool resultUnsigned = isUnsigned(op.getY()), dataUnsigned = isUnsigned(op.getX());
    Value y = t.mapWide(inputs, maps, t.dims(adaptor.getX()), element, [&](ScalarBuilder &s, ValueRange v) {
      Type f32 = b.getF32Type();
      Value real = s.div(s.cast(v[0], f32, dataUnsigned, false), s.cast(v[1], f32, false, false));
      return saturate(s, real, hasZero ? s.cast(v[2], f32, resultUnsigned, false) : Value(), element, resultUnsigned);
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = (x - x_zero_point) * x_scale
struct DequantizeLinearLowering : ONNXLowering<onnx::DequantizeLinearOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DequantizeLinearOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!isa<IntegerType>(elementType(adaptor.getX())))
      return b.notifyMatchFailure(op, "expected integers");
    ComputeBuilder t(b, op.getLoc());
    int64_t rank = type.getRank();
    bool hasZero = !isAbsent(op.getXZeroPoint());
    auto scaleMap = parameterMap(t, adaptor.getXScale(), rank, op.getAxis(), op.getBlockSize());
    auto zeroMap = hasZero ? parameterMap(t, adaptor.getXZeroPoint(), rank, op.getAxis(), op.getBlockSize()) : scaleMap;
    if (failed(scaleMap) || failed(zeroMap))
      return emitError(op.getLoc()) << "expected a scale per tensor, axis or block, got " << op.getXScale().getType();
    SmallVector<Value> inputs = {adaptor.getX(), adaptor.getXScale()};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank), *scaleMap};
    if (hasZero) {
      inputs.push_back(adaptor.getXZeroPoint());
      maps.push_back(*zeroMap);
    }
    bool dataUnsigned = isUnsigned(op.getX());
    Value y = t.mapWide(inputs, maps, t.dims(adaptor.getX()), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      Type i32 = b.getI32Type(), wide = wideType(type.getElementType());
      Value x = s.cast(v[0], i32, dataUnsigned, false);
      if (hasZero)
        x = s.sub(x, s.cast(v[2], i32, dataUnsigned, false));
      return s.mul(s.cast(x, wide, false, false), s.cast(v[1], wide, false, false));
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// scale = (max(x, 0) - min(x, 0)) / 255, zero point = round(-min / scale), y as QuantizeLinear
struct DynamicQuantizeLinearLowering : ONNXLowering<onnx::DynamicQuantizeLinearOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DynamicQuantizeLinearOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getY().getType()));
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    Type f32 = b.getF32Type(), i8 = b.getI8Type();
    int64_t rank = type.getRank();
    SmallVector<int64_t> axes;
    for (int64_t i = 0; i < rank; ++i)
      axes.push_back(i);
    Value zero = t.number(f32, 0);
    Value low = t.reduceWide(x, axes, zero, [](ScalarBuilder &s, ValueRange v) { return s.min(v[1], v[0]); });
    Value high = t.reduceWide(x, axes, zero, [](ScalarBuilder &s, ValueRange v) { return s.max(v[1], v[0]); });
    Value scale = t.mapWide({low, high}, {}, {}, f32, [](ScalarBuilder &s, ValueRange v) {
      Value range = s.sub(v[1], v[0]);
      return s.select(s.eq(range, s.like(range, 0)), s.like(range, 1), s.div(range, s.like(range, 255)));
    });
    Value zeroPoint = t.mapWide({low, scale}, {}, {}, i8, [&](ScalarBuilder &s, ValueRange v) {
      return saturate(s, s.div(s.neg(v[0]), v[1]), nullptr, i8, /*isUnsigned=*/true);
    });
    AffineMap scalar = t.mapOf(rank, {});
    Value y = t.mapWide({x, scale, zeroPoint}, {b.getMultiDimIdentityMap(rank), scalar, scalar}, t.dims(x), i8,
                        [&](ScalarBuilder &s, ValueRange v) {
                          return saturate(s, s.div(v[0], v[1]), s.cast(v[2], f32, true, false), i8, /*isUnsigned=*/true);
                        });
    b.replaceOp(op, {t.castTo(y, type), scale, zeroPoint});
    return success();
  }
};

} // namespace

void ingot::populateQuantizationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<QuantizeLinearLowering, DequantizeLinearLowering, DynamicQuantizeLinearLowering>(types, context);
}
