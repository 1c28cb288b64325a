//===- ONNXDialect.cpp - registration, constants, and the signatures the importer reads ---===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ingot::onnx;

#include "ingot/Dialect/ONNX/ONNXDialect.cpp.inc"
#include "ingot/Dialect/ONNX/ONNXInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "ingot/Dialect/ONNX/ONNXTypes.cpp.inc"
#define GET_OP_CLASSES
#include "ingot/Dialect/ONNX/ONNXOps.cpp.inc"

void ONNXDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ingot/Dialect/ONNX/ONNXTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ingot/Dialect/ONNX/ONNXOps.cpp.inc"
      >();
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

//===------------------------ operand and result counts, read off the op classes ------------------------===//

namespace {
template <class OpT, unsigned N> constexpr bool hasOperands = std::is_base_of_v<typename OpTrait::NOperands<N>::template Impl<OpT>, OpT>;
template <class OpT, unsigned N>
constexpr bool hasAtLeastOperands = std::is_base_of_v<typename OpTrait::AtLeastNOperands<N>::template Impl<OpT>, OpT>;
template <class OpT, unsigned N> constexpr bool hasResults = std::is_base_of_v<typename OpTrait::NResults<N>::template Impl<OpT>, OpT>;
template <class OpT, unsigned N>
constexpr bool hasAtLeastResults = std::is_base_of_v<typename OpTrait::AtLeastNResults<N>::template Impl<OpT>, OpT>;

constexpr unsigned kMaxDeclared = 33;

template <class OpT, unsigned N = 2> void readOperands(OpSignature &s) {
  if constexpr (N < kMaxDeclared) {
    if constexpr (hasOperands<OpT, N>) {
      s.minOperands = N;
      s.variadicOperands = false;
    } else if constexpr (hasAtLeastOperands<OpT, N>) {
      s.minOperands = N;
    }
    readOperands<OpT, N + 1>(s);
  }
}
template <class OpT, unsigned N = 2> void readResults(OpSignature &s) {
  if constexpr (N < kMaxDeclared) {
    if constexpr (hasResults<OpT, N>) {
      s.minResults = N;
      s.variadicResults = false;
    } else if constexpr (hasAtLeastResults<OpT, N>) {
      s.minResults = N;
    }
    readResults<OpT, N + 1>(s);
  }
}

template <class OpT, class = void> constexpr int sinceVersion = 0;
template <class OpT> constexpr int sinceVersion<OpT, std::void_t<decltype(OpT::kSinceVersion)>> = OpT::kSinceVersion;

template <class OpT> OpSignature readSignature() {
  OpSignature s;
  s.sinceVersion = sinceVersion<OpT>;
  s.variadicOperands = true;
  s.variadicResults = true;
  if constexpr (std::is_base_of_v<OpTrait::ZeroOperands<OpT>, OpT>) s.variadicOperands = false;
  if constexpr (std::is_base_of_v<OpTrait::OneOperand<OpT>, OpT>) { s.minOperands = 1; s.variadicOperands = false; }
  if constexpr (hasAtLeastOperands<OpT, 1>) s.minOperands = 1;
  readOperands<OpT>(s);
  if constexpr (std::is_base_of_v<OpTrait::ZeroResults<OpT>, OpT>) s.variadicResults = false;
  if constexpr (std::is_base_of_v<OpTrait::OneResult<OpT>, OpT>) { s.minResults = 1; s.variadicResults = false; }
  if constexpr (hasAtLeastResults<OpT, 1>) s.minResults = 1;
  readResults<OpT>(s);
  return s;
}

template <class... OpTs> llvm::StringMap<OpSignature> readSignatures() {
  llvm::StringMap<OpSignature> map;
  (map.try_emplace(OpTs::getOperationName(), readSignature<OpTs>()), ...);
  return map;
}
} // namespace

const OpSignature *ingot::onnx::lookupSignature(StringRef opName) {
  static const llvm::StringMap<OpSignature> signatures = readSignatures<
#define GET_OP_LIST
#include "ingot/Dialect/ONNX/ONNXOps.cpp.inc"
      >();
  auto it = signatures.find(opName);
  return it == signatures.end() ? nullptr : &it->second;
}
