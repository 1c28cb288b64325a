//===- ModelInfo.cpp - what the module says about the model, read once ------------------===//
#include "ModelInfo.h"
#include "ingot/Runtime/ingot.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace ingot {

bool ValueInfo::isStaticTensor() const {
  return kind == INGOT_TENSOR && llvm::none_of(dims, [](int64_t d) { return d < 0; });
}

int64_t ValueInfo::elements() const {
  int64_t count = 1;
  for (int64_t d : dims)
    count *= d;
  return count;
}

static std::string readString(Attribute attr) {
  auto string = dyn_cast_or_null<StringAttr>(attr);
  return string ? string.str() : std::string();
}

static std::vector<std::string> readStrings(Attribute attr) {
  std::vector<std::string> result;
  if (auto array = dyn_cast_or_null<ArrayAttr>(attr))
    for (Attribute element : array)
      result.push_back(readString(element));
  return result;
}

static LogicalResult readValues(ModuleOp module, StringRef attribute, std::vector<ValueInfo> &values) {
  auto array = module->getAttrOfType<ArrayAttr>(attribute);
  if (!array)
    return module.emitError("internal error: expected an array attribute \"") << attribute << "\"";
  for (auto [index, element] : llvm::enumerate(array)) {
    auto dict = dyn_cast<DictionaryAttr>(element);
    auto type = dict ? dict.getAs<IntegerAttr>("type") : nullptr;
    auto kind = dict ? dict.getAs<IntegerAttr>("kind") : nullptr;
    auto dims = dict ? dict.getAs<DenseI64ArrayAttr>("dims") : nullptr;
    if (!type || !kind || !dims)
      return module.emitError("internal error: expected name, type, kind and dims in element ") << index << " of \"" << attribute << "\"";
    if (dims.size() > INGOT_MAX_RANK)
      return module.emitError("value \"") << readString(dict.get("name")) << "\" has rank " << dims.size() << ", expected at most "
                                          << INGOT_MAX_RANK;
    ValueInfo value;
    value.name = readString(dict.get("name"));
    value.doc = readString(dict.get("doc"));
    value.type = type.getInt();
    value.kind = kind.getInt();
    for (int64_t d : dims.asArrayRef())
      value.dims.push_back(d < 0 ? INGOT_UNKNOWN_DIM : d);
    value.symbols = readStrings(dict.get("symbols"));
    value.symbols.resize(value.dims.size());
    values.push_back(std::move(value));
  }
  return success();
}

FailureOr<ModelInfo> readModelInfo(ModuleOp module) {
  ModelInfo info;
  info.producer = readString(module->getAttr("onnx.producer"));
  info.doc = readString(module->getAttr("onnx.doc"));
  // Pairs become key, value, key, value.
  if (auto pairs = module->getAttrOfType<ArrayAttr>("onnx.metadata"))
    for (Attribute pair : pairs)
      if (std::vector<std::string> entry = readStrings(pair); entry.size() == 2)
        llvm::append_range(info.metadata, entry);
  if (failed(readValues(module, "ingot.inputs", info.inputs)) || failed(readValues(module, "ingot.outputs", info.outputs)))
    return failure();
  auto number = [&](StringRef name, int64_t absent) {
    auto attr = module->getAttrOfType<IntegerAttr>(name);
    return attr ? attr.getInt() : absent;
  };
  info.weightBytes = number("ingot.weight_bytes", 0);
  info.arenaBytes = number("ingot.arena_bytes", INGOT_UNKNOWN_DIM);
  info.arenaLowerBound = number("ingot.arena_lower_bound", INGOT_UNKNOWN_DIM);
  info.flops = number("ingot.flops", INGOT_UNKNOWN_DIM);
  if (auto kernels = module->getAttrOfType<ArrayAttr>("ingot.kernels"))
    for (auto kernel : kernels.getAsRange<DictionaryAttr>())
      info.kernels.push_back({readString(kernel.get("name")), llvm::join(readStrings(kernel.get("nodes")), ", ")});
  return info;
}

} // namespace ingot
