//===- Upgrade.cpp - old operator versions to the newest ---------------------------------===//
#include "Upgrade.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringMap.h"
#include <algorithm>
#include <vector>

using namespace mlir;
using namespace ingot;

using RowsByOperator = llvm::StringMap<std::vector<const OpsetRow *>>;

// Rows of each operator ("domain:op"), by rising version.
static const RowsByOperator &allRows() {
  static const RowsByOperator rows = [] {
    RowsByOperator map;
    for (ArrayRef<OpsetRow> family : {constantRows(), axesRows(), broadcastRows(), elementwiseRows(), imageRows(), normalizationRows(),
                                      recurrentRows(), retiredRows(), trainingRows(), mlRows(), linearModelRows(), treeRows(), labelRows(), contribNormalizationRows(),
                                      contribFusedRows(), contribQuantizedRows(), contribShapeRows(), contribBlockRows(), contribExpertRows(), beamSearchRows(),
                                      groupQueryAttentionRows(), multiHeadAttentionRows(), structuredAttentionRows()})
      for (const OpsetRow &row : family) map[(row.domain + ":" + row.opType).str()].push_back(&row);
    for (auto &entry : map)
      llvm::sort(entry.second, [](const OpsetRow *x, const OpsetRow *y) { return x->before < y->before; });
    return map;
  }();
  return rows;
}

LogicalResult ingot::upgrade(Rewriter &r) {
  Node &node = r.node;
  // Which operands may be overwritten: a hint to runtimes of 2017 on many operators.
  if (node.domain.empty() && node.version < 6) node.attributes.erase("consumed_inputs");
  // A row may rename the operator; its successor's rows come next.
  for (bool again = true; again;) {
    again = false;
    auto it = allRows().find(node.domain + ":" + node.opType);
    if (it == allRows().end()) return success();
    for (const OpsetRow *row : it->second) {
      if (node.version >= row->before) continue;
      std::string opType = node.opType, domain = node.domain;
      if (failed(row->rewrite(r))) return failure();
      if (!node.replacements.empty()) return success();
      node.version = row->before;
      if (node.opType == opType && node.domain == domain) continue;
      again = true;
      break;
    }
  }
  return success();
}

Value Rewriter::op(StringRef opType, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes, Type element) {
  Type type = element ? Type(UnrankedTensorType::get(element)) : Type();
  Operation *op = emitter.create(("onnx." + opType).str(), node.loc, node.what, operands, NamedAttrList(attributes), type);
  return op && succeeded(emitter.complete(op, node.what)) ? op->getResult(0) : Value();
}

Value Rewriter::ints(ArrayRef<int64_t> values) { return emitter.constant(node.loc, b.getI64TensorAttr(values)); }

Value Rewriter::scalar(int64_t value) {
  return emitter.constant(node.loc, DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), value));
}

Value Rewriter::floats(ArrayRef<float> values) {
  return emitter.constant(node.loc, DenseElementsAttr::get(RankedTensorType::get(values.size(), b.getF32Type()), values));
}

Value Rewriter::scalarLike(Value v, double value) {
  auto tensor = dyn_cast<TensorType>(v.getType());
  Type element = tensor ? tensor.getElementType() : b.getF32Type();
  if (!isa<FloatType, IntegerType>(element)) element = b.getF32Type();
  Attribute attribute = isa<FloatType>(element) ? Attribute(b.getFloatAttr(element, value))
                                                : Attribute(IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), int64_t(value), true, true)));
  return emitter.constant(node.loc, DenseElementsAttr::get(RankedTensorType::get({}, element), attribute));
}

int64_t Rewriter::takeInt(StringRef name, int64_t otherwise) {
  auto value = dyn_cast_if_present<IntegerAttr>(node.attributes.erase(name));
  return value ? value.getInt() : otherwise;
}

double Rewriter::takeFloat(StringRef name, double otherwise) {
  auto value = dyn_cast_if_present<FloatAttr>(node.attributes.erase(name));
  return value ? value.getValueAsDouble() : otherwise;
}

std::string Rewriter::takeString(StringRef name, StringRef otherwise) {
  auto value = dyn_cast_if_present<StringAttr>(node.attributes.erase(name));
  return value ? value.str() : otherwise.str();
}

std::optional<SmallVector<int64_t>> Rewriter::takeInts(StringRef name) {
  auto value = dyn_cast_if_present<DenseI64ArrayAttr>(node.attributes.erase(name));
  if (!value) return std::nullopt;
  return SmallVector<int64_t>(value.asArrayRef());
}

std::optional<SmallVector<float>> Rewriter::takeFloats(StringRef name) {
  auto value = dyn_cast_if_present<DenseF32ArrayAttr>(node.attributes.erase(name));
  if (!value) return std::nullopt;
  return SmallVector<float>(value.asArrayRef());
}

void Rewriter::setOperand(unsigned i, Value v) {
  if (node.operands.size() <= i) node.operands.resize(i + 1);
  node.operands[i] = v;
}

std::optional<SmallVector<int64_t>> Rewriter::constantInts(Value v) {
  DenseIntElementsAttr elements;
  if (!v || !matchPattern(v, m_Constant(&elements)) || elements.getElementType().getIntOrFloatBitWidth() > 64) return std::nullopt;
  return llvm::to_vector(llvm::map_range(elements.getValues<APInt>(), [](const APInt &i) { return i.getSExtValue(); }));
}

LogicalResult Rewriter::replace(Value v) {
  if (!v) return failure();
  node.replacements.assign(1, v);
  return success();
}
