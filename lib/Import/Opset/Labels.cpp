//===- Labels.cpp - label encoders of all versions as one look-up -------------------------------===//
#include "Chain.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

static DenseElementsAttr strings(Rewriter &r, ArrayRef<StringRef> values) {
  auto type = RankedTensorType::get(values.size(), onnx::StringType::get(r.b.getContext()));
  return DenseElementsAttr::get(type, values);
}

/// The attribute of a list of any kind as elements; null where it is absent or empty.
static DenseElementsAttr takeList(Rewriter &r, const Twine &name) {
  Attribute a = r.node.attributes.erase(name.str());
  if (auto ints = dyn_cast_if_present<DenseI64ArrayAttr>(a); ints && !ints.empty()) return r.b.getI64TensorAttr(ints.asArrayRef());
  if (auto floats = dyn_cast_if_present<DenseF32ArrayAttr>(a); floats && !floats.empty())
    return DenseElementsAttr::get(RankedTensorType::get(floats.size(), r.b.getF32Type()), floats.asArrayRef());
  if (auto texts = dyn_cast_if_present<ArrayAttr>(a); texts && !texts.empty())
    return strings(r, llvm::map_to_vector(texts.getAsRange<StringAttr>(), [](StringAttr s) { return s.getValue(); }));
  return dyn_cast_if_present<DenseElementsAttr>(a);
}

/// The default for values of this type, from the attribute of its kind.
static DenseElementsAttr takeDefault(Rewriter &r, Type element) {
  int64_t integer = r.takeInt("default_int64", -1);
  double real = r.takeFloat("default_float", -0.0);
  std::string text = r.takeString("default_string", "_Unused");
  if (DenseElementsAttr tensor = takeList(r, "default_tensor")) return tensor;
  auto one = RankedTensorType::get(1, element);
  if (isa<onnx::StringType>(element)) return strings(r, StringRef(text));
  if (isa<FloatType>(element)) return DenseElementsAttr::get(one, Attribute(r.b.getFloatAttr(element, real)));
  return DenseElementsAttr::get(one, Attribute(r.b.getIntegerAttr(element, integer)));
}

static LogicalResult emitLookup(Rewriter &r, DenseElementsAttr keys, DenseElementsAttr values, DenseElementsAttr otherwise) {
  r.node.attributes.set("keys_tensor", keys);
  r.node.attributes.set("values_tensor", values);
  r.node.attributes.set("default_tensor", otherwise);
  return success();
}

// Keys and values of any kind, as lists or tensors; version 1 has the classes only, which are numbered.
static LogicalResult labelEncoder(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  DenseElementsAttr keys, values;
  bool toStrings = isa<IntegerType>(c.elementOf(r.operand(0)));
  if (DenseElementsAttr classes = takeList(r, "classes_strings")) {
    DenseElementsAttr numbers = r.b.getI64TensorAttr(llvm::to_vector(llvm::seq<int64_t>(classes.getNumElements())));
    keys = toStrings ? numbers : classes;
    values = toStrings ? classes : numbers;
  } else {
    for (StringRef kind : {"int64s", "floats", "strings", "tensor"}) {
      if (DenseElementsAttr list = takeList(r, "keys_" + kind)) keys = list;
      if (DenseElementsAttr list = takeList(r, "values_" + kind)) values = list;
    }
  }
  if (!keys || !values) return r.error() << "expected keys and values as lists or tensors, or the attribute 'classes_strings'";
  // Before version 4 NaN is equal to no key.
  if (auto floats = dyn_cast<DenseFPElementsAttr>(keys); floats && r.node.version < 4 && keys.getNumElements() == values.getNumElements()) {
    SmallVector<Attribute> keptKeys, keptValues;
    for (auto [key, value] : llvm::zip(keys.getValues<Attribute>(), values.getValues<Attribute>())) {
      if (cast<FloatAttr>(key).getValue().isNaN()) continue;
      keptKeys.push_back(key);
      keptValues.push_back(value);
    }
    keys = DenseElementsAttr::get(RankedTensorType::get(keptKeys.size(), keys.getElementType()), keptKeys);
    values = DenseElementsAttr::get(RankedTensorType::get(keptValues.size(), values.getElementType()), keptValues);
  }
  DenseElementsAttr otherwise = takeDefault(r, values.getElementType());
  if (!r.node.attributes.empty())
    return r.error() << "the attribute '" << r.node.attributes.begin()->getName().getValue() << "' is not supported; expected a node without it";
  return emitLookup(r, keys, values, otherwise);
}

// Strings to integers or back, by two lists.
static LogicalResult categoryMapper(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  DenseElementsAttr integers = takeList(r, "cats_int64s"), texts = takeList(r, "cats_strings");
  if (!integers || !texts) return r.error() << "expected the attributes 'cats_int64s' and 'cats_strings'";
  bool toIntegers = isa<onnx::StringType>(c.elementOf(r.operand(0)));
  DenseElementsAttr keys = toIntegers ? texts : integers, values = toIntegers ? integers : texts;
  DenseElementsAttr otherwise = takeDefault(r, values.getElementType());
  r.node.opType = "LabelEncoder";
  return emitLookup(r, keys, values, otherwise);
}

static constexpr OpsetRow kRows[] = {
    {"ai.onnx.ml", "LabelEncoder", kAnyVersion, labelEncoder},
    {"ai.onnx.ml", "CategoryMapper", kAnyVersion, categoryMapper},
};
ArrayRef<OpsetRow> ingot::labelRows() { return kRows; }
