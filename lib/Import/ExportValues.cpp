//===- ExportValues.cpp - types, tensors and attributes in the wire format --------------------===//
#include "ExportValues.h"
#include "Tensors.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "onnx.pb.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace ingot;

LogicalResult ingot::exportType(Type type, ArrayAttr dimParams, Location loc, wire::TypeProto &proto) {
  if (auto sequence = dyn_cast<onnx::SequenceType>(type))
    return exportType(sequence.getElementType(), {}, loc, *proto.mutable_sequence_type()->mutable_elem_type());
  if (auto optional = dyn_cast<onnx::OptionalType>(type))
    return exportType(optional.getElementType(), {}, loc, *proto.mutable_optional_type()->mutable_elem_type());
  if (auto map = dyn_cast<onnx::MapType>(type)) {
    proto.mutable_map_type()->set_key_type(dataTypeOf(map.getKeyType()));
    return exportType(map.getValueType(), {}, loc, *proto.mutable_map_type()->mutable_value_type());
  }
  auto tensor = dyn_cast<TensorType>(type);
  int elementType = tensor ? dataTypeOf(tensor.getElementType()) : 0;
  if (!elementType) return emitError(loc) << "the type " << type << " cannot be written as ONNX; expected a tensor, sequence, optional or map";
  proto.mutable_tensor_type()->set_elem_type(elementType);
  if (!tensor.hasRank()) return success();
  wire::TensorShapeProto &shape = *proto.mutable_tensor_type()->mutable_shape();
  for (auto [i, dim] : llvm::enumerate(tensor.getShape())) {
    wire::TensorShapeProto::Dimension &d = *shape.add_dim();
    auto param = dimParams && i < dimParams.size() ? dyn_cast<StringAttr>(dimParams[i]) : StringAttr();
    if (!ShapedType::isDynamic(dim)) d.set_dim_value(dim);
    else if (param && !param.empty()) d.set_dim_param(param.str());
  }
  return success();
}

// Elements below a byte are packed on the wire, lowest first; in memory each has a byte.
static std::string pack(StringRef bytes, unsigned bits) {
  unsigned perByte = 8 / bits;
  std::string packed(llvm::divideCeil(bytes.size(), perByte), '\0');
  for (size_t i = 0; i < bytes.size(); ++i) packed[i / perByte] |= (bytes[i] & ((1 << bits) - 1)) << (i % perByte * bits);
  return packed;
}

LogicalResult ingot::exportTensor(ElementsAttr elements, Location loc, wire::TensorProto &proto) {
  ShapedType type = elements.getShapedType();
  int dataType = dataTypeOf(type.getElementType());
  if (!dataType) return emitError(loc) << "elements of type " << type.getElementType() << " cannot be written as ONNX";
  proto.set_data_type(dataType);
  for (int64_t dim : type.getShape()) proto.add_dims(dim);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) return emitError(loc) << "the resource '" << resource.getRawHandle().getKey() << "' has no data";
    std::string bytes(blob->getData().begin(), blob->getData().end());
    proto.set_raw_data(wireBits(dataType) < 8 ? pack(bytes, wireBits(dataType)) : bytes);
    return success();
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense) return emitError(loc) << "constants of the form " << elements.getAbstractAttribute().getName() << " cannot be written as ONNX";
  if (auto strings = dyn_cast<DenseStringElementsAttr>(elements)) {
    for (StringRef s : strings.getValues<StringRef>()) proto.add_string_data(s.str());
    return success();
  }
  std::string bytes;
  if (type.getElementType().isInteger(1)) {
    for (bool b : dense.getValues<bool>()) bytes.push_back(b);
  } else {
    ArrayRef<char> raw = dense.getRawData();
    for (int64_t i = 0, n = dense.isSplat() ? type.getNumElements() : 1; i < n; ++i) bytes.append(raw.begin(), raw.end());
  }
  proto.set_raw_data(wireBits(dataType) < 8 ? pack(bytes, wireBits(dataType)) : bytes);
  return success();
}

LogicalResult ingot::exportAttribute(StringRef name, Attribute value, Location loc, wire::AttributeProto &proto) {
  using Kind = wire::AttributeProto;
  proto.set_name(name.str());
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    proto.set_type(Kind::INT);
    proto.set_i(integer.getValue().getSExtValue());
  } else if (auto number = dyn_cast<FloatAttr>(value)) {
    proto.set_type(Kind::FLOAT);
    proto.set_f(float(number.getValueAsDouble()));
  } else if (auto string = dyn_cast<StringAttr>(value)) {
    proto.set_type(Kind::STRING);
    proto.set_s(string.str());
  } else if (auto ints = dyn_cast<DenseI64ArrayAttr>(value)) {
    proto.set_type(Kind::INTS);
    for (int64_t i : ints.asArrayRef()) proto.add_ints(i);
  } else if (auto floats = dyn_cast<DenseF32ArrayAttr>(value)) {
    proto.set_type(Kind::FLOATS);
    for (float f : floats.asArrayRef()) proto.add_floats(f);
  } else if (auto type = dyn_cast<TypeAttr>(value)) {
    proto.set_type(Kind::TYPE_PROTO);
    return exportType(type.getValue(), {}, loc, *proto.mutable_tp());
  } else if (auto elements = dyn_cast<ElementsAttr>(value)) {
    proto.set_type(Kind::TENSOR);
    return exportTensor(elements, loc, *proto.mutable_t());
  } else if (auto array = dyn_cast<ArrayAttr>(value); array && llvm::all_of(array, [](Attribute a) { return isa<StringAttr>(a); })) {
    proto.set_type(Kind::STRINGS);
    for (Attribute s : array) proto.add_strings(cast<StringAttr>(s).str());
  } else {
    return emitError(loc) << "the attribute '" << name << "' = " << value << " cannot be written as ONNX; expected a number, a string, "
                          << "a list of them, a tensor or a type";
  }
  return success();
}
