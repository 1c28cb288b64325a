//===- IngotOps.cpp - verification and effects of the ingot ops -----------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace ingot;

#include "ingot/Dialect/Ingot/IngotDialect.cpp.inc"
#define GET_OP_CLASSES
#include "ingot/Dialect/Ingot/IngotOps.cpp.inc"

void IngotDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ingot/Dialect/Ingot/IngotOps.cpp.inc"
      >();
}

void ContractOp::build(OpBuilder &builder, OperationState &state, Value input, Value weights, Value out, ArrayRef<int64_t> strides,
                       ArrayRef<int64_t> dilations, int64_t groups, bool batchedWeights, Type accumulatorType) {
  build(builder, state, isa<RankedTensorType>(out.getType()) ? TypeRange(out.getType()) : TypeRange(), input, weights, ValueRange{},
        out, builder.getDenseI64ArrayAttr(strides), builder.getDenseI64ArrayAttr(dilations), builder.getI64IntegerAttr(groups),
        batchedWeights ? builder.getUnitAttr() : UnitAttr(), UnitAttr(), UnitAttr(), builder.getAffineMapArrayAttr({}),
        builder.getDenseI64ArrayAttr({}), UnitAttr(), builder.getI64IntegerAttr(0));
  if (!accumulatorType) accumulatorType = cast<ShapedType>(out.getType()).getElementType();
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(state.regions.front().get(), {}, accumulatorType, state.location);
  YieldOp::create(builder, state.location, body->getArgument(0));
}

void ContractOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType())) continue;
    if (&operand == &getOutMutable())
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  }
}

/// The forms of weights other than one matrix per tap.
static LogicalResult verifyForm(ContractOp op, ShapedType weights) {
  bool plain = !op.getBatchedWeights() && op.getGroups() == 1;
  if (op.getDepthwise() && (!plain || op.isPacked() || weights.getDimSize(weights.getRank() - 2) != 1))
    return op.emitOpError("expected depthwise weights [1, K.., 1, C] without groups, got ") << weights;
  int64_t m = op.getWinograd();
  if (m != 0 && m != 2 && m != 4) return op.emitOpError("expected a Winograd form of 2x2 or 4x4 results, got ") << m;
  if (m == 0) return success();
  auto isOne = [](int64_t v) { return v == 1; };
  // A line may be dilated: the tiles of a square lie side by side.
  if (op.getSpatialRank() == 1 && plain && !op.getDepthwise() && isOne(op.getStrides().front()) &&
      weights.getDimSize(op.isPacked() ? 2 : 1) == m + 2)
    return success();
  if (!plain || op.getDepthwise() || op.getSpatialRank() != 2 || !llvm::all_of(op.getStrides(), isOne) || !llvm::all_of(op.getDilations(), isOne))
    return op.emitOpError("expected two dimensions of stride 1 in Winograd's form");
  int64_t firstTap = op.isPacked() ? 2 : 1, taps = weights.getDimSize(firstTap);
  if ((taps != 3 && taps != m + 2) || weights.getDimSize(firstTap + 1) != taps)
    return op.emitOpError("expected 3x3 or ") << m + 2 << "x" << m + 2 << " weights in Winograd's form, got " << weights;
  return success();
}

LogicalResult ContractOp::verify() {
  auto input = cast<ShapedType>(getInput().getType()), weights = cast<ShapedType>(getWeights().getType()),
       out = cast<ShapedType>(getOut().getType());
  if (!input.hasRank() || !weights.hasRank() || !out.hasRank()) return emitOpError("expected ranked operands");
  int64_t r = getSpatialRank();
  if (r < 1) return emitOpError("expected an input of rank 3 or more, got rank ") << input.getRank();
  if (out.getRank() != input.getRank()) return emitOpError("expected a result of rank ") << input.getRank() << ", got " << out.getRank();
  if (weights.getRank() < r + 3 || weights.getRank() > r + 5)
    return emitOpError("expected weights of rank ") << r + 3 << " (plain), " << r + 4 << " or " << r + 5 << " (packed), got " << weights.getRank();
  auto isByte = [](ShapedType type) { return type.getElementType().isInteger(8); };
  if (isPackedForDots() && (!isByte(input) || !isByte(weights) || getUnsignedWeights() || weights.getShape().back() != 4 || getDepthwise() || getWinograd()))
    return emitOpError("expected signed 8-bit weights, four of the depth side by side, and 8-bit numbers beside them, got ") << weights << " and " << input;
  if ((int64_t)getStrides().size() != r || (int64_t)getDilations().size() != r)
    return emitOpError("expected ") << r << " strides and dilations, got " << getStrides().size() << " and " << getDilations().size();
  if (!getPads().empty() && (int64_t)getPads().size() != r) return emitOpError("expected ") << r << " pads, got " << getPads().size();
  if (failed(verifyForm(*this, weights))) return failure();
  if (getGroups() < 1 || (getGroups() > 1 && getBatchedWeights())) return emitOpError("expected groups or batched weights, not both");
  Block &body = getEpilogue().front();
  if (body.getNumArguments() != getExtras().size() + 1 || getExtraMaps().size() != getExtras().size())
    return emitOpError("expected ") << getExtras().size() << " extra maps and one more body argument, got " << getExtraMaps().size()
                                    << " and " << body.getNumArguments();
  for (auto [value, map] : llvm::zip(getExtras(), getExtraMaps().getAsValueRange<AffineMapAttr>()))
    if ((int64_t)map.getNumDims() != out.getRank() || (int64_t)map.getNumResults() != cast<ShapedType>(value.getType()).getRank())
      return emitOpError("expected extra maps from the result's index to an index of the operand, got ") << AffineMapAttr::get(map);
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getNumOperands() != 1 || yield.getOperand(0).getType() != out.getElementType())
    return emitOpError("expected a body that yields one ") << out.getElementType();
  return success();
}

void CallOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands())
    if (isa<MemRefType>(operand.get().getType())) effects.emplace_back(MemoryEffects::Read::get(), &operand);
  if (getStateful()) {
    effects.emplace_back(MemoryEffects::Read::get());
    effects.emplace_back(MemoryEffects::Write::get());
  }
}

LogicalResult CallOp::verify() {
  if (getInputTypes().size() != getInputs().size() || getOutputTypes().size() != getOutputs().size())
    return emitOpError("expected an ONNX type for each operand and result, got ") << getInputTypes().size() << " and " << getOutputTypes().size();
  for (Type type : llvm::concat<const Type>(llvm::to_vector(getOperandTypes()), llvm::to_vector(getResultTypes())))
    if (!isa<RankedTensorType, MemRefType, LLVM::LLVMPointerType>(type)) return emitOpError("expected ranked tensors and handles, got ") << type;
  return success();
}
