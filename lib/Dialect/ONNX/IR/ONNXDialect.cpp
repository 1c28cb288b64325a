//===- ONNXDialect.cpp - registration, constants, and the signatures the importer reads ---===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include <mutex>

using namespace mlir;
using namespace ingot::onnx;

#include "ingot/Dialect/ONNX/ONNXDialect.cpp.inc"
#include "ingot/Dialect/ONNX/ONNXInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "ingot/Dialect/ONNX/ONNXTypes.cpp.inc"

static void readSignatures(MLIRContext *context);

void ONNXDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ingot/Dialect/ONNX/ONNXTypes.cpp.inc"
      >();
  registerONNXDialectOperations(this);
  readSignatures(getContext());
}

Operation *ONNXDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (isa<NoneType>(type))
    return NoValueOp::create(builder, loc, builder.getNoneType(), builder.getUnitAttr());
  if (auto elements = dyn_cast<ElementsAttr>(value))
    return ConstantOp::create(builder, loc, type, elements);
  return nullptr;
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }
OpFoldResult NoValueOp::fold(FoldAdaptor) { return getValueAttr(); }

Type ingot::onnx::elementTypeOf(int64_t dataType, MLIRContext *context) {
  auto integer = [&](unsigned width) -> Type { return IntegerType::get(context, width); };
  auto unsignedInteger = [&](unsigned width) -> Type { return IntegerType::get(context, width, IntegerType::Unsigned); };
  switch (dataType) {
  case 1: return Float32Type::get(context);
  case 2: return unsignedInteger(8);
  case 3: return integer(8);
  case 4: return unsignedInteger(16);
  case 5: return integer(16);
  case 6: return integer(32);
  case 7: return integer(64);
  case 8: return StringType::get(context);
  case 9: return integer(1);
  case 10: return Float16Type::get(context);
  case 11: return Float64Type::get(context);
  case 12: return unsignedInteger(32);
  case 13: return unsignedInteger(64);
  case 14: return ComplexType::get(Float32Type::get(context));
  case 15: return ComplexType::get(Float64Type::get(context));
  case 16: return BFloat16Type::get(context);
  case 17: return Float8E4M3FNType::get(context);
  case 18: return Float8E4M3FNUZType::get(context);
  case 19: return Float8E5M2Type::get(context);
  case 20: return Float8E5M2FNUZType::get(context);
  case 21: return unsignedInteger(4);
  case 22: return integer(4);
  case 23: return Float4E2M1FNType::get(context);
  case 24: return Float8E8M0FNUType::get(context);
  case 25: return unsignedInteger(2);
  case 26: return integer(2);
  default: return {};
  }
}

//===------------------------ operand and result counts, read off the ops' traits ------------------------===//

namespace {
// The traits are asked for by name at run time: asking each op class at compile time costs minutes.
constexpr unsigned kMaxDeclared = 33;

template <unsigned N> void readCounts(RegisteredOperationName op, OpSignature &s) {
  if constexpr (N < kMaxDeclared) {
    if (op.hasTrait<OpTrait::NOperands<N>::template Impl>()) {
      s.minOperands = N;
      s.variadicOperands = false;
    } else if (op.hasTrait<OpTrait::AtLeastNOperands<N>::template Impl>()) {
      s.minOperands = N;
    }
    if (op.hasTrait<OpTrait::NResults<N>::template Impl>()) {
      s.minResults = N;
      s.variadicResults = false;
    } else if (op.hasTrait<OpTrait::AtLeastNResults<N>::template Impl>()) {
      s.minResults = N;
    }
    readCounts<N + 1>(op, s);
  }
}

OpSignature readSignature(RegisteredOperationName op) {
  OpSignature s;
  s.variadicOperands = !op.hasTrait<OpTrait::ZeroOperands>() && !op.hasTrait<OpTrait::OneOperand>();
  s.variadicResults = !op.hasTrait<OpTrait::ZeroResults>() && !op.hasTrait<OpTrait::OneResult>();
  if (op.hasTrait<OpTrait::OneOperand>() || op.hasTrait<OpTrait::AtLeastNOperands<1>::Impl>()) s.minOperands = 1;
  if (op.hasTrait<OpTrait::OneResult>() || op.hasTrait<OpTrait::AtLeastNResults<1>::Impl>()) s.minResults = 1;
  readCounts<2>(op, s);
  return s;
}

template <class OpT, class = void> constexpr int sinceVersion = 0;
template <class OpT> constexpr int sinceVersion<OpT, std::void_t<decltype(OpT::kSinceVersion)>> = OpT::kSinceVersion;

template <class... OpTs> void readAll(llvm::StringMap<OpSignature> &map, MLIRContext *context) {
  ((map[OpTs::getOperationName()] = readSignature(*RegisteredOperationName::lookup(TypeID::get<OpTs>(), context))), ...);
  ((map[OpTs::getOperationName()].sinceVersion = sinceVersion<OpTs>), ...);
}

/// The same for every context, so it is read when the first one loads the dialect.
llvm::StringMap<OpSignature> &signatures() {
  static llvm::StringMap<OpSignature> map;
  return map;
}
} // namespace

static void readSignatures(MLIRContext *context) {
  static std::once_flag once;
  std::call_once(once, [&] {
    readAll<
#define GET_OP_LIST
#include "ingot/Dialect/ONNX/ONNXOps.cpp.inc"
        >(signatures(), context);
  });
}

const OpSignature *ingot::onnx::lookupSignature(StringRef opName) {
  auto it = signatures().find(opName);
  return it == signatures().end() ? nullptr : &it->second;
}
