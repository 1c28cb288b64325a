//===- IntegerContraction.cpp - products of 8-bit integers ----------------------------===//
//
// The zero point of the left operand leaves the product: sum (x - zx) w = sum x w - zx * sum w, where padding is with zx. So 8-bit operands
// go into the contraction as they are. Weights go in as signed bytes: constants less their zero point where that fits; of a matrix product, unsigned ones
// less 128, and what is left of the zero point leaves the product as that of the left operand does, with sums of rows. Else it is subtracted first, in i32.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Saturation.h"
#include "ingot/Dialect/ONNX/Bytes.h"

using namespace mlir;
using namespace ingot;

namespace {

/// One operand of an integer product.
struct Quantized {
  Value data;
  bool isUnsigned = false;
  Value original;               // of the onnx dialect
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
  Quantized q{lowered, isUnsigned(original), original, nullptr, false};
  if (!onnx::isAbsentOrZero(originalZero)) {
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

/// The numbers less the zero point in signed bytes, where constants tell that they fit; null: they do not.
static Value centred(ComputeBuilder &t, const Quantized &q, Value originalZero, int64_t axis) {
  auto type = onnx::byteType(q.original);
  if (!type || !type.getRank() || !onnx::fitsAround(q.original, originalZero, axis)) return {};
  if (!q.zeroPoint) return q.data;
  Value zero = q.zeroPoint;
  AffineMap zeroMap = t.axisMap(zero, axis, t.dims(q.data));
  // In eight bits, where the difference fits whatever the signs are.
  return t.mapWide({q.data, zero}, {t.b.getMultiDimIdentityMap(type.getRank()), zeroMap}, t.dims(q.data), t.b.getI8Type(),
                   [](ScalarBuilder &s, ValueRange x) { return arith::SubIOp::create(s.b, s.loc, x[0], x[1]).getResult(); });
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

/// Unsigned bytes less 128.
static Value asSigned(ComputeBuilder &t, Value bytes) {
  return t.mapWide({bytes}, {t.b.getMultiDimIdentityMap(2)}, t.dims(bytes), t.b.getI8Type(), [](ScalarBuilder &s, ValueRange x) {
    Value top = arith::ConstantOp::create(s.b, s.loc, s.b.getI8IntegerAttr(-128));
    return arith::XOrIOp::create(s.b, s.loc, x[0], top).getResult();
  });
}

/// acc - (sums of the rows of a - depth * za) * (zb - shift), where `shift` is what was subtracted from b already.
static Value withoutRows(ComputeBuilder &t, Value acc, const Quantized &a, const Quantized &b, int64_t depth, int64_t shift) {
  Type i32 = t.b.getI32Type();
  Dims out = t.dims(acc);
  int64_t rank = out.size(), aRank = cast<RankedTensorType>(a.data.getType()).getRank();
  Value sums = t.reduceWide(a.data, {aRank - 1}, t.number(i32, 0),
                            [&](ScalarBuilder &s, ValueRange x) { return s.add(x[1], s.cast(x[0], i32, a.isUnsigned, false)); });
  auto rows = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  SmallVector<Value> inputs{acc, sums};
  SmallVector<AffineMap> maps{t.b.getMultiDimIdentityMap(rank), t.select(rank, rows)};
  if (a.zeroPoint) {
    inputs.push_back(a.zeroPoint);
    maps.push_back(t.mapOf(rank, SmallVector<AffineExpr>(cast<RankedTensorType>(a.zeroPoint.getType()).getRank(), t.zero())));
  }
  if (b.zeroPoint) {
    Value zero = b.zeroPoint;
    maps.push_back(t.axisMap(zero, rank - 1, out));
    inputs.push_back(zero);
  }
  return t.mapWide(inputs, maps, out, i32, [&](ScalarBuilder &s, ValueRange x) {
    Value row = x[1], zero = s.constant(i32, -shift);
    if (a.zeroPoint) row = s.sub(row, s.mul(s.constant(i32, depth), s.cast(x[2], i32, a.zeroIsUnsigned, false)));
    if (b.zeroPoint) zero = s.add(zero, s.cast(x.back(), i32, b.zeroIsUnsigned, false));
    return s.sub(x[0], s.mul(row, zero));
  });
}

/// Sum of (a - za)(b - zb) in i32. `zeroB` is zb in the onnx dialect.
static Value integerMatMul(ComputeBuilder &t, const Quantized &a, const Quantized &b, Value zeroB, MatMulOperands operands) {
  Type i32 = t.b.getI32Type();
  int64_t aRank = operands.aDims.size(), bRank = operands.bDims.size();
  auto matrix = cast<RankedTensorType>(b.data.getType());
  bool oneZeroOfA = !a.zeroPoint || isScalar(a.zeroPoint), needsRows = false;
  operands.a = a.data;
  operands.b = b.data;
  operands.unsignedA = a.isUnsigned;
  operands.unsignedB = b.isUnsigned;
  if (Value constant = centred(t, b, zeroB, bRank - 1)) {
    operands.b = constant;
    operands.unsignedB = false;
  } else if (bRank == 2 && aRank >= 2 && matrix.hasStaticShape() && matrix.getElementType().isInteger(8) && oneZeroOfA && (b.zeroPoint || b.isUnsigned)) {
    needsRows = true;
    if (b.isUnsigned) operands.b = asSigned(t, b.data);
    operands.unsignedB = false;
  } else if (b.zeroPoint) {
    operands.b = withoutZeroPoint(t, b, bRank - 1);
    operands.unsignedB = false;
  }
  if (a.zeroPoint && (bRank != 2 || !oneZeroOfA)) {
    operands.a = withoutZeroPoint(t, a, std::max<int64_t>(aRank - 2, 0));
    operands.unsignedA = false;
    return matMul(t, operands, i32);
  }
  Value product = matMul(t, operands, i32);
  if (a.zeroPoint) {
    Value sums = t.reduceWide(operands.b, {0}, t.number(i32, 0),
                              [&](ScalarBuilder &s, ValueRange x) { return s.add(x[1], s.cast(x[0], i32, operands.unsignedB, false)); });
    product = withoutZeroTimes(t, product, sums, a, t.dims(product));
  }
  return needsRows ? withoutRows(t, product, a, b, matrix.getDimSize(0), b.isUnsigned ? 128 : 0) : product;
}

//===--------------------------------- convolutions -------------------------------===//

/// Sum of (x - zx)(w - zw) over windows, in i32. `zeroW` is zw in the onnx dialect.
static Value integerConv(ComputeBuilder &t, const Quantized &x, const Quantized &w, Value zeroW, const Window &window, int64_t groups,
                         ArrayRef<OpFoldResult> out) {
  Type i32 = t.b.getI32Type();
  Value weights = w.data;
  bool unsignedWeights = w.isUnsigned;
  if (Value constant = centred(t, w, zeroW, 0)) {
    weights = constant;
    unsignedWeights = false;
  } else if (w.zeroPoint) {
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
    Value y = integerMatMul(t, a, w, op.getBZeroPoint(), operands);
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
    Value acc = integerMatMul(t, a, w, op.getBZeroPoint(), operands);
    Dims out = t.dims(acc);
    Requantization q{adaptor.getAScale(), adaptor.getBScale(), adaptor.getYScale(), onnx::isAbsentOrZero(op.getYZeroPoint()) ? Value() : adaptor.getYZeroPoint(), isUnsigned(op.getY())};
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
    Value y = integerConv(t, x, w, op.getWZeroPoint(), window, op.getGroup(), out);
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
    Value acc = integerConv(t, x, w, op.getWZeroPoint(), window, op.getGroup(), out);
    if (!isAbsent(op.getB())) {
      int64_t rank = out.size();
      acc = t.mapWide({acc, adaptor.getB()}, {b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})}, out, b.getI32Type(),
                      [](ScalarBuilder &s, ValueRange v) { return s.add(v[0], v[1]); });
    }
    Requantization q{adaptor.getXScale(), adaptor.getWScale(), adaptor.getYScale(), onnx::isAbsentOrZero(op.getYZeroPoint()) ? Value() : adaptor.getYZeroPoint(), isUnsigned(op.getY())};
    b.replaceOp(op, t.castTo(requantize(t, acc, q, out, type.getElementType()), type));
    return success();
  }
};

} // namespace

void ingot::populateIntegerContractionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<MatMulIntegerLowering, QLinearMatMulLowering, ConvIntegerLowering, QLinearConvLowering>(types, context);
}
