//===- Elementwise.cpp - every row of the elementwise table, by one pattern ----------===//
//
// The row gives the scalar operation; the operands broadcast together into one linalg.generic with parallel loops.
//===-----------------------------------------------------------------------------===//
#include "Broadcast.h"
#include "NarrowTypes.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

namespace {

/// result[i] = scalar(operands[i broadcast]...)
struct ElementwiseLowering : OpInterfaceConversionPattern<onnx::ElementwiseInterface> {
  ElementwiseLowering(const TypeConverter &types, LoweringContext &context)
      : OpInterfaceConversionPattern(types, context.shapes.getContext()), context(context) {}

  LogicalResult matchAndRewrite(onnx::ElementwiseInterface op, ArrayRef<Value> operands, ConversionPatternRewriter &b) const override {
    if (isa<onnx::CastOp>(*op))
      return b.notifyMatchFailure(op, "expected an operator with one element type");
    Value result = op->getResult(0);
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(result.getType()));
    // Where moves elements of any type.
    bool moves = isa<onnx::WhereOp>(op);
    if (!type || !(moves || isNumber(type.getElementType())))
      return b.notifyMatchFailure(op, "expected a ranked tensor of numbers as result");
    SmallVector<Value> originals, lowered;
    bool unsignedOperands = false;
    for (auto [original, operand] : llvm::zip(op->getOperands(), operands)) {
      if (isAbsent(original))
        continue;
      if (!isNumberTensor(operand) && !(moves && isa<RankedTensorType>(operand.getType())))
        return b.notifyMatchFailure(op, "expected ranked tensors of numbers as operands");
      originals.push_back(original);
      lowered.push_back(operand);
      unsignedOperands |= isUnsigned(original);
    }
    BroadcastOperands parts = broadcastTogether(context, b, op.getLoc(), result, originals, lowered);
    TensorBuilder t(b, op.getLoc());
    Type element = type.getElementType(), onnxElement = getElementTypeOrSelf(result.getType());
    // A selection moves elements of any type as they are.
    bool computes = !isa<onnx::WhereOp>(*op);
    if (computes && llvm::any_of(originals, [](Value v) { return isa<ComplexType>(getElementTypeOrSelf(v.getType())); }))
      return b.notifyMatchFailure(op, "expected real numbers");
    Value value = t.map(parts.inputs, parts.maps, parts.dims, element, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, unsignedOperands, element);
      SmallVector<Value> scalars;
      unsigned next = 0;
      for (Value original : op->getOperands()) {
        if (isAbsent(original)) {
          scalars.push_back({});
          continue;
        }
        Value x = args[next++];
        if (computes && isNarrow(getElementTypeOrSelf(original.getType())))
          x = decode(s, x, getElementTypeOrSelf(original.getType()));
        scalars.push_back(widen(s, x));
      }
      Value y = op.buildScalar(s, scalars);
      return computes && isNarrow(onnxElement) ? encode(s, y, onnxElement, unsignedOperands) : narrow(s, y, element);
    });
    b.replaceOp(op, value);
    return success();
  }

  LoweringContext &context;
};

/// Cast and CastLike: each element to the element type of the result.
template <class OpT> struct CastLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getInput();
    Type from = getElementTypeOrSelf(op.getInput().getType()), to = getElementTypeOrSelf(op.getOutput().getType());
    auto type = dyn_cast_or_null<RankedTensorType>(this->typeConverter->convertType(op.getOutput().getType()));
    if (!type || !isNumberTensor(input) || !isNumber(type.getElementType()) || isa<ComplexType>(from) || isa<ComplexType>(to))
      return b.notifyMatchFailure(op, "expected tensors of numbers of known rank");
    if (!llvm::is_contained({"up", "down", "nearest"}, op.getRoundMode()))
      return emitError(op.getLoc()) << "expected 'round_mode' to be up, down or nearest, got '" << op.getRoundMode() << "'";
    CastMode mode{op.getSaturate() != 0, op.getRoundMode()};
    TensorBuilder t(b, op.getLoc());
    Value y = t.map(input, {}, t.dims(input), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, from.isUnsignedInteger(), type.getElementType());
      return castElement(s, args[0], from, to, mode);
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// BitCast: the same bits as another type of equal width.
struct BitCastLowering : ONNXLowering<onnx::BitCastOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::BitCastOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getInput();
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || !isNumberTensor(input) || !isNumber(type.getElementType()))
      return b.notifyMatchFailure(op, "expected tensors of numbers");
    Type from = elementType(input), to = type.getElementType();
    if (from == to) {
      b.replaceOp(op, input);
      return success();
    }
    TensorBuilder t(b, op.getLoc());
    Value y = t.map(input, {}, t.dims(input), to, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, true, to);
      // A bool is a byte outside of the compiler.
      if (from.isInteger(1) || to.isInteger(1))
        return s.cast(args[0], to, true, true);
      return arith::BitcastOp::create(nested, loc, to, args[0]);
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateElementwiseLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ElementwiseLowering, CastLowering<onnx::CastOp>, CastLowering<onnx::CastLikeOp>, BitCastLowering>(types, context);
}
