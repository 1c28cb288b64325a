//===- Generation.cpp - tensors out of a few numbers ---------------------------------===//
#include "Families.h"
#include "ScalarBody.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// result[i] = start + i * delta, ceil((limit - start) / delta) of them
struct RangeLowering : ONNXLowering<onnx::RangeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RangeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!isNumberTensor(adaptor.getStart()))
      return b.notifyMatchFailure(op, "expected numbers");
    TensorBuilder t(b, op.getLoc());
    Type stored = elementType(adaptor.getStart());
    bool isUnsigned = ingot::isUnsigned(op.getStart());
    ScalarBuilder s(b, op.getLoc(), isUnsigned, stored);
    Value start = t.scalarOf(adaptor.getStart()), limit = t.scalarOf(adaptor.getLimit()), delta = t.scalarOf(adaptor.getDelta());
    OpFoldResult size;
    if (lowering.isKnown(op.getResult(), 0)) {
      size = lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), 0));
    } else {
      Type f64 = b.getF64Type(), i64 = b.getI64Type();
      Value nonZero = s.cast(widen(s, delta), b.getI1Type(), isUnsigned, false);
      t.check(nonZero, "delta is 0");
      // Counted in floats first: integers may overflow.
      Value asked = s.div(s.sub(s.cast(widen(s, limit), f64, isUnsigned, false), s.cast(widen(s, start), f64, isUnsigned, false)), s.cast(widen(s, delta), f64, isUnsigned, false));
      Value tooMany = s.gt(asked, s.constant(f64, 0x1p48));
      t.check(s.bitAnd(s.bitNot(tooMany), s.bitNot(s.bitAnd(nonZero, s.isNaN(asked)))), "asks for more elements than there is memory for, or for a number of them that is none");
      Value count;
      if (stored.isInteger()) {
        Value span = arith::SubIOp::create(b, op.getLoc(), s.cast(limit, i64, isUnsigned, false), s.cast(start, i64, isUnsigned, false));
        count = t.value(t.ceilDiv(t.toIndex(span), t.toIndex(t.select(nonZero, s.cast(delta, i64, isUnsigned, false), t.number(i64, 1)))));
      } else {
        Value span = s.sub(s.cast(limit, f64, false, false), s.cast(start, f64, false, false));
        Value steps = math::CeilOp::create(b, op.getLoc(), s.div(span, s.cast(delta, f64, false, false)));
        count = t.toIndex(s.cast(steps, i64, false, false));
      }
      size = t.max(count, t.indexAttr(0));
    }
    // Narrow floats count in f32.
    Type element = computeType(stored);
    Value first = widen(s, start), step = widen(s, delta);
    Value result = t.compute(size, stored, [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      ScalarBuilder inner(nested, loc, isUnsigned, stored);
      Value i = arith::IndexCastOp::create(nested, loc, nested.getI64Type(), at[0]);
      return narrow(inner, inner.add(first, inner.mul(inner.cast(i, element, false, isUnsigned), step)), stored);
    });
    b.replaceOp(op, t.castTo(result, typeConverter->convertType(op.getType())));
    return success();
  }
};

struct ConstantOfShapeLowering : ONNXLowering<onnx::ConstantOfShapeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConstantOfShapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || !isNumber(type.getElementType()))
      return b.notifyMatchFailure(op, "expected a result of known rank and numbers");
    TensorBuilder t(b, op.getLoc());
    Value scalar = t.number(type.getElementType(), 0);
    if (auto value = op.getValue()) {
      auto dense = dyn_cast<DenseElementsAttr>(*value);
      if (!dense || dense.getNumElements() != 1)
        return b.notifyMatchFailure(op, "expected one value");
      auto single = *dense.getValues<Attribute>().begin();
      Type element = type.getElementType();
      // Elements that are stored in another type have the same bits there.
      if (auto i = dyn_cast<IntegerAttr>(single))
        single = b.getIntegerAttr(element, i.getValue().zext(element.getIntOrFloatBitWidth()));
      else if (auto f = dyn_cast<FloatAttr>(single); f && element.isInteger())
        single = b.getIntegerAttr(element, f.getValue().bitcastToAPInt().zext(element.getIntOrFloatBitWidth()));
      auto typed = dyn_cast<TypedAttr>(single);
      if (!typed || typed.getType() != element)
        return b.notifyMatchFailure(op, "expected a number");
      scalar = arith::ConstantOp::create(b, op.getLoc(), typed);
    }
    Dims dims;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      if (lowering.isKnown(op.getResult(), i)) {
        dims.push_back(lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), i)));
        if (!shapes.isNonNegative(shapes.dim(op.getResult(), i)))
          t.check(t.compare(arith::CmpIPredicate::sge, t.value(dims.back()), t.index(0)), "dimension " + Twine(i) + " of the shape is negative");
        continue;
      }
      Value d = t.toIndex(t.extract(adaptor.getInput(), t.index(i)));
      t.check(t.compare(arith::CmpIPredicate::sge, d, t.index(0)), "dimension " + Twine(i) + " of the shape is negative");
      dims.push_back(d);
    }
    b.replaceOp(op, t.castTo(t.full(dims, scalar), type));
    return success();
  }
};

/// result[i, j] = 1 where j - i is k, else 0
struct EyeLikeLowering : ONNXLowering<onnx::EyeLikeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::EyeLikeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || type.getRank() != 2 || !isNumber(type.getElementType()))
      return b.notifyMatchFailure(op, "expected a matrix of numbers");
    TensorBuilder t(b, op.getLoc());
    Value k = t.index(op.getK()), one = t.number(type.getElementType(), 1), zero = t.number(type.getElementType(), 0);
    b.replaceOp(op, t.compute(t.dims(adaptor.getInput()), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      Value onDiagonal = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq, arith::SubIOp::create(nested, loc, at[1], at[0]), k);
      return arith::SelectOp::create(nested, loc, onDiagonal, one, zero);
    }));
    return success();
  }
};

} // namespace

void ingot::populateGenerationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<RangeLowering, ConstantOfShapeLowering, EyeLikeLowering>(types, context);
  populateRandomLowering(patterns, types, context);
  populateSignalLowering(patterns, types, context);
}
