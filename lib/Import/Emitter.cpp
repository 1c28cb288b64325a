//===- Emitter.cpp - creates onnx ops, padded to what their rows declare --------------===//
#include "Emitter.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "Types.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace ingot;

Value Emitter::noValue() {
  if (!none) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    none = onnx::NoValueOp::create(builder, builder.getUnknownLoc(), builder.getNoneType(), builder.getUnitAttr());
  }
  return none;
}

Value Emitter::constant(Location loc, ElementsAttr value) {
  return onnx::ConstantOp::create(builder, loc, value.getShapedType(), value);
}

std::optional<int64_t> Emitter::rank(Value v) const {
  if (auto type = dyn_cast<RankedTensorType>(v.getType())) return type.getRank();
  if (auto it = shapes.find(v); it != shapes.end()) return it->second.getRank();
  if (auto it = ranks.find(v); it != ranks.end()) return it->second;
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> Emitter::shape(Value v) const {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  if (auto it = shapes.find(v); !type && it != shapes.end()) type = it->second;
  if (!type) return std::nullopt;
  return SmallVector<int64_t>(type.getShape());
}

void Emitter::hint(Value v, Type type) {
  if (auto ranked = dyn_cast_if_present<RankedTensorType>(type)) shapes.try_emplace(v, ranked);
}

// Shape inference sets all types in the end.  Until then they should be right where a rewrite makes constants of an operand's type.
static Type impliedElement(StringRef opType, const NamedAttrList &attributes, ArrayRef<Value> operands, Builder &b) {
  auto elementOf = [&](unsigned i) -> Type {
    auto tensor = i < operands.size() && operands[i] ? dyn_cast<TensorType>(operands[i].getType()) : TensorType();
    return tensor ? tensor.getElementType() : Type();
  };
  enum Kind { Unknown, Index, Bool, ByTo, ByValue, BySecond };
  switch (llvm::StringSwitch<Kind>(opType)
              .Cases({"Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression"}, Index)
              .Cases({"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "IsNaN", "IsInf"}, Bool)
              .Case("Cast", ByTo)
              .Case("ConstantOfShape", ByValue)
              .Cases({"Where", "DequantizeLinear", "CastLike"}, BySecond)
              .Default(Unknown)) {
  case Index: return b.getI64Type();
  case Bool: return b.getI1Type();
  case BySecond: return elementOf(1);
  case ByTo:
    if (auto to = dyn_cast_if_present<IntegerAttr>(attributes.get("to"))) return elementTypeOf(to.getInt(), b.getContext());
    return {};
  case ByValue:
    if (auto value = dyn_cast_if_present<ElementsAttr>(attributes.get("value"))) return value.getElementType();
    return b.getF32Type();
  case Unknown: break;
  }
  return {};
}

// The ranks that old versions of Softmax and of broadcasting ask for, through the operators of the networks of their time.
void Emitter::hintRankOf(Operation *op) {
  enum Kind { Unknown, Same, Largest, Matrix, ByShape };
  Kind kind = llvm::StringSwitch<Kind>(op->getName().stripDialect())
                  .Cases({"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool"}, Same)
                  .Cases({"LRN", "BatchNormalization", "InstanceNormalization", "Dropout", "Softmax", "LogSoftmax"}, Same)
                  .Cases({"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Clip", "HardSigmoid", "Softplus"}, Same)
                  .Cases({"Exp", "Log", "Sqrt", "Neg", "Abs", "Reciprocal", "Cast", "Identity", "Concat", "Pad", "Transpose"}, Same)
                  .Cases({"Resize", "Slice", "Tile"}, Same)
                  .Cases({"Add", "Sub", "Mul", "Div", "Pow", "Sum", "Max", "Min"}, Largest)
                  .Cases({"Gemm", "Flatten"}, Matrix)
                  .Case("Reshape", ByShape)
                  .Default(Unknown);
  Value result = op->getResult(0);
  if (kind == Matrix) return hintRank(result, 2);
  if (kind == Unknown || op->getNumOperands() == 0) return;
  if (kind == ByShape) {
    if (auto dims = shape(op->getOperand(1)); dims && dims->size() == 1 && dims->front() >= 0) hintRank(result, dims->front());
    return;
  }
  int64_t largest = 0;
  for (Value operand : kind == Same ? op->getOperands().take_front() : op->getOperands()) {
    std::optional<int64_t> operandRank = rank(operand);
    if (!operandRank) return;
    largest = std::max(largest, *operandRank);
  }
  hintRank(result, largest);
}

/// Of a declared shape only the rank counts, and that only where inference finds none: sizes are often those of one example.
static Type withoutSizes(TensorType type) {
  if (!type.hasRank()) return type;
  return RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), type.getElementType());
}

Type Emitter::resultType(Type declared, Type implied, ArrayRef<Value> operands) {
  if (auto tensor = dyn_cast_if_present<TensorType>(declared)) return withoutSizes(tensor);
  if (declared) return declared;
  if (implied) return UnrankedTensorType::get(implied);
  for (Value operand : operands)
    if (operand)
      if (auto tensor = dyn_cast<TensorType>(operand.getType())) return UnrankedTensorType::get(tensor.getElementType());
  return UnrankedTensorType::get(builder.getF32Type());
}

static std::string countText(unsigned declared, bool variadic) {
  return variadic ? std::to_string(declared) + " or more" : "at most " + std::to_string(declared);
}

Operation *Emitter::create(StringRef name, Location loc, StringRef what, ArrayRef<Value> operands, NamedAttrList attributes,
                           ArrayRef<Type> results, unsigned numRegions) {
  const onnx::OpSignature *signature = onnx::lookupSignature(name);
  auto registered = RegisteredOperationName::lookup(name, loc.getContext());
  if (!signature || !registered) {
    emitError(loc) << what << ": the operator '" << name << "' is not supported";
    return nullptr;
  }
  while (!operands.empty() && operands.size() > signature->minOperands && !operands.back()) operands = operands.drop_back();
  if (operands.size() > signature->minOperands && !signature->variadicOperands) {
    emitError(loc) << what << " has " << operands.size() << " inputs, expected " << countText(signature->minOperands, false);
    return nullptr;
  }
  if (results.size() > signature->minResults && !signature->variadicResults) {
    emitError(loc) << what << " has " << results.size() << " outputs, expected " << countText(signature->minResults, false);
    return nullptr;
  }
  ArrayRef<StringAttr> accepted = registered->getAttributeNames();
  for (NamedAttribute attribute : attributes)
    if (!llvm::is_contained(accepted, attribute.getName())) {
      auto names = llvm::map_range(accepted, [](StringAttr n) { return n.getValue(); });
      emitError(loc) << what << " has the attribute '" << attribute.getName().getValue() << "', which the operator does not know; accepted: "
                     << (accepted.empty() ? std::string("none") : llvm::join(names, ", "));
      return nullptr;
    }
  if (failed(registered->verifyInherentAttrs(attributes, [&] { return emitError(loc) << what << ": "; }))) return nullptr;

  OperationState state(loc, name);
  for (Value operand : operands) state.operands.push_back(operand ? operand : noValue());
  while (state.operands.size() < signature->minOperands) state.operands.push_back(noValue());
  Type implied = impliedElement(name.drop_front(strlen("onnx.")), attributes, operands, builder);
  for (Type result : results) state.types.push_back(resultType(result, implied, operands));
  while (state.types.size() < signature->minResults) state.types.push_back(resultType({}, implied, operands));
  state.attributes = std::move(attributes);
  for (unsigned i = 0; i < numRegions; ++i) state.addRegion();
  Operation *op = builder.create(state);
  for (auto [result, type] : llvm::zip(op->getResults(), results)) hint(result, type);
  if (op->getNumResults() == 1) hintRankOf(op);
  return op;
}

LogicalResult Emitter::check(Operation *op, StringRef what) {
  std::string message;
  {
    ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty()) message = diagnostic.str();
      return success();
    });
    if (succeeded(op->getName().verifyInvariants(op))) return success();
  }
  // The verifier looks at attributes before types.  Element types and shapes are guesses so far; that an operand is absent, or declared as
  // a sequence, map or optional where a tensor is needed, is certain.
  StringRef text = message;
  bool isWrongKind = text.contains("operand #") && (text.contains("but got 'none'") || text.contains("but got '!onnx."));
  if (!text.contains("attribute") && !text.contains("region") && !isWrongKind) return success();
  text.consume_front(("'" + op->getName().getStringRef() + "' op ").str());
  return emitError(op->getLoc()) << what << ": " << text;
}
