//===- CallBuilder.cpp - operators that become calls of C functions ---------------------===//
#include "CallBuilder.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include "ingot/Conversion/DataType.h"
#include "ingot/Conversion/ONNXToLinalg.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"

using namespace mlir;
using namespace ingot;

/// The number by which ingot.call knows a type.
static int32_t numberOf(Type type) { return static_cast<int32_t>(elementDataTypeOf(type)) | static_cast<int32_t>(kindOf(type)) << 8; }

CallBuilder &CallBuilder::input(Type type, Value lowered) {
  if (isa<NoneType>(type)) {
    absent.push_back(values.size() + absent.size());
    return *this;
  }
  values.push_back(lowered);
  inputTypes.push_back(numberOf(type));
  return *this;
}

CallBuilder &CallBuilder::inputs(ValueRange originals, ValueRange lowered) {
  for (auto [original, value] : llvm::zip(originals, lowered)) input(original.getType(), value);
  return *this;
}

CallBuilder &CallBuilder::output(Type type) {
  types.push_back(ONNXTypeConverter().convertType(type));
  outputTypes.push_back(numberOf(type));
  return *this;
}

CallBuilder &CallBuilder::parameter(StringRef name, Attribute value) {
  if (value) parameters.set(name, value);
  return *this;
}

SmallVector<Value> CallBuilder::build() {
  auto call = CallOp::create(b, loc, types, values, function, inputTypes, outputTypes,
                             parameters.empty() ? DictionaryAttr() : parameters.getDictionary(b.getContext()), absent, isStateful);
  return SmallVector<Value>(call.getOutputs());
}

LogicalResult ingot::replaceWithCall(Operation *op, ValueRange operands, StringRef function, ConversionPatternRewriter &b) {
  CallBuilder call(b, op->getLoc(), function);
  call.inputs(op->getOperands(), operands);
  // A type says what the result is, which the call knows.
  for (NamedAttribute attribute : op->getAttrs())
    if (!isa<TypeAttr>(attribute.getValue())) call.parameter(attribute.getName(), attribute.getValue());
  for (Type type : op->getResultTypes()) call.output(type);
  b.replaceOp(op, call.build());
  return success();
}

/// A tensor with the sizes that a subgraph's own types say of what flows into or out of it. Passes over tensors take a cast at its word, also before
/// the check, which is why sizes that only the run knows are given by a reshape.
static Value declareSizes(TensorBuilder &t, Value v, Type to) {
  auto from = dyn_cast<RankedTensorType>(v.getType()), declared = dyn_cast<RankedTensorType>(to);
  if (!from || !declared || from.getRank() != declared.getRank()) return t.castTo(v, to);
  bool asserts = false;
  Dims sizes = t.dims(v);
  for (int64_t i = 0, rank = declared.getRank(); i < rank; ++i) {
    if (declared.isDynamicDim(i)) continue;
    OpFoldResult size = t.indexAttr(declared.getDimSize(i));
    t.checkEqual(sizes[i], size, "dimension " + Twine(i) + " of a value is not " + Twine(declared.getDimSize(i)) + ", as the graph says");
    asserts |= !getConstantIntValue(sizes[i]);
    sizes[i] = size;
  }
  return t.castTo(asserts ? t.reshape(v, sizes) : v, to);
}

Value ingot::adapt(TensorBuilder &t, Value lowered, Type type, Type to) {
  if (lowered.getType() == to) return lowered;
  bool fromHandle = isHandle(lowered.getType()), toHandle = isHandle(to);
  if (!fromHandle && !toHandle) return declareSizes(t, lowered, to);
  if (fromHandle && toHandle) return lowered;
  Type element = cast<TensorType>(type).getElementType();
  CallBuilder call(t.b, t.loc, fromHandle ? "ingot_op_view" : "ingot_op_hold");
  Type result = toHandle ? Type(UnrankedTensorType::get(element)) : Type(RankedTensorType::get(cast<RankedTensorType>(to).getShape(), element));
  return call.input(type, lowered).output(result).build().front();
}
