//===- ImportModel.cpp - a model file to a module ----------------------------------------===//
#include "ingot/Import/Import.h"
#include "ingot/Import/MappedFiles.h"

#include "GraphBuilder.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace ingot;

static constexpr int64_t kNewestIRVersion = 14;

namespace {
/// The shapes of the model's inputs and outputs after the user's --dim and --shape.
class Signature {
public:
  Signature(const ImportOptions &options, Location loc) : options(options), loc(loc) {}
  LogicalResult addInput(const wire::ValueInfoProto &info);
  LogicalResult addOutput(const wire::ValueInfoProto &info);
  /// Applies the options to all; fails if one names nothing in the model.
  LogicalResult specialise();

  struct Entry {
    std::string name;
    Type type;
    SmallVector<std::string> dimParams;
    std::string doc;
  };
  std::vector<Entry> inputs, outputs;

private:
  LogicalResult applyShapes();
  void forgetDims();

  const ImportOptions &options;
  Location loc;
  llvm::StringMap<int64_t> fixed; // value of each symbolic dimension that was given one
};
} // namespace

LogicalResult Signature::addInput(const wire::ValueInfoProto &info) {
  FailureOr<NamedType> type = convertType(info.type(), loc, "input '" + info.name() + "'");
  if (failed(type)) return failure();
  inputs.push_back({info.name(), type->type, type->dimParams, info.doc_string()});
  return success();
}

LogicalResult Signature::addOutput(const wire::ValueInfoProto &info) {
  NamedType type;
  if (info.has_type() && info.type().value_case() != wire::TypeProto::VALUE_NOT_SET) {
    FailureOr<NamedType> converted = convertType(info.type(), loc, "output '" + info.name() + "'");
    if (failed(converted)) return failure();
    type = *converted;
  }
  outputs.push_back({info.name(), type.type, type.dimParams, info.doc_string()});
  return success();
}

static std::string listNames(const std::vector<Signature::Entry> &entries) {
  return llvm::join(llvm::map_range(entries, [](const Signature::Entry &e) { return "'" + e.name + "'"; }), ", ");
}

LogicalResult Signature::applyShapes() {
  for (const auto &[name, dims] : options.shapes) {
    auto entry = llvm::find_if(inputs, [&, &name = name](const Entry &e) { return e.name == name; });
    if (entry == inputs.end())
      return emitError(loc) << "a shape is given for '" << name << "', which is no input; inputs are " << listNames(inputs);
    auto tensor = dyn_cast<TensorType>(entry->type);
    if (!tensor) return emitError(loc) << "a shape is given for the input '" << name << "', which is no tensor but " << entry->type;
    if (!tensor.hasRank()) {
      tensor = RankedTensorType::get(SmallVector<int64_t>(dims.size(), ShapedType::kDynamic), tensor.getElementType());
      entry->dimParams.assign(dims.size(), "");
    }
    if ((int64_t)dims.size() != tensor.getRank())
      return emitError(loc) << "a shape of rank " << dims.size() << " is given for the input '" << name << "', expected rank " << tensor.getRank();
    SmallVector<int64_t> shape(tensor.getShape());
    for (auto [i, dim] : llvm::enumerate(dims)) {
      if (dim == -1) continue;
      if (dim < 0 || (shape[i] != ShapedType::kDynamic && shape[i] != dim))
        return emitError(loc) << "dimension " << i << " of the input '" << name << "' is given as " << dim << ", expected "
                              << (shape[i] == ShapedType::kDynamic ? std::string("0 or more") : std::to_string(shape[i]));
      shape[i] = dim;
      const std::string &param = entry->dimParams[i];
      if (!param.empty() && fixed.try_emplace(param, dim).first->second != dim)
        return emitError(loc) << "the dimension '" << param << "' is given as " << fixed[param] << " and, by the shape of '" << name << "', as "
                              << dim;
    }
    entry->type = RankedTensorType::get(shape, tensor.getElementType());
  }
  return success();
}

