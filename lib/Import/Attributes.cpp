//===- Attributes.cpp - AttributeProto to attributes ------------------------------------===//
#include "Attributes.h"
#include "Types.h"

#include "onnx.pb.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace ingot;
using wire::AttributeProto;

int ingot::attributeKind(const AttributeProto &a) {
  if (a.type() != AttributeProto::UNDEFINED) return a.type();
  if (a.has_f()) return AttributeProto::FLOAT;
  if (a.has_i()) return AttributeProto::INT;
  if (a.has_s()) return AttributeProto::STRING;
  if (a.has_t()) return AttributeProto::TENSOR;
  if (a.has_g()) return AttributeProto::GRAPH;
  if (a.floats_size()) return AttributeProto::FLOATS;
  if (a.ints_size()) return AttributeProto::INTS;
  if (a.strings_size()) return AttributeProto::STRINGS;
  return AttributeProto::UNDEFINED;
}

FailureOr<Attribute> ingot::convertAttribute(const AttributeProto &a, TensorReader &tensors, Location loc, StringRef what) {
  Builder b(loc.getContext());
  std::string name = (what + ", attribute '" + a.name() + "'").str();
  auto missing = [&](StringRef field) { return emitError(loc) << name << " has no value; expected the field '" << field << "'"; };
  switch (attributeKind(a)) {
  // A zero may be left out on the wire: proto3 writers do.
  case AttributeProto::FLOAT: return Attribute(b.getF32FloatAttr(a.f()));
  case AttributeProto::INT: return Attribute(b.getI64IntegerAttr(a.i()));
  case AttributeProto::STRING: return Attribute(b.getStringAttr(a.s()));
  case AttributeProto::FLOATS: return Attribute(b.getDenseF32ArrayAttr(SmallVector<float>(a.floats().begin(), a.floats().end())));
  case AttributeProto::INTS: return Attribute(b.getDenseI64ArrayAttr(SmallVector<int64_t>(a.ints().begin(), a.ints().end())));
  case AttributeProto::STRINGS: {
    SmallVector<StringRef> strings(a.strings().begin(), a.strings().end());
    return Attribute(b.getStrArrayAttr(strings));
  }
  case AttributeProto::TENSOR: {
    if (!a.has_t()) return missing("t");
    FailureOr<ElementsAttr> elements = tensors.read(a.t(), loc, name);
    if (failed(elements)) return failure();
    return Attribute(*elements);
  }
  case AttributeProto::SPARSE_TENSOR: {
    if (!a.has_sparse_tensor()) return missing("sparse_tensor");
    FailureOr<ElementsAttr> elements = tensors.read(a.sparse_tensor(), loc, name);
    if (failed(elements)) return failure();
    return Attribute(*elements);
  }
  case AttributeProto::TENSORS: {
    SmallVector<Attribute> all;
    for (const wire::TensorProto &tensor : a.tensors()) {
      FailureOr<ElementsAttr> elements = tensors.read(tensor, loc, name);
      if (failed(elements)) return failure();
      all.push_back(*elements);
    }
    return Attribute(b.getArrayAttr(all));
  }
  case AttributeProto::TYPE_PROTO: {
    if (!a.has_tp()) return missing("tp");
    FailureOr<NamedType> type = convertType(a.tp(), loc, name);
    if (failed(type)) return failure();
    return Attribute(TypeAttr::get(type->type));
  }
  default: break;
  }
  return emitError(loc) << name << " has kind " << int(a.type())
                        << ", expected FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS, TENSORS, SPARSE_TENSOR or TYPE_PROTO";
}
