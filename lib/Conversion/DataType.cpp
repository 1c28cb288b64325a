//===- DataType.cpp - element types as numbers of the C interface --------------------===//
#include "ingot/Conversion/DataType.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ingot;

static ingot_type integerType(IntegerType type) {
  bool u = type.isUnsigned();
  switch (type.getWidth()) {
  case 1: return INGOT_BOOL;
  case 2: return u ? INGOT_UINT2 : INGOT_INT2;
  case 4: return u ? INGOT_UINT4 : INGOT_INT4;
  case 8: return u ? INGOT_UINT8 : INGOT_INT8;
  case 16: return u ? INGOT_UINT16 : INGOT_INT16;
  case 32: return u ? INGOT_UINT32 : INGOT_INT32;
  case 64: return u ? INGOT_UINT64 : INGOT_INT64;
  default: return INGOT_UNDEFINED;
  }
}

ingot_type ingot::typeNumberOf(Type elementType) {
  return llvm::TypeSwitch<Type, ingot_type>(elementType)
      .Case<IntegerType>([](auto i) { return integerType(i); })
      .Case<ComplexType>([](auto c) { return c.getElementType().isF32() ? INGOT_COMPLEX64 : INGOT_COMPLEX128; })
      .Case<Float32Type>([](auto) { return INGOT_FLOAT; })
      .Case<Float64Type>([](auto) { return INGOT_DOUBLE; })
      .Case<Float16Type>([](auto) { return INGOT_FLOAT16; })
      .Case<BFloat16Type>([](auto) { return INGOT_BFLOAT16; })
      .Case<Float8E4M3FNType>([](auto) { return INGOT_FLOAT8E4M3FN; })
      .Case<Float8E4M3FNUZType>([](auto) { return INGOT_FLOAT8E4M3FNUZ; })
      .Case<Float8E5M2Type>([](auto) { return INGOT_FLOAT8E5M2; })
      .Case<Float8E5M2FNUZType>([](auto) { return INGOT_FLOAT8E5M2FNUZ; })
      .Case<Float4E2M1FNType>([](auto) { return INGOT_FLOAT4E2M1; })
      .Case<Float8E8M0FNUType>([](auto) { return INGOT_FLOAT8E8M0; })
      .Case<onnx::StringType>([](auto) { return INGOT_STRING; })
      .Default([](auto) { return INGOT_UNDEFINED; });
}

ingot_kind ingot::kindOf(Type type) {
  if (isa<onnx::SequenceType>(type)) return INGOT_SEQUENCE;
  if (isa<onnx::OptionalType>(type)) return INGOT_OPTIONAL;
  return isa<onnx::MapType>(type) ? INGOT_MAP : INGOT_TENSOR;
}

ingot_type ingot::elementDataTypeOf(Type type) {
  if (auto sequence = dyn_cast<onnx::SequenceType>(type)) return elementDataTypeOf(sequence.getElementType());
  if (auto optional = dyn_cast<onnx::OptionalType>(type)) return elementDataTypeOf(optional.getElementType());
  if (isa<onnx::MapType>(type)) return INGOT_UNDEFINED;
  return typeNumberOf(getElementTypeOrSelf(type));
}
