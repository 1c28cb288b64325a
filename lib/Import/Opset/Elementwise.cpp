//===- Elementwise.cpp - changed defaults and kinds of attributes ---------------------------===//
#include "Upgrade.h"
#include "Types.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace ingot;

// The constants got more digits in version 6.
static LogicalResult seluConstants(Rewriter &r) {
  auto setDefault = [&](StringRef name, float value) {
    if (!r.node.attributes.get(name)) r.node.attributes.set(name, r.b.getF32FloatAttr(value));
  };
  setDefault("alpha", 1.6732f);
  setDefault("gamma", 1.0507f);
  return success();
}

// Cast-1 names its type: "FLOAT", "INT64", ...
static LogicalResult castByName(Rewriter &r) {
  auto to = dyn_cast_if_present<StringAttr>(r.node.attributes.get("to"));
  if (!to) return success();
  std::string name = to.getValue().upper();
  for (int type = 1; dataTypeName(type) != "UNDEFINED"; ++type)
    if (dataTypeName(type) == name) {
      r.node.attributes.set("to", r.b.getI64IntegerAttr(type));
      return success();
    }
  return r.error() << "casts to '" << to.getValue() << "', expected the name of a TensorProto.DataType";
}

static LogicalResult concatAxis(Rewriter &r) {
  if (!r.node.attributes.get("axis")) r.node.attributes.set("axis", r.b.getI64IntegerAttr(1));
  return success();
}

static LogicalResult scatterElements(Rewriter &r) {
  r.node.opType = "ScatterElements";
  return success();
}

// LabelEncoder-1: a list of strings whose positions are the integers.
static LogicalResult labelEncoderTables(Rewriter &r) {
  auto classes = dyn_cast_if_present<ArrayAttr>(r.node.attributes.erase("classes_strings"));
  if (!classes) return r.error() << "expected the attribute 'classes_strings'";
  auto positions = r.b.getDenseI64ArrayAttr(llvm::to_vector(llvm::seq<int64_t>(0, classes.size())));
  auto input = r.operand(0) ? dyn_cast<TensorType>(r.operand(0).getType()) : TensorType();
  bool fromStrings = input && dataTypeName(dataTypeOf(input.getElementType())) == "STRING";
  r.node.attributes.set(fromStrings ? "keys_strings" : "values_strings", classes);
  r.node.attributes.set(fromStrings ? "values_int64s" : "keys_int64s", positions);
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "Selu", 6, seluConstants}, {"", "Cast", 6, castByName},           {"", "Concat", 4, concatAxis},
    {"", "Scatter", 11, scatterElements}, {"ai.onnx.ml", "LabelEncoder", 2, labelEncoderTables},
};
ArrayRef<OpsetRow> ingot::elementwiseRows() { return kRows; }
