//===- Export.cpp - a module in the onnx dialect to a model file ------------------------------===//
#include "ingot/Import/Import.h"

#include "Emitter.h"
#include "ExportValues.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "onnx.pb.h"

using namespace mlir;
using namespace ingot;

namespace {
class Exporter {
public:
  LogicalResult run(ModuleOp module, wire::ModelProto &model);

private:
  LogicalResult addBlock(Block &block, wire::GraphProto &graph);
  LogicalResult addOp(Operation *op, wire::GraphProto &graph);
  LogicalResult addAttributes(Operation *op, wire::NodeProto &node);
  LogicalResult addInfo(Value value, StringRef name, ArrayAttr dimParams, wire::ValueInfoProto &info);
  /// The name of a value; a new one where it has none.
  const std::string &nameOf(Value value);
  /// `wanted`, or a variation that no other value has.
  std::string unique(StringRef wanted);

  llvm::DenseMap<Value, std::string> names;
  llvm::StringMap<unsigned> taken;
  llvm::StringMap<int64_t> opsets; // by domain, the lowest that has all forms used
};
} // namespace

std::string Exporter::unique(StringRef wanted) {
  std::string name = wanted.empty() ? "v" : wanted.str();
  for (unsigned &count = taken[name];; ++count) {
    std::string candidate = count == 0 ? name : name + "." + std::to_string(count);
    if (count == 0 || taken.try_emplace(candidate, 1).second) {
      ++count;
      return candidate;
    }
  }
}

// "Conv:conv1/Conv2D" holds the operator and the node's name.
static StringRef nodeName(Operation *op) {
  auto loc = dyn_cast<NameLoc>(op->getLoc());
  return loc ? loc.getName().getValue().split(':').second : StringRef();
}

const std::string &Exporter::nameOf(Value value) {
  auto [it, isNew] = names.try_emplace(value);
  if (!isNew) return it->second;
  StringRef wanted = value.getDefiningOp() ? nodeName(value.getDefiningOp()) : StringRef();
  // Text without locations has the names of large weights still: their resources'.
  if (auto constant = value.getDefiningOp<onnx::ConstantOp>(); constant && wanted.empty())
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue())) wanted = resource.getRawHandle().getKey();
  it->second = unique(wanted);
  return it->second;
}

LogicalResult Exporter::addInfo(Value value, StringRef name, ArrayAttr dimParams, wire::ValueInfoProto &info) {
  info.set_name(name.str());
  return exportType(value.getType(), dimParams, value.getLoc(), *info.mutable_type());
}

LogicalResult Exporter::addAttributes(Operation *op, wire::NodeProto &node) {
  for (NamedAttribute attribute : op->getAttrs())
    if (!attribute.getName().getValue().starts_with("onnx.") && // notes of the importer, no attributes of the operator
        failed(exportAttribute(attribute.getName().getValue(), attribute.getValue(), op->getLoc(), *node.add_attribute()))) return failure();
  ArrayRef<StringRef> regions = regionNames(node.op_type());
  assert(regions.size() == op->getNumRegions() && "an operator with regions is missing in regionNames");
  for (auto [name, region] : llvm::zip(regions, op->getRegions())) {
    wire::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(name.str());
    attribute.set_type(wire::AttributeProto::GRAPH);
    wire::GraphProto &graph = *attribute.mutable_g();
    graph.set_name(name.str());
    for (BlockArgument argument : region.getArguments())
      if (failed(addInfo(argument, nameOf(argument), {}, *graph.add_input()))) return failure();
    if (failed(addBlock(region.front(), graph))) return failure();
  }
  return success();
}

LogicalResult Exporter::addOp(Operation *op, wire::GraphProto &graph) {
  if (isa<onnx::NoValueOp>(op)) return success();
  if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    wire::TensorProto &tensor = *graph.add_initializer();
    tensor.set_name(nameOf(constant));
    return exportTensor(constant.getValue(), op->getLoc(), tensor);
  }
  const onnx::OpSignature *signature = onnx::lookupSignature(op->getName().getStringRef());
  if (!signature) return op->emitError() << "cannot be written as ONNX; expected an op of the onnx dialect";
  wire::NodeProto &node = *graph.add_node();
  StringRef name = op->getName().stripDialect(), domain;
  if (name.consume_front("ml.")) domain = "ai.onnx.ml";
  if (name.consume_front("ms.")) domain = "com.microsoft";
  int64_t &version = opsets[domain];
  version = std::max<int64_t>(version, signature->sinceVersion);
  node.set_op_type(name.str());
  if (!domain.empty()) node.set_domain(domain.str());
  node.set_name(nodeName(op).str());
  for (Value operand : op->getOperands()) node.add_input(isa<NoneType>(operand.getType()) ? std::string() : nameOf(operand));
  while (node.input_size() > 0 && node.input(node.input_size() - 1).empty()) node.mutable_input()->RemoveLast();
  // Outputs that nobody uses are absent, except where their number has a meaning.
  bool keepAll = signature->variadicResults || op->getNumResults() == 1;
  for (Value result : op->getResults()) node.add_output(keepAll || !result.use_empty() ? nameOf(result) : std::string());
  while (node.output_size() > 1 && node.output(node.output_size() - 1).empty()) node.mutable_output()->RemoveLast();
  return addAttributes(op, node);
}

