//===- IntegerContraction.cpp - products of 8-bit integers ----------------------------===//
//
// The zero point of the left operand leaves the product: sum (x - zx) w = sum x w - zx * sum w, where padding is with zx. So 8-bit operands
// go into the contraction as they are. A right zero point that is not a constant 0 is subtracted from the weights first, in i32.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Saturation.h"

using namespace mlir;
using namespace ingot;

namespace {

/// One operand of an integer product.
struct Quantized {
  Value data;
  bool isUnsigned = false;
  Value zeroPoint;              // null: zero
  bool zeroIsUnsigned = false;
};

/// x_scale * w_scale / y_scale and the zero point of the result.
struct Requantization {
  Value xScale, wScale, yScale, yZero; // no zero point: null
  bool isUnsigned = false;
};

} // namespace

static Quantized quantized(Value original, Value lowered, Value originalZero, Value loweredZero) {
  Quantized q{lowered, isUnsigned(original), nullptr, false};
  if (!isAbsentOrZero(originalZero)) {
    q.zeroPoint = loweredZero;
    q.zeroIsUnsigned = isUnsigned(originalZero);
  }
  return q;
}

/// Elements less their zero point, in i32; a vector of zero points runs along `axis`.
static Value withoutZeroPoint(ComputeBuilder &t, const Quantized &q, int64_t axis) {
  int64_t rank = cast<RankedTensorType>(q.data.getType()).getRank();
  SmallVector<Value> inputs = {q.data};
  SmallVector<AffineMap> maps = {t.b.getMultiDimIdentityMap(rank)};
  if (q.zeroPoint) {
    Value zero = q.zeroPoint;
    maps.push_back(t.axisMap(zero, axis, t.dims(q.data)));
    inputs.push_back(zero);
  }
  return t.mapWide(inputs, maps, t.dims(q.data), t.b.getI32Type(), [&](ScalarBuilder &s, ValueRange x) {
    Value v = s.cast(x[0], s.resultType, q.isUnsigned, false);
    return x.size() == 1 ? v : s.sub(v, s.cast(x[1], s.resultType, q.zeroIsUnsigned, false));
  });
}

/// A zero point that is one number for the whole tensor.
static bool isScalar(Value v) { return cast<RankedTensorType>(v.getType()).hasStaticShape() && cast<RankedTensorType>(v.getType()).getNumElements() == 1; }

/// i32 -> quantized: round(acc * xs * ws / ys) + zero, saturated; scales of the weights run along the last dimension.
static Value requantize(ComputeBuilder &t, Value acc, const Requantization &q, ArrayRef<OpFoldResult> dims, Type element) {
  int64_t rank = dims.size();
  SmallVector<Value> inputs = {acc, q.xScale, q.wScale, q.yScale};
  if (q.yZero) inputs.push_back(q.yZero);
  SmallVector<AffineMap> maps = {t.b.getMultiDimIdentityMap(rank)};
  for (Value &v : MutableArrayRef<Value>(inputs).drop_front())
    maps.push_back(t.axisMap(v, rank - 1, dims));
  return t.mapWide(inputs, maps, dims, element, [&](ScalarBuilder &s, ValueRange x) {
    Type f32 = t.b.getF32Type(), i32 = t.b.getI32Type();
    Value scale = s.div(s.mul(s.cast(x[1], f32, false, false), s.cast(x[2], f32, false, false)), s.cast(x[3], f32, false, false));
    Value real = s.mul(s.cast(x[0], f32, false, false), scale);
    Value zero = q.yZero ? s.cast(s.cast(x[4], i32, q.isUnsigned, q.isUnsigned), f32, false, false) : Value();
    return saturate(s, real, zero, element, q.isUnsigned);
  });
}

/// acc - sums * zero, where `sums` runs along the last dimension.
static Value withoutZeroTimes(ComputeBuilder &t, Value acc, Value sums, const Quantized &x, ArrayRef<OpFoldResult> dims) {
  Type i32 = t.b.getI32Type();
  int64_t rank = dims.size();
  AffineMap scalar = t.mapOf(1, SmallVector<AffineExpr>(cast<RankedTensorType>(x.zeroPoint.getType()).getRank(), t.zero()));
  // As a vector of its own, which is constant where the zero point is.
  Value correction = t.mapWide({sums, x.zeroPoint}, {t.b.getMultiDimIdentityMap(1), scalar}, t.dims(sums), i32,
                               [&](ScalarBuilder &s, ValueRange v) { return s.mul(v[0], s.cast(v[1], i32, x.zeroIsUnsigned, false)); });
  return t.mapWide({acc, correction}, {t.b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})}, dims, i32,
                   [](ScalarBuilder &s, ValueRange v) { return s.sub(v[0], v[1]); });
}

