//===- Text.cpp - strings, n-grams, images, and operators that the user brings ------------===//
#include "CallBuilder.h"
#include "ScalarBody.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

static bool isText(Value v) { return isa<onnx::StringType>(getElementTypeOrSelf(v.getType())); }

namespace {

/// Equal and Unique on strings: a call. On numbers they are computation.
template <class OpT> struct TextOnlyLowering : CallLowering<OpT> {
  using CallLowering<OpT>::CallLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!isText(op->getOperand(0))) return b.notifyMatchFailure(op, "expected strings");
    return CallLowering<OpT>::matchAndRewrite(op, adaptor, b);
  }
};

/// Cast and CastLike from or to strings.
template <class OpT> struct CastTextLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = op.getInput(), output = op.getOutput(), lowered = adaptor.getInput();
    bool from = isText(input), to = isText(output);
    if (!from && !to) return b.notifyMatchFailure(op, "expected strings on one side");
    if (from && to) {
      TensorBuilder t(b, op.getLoc());
      b.replaceOp(op, adapt(t, lowered, input.getType(), this->typeConverter->convertType(output.getType())));
      return success();
    }
    // Narrow floats are read as f32 and rounded like any other.
    auto type = cast<TensorType>(output.getType());
    bool isNarrow = from && isa<FloatType>(type.getElementType()) && type.getElementTypeBitWidth() < 32;
    Type read = isNarrow ? type.clone(b.getF32Type()) : type;
    CallBuilder call(b, op.getLoc(), from ? "ingot_op_string_to_number" : "ingot_op_number_to_string");
    Value result = call.input(input.getType(), lowered).output(read).build().front();
    if (!isNarrow) {
      b.replaceOp(op, result);
      return success();
    }
    if (isHandle(result.getType())) return b.notifyMatchFailure(op, "expected a tensor of known rank");
    TensorBuilder t(b, op.getLoc());
    b.replaceOp(op, t.map(result, {}, t.dims(result), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, false, type.getElementType());
      return s.cast(args[0], type.getElementType(), false, false);
    }));
    return success();
  }
};

/// A call of the function that --custom-op names.
struct CustomLowering : ONNXLowering<onnx::CustomOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::CustomOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    CallBuilder call(b, op.getLoc(), op.getFunction());
    call.inputs(op.getOperands(), adaptor.getOperands()).stateful();
    for (NamedAttribute attribute : op.getParameters()) call.parameter(attribute.getName(), attribute.getValue());
    for (Type type : op->getResultTypes()) call.output(type);
    b.replaceOp(op, call.build());
    return success();
  }
};

} // namespace

void ingot::populateTextLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<CallLowering<onnx::StringConcatOp>>(types, context, "ingot_op_string_concat");
  patterns.add<CallLowering<onnx::StringSplitOp>>(types, context, "ingot_op_string_split");
  patterns.add<CallLowering<onnx::StringNormalizerOp>>(types, context, "ingot_op_string_normalizer");
  patterns.add<CallLowering<onnx::TfIdfVectorizerOp>>(types, context, "ingot_op_tfidf_vectorizer");
  patterns.add<CallLowering<onnx::RegexFullMatchOp>>(types, context, "ingot_op_regex_full_match");
  patterns.add<CallLowering<onnx::ImageDecoderOp>>(types, context, "ingot_op_image_decoder");
  patterns.add<CallLowering<onnx::MsTokenizerOp>>(types, context, "ingot_op_regex_tokenizer");
  patterns.add<CallLowering<onnx::MsMurmurHash3Op>>(types, context, "ingot_op_murmur_hash3");
  patterns.add<TextOnlyLowering<onnx::EqualOp>>(types, context, "ingot_op_string_equal");
  patterns.add<TextOnlyLowering<onnx::UniqueOp>>(types, context, "ingot_op_unique");
  patterns.add<CastTextLowering<onnx::CastOp>, CastTextLowering<onnx::CastLikeOp>, CustomLowering>(types, context);
}
