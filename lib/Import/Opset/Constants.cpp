//===- Constants.cpp - the many ways to write a constant -------------------------------===//
#include "Upgrade.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

// value, sparse_value (dense by now), value_float(s), value_int(s), value_string(s): the IR has elements only.
static LogicalResult constantToElements(Rewriter &r) {
  NamedAttrList &attributes = r.node.attributes;
  size_t numAttributes = attributes.getAttrs().size();
  if (numAttributes != 1)
    return r.error() << "has " << numAttributes << " attributes, expected exactly one of value, sparse_value, value_float, "
                     << "value_floats, value_int, value_ints, value_string, value_strings";
  NamedAttribute attribute = *attributes.begin();
  StringRef name = attribute.getName().getValue();
  OpBuilder &b = r.b;
  auto vectorOf = [](int64_t n, Type element) { return RankedTensorType::get(n, element); };
  auto scalarOf = [](Type element) { return RankedTensorType::get({}, element); };
  Type string = onnx::StringType::get(b.getContext());
  ElementsAttr elements;
  if (name == "value" || name == "sparse_value") {
    elements = dyn_cast<ElementsAttr>(attribute.getValue());
    if (isa<DenseArrayAttr>(attribute.getValue())) elements = {};
  } else if (auto value = dyn_cast<FloatAttr>(attribute.getValue()); value && name == "value_float") {
    elements = DenseElementsAttr::get(scalarOf(b.getF32Type()), value.getValue());
  } else if (auto value = dyn_cast<IntegerAttr>(attribute.getValue()); value && name == "value_int") {
    elements = DenseElementsAttr::get(scalarOf(b.getI64Type()), value.getValue());
  } else if (auto value = dyn_cast<StringAttr>(attribute.getValue()); value && name == "value_string") {
    elements = DenseElementsAttr::get(scalarOf(string), ArrayRef<StringRef>(value.getValue()));
  } else if (auto value = dyn_cast<DenseF32ArrayAttr>(attribute.getValue()); value && name == "value_floats") {
    elements = DenseElementsAttr::get(vectorOf(value.size(), b.getF32Type()), value.asArrayRef());
  } else if (auto value = dyn_cast<DenseI64ArrayAttr>(attribute.getValue()); value && name == "value_ints") {
    elements = DenseElementsAttr::get(vectorOf(value.size(), b.getI64Type()), value.asArrayRef());
  } else if (auto value = dyn_cast<ArrayAttr>(attribute.getValue()); value && name == "value_strings") {
    SmallVector<StringRef> strings;
    for (Attribute s : value)
      if (auto text = dyn_cast<StringAttr>(s)) strings.push_back(text.getValue());
    elements = DenseElementsAttr::get(vectorOf(strings.size(), string), strings);
  }
  if (!elements) return r.error() << "the attribute '" << name << "' is of the wrong kind, expected what its name says";
  return r.replace(r.emitter.constant(r.node.loc, elements));
}

static constexpr OpsetRow kRows[] = {{"", "Constant", kAnyVersion, constantToElements}};
ArrayRef<OpsetRow> ingot::constantRows() { return kRows; }
