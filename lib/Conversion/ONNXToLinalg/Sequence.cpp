//===- Sequence.cpp - sequences and optional values -------------------------------------===//
//
// They are handles; every operator is a call, and applying a subgraph to each element is a loop around two of them.
//===-----------------------------------------------------------------------------===//
#include "CallBuilder.h"
#include "Regions.h"

using namespace mlir;
using namespace ingot;

namespace {

/// OptionalGetElement: what is no optional is the element.
struct GetElementLowering : ONNXLowering<onnx::OptionalGetElementOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::OptionalGetElementOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (isa<onnx::OptionalType>(op.getInput().getType())) return replaceWithCall(op, adaptor.getOperands(), "ingot_op_optional_get_element", b);
    TensorBuilder t(b, op.getLoc());
    b.replaceOp(op, adapt(t, adaptor.getInput(), op.getInput().getType(), typeConverter->convertType(op.getOutput().getType())));
    return success();
  }
};

/// SequenceMap: for each i, the results of the body on element i appended to the sequences of results.
struct SequenceMapLowering : RegionLowering<onnx::SequenceMapOp> {
  using RegionLowering::RegionLowering;
  LogicalResult matchAndRewrite(onnx::SequenceMapOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    TensorBuilder t(b, loc);
    Block &body = op.getBody().front();
    auto scalar = RankedTensorType::get({}, b.getI64Type());
    Type first = op.getInputSequence().getType();
    Value length = CallBuilder(b, loc, "ingot_op_sequence_length").input(first, adaptor.getInputSequence()).output(scalar).build().front();
    SmallVector<Value> init;
    for (Type type : op.getResultTypes()) init.push_back(CallBuilder(b, loc, "ingot_op_sequence_construct").output(type).build().front());
    auto loop = scf::ForOp::create(b, loc, t.index(0), t.toIndex(t.extract(length)), t.index(1), init);
    Block *into = loop.getBody();
    if (!into->empty()) b.eraseOp(into->getTerminator());
    b.setInsertionPointToEnd(into);
    Value position = t.fromScalar(t.fromIndex(loop.getInductionVar(), b.getI64Type()));
    SmallVector<Value> arguments;
    for (auto [arg, original, lowered] : llvm::zip(body.getArguments(), op.getOperands(), adaptor.getOperands())) {
      Type type = original.getType();
      if (!isa<onnx::SequenceType>(type)) {
        arguments.push_back(adapt(t, lowered, type, converted(arg)));
        continue;
      }
      CallBuilder at(b, loc, "ingot_op_sequence_at");
      arguments.push_back(at.input(type, lowered).input(scalar, position).output(arg.getType()).build().front());
    }
    SmallVector<Type> elements = llvm::to_vector(body.getTerminator()->getOperandTypes());
    SmallVector<Value> values = inlineBody(b, body, into, arguments), next;
    for (auto [sequence, type, element, value] : llvm::zip(loop.getRegionIterArgs(), op.getResultTypes(), elements, values)) {
      CallBuilder insert(b, loc, "ingot_op_sequence_insert");
      insert.input(type, sequence).input(element, yielded(b, loc, value, typeConverter->convertType(element))).input(b.getNoneType(), {});
      next.push_back(insert.output(type).build().front());
    }
    scf::YieldOp::create(b, loc, next);
    b.replaceOp(op, loop.getResults());
    return success();
  }
};

} // namespace

void ingot::populateSequenceLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<CallLowering<onnx::SequenceEmptyOp>>(types, context, "ingot_op_sequence_construct");
  patterns.add<CallLowering<onnx::SequenceConstructOp>>(types, context, "ingot_op_sequence_construct");
  patterns.add<CallLowering<onnx::SequenceAtOp>>(types, context, "ingot_op_sequence_at");
  patterns.add<CallLowering<onnx::SequenceInsertOp>>(types, context, "ingot_op_sequence_insert");
  patterns.add<CallLowering<onnx::SequenceEraseOp>>(types, context, "ingot_op_sequence_erase");
  patterns.add<CallLowering<onnx::SequenceLengthOp>>(types, context, "ingot_op_sequence_length");
  patterns.add<CallLowering<onnx::SplitToSequenceOp>>(types, context, "ingot_op_split_to_sequence");
  patterns.add<CallLowering<onnx::ConcatFromSequenceOp>>(types, context, "ingot_op_concat_from_sequence");
  patterns.add<CallLowering<onnx::OptionalOp>>(types, context, "ingot_op_optional");
  patterns.add<CallLowering<onnx::OptionalHasElementOp>>(types, context, "ingot_op_optional_has_element");
  patterns.add<GetElementLowering, SequenceMapLowering>(types, context);
}
