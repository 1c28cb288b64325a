//===- Types.cpp - ONNX's types as types of the IR ------------------------------------===//
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "onnx.pb.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace ingot;

namespace {
struct Row {
  StringRef name;
  Type (*get)(Builder &);
};
Type unsignedInt(Builder &b, unsigned width) { return b.getIntegerType(width, /*isSigned=*/false); }
template <class T> Type plain(Builder &b) { return T::get(b.getContext()); }

// By the number of TensorProto.DataType.
constexpr Row kRows[] = {
    {"UNDEFINED", nullptr},
    {"FLOAT", [](Builder &b) -> Type { return b.getF32Type(); }},
    {"UINT8", [](Builder &b) { return unsignedInt(b, 8); }},
    {"INT8", [](Builder &b) -> Type { return b.getIntegerType(8); }},
    {"UINT16", [](Builder &b) { return unsignedInt(b, 16); }},
    {"INT16", [](Builder &b) -> Type { return b.getIntegerType(16); }},
    {"INT32", [](Builder &b) -> Type { return b.getI32Type(); }},
    {"INT64", [](Builder &b) -> Type { return b.getI64Type(); }},
    {"STRING", plain<onnx::StringType>},
    {"BOOL", [](Builder &b) -> Type { return b.getI1Type(); }},
    {"FLOAT16", [](Builder &b) -> Type { return b.getF16Type(); }},
    {"DOUBLE", [](Builder &b) -> Type { return b.getF64Type(); }},
    {"UINT32", [](Builder &b) { return unsignedInt(b, 32); }},
    {"UINT64", [](Builder &b) { return unsignedInt(b, 64); }},
    {"COMPLEX64", [](Builder &b) -> Type { return ComplexType::get(b.getF32Type()); }},
    {"COMPLEX128", [](Builder &b) -> Type { return ComplexType::get(b.getF64Type()); }},
    {"BFLOAT16", [](Builder &b) -> Type { return b.getBF16Type(); }},
    {"FLOAT8E4M3FN", plain<Float8E4M3FNType>},
    {"FLOAT8E4M3FNUZ", plain<Float8E4M3FNUZType>},
    {"FLOAT8E5M2", plain<Float8E5M2Type>},
    {"FLOAT8E5M2FNUZ", plain<Float8E5M2FNUZType>},
    {"UINT4", [](Builder &b) { return unsignedInt(b, 4); }},
    {"INT4", [](Builder &b) -> Type { return b.getIntegerType(4); }},
    {"FLOAT4E2M1", plain<Float4E2M1FNType>},
    {"FLOAT8E8M0", plain<Float8E8M0FNUType>},
    {"UINT2", [](Builder &b) { return unsignedInt(b, 2); }},
    {"INT2", [](Builder &b) -> Type { return b.getIntegerType(2); }},
};
constexpr int64_t kNumRows = std::size(kRows);
// A type inside sequences, maps and optionals; deeper nesting is nonsense, and unbounded recursion a crash.
constexpr unsigned kMaxNesting = 16;
} // namespace

Type ingot::elementTypeOf(int64_t dataType, MLIRContext *context) {
  if (dataType <= 0 || dataType >= kNumRows) return {};
  Builder builder(context);
  return kRows[dataType].get(builder);
}

int ingot::dataTypeOf(Type elementType) {
  Builder builder(elementType.getContext());
  for (int i = 1; i < kNumRows; ++i)
    if (kRows[i].get(builder) == elementType) return i;
  return 0;
}

StringRef ingot::dataTypeName(int64_t dataType) {
  return kRows[dataType < 0 || dataType >= kNumRows ? 0 : dataType].name;
}

static FailureOr<NamedType> convertTensor(int32_t elementType, bool hasShape, const wire::TensorShapeProto &shape, Location loc,
                                          StringRef what) {
  Type element = elementTypeOf(elementType, loc.getContext());
  if (!element)
    return emitError(loc) << what << " has element type " << elementType << ", expected a number of TensorProto.DataType from 1 to "
                          << kNumRows - 1;
  if (!hasShape) return NamedType{UnrankedTensorType::get(element), {}};
  NamedType result;
  SmallVector<int64_t> dims;
  for (const wire::TensorShapeProto::Dimension &dim : shape.dim()) {
    bool isFixed = dim.has_dim_value() && dim.dim_value() != -1;
    if (isFixed && dim.dim_value() < 0)
      return emitError(loc) << what << " has dimension " << dim.dim_value() << ", expected 0 or more";
    dims.push_back(isFixed ? dim.dim_value() : ShapedType::kDynamic);
    result.dimParams.push_back(dim.dim_param());
  }
  result.type = RankedTensorType::get(dims, element);
  return result;
}

static FailureOr<NamedType> convert(const wire::TypeProto &type, Location loc, StringRef what, unsigned nesting) {
  if (nesting > kMaxNesting) return emitError(loc) << what << " has a type nested more than " << kMaxNesting << " deep";
  auto inner = [&](const wire::TypeProto &element) -> Type {
    FailureOr<NamedType> converted = convert(element, loc, what, nesting + 1);
    return failed(converted) ? Type() : converted->type;
  };
  MLIRContext *context = loc.getContext();
  switch (type.value_case()) {
  case wire::TypeProto::kTensorType:
    return convertTensor(type.tensor_type().elem_type(), type.tensor_type().has_shape(), type.tensor_type().shape(), loc, what);
  // A sparse tensor computes like a dense one.
  case wire::TypeProto::kSparseTensorType:
    return convertTensor(type.sparse_tensor_type().elem_type(), type.sparse_tensor_type().has_shape(), type.sparse_tensor_type().shape(),
                         loc, what);
  case wire::TypeProto::kSequenceType: {
    Type element = inner(type.sequence_type().elem_type());
    if (!element) return failure();
    return NamedType{onnx::SequenceType::get(context, element), {}};
  }
  case wire::TypeProto::kOptionalType: {
    Type element = inner(type.optional_type().elem_type());
    if (!element) return failure();
    return NamedType{onnx::OptionalType::get(context, element), {}};
  }
  case wire::TypeProto::kMapType: {
    Type key = elementTypeOf(type.map_type().key_type(), context);
    if (!key) return emitError(loc) << what << " is a map with key type " << type.map_type().key_type() << ", expected an integer or string type";
    Type value = inner(type.map_type().value_type());
    if (!value) return failure();
    return NamedType{onnx::MapType::get(context, key, value), {}};
  }
  case wire::TypeProto::kOpaqueType:
    return emitError(loc) << what << " has the opaque type '" << type.opaque_type().domain() << "." << type.opaque_type().name()
                          << "', expected a tensor, sequence, optional or map";
  case wire::TypeProto::VALUE_NOT_SET: break;
  }
  return emitError(loc) << what << " has no type, expected a tensor, sequence, optional or map";
}

FailureOr<NamedType> ingot::convertType(const wire::TypeProto &type, Location loc, StringRef what) {
  return convert(type, loc, what, 0);
}