void Signature::forgetDims() {
  for (Entry &input : inputs)
    if (auto tensor = dyn_cast<RankedTensorType>(input.type)) {
      input.type = RankedTensorType::get(SmallVector<int64_t>(tensor.getRank(), ShapedType::kDynamic), tensor.getElementType());
      input.dimParams.assign(tensor.getRank(), "");
    }
  for (Entry &output : outputs) output.dimParams.clear();
}

LogicalResult Signature::specialise() {
  llvm::StringSet<> known;
  for (const auto *entries : {&inputs, &outputs})
    for (const Entry &entry : *entries)
      for (const std::string &param : entry.dimParams)
        if (!param.empty()) known.insert(param);
  for (const auto &[name, value] : options.dims) {
    if (!known.contains(name)) {
      SmallVector<StringRef> names(known.keys());
      llvm::sort(names);
      return emitError(loc) << "a value is given for the dimension '" << name << "', which the model does not have; it has: "
                            << (names.empty() ? std::string("none") : llvm::join(names, ", "));
    }
    if (value < 0) return emitError(loc) << "the dimension '" << name << "' is given as " << value << ", expected 0 or more";
    fixed[name] = value;
  }
  if (failed(applyShapes())) return failure();
  if (options.forgetDims) forgetDims();
  for (auto *entries : {&inputs, &outputs})
    for (Entry &entry : *entries) {
      auto tensor = dyn_cast_if_present<RankedTensorType>(entry.type);
      if (!tensor) continue;
      SmallVector<int64_t> shape(tensor.getShape());
      for (auto [i, param] : llvm::enumerate(entry.dimParams))
        if (auto it = fixed.find(param); shape[i] == ShapedType::kDynamic && !param.empty() && it != fixed.end()) shape[i] = it->second;
      for (auto [i, param] : llvm::enumerate(entry.dimParams))
        if (shape[i] != ShapedType::kDynamic) param.clear();
      entry.type = RankedTensorType::get(shape, tensor.getElementType());
    }
  return success();
}

// What the model says of itself, for the header and for --mlir-to-onnx.
static void describe(const wire::ModelProto &model, const Opsets &opsets, ModuleOp module) {
  Builder b(module.getContext());
  module->setAttr("onnx.ir_version", b.getI64IntegerAttr(model.ir_version()));
  SmallVector<NamedAttribute> versions;
  for (const auto &entry : opsets) versions.push_back(b.getNamedAttr(entry.first().empty() ? "ai.onnx" : entry.first(), b.getI64IntegerAttr(entry.second)));
  module->setAttr("onnx.opset", b.getDictionaryAttr(versions));
  std::string producer = model.producer_name() + (model.producer_version().empty() ? "" : " " + model.producer_version());
  if (!producer.empty()) module->setAttr("onnx.producer", b.getStringAttr(producer));
  if (!model.graph().name().empty()) module->setAttr("onnx.graph_name", b.getStringAttr(model.graph().name()));
  const std::string &doc = model.doc_string().empty() ? model.graph().doc_string() : model.doc_string();
  if (!doc.empty()) module->setAttr("onnx.doc", b.getStringAttr(doc));
  SmallVector<Attribute> metadata;
  for (const auto &entry : model.metadata_props()) metadata.push_back(b.getStrArrayAttr({entry.key(), entry.value()}));
  if (!metadata.empty()) module->setAttr("onnx.metadata", b.getArrayAttr(metadata));
}

