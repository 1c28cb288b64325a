//===- Quantization.cpp - between floats and scaled integers -----------------------------===//
#include "ComputeBuilder.h"
#include "NarrowTypes.h"
#include "Saturation.h"
#include "ingot/Conversion/ONNXToLinalg.h"
#include "ingot/Dialect/ONNX/Bytes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <cmath>

using namespace mlir;
using namespace ingot;

/// Reads scale or zero point for an element of the data: per tensor, per position along an axis, or per block along it.
static FailureOr<AffineMap> parameterMap(ComputeBuilder &t, Value &parameter, ArrayRef<OpFoldResult> dims, int64_t axis, int64_t blockSize) {
  auto type = cast<RankedTensorType>(parameter.getType());
  int64_t rank = dims.size();
  if (axis < 0)
    axis += rank;
  if (type.hasStaticShape() && type.getNumElements() == 1)
    return t.mapOf(rank, SmallVector<AffineExpr>(type.getRank(), t.zero()));
  if (type.getRank() == 1 && blockSize == 0 && axis >= 0 && axis < rank)
    return t.axisMap(parameter, axis, dims);
  // Without such an axis it is one number, which a vector of unknown length has to be.
  if (type.getRank() == 1 && blockSize == 0 && type.isDynamicDim(0)) {
    t.checkEqual(t.dim(parameter, 0), t.indexAttr(1), "expected a scale or zero point of one element");
    return t.mapOf(rank, t.zero());
  }
  if (type.getRank() != rank || blockSize <= 0)
    return failure();
  SmallVector<AffineExpr> read;
  for (int64_t i = 0; i < rank; ++i) {
    OpFoldResult wanted = i == axis ? t.ceilDiv(dims[i], t.indexAttr(blockSize)) : dims[i], got = t.dim(parameter, i);
    read.push_back(i == axis ? t.loop(i).floorDiv(blockSize) : t.loop(i));
    if (getConstantIntValue(wanted) && getConstantIntValue(wanted) == getConstantIntValue(got))
      continue;
    t.check(t.compare(arith::CmpIPredicate::eq, t.value(wanted), t.value(got)),
            "dimension " + Twine(i) + " of a scale or zero point has not one element for each of the data, or each block");
  }
  return t.mapOf(rank, read);
}

Value ingot::saturate(ScalarBuilder &s, Value real, Value zero, Type element, bool isUnsigned) {
  Value shifted = s.math<math::RoundEvenOp>(real);
  if (zero) shifted = s.add(shifted, zero);
  unsigned bits = element.getIntOrFloatBitWidth();
  double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1), high = std::ldexp(1.0, isUnsigned ? bits : bits - 1) - 1;
  Value bounded = arith::MaxNumFOp::create(s.b, s.loc, shifted, s.like(shifted, low));
  bounded = arith::MinNumFOp::create(s.b, s.loc, bounded, s.like(shifted, high));
  Value whole = arith::FPToSIOp::create(s.b, s.loc, s.b.getI32Type(), bounded);
  return s.cast(whole, s.b.getIntegerType(std::max(bits, 8u)), false, false);
}

namespace {

/// Data, scale and (if there is one) zero point of an operator, as operands of one loop nest over the data.
struct QuantizationOperands {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  Type data, scale, zero; // ONNX's element types; no zero point: null
};

} // namespace

