//===- Elementwise.cpp - every row of the elementwise table, by one pattern ----------===//
//
// The row gives the scalar operation; the operands broadcast together into one linalg.generic with parallel loops.
//===-----------------------------------------------------------------------------===//
#include "Broadcast.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

namespace {

/// result[i] = scalar(operands[i broadcast]...)
struct ElementwiseLowering : OpInterfaceConversionPattern<onnx::ElementwiseInterface> {
  ElementwiseLowering(const TypeConverter &types, LoweringContext &context)
      : OpInterfaceConversionPattern(types, context.shapes.getContext()), context(context) {}

  LogicalResult matchAndRewrite(onnx::ElementwiseInterface op, ArrayRef<Value> operands, ConversionPatternRewriter &b) const override {
    Value result = op->getResult(0);
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(result.getType()));
    if (!type || !isNumber(type.getElementType()))
      return b.notifyMatchFailure(op, "expected a ranked tensor of numbers as result");
    SmallVector<Value> originals, lowered;
    bool unsignedOperands = false;
    for (auto [original, operand] : llvm::zip(op->getOperands(), operands)) {
      if (isAbsent(original))
        continue;
      if (!isNumberTensor(operand))
        return b.notifyMatchFailure(op, "expected ranked tensors of numbers as operands");
      originals.push_back(original);
      lowered.push_back(operand);
      unsignedOperands |= isUnsigned(original);
    }
    BroadcastOperands parts = broadcastTogether(context, b, op.getLoc(), result, originals, lowered);
    TensorBuilder t(b, op.getLoc());
    Type element = type.getElementType();
    Value value = t.map(parts.inputs, parts.maps, parts.dims, element, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, unsignedOperands, element);
      SmallVector<Value> scalars;
      unsigned next = 0;
      for (Value original : op->getOperands())
        scalars.push_back(isAbsent(original) ? Value() : widen(s, args[next++]));
      return narrow(s, op.buildScalar(s, scalars), element);
    });
    b.replaceOp(op, value);
    return success();
  }

  LoweringContext &context;
};

/// CastLike: Cast to the element type of the second operand.
struct CastLikeLowering : ONNXLowering<onnx::CastLikeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::CastLikeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getInput();
    Type to = elementType(adaptor.getTargetType());
    if (!isNumberTensor(input) || !isNumber(to))
      return b.notifyMatchFailure(op, "expected tensors of numbers");
    bool fromUnsigned = isUnsigned(op.getInput()), toUnsigned = isUnsigned(op.getTargetType());
    TensorBuilder t(b, op.getLoc());
    b.replaceOp(op, t.map(input, {}, t.dims(input), to, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, fromUnsigned, to);
      return s.cast(args[0], to, fromUnsigned, toUnsigned);
    }));
    return success();
  }
};

/// BitCast: the same bits as another type of equal width.
struct BitCastLowering : ONNXLowering<onnx::BitCastOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::BitCastOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getInput();
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || !isNumberTensor(input) || !isNumber(type.getElementType()) ||
        elementType(input).getIntOrFloatBitWidth() != type.getElementTypeBitWidth())
      return b.notifyMatchFailure(op, "expected tensors of numbers of equal width");
    if (elementType(input) == type.getElementType()) {
      b.replaceOp(op, input);
      return success();
    }
    TensorBuilder t(b, op.getLoc());
    b.replaceOp(op, t.map(input, {}, t.dims(input), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      return arith::BitcastOp::create(nested, loc, type.getElementType(), args[0]);
    }));
    return success();
  }
};

} // namespace

void ingot::populateElementwiseLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ElementwiseLowering, CastLikeLowering, BitCastLowering>(types, context);
}