// What quantisers and distributors noted; kept, though no stage needs it so far.
static void keepAnnotations(const wire::ModelProto &model, ModuleOp module) {
  Builder b(module.getContext());
  SmallVector<Attribute> annotations, configurations;
  for (const wire::TensorAnnotation &annotation : model.graph().quantization_annotation()) {
    NamedAttrList parameters;
    for (const auto &entry : annotation.quant_parameter_tensor_names())
      if (!entry.key().empty()) parameters.set(entry.key(), b.getStringAttr(entry.value()));
    annotations.push_back(b.getArrayAttr({b.getStringAttr(annotation.tensor_name()), parameters.getDictionary(b.getContext())}));
  }
  for (const wire::DeviceConfigurationProto &configuration : model.configuration()) {
    SmallVector<StringRef> devices(configuration.device().begin(), configuration.device().end());
    configurations.push_back(b.getArrayAttr({b.getStringAttr(configuration.name()), b.getI64IntegerAttr(configuration.num_devices()),
                                             b.getStrArrayAttr(devices)}));
  }
  if (!annotations.empty()) module->setAttr("onnx.quantization_annotations", b.getArrayAttr(annotations));
  if (!configurations.empty()) module->setAttr("onnx.device_configurations", b.getArrayAttr(configurations));
}

// Names and symbolic dimensions go to the attributes of arguments and results.
static NamedAttrList valueAttributes(const Signature::Entry &entry, Builder &b) {
  NamedAttrList attributes;
  attributes.set("onnx.name", b.getStringAttr(entry.name));
  if (!entry.doc.empty()) attributes.set("onnx.doc", b.getStringAttr(entry.doc));
  if (llvm::any_of(entry.dimParams, [](const std::string &s) { return !s.empty(); }))
    attributes.set("onnx.dim_params", b.getStrArrayAttr(SmallVector<StringRef>(entry.dimParams.begin(), entry.dimParams.end())));
  return attributes;
}

/// Adds what nodes of the main graph give to the outputs, and notes the node of each value.
static void addAllValues(const wire::GraphProto &graph, const Scope &scope, Signature &signature, SmallVectorImpl<Value> &outputs, ModuleOp module) {
  llvm::StringSet<> listed;
  for (const Signature::Entry &output : signature.outputs) listed.insert(output.name);
  std::string nodes;
  for (const wire::NodeProto &node : graph.node())
    for (const std::string &name : node.output()) {
      Value value = name.empty() ? Value() : scope.lookup(name);
      if (!value || isa<NoneType>(value.getType())) continue;
      nodes += name + "\t" + node.op_type() + ":" + (node.name().empty() ? node.output(0) : node.name()) + "\n";
      if (!listed.insert(name).second) continue;
      signature.outputs.push_back({name, value.getType(), {}, ""});
      outputs.push_back(value);
    }
  Builder b(module.getContext());
  SmallVector<Attribute> metadata;
  if (auto given = module->getAttrOfType<ArrayAttr>("onnx.metadata")) llvm::append_range(metadata, given);
  metadata.push_back(b.getStrArrayAttr({"ingot.values", nodes}));
  module->setAttr("onnx.metadata", b.getArrayAttr(metadata));
}

static LogicalResult checkVersions(const wire::ModelProto &model, GraphBuilder &builder, Opsets &opsets, Location loc) {
  if (!model.has_graph()) return emitError(loc) << "the model has no graph; expected an ONNX ModelProto";
  if (model.ir_version() < 1 || model.ir_version() > kNewestIRVersion)
    return emitError(loc) << "the model has IR version " << model.ir_version() << "; accepted: 1 to " << kNewestIRVersion;
  if (failed(builder.readOpsets(model.opset_import(), opsets, loc))) return failure();
  // Before IR version 3 there was one operator set, its first version.
  if (model.ir_version() < 3) opsets.try_emplace("", 1);
  return success();
}