static FailureOr<QuantizationOperands> readOperands(ComputeBuilder &t, Operation *op, ValueRange lowered, int64_t axis, int64_t blockSize) {
  Dims dims = t.dims(lowered[0]);
  int64_t rank = dims.size();
  QuantizationOperands result{{lowered[0]}, {t.b.getMultiDimIdentityMap(rank)}, getElementTypeOrSelf(op->getOperand(0).getType()),
                              getElementTypeOrSelf(op->getOperand(1).getType()), {}};
  for (auto [original, parameter] : llvm::drop_begin(llvm::zip(op->getOperands(), lowered))) {
    if (isAbsent(original))
      continue;
    Value read = parameter;
    auto map = parameterMap(t, read, dims, axis, blockSize);
    if (failed(map))
      return emitError(op->getLoc()) << "expected a scale and zero point per tensor, axis or block, got " << original.getType();
    result.inputs.push_back(read);
    result.maps.push_back(*map);
  }
  if (result.inputs.size() == 3 && onnx::isAbsentOrZero(op->getOperand(2))) {
    result.inputs.pop_back();
    result.maps.pop_back();
  }
  if (result.inputs.size() == 3)
    result.zero = getElementTypeOrSelf(op->getOperand(2).getType());
  return result;
}

namespace {

/// y = saturate(round(x / y_scale) + y_zero_point), halves to even; for floats Cast(x / y_scale + y_zero_point)
struct QuantizeLinearLowering : ONNXLowering<onnx::QuantizeLinearOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::QuantizeLinearOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    Type element = getElementTypeOrSelf(op.getType());
    bool toFloat = isa<FloatType>(element), resultUnsigned = element.isUnsignedInteger();
    if (element.getIntOrFloatBitWidth() > 16 || (toFloat && !isNarrow(element)))
      return emitError(op.getLoc()) << "expected a result of integers of at most 16 bits or floats of at most 8, got " << op.getType();
    ComputeBuilder t(b, op.getLoc());
    auto operands = readOperands(t, op, adaptor.getOperands(), op.getAxis(), op.getBlockSize());
    if (failed(operands))
      return failure();
    Type precision = op.getPrecision() ? onnx::elementTypeOf(op.getPrecision(), b.getContext()) : Type(b.getF32Type());
    if (!isa_and_nonnull<FloatType>(precision))
      return emitError(op.getLoc()) << "expected 'precision' to be the number of a float type, got " << op.getPrecision();
    CastMode mode{op.getSaturate() != 0};
    Value y = t.mapWide(operands->inputs, operands->maps, t.dims(adaptor.getX()), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      Type f32 = b.getF32Type();
      Value x = s.cast(v[0], f32, operands->data.isUnsignedInteger(), false);
      Value real = s.div(x, s.cast(decode(s, v[1], operands->scale), f32, false, false));
      if (precision.getIntOrFloatBitWidth() == 16)
        real = s.cast(s.cast(real, precision, false, false), f32, false, false);
      Value zero = operands->zero ? s.cast(decode(s, v[2], operands->zero), f32, operands->zero.isUnsignedInteger(), false) : Value();
      if (toFloat)
        return encode(s, zero ? s.add(real, zero) : real, element, false, mode);
      Value whole = saturate(s, real, zero, element, resultUnsigned);
      return isNarrow(element) ? encode(s, whole, element, resultUnsigned) : whole;
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
    Type from = getElementTypeOrSelf(op.getX().getType());
    if (!from.isInteger() && !isNarrow(from))
      return emitError(op.getLoc()) << "expected integers or floats of at most 8 bits, got " << op.getX().getType();
    ComputeBuilder t(b, op.getLoc());
    auto operands = readOperands(t, op, adaptor.getOperands(), op.getAxis(), op.getBlockSize());
    if (failed(operands))
      return failure();
    Value y = t.mapWide(operands->inputs, operands->maps, t.dims(adaptor.getX()), type.getElementType(), [&](ScalarBuilder &s, ValueRange v) {
      Type wide = wideType(type.getElementType()), exact = isa<FloatType>(from) ? wide : b.getI32Type();
      auto number = [&](Value stored) { return s.cast(decode(s, stored, from), exact, from.isUnsignedInteger(), false); };
      Value x = number(v[0]);
      if (operands->zero)
        x = s.sub(x, number(v[2]));
      return s.mul(s.cast(x, wide, false, false), s.cast(decode(s, v[1], operands->scale), wide, false, false));
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
