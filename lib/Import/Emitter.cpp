//===- Emitter.cpp - creates onnx ops, padded to what their rows declare --------------===//
#include "Emitter.h"

#include "ingot/Dialect/ONNX/InferOp.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "llvm/ADT/StringExtras.h"

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
  auto op = onnx::ConstantOp::create(builder, loc, value.getShapedType(), value);
  infer(op);
  return op;
}

std::optional<int64_t> Emitter::rank(Value v) {
  // Arguments and values that no rule gave are met here.
  if (!shapes.hasRank(v) && shapes.type(v) == v.getType()) shapes.setType(v, v.getType());
  return shapes.hasRank(v) ? std::optional(shapes.rank(v)) : std::nullopt;
}

std::optional<SmallVector<int64_t>> Emitter::shape(Value v) {
  if (!rank(v)) return std::nullopt;
  return llvm::map_to_vector(shapes.dims(v), [](onnx::Dim d) { return onnx::ShapeAnalysis::asConstant(d).value_or(ShapedType::kDynamic); });
}

/// Of a declared shape only the rank counts, and that only where inference finds none: sizes are often those of one example.
static Type withoutSizes(TensorType type) {
  if (!type.hasRank()) return type;
  return RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), type.getElementType());
}

void Emitter::hint(Value v, Type type) {
  auto declared = dyn_cast_if_present<RankedTensorType>(type);
  if (declared && isa<UnrankedTensorType>(v.getType()) && !rank(v))
    shapes.setType(v, withoutSizes(declared.clone(getElementTypeOrSelf(v.getType()))));
}

Type Emitter::resultType(Type declared, ArrayRef<Value> operands) {
  if (auto tensor = dyn_cast_if_present<TensorType>(declared)) return withoutSizes(tensor);
  if (declared) return declared;
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
  for (Type result : results) state.types.push_back(resultType(result, operands));
  while (state.types.size() < signature->minResults) state.types.push_back(resultType({}, operands));
  state.attributes = std::move(attributes);
  for (unsigned i = 0; i < numRegions; ++i) state.addRegion();
  return builder.create(state);
}

void Emitter::infer(Operation *op) {
  for (Value operand : op->getOperands()) (void)rank(operand);
  // What is wrong is said when all is built.
  ScopedDiagnosticHandler silent(op->getContext(), [](Diagnostic &) { return success(); });
  if (failed(onnx::inferOp(*op, shapes))) {
    for (Value result : op->getResults()) shapes.setType(result, result.getType());
    return;
  }
  for (Value result : op->getResults())
    if (auto type = dyn_cast<TensorType>(result.getType()), inferred = dyn_cast<TensorType>(shapes.type(result)); type && inferred)
      result.setType(type.clone(inferred.getElementType()));
}

void Emitter::enterBody(BlockArgument argument, Value from, int64_t lessDims) {
  auto tensor = dyn_cast<TensorType>(shapes.type(from));
  if (!tensor || !isa<TensorType>(argument.getType())) return;
  argument.setType(cast<TensorType>(argument.getType()).clone(tensor.getElementType()));
  // What an iteration makes of a size is not known yet.
  if (std::optional<int64_t> given = rank(from); given && *given >= lessDims)
    shapes.set(argument, tensor.getElementType(), SmallVector<onnx::Dim>(*given - lessDims));
}

LogicalResult Emitter::complete(Operation *op, StringRef what) {
  std::string message;
  {
    ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty()) message = diagnostic.str();
      return success();
    });
    if (succeeded(op->getName().verifyInvariants(op))) return infer(op), success();
  }
  // The verifier looks at attributes before types.  Element types and shapes are guesses so far; that an operand is absent, or declared as
  // a sequence, map or optional where a tensor is needed, is certain.
  StringRef text = message;
  bool isWrongKind = text.contains("operand #") && (text.contains("but got 'none'") || text.contains("but got '!onnx."));
  if (!text.contains("attribute") && !text.contains("region") && !isWrongKind) return infer(op), success();
  text.consume_front(("'" + op->getName().getStringRef() + "' op ").str());
  return emitError(op->getLoc()) << what << ": " << text;
}