//===-------------------------------- matrix products -----------------------------===//

/// Sum of (a - za)(b - zb) in i32.
static Value integerMatMul(ComputeBuilder &t, const Quantized &a, const Quantized &b, MatMulOperands operands) {
  Type i32 = t.b.getI32Type();
  int64_t aRank = operands.aDims.size(), bRank = operands.bDims.size();
  operands.a = a.data;
  operands.b = b.data;
  operands.unsignedA = a.isUnsigned;
  operands.unsignedB = b.isUnsigned;
  if (b.zeroPoint) {
    operands.b = withoutZeroPoint(t, b, bRank - 1);
    operands.unsignedB = false;
  }
  if (!a.zeroPoint)
    return matMul(t, operands, i32);
  if (bRank != 2 || !isScalar(a.zeroPoint)) {
    operands.a = withoutZeroPoint(t, a, std::max<int64_t>(aRank - 2, 0));
    operands.unsignedA = false;
    return matMul(t, operands, i32);
  }
  Value product = matMul(t, operands, i32);
  Dims out = t.dims(product);
  Value sums = t.reduceWide(operands.b, {0}, t.number(i32, 0),
                            [&](ScalarBuilder &s, ValueRange x) { return s.add(x[1], s.cast(x[0], i32, operands.unsignedB, false)); });
  return withoutZeroTimes(t, product, sums, a, out);
}

//===--------------------------------- convolutions -------------------------------===//

/// Sum of (x - zx)(w - zw) over windows, in i32.
static Value integerConv(ComputeBuilder &t, const Quantized &x, const Quantized &w, const Window &window, int64_t groups,
                         ArrayRef<OpFoldResult> out) {
  Type i32 = t.b.getI32Type();
  Value weights = w.data;
  bool unsignedWeights = w.isUnsigned;
  if (w.zeroPoint) {
    weights = withoutZeroPoint(t, w, 0);
    unsignedWeights = false;
  }
  Type xElement = elementType(x.data);
  if (!x.zeroPoint) {
    Value padded = window.pad(t, x.data, t.number(xElement, 0));
    return convolve(t, padded, weights, window, groups, out, i32, x.isUnsigned, unsignedWeights);
  }
  Value padded = window.pad(t, x.data, t.scalarOf(x.zeroPoint));
  Value product = convolve(t, padded, weights, window, groups, out, i32, x.isUnsigned, unsignedWeights);
  SmallVector<int64_t> axes;
  for (int64_t i = 1, rank = cast<RankedTensorType>(weights.getType()).getRank(); i < rank; ++i)
    axes.push_back(i);
  Value sums = t.reduceWide(weights, axes, t.number(i32, 0),
                            [&](ScalarBuilder &s, ValueRange v) { return s.add(v[1], s.cast(v[0], i32, unsignedWeights, false)); });
  return withoutZeroTimes(t, product, sums, x, out);
}

namespace {

/// Y = sum (A - za)(B - zb), i32
struct MatMulIntegerLowering : ONNXLowering<onnx::MatMulIntegerOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MatMulIntegerOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    ComputeBuilder t(b, op.getLoc());
    Quantized a = quantized(op.getA(), adaptor.getA(), op.getAZeroPoint(), adaptor.getAZeroPoint());
    Quantized w = quantized(op.getB(), adaptor.getB(), op.getBZeroPoint(), adaptor.getBZeroPoint());
    MatMulOperands operands{nullptr, nullptr, shapes.dims(op.getA()), shapes.dims(op.getB()), shapes.dims(op.getY())};
    Value y = integerMatMul(t, a, w, operands);
    b.replaceOp(op, t.castTo(y, typeConverter->convertType(op.getType())));
    return success();
  }
};