static LogicalResult buildModule(const wire::ModelProto &model, wire::ModelFiles &files, ModuleOp module, const ImportOptions &options) {
  Location loc = module.getLoc();
  const wire::GraphProto &graph = model.graph();
  auto function = func::FuncOp::create(loc, "main_graph", FunctionType::get(module.getContext(), {}, {}));
  module.push_back(function);
  Block *entry = function.addEntryBlock();
  GraphBuilder builder(model, files, entry, options);
  Opsets opsets;
  if (failed(checkVersions(model, builder, opsets, loc))) return failure();
  if (failed(builder.checkExpansion(model))) return failure();
  describe(model, opsets, module);
  keepAnnotations(model, module);
  SmallVector<Attribute> functions;
  for (const CustomOperator &custom : options.customOps) functions.push_back(StringAttr::get(module.getContext(), custom.function));
  if (!functions.empty()) module->setAttr("ingot.custom_ops", ArrayAttr::get(module.getContext(), functions));

  // An input with an initializer is a constant, which is how weights were written before IR version 4.
  llvm::StringSet<> initialized;
  for (const wire::TensorProto &tensor : graph.initializer()) initialized.insert(tensor.name());
  for (const wire::SparseTensorProto &tensor : graph.sparse_initializer()) initialized.insert(tensor.values().name());
  Signature signature(options, loc);
  for (const wire::ValueInfoProto &info : graph.input())
    if (!initialized.contains(info.name()) && failed(signature.addInput(info))) return failure();
  for (const wire::ValueInfoProto &info : graph.output())
    if (failed(signature.addOutput(info))) return failure();
  if (failed(signature.specialise())) return failure();

  Scope scope;
  Frame frame;
  frame.opsets = &opsets;
  for (const Signature::Entry &input : signature.inputs)
    if (failed(builder.define(input.name, entry->addArgument(input.type, loc), scope, loc, "the graph's inputs"))) return failure();
  if (failed(builder.addInitializers(graph, scope, loc)) || failed(builder.addNodes(graph.node(), scope, frame)) ||
      failed(builder.reportUnsupported(loc)))
    return failure();

  SmallVector<Value> outputs;
  for (const Signature::Entry &output : signature.outputs) {
    FailureOr<Value> value = builder.output(output.name, scope, loc, "the graph's output");
    if (failed(value)) return failure();
    outputs.push_back(*value);
  }
  if (options.allValues) addAllValues(graph, scope, signature, outputs, module);
  func::ReturnOp::create(builder.emitter.builder, loc, outputs);
  function.setFunctionType(FunctionType::get(module.getContext(), entry->getArgumentTypes(), ValueRange(outputs).getTypes()));
  Builder b(module.getContext());
  for (auto [i, input] : llvm::enumerate(signature.inputs)) function.setArgAttrs(i, valueAttributes(input, b));
  for (auto [i, output] : llvm::enumerate(signature.outputs)) function.setResultAttrs(i, valueAttributes(output, b));
  return success();
}

OwningOpRef<ModuleOp> ingot::importModel(StringRef path, MLIRContext *context, const ImportOptions &options,
                                         std::vector<std::string> *dependencies) {
  context->loadDialect<onnx::ONNXDialect, func::FuncDialect>();
  // The file's name only: where it lies must not show in what is compiled.
  Location loc = NameLoc::get(StringAttr::get(context, llvm::sys::path::filename(path)));
  llvm::Expected<wire::MappedFile> file = wire::mapFile(path);
  if (!file) {
    emitError(loc) << llvm::toString(file.takeError());
    return {};
  }
  llvm::Expected<std::string> skeleton = wire::makeSkeleton((*file)->getBuffer());
  if (!skeleton) {
    emitError(loc) << llvm::toString(skeleton.takeError());
    return {};
  }
  wire::ModelProto model;
  if (skeleton->size() > INT32_MAX || !model.ParsePartialFromArray(skeleton->data(), skeleton->size())) {
    emitError(loc) << "the file is no ONNX model: its fields are not those of a ModelProto";
    return {};
  }
  skeleton->clear();
  wire::ModelFiles files(path.str(), *file);
  MappedFiles::add(context, *file);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  bool ok = succeeded(buildModule(model, files, *module, options));
  for (const wire::MappedFile &external : files.getExternals()) MappedFiles::add(context, external);
  if (dependencies) *dependencies = files.getPaths();
  if (!ok) return {};
  return module;
}