LogicalResult Exporter::addBlock(Block &block, wire::GraphProto &graph) {
  for (Operation &op : block.without_terminator())
    if (failed(addOp(&op, graph))) return failure();
  auto yield = dyn_cast<onnx::YieldOp>(block.getTerminator());
  if (!yield) return success(); // the function's return: its outputs have names of their own
  llvm::StringMap<bool> seen;
  for (Value value : yield.getOperands()) {
    // An output must be a value of this graph, and be listed once.
    std::string name = nameOf(value);
    if (value.getParentBlock() != &block || isa<BlockArgument>(value) || !seen.try_emplace(name, true).second) {
      wire::NodeProto &copy = *graph.add_node();
      copy.set_op_type("Identity");
      copy.add_input(name);
      copy.add_output(name = unique(name));
    }
    if (failed(addInfo(value, name, {}, *graph.add_output()))) return failure();
  }
  return success();
}

LogicalResult Exporter::run(ModuleOp module, wire::ModelProto &model) {
  auto function = module.lookupSymbol<func::FuncOp>("main_graph");
  if (!function || !function.getBody().hasOneBlock()) return module.emitError("expected a function 'main_graph' of one block");
  wire::GraphProto &graph = *model.mutable_graph();
  auto text = [&](StringRef name) {
    auto attribute = module->getAttrOfType<StringAttr>(name);
    return attribute ? attribute.str() : std::string();
  };
  graph.set_name(text("onnx.graph_name").empty() ? "main_graph" : text("onnx.graph_name"));
  model.set_producer_name("ingot");
  if (std::string doc = text("onnx.doc"); !doc.empty()) model.set_doc_string(doc);
  if (auto metadata = module->getAttrOfType<ArrayAttr>("onnx.metadata"))
    for (auto entry : metadata.getAsRange<ArrayAttr>()) {
      if (entry.size() != 2 || !isa<StringAttr>(entry[0]) || !isa<StringAttr>(entry[1]))
        return module.emitError("'onnx.metadata' holds ") << entry << ", expected pairs of strings";
      auto &proto = *model.add_metadata_props();
      proto.set_key(cast<StringAttr>(entry[0]).str());
      proto.set_value(cast<StringAttr>(entry[1]).str());
    }

  auto nameAttribute = [](Attribute attribute) {
    auto name = dyn_cast_if_present<StringAttr>(attribute);
    return name ? name.getValue() : StringRef();
  };
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    StringRef name = nameAttribute(function.getArgAttr(i, "onnx.name"));
    names[argument] = unique(name.empty() ? "input" : name);
    if (failed(addInfo(argument, names[argument], function.getArgAttrOfType<ArrayAttr>(i, "onnx.dim_params"), *graph.add_input()))) return failure();
  }
  // A returned value takes the name of the output; where it has one already, an Identity gives it another.
  Block &body = function.getBody().front();
  SmallVector<std::pair<Value, std::string>> copies;
  for (OpOperand &operand : body.getTerminator()->getOpOperands()) {
    unsigned i = operand.getOperandNumber();
    StringRef wanted = nameAttribute(function.getResultAttr(i, "onnx.name"));
    std::string name = unique(wanted.empty() ? "output" : wanted);
    bool isNew = !isa<BlockArgument>(operand.get()) && names.try_emplace(operand.get(), name).second;
    if (!isNew || operand.get().getDefiningOp<onnx::ConstantOp>()) copies.emplace_back(operand.get(), name);
    if (isNew && operand.get().getDefiningOp<onnx::ConstantOp>()) names[operand.get()] = unique(name);
    if (failed(addInfo(operand.get(), name, function.getResultAttrOfType<ArrayAttr>(i, "onnx.dim_params"), *graph.add_output()))) return failure();
  }
  if (failed(addBlock(body, graph))) return failure();
  for (auto &[value, name] : copies) {
    wire::NodeProto &copy = *graph.add_node();
    copy.set_op_type("Identity");
    copy.add_input(nameOf(value));
    copy.add_output(name);
  }
  // Identity of any type is there since version 16; IR version 14 knows all element types.
  int64_t &main = opsets[""];
  main = std::max<int64_t>(main, 16);
  model.set_ir_version(main > 22 ? 14 : 10);
  SmallVector<StringRef> domains(opsets.keys());
  llvm::sort(domains);
  for (StringRef domain : domains) {
    auto &import = *model.add_opset_import();
    import.set_domain(domain.str());
    import.set_version(opsets[domain]);
  }
  return success();
}

// Protobuf's limit, which is that of the format.
static LogicalResult checkSize(ModuleOp module, uint64_t bytes) {
  if (bytes <= INT32_MAX) return success();
  return module.emitError("the model has ") << bytes << " bytes, expected less than 2 GiB";
}

LogicalResult ingot::exportModel(ModuleOp module, llvm::raw_ostream &os) {
  // Before they are copied: splats of any size are a few bytes here.
  uint64_t weights = 0;
  module.walk([&](onnx::ConstantOp op) {
    auto type = cast<ShapedType>(op.getType());
    if (type.hasStaticShape() && type.getElementType().isIntOrFloat()) weights += uint64_t(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  });
  wire::ModelProto model;
  if (failed(checkSize(module, weights)) || failed(Exporter().run(module, model)) || failed(checkSize(module, model.ByteSizeLong()))) return failure();
  os << model.SerializePartialAsString();
  return success();
}