/// y = saturate(round(sum (a - za)(b - zb) * sa * sb / sy) + zy)
struct QLinearMatMulLowering : ONNXLowering<onnx::QLinearMatMulOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::QLinearMatMulOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    // By ONNX's types: floats of 8 bits are bytes from here on.
    for (Value v : {op.getA(), op.getB(), op.getYZeroPoint()})
      if (Type element = cast<ShapedType>(v.getType()).getElementType(); !element.isInteger(8))
        return emitError(op.getLoc()) << "expected operands and a result of 8-bit integers, got " << element;
    ComputeBuilder t(b, op.getLoc());
    Quantized a = quantized(op.getA(), adaptor.getA(), op.getAZeroPoint(), adaptor.getAZeroPoint());
    Quantized w = quantized(op.getB(), adaptor.getB(), op.getBZeroPoint(), adaptor.getBZeroPoint());
    MatMulOperands operands{nullptr, nullptr, shapes.dims(op.getA()), shapes.dims(op.getB()), shapes.dims(op.getY())};
    Value acc = integerMatMul(t, a, w, operands);
    Dims out = t.dims(acc);
    Requantization q{adaptor.getAScale(), adaptor.getBScale(), adaptor.getYScale(), isAbsentOrZero(op.getYZeroPoint()) ? Value() : adaptor.getYZeroPoint(), isUnsigned(op.getY())};
    b.replaceOp(op, t.castTo(requantize(t, acc, q, out, type.getElementType()), type));
    return success();
  }
};

/// y = sum (x - zx)(w - zw) over windows, i32
struct ConvIntegerLowering : ONNXLowering<onnx::ConvIntegerOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConvIntegerOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    ComputeBuilder t(b, op.getLoc());
    Dims out = lowering.dims(b, op.getLoc(), op.getY());
    Dims kernel = t.dims(adaptor.getW());
    Window window = makeWindow(t, windowAttributes(op), ArrayRef<OpFoldResult>(kernel).drop_front(2), t.dims(adaptor.getX()), out);
    Quantized x = quantized(op.getX(), adaptor.getX(), op.getXZeroPoint(), adaptor.getXZeroPoint());
    Quantized w = quantized(op.getW(), adaptor.getW(), op.getWZeroPoint(), adaptor.getWZeroPoint());
    Value y = integerConv(t, x, w, window, op.getGroup(), out);
    b.replaceOp(op, t.castTo(y, typeConverter->convertType(op.getType())));
    return success();
  }
};

/// y = saturate(round((sum (x - zx)(w - zw) + b) * sx * sw / sy) + zy)
struct QLinearConvLowering : ONNXLowering<onnx::QLinearConvOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::QLinearConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!op->hasAttr("channels_last"))
      return b.notifyMatchFailure(op, "expected channels last");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims out = lowering.dims(b, op.getLoc(), op.getY());
    Dims kernel = t.dims(adaptor.getW());
    Window window = makeWindow(t, windowAttributes(op), ArrayRef<OpFoldResult>(kernel).drop_front(2), t.dims(adaptor.getX()), out);
    Quantized x = quantized(op.getX(), adaptor.getX(), op.getXZeroPoint(), adaptor.getXZeroPoint());
    Quantized w = quantized(op.getW(), adaptor.getW(), op.getWZeroPoint(), adaptor.getWZeroPoint());
    Value acc = integerConv(t, x, w, window, op.getGroup(), out);
    if (!isAbsent(op.getB())) {
      int64_t rank = out.size();
      acc = t.mapWide({acc, adaptor.getB()}, {b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})}, out, b.getI32Type(),
                      [](ScalarBuilder &s, ValueRange v) { return s.add(v[0], v[1]); });
    }
    Requantization q{adaptor.getXScale(), adaptor.getWScale(), adaptor.getYScale(), isAbsentOrZero(op.getYZeroPoint()) ? Value() : adaptor.getYZeroPoint(), isUnsigned(op.getY())};
    b.replaceOp(op, t.castTo(requantize(t, acc, q, out, type.getElementType()), type));
    return success();
  }
};

} // namespace

void ingot::populateIntegerContractionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<MatMulIntegerLowering, QLinearMatMulLowering, ConvIntegerLowering, QLinearConvLowering>(types, context);
}
