//===- Maps.cpp - operators on maps, and look-ups of strings: calls of the runtime ---------------===//
#include "CallBuilder.h"
#include "OtherDomains.h"

using namespace mlir;
using namespace ingot;

namespace {

/// Look-ups with strings among keys or values; those of numbers are computation (Labels.cpp).
struct StringLookupLowering : CallLowering<onnx::MLLabelEncoderOp> {
  using CallLowering::CallLowering;
  LogicalResult matchAndRewrite(onnx::MLLabelEncoderOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (op.getKeysTensor().getElementType().isIntOrFloat() && op.getValuesTensor().getElementType().isIntOrFloat())
      return b.notifyMatchFailure(op, "expected strings");
    return CallLowering::matchAndRewrite(op, adaptor, b);
  }
};

} // namespace

void ingot::populateMapLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<CallLowering<onnx::MLZipMapOp>>(types, context, "ingot_op_zip_map");
  patterns.add<CallLowering<onnx::MLCastMapOp>>(types, context, "ingot_op_cast_map");
  patterns.add<CallLowering<onnx::MLDictVectorizerOp>>(types, context, "ingot_op_dict_vectorizer");
  patterns.add<StringLookupLowering>(types, context, "ingot_op_label_encoder");
}
