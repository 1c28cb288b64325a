//===- Nodes.cpp - one node at a time -----------------------------------------------------===//
#include "Attributes.h"
#include "GraphBuilder.h"
#include "Types.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include <queue>

using namespace mlir;
using namespace ingot;

// Adds all names that a node and the graphs in it use or define inside.
static void collectNames(const wire::NodeProto &node, llvm::function_ref<void(const std::string &)> use) {
  for (const std::string &input : node.input()) use(input);
  auto visit = [&](const wire::GraphProto &graph) {
    for (const wire::NodeProto &inner : graph.node()) collectNames(inner, use);
    for (const wire::ValueInfoProto &output : graph.output()) use(output.name());
  };
  for (const wire::AttributeProto &attribute : node.attribute())
    if (attribute.has_g()) visit(attribute.g());
}

// The format asks for topological order, but optimisers append nodes and leave the sorting to the reader.  The order is that of the
// file where it is possible.  Nodes of a cycle come last, where their undefined inputs are diagnosed.
static std::vector<int> topologicalOrder(const GraphBuilder::Nodes &nodes) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &output : nodes[i].output())
      if (!output.empty()) producers.try_emplace(output, i);
  std::vector<std::vector<int>> users(nodes.size());
  std::vector<int> waitsFor(nodes.size(), 0);
  for (int i = 0; i < nodes.size(); ++i)
    collectNames(nodes[i], [&](const std::string &name) {
      auto it = producers.find(name);
      if (it == producers.end() || it->second == i) return;
      users[it->second].push_back(i);
      ++waitsFor[i];
    });
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < nodes.size(); ++i)
    if (waitsFor[i] == 0) ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (int user : users[next])
      if (--waitsFor[user] == 0) ready.push(user);
  }
  for (int i = 0; i < nodes.size(); ++i)
    if (waitsFor[i] > 0) order.push_back(i);
  return order;
}

LogicalResult GraphBuilder::addNodes(const Nodes &nodes, Scope &scope, const Frame &frame) {
  for (int i : topologicalOrder(nodes))
    if (failed(addNode(nodes[i], scope, frame))) return failure();
  return success();
}

std::string ingot::nodeName(const wire::NodeProto &proto) {
  if (!proto.name().empty()) return proto.name();
  return proto.output_size() ? proto.output(0) : std::string();
}

static LogicalResult undefinedInput(const Node &node, StringRef name) {
  return emitError(node.loc) << node.what << " uses '" << name << "', which is not defined, or needs this node itself; expected an input, an "
                             << "initializer or the output of another node, without cycles";
}

LogicalResult GraphBuilder::addAttributes(const wire::NodeProto &proto, Node &node, const Frame &frame) {
  for (const wire::AttributeProto &attribute : proto.attribute()) {
    const wire::AttributeProto *value = &attribute;
    if (!attribute.ref_attr_name().empty()) {
      if (!frame.function)
        return emitError(node.loc) << node.what << " refers to the attribute '" << attribute.ref_attr_name() << "' of a function, but is in none";
      value = frame.attributes.lookup(attribute.ref_attr_name());
      if (!value) continue; // not given by the caller: absent here too
    }
    bool isDuplicate = node.attributes.get(attribute.name()) || llvm::any_of(node.graphs, [&](auto &g) { return g.first == attribute.name(); });
    if (attribute.name().empty() || isDuplicate)
      return emitError(node.loc) << node.what << " has " << (isDuplicate ? "two attributes" : "an attribute") << " named '" << attribute.name()
                                 << "', expected a different name for each";
    if (attributeKind(*value) == wire::AttributeProto::GRAPH) {
      if (!value->has_g()) return emitError(node.loc) << node.what << ", attribute '" << attribute.name() << "' has no graph";
      node.graphs.emplace_back(attribute.name(), &value->g());
      continue;
    }
    FailureOr<Attribute> converted = convertAttribute(*value, tensors, node.loc, node.what);
    if (failed(converted)) return failure();
    node.attributes.append(attribute.name(), *converted);
  }
  return success();
}

FailureOr<int64_t> GraphBuilder::versionOf(const Node &node, const Frame &frame) {
  auto it = frame.opsets->find(node.domain);
  if (it != frame.opsets->end()) return it->second;
  // ONNX Runtime's optimiser adds operators of its domain without an entry, and has only one version of them.
  if (node.domain == "com.microsoft") return int64_t(1);
  return emitError(node.loc) << node.what << " is of domain '" << (node.domain.empty() ? "ai.onnx" : node.domain)
                             << "', for which the model imports no operator set; expected an entry in opset_import";
}

// Where a node is to run and how its tensors are cut: [configuration, pipeline stage, [tensor, devices...]...] for each.
static void keepDeviceConfigurations(const wire::NodeProto &proto, Operation *op) {
  Builder b(op->getContext());
  SmallVector<Attribute> all;
  for (const wire::NodeDeviceConfigurationProto &configuration : proto.device_configurations()) {
    SmallVector<Attribute> parts = {b.getStringAttr(configuration.configuration_id()), b.getI64IntegerAttr(configuration.pipeline_stage())};
    for (const wire::ShardingSpecProto &sharding : configuration.sharding_spec()) {
      SmallVector<Attribute> spec = {b.getStringAttr(sharding.tensor_name())};
      for (int64_t device : sharding.device()) spec.push_back(b.getI64IntegerAttr(device));
      parts.push_back(b.getArrayAttr(spec));
    }
    all.push_back(b.getArrayAttr(parts));
  }
  if (!all.empty()) op->setAttr("onnx.device_configurations", b.getArrayAttr(all));
}

LogicalResult GraphBuilder::addNode(const wire::NodeProto &proto, Scope &scope, const Frame &frame) {
  MLIRContext *context = emitter.builder.getContext();
  std::string name = nodeName(proto);
  Location loc = NameLoc::get(StringAttr::get(context, proto.op_type() + ":" + name));
  Node node{normalDomain(proto.domain()).str(), proto.op_type(), 0, loc, "node '" + name + "' (" + proto.op_type() + ")"};
  if (proto.op_type().empty()) return emitError(loc) << node.what << " has no operator; expected op_type";

  for (const std::string &input : proto.input()) {
    Value value = input.empty() ? Value() : scope.lookup(input);
    if (!value && !input.empty()) return undefinedInput(node, input);
    // An absent argument of a function is absent where the body uses it.
    node.operands.push_back(value && isa<NoneType>(value.getType()) ? Value() : value);
  }
  SmallVector<Value> results;
  if (const wire::FunctionProto *function = findFunction(proto)) {
    if (failed(inlineCall(proto, *function, node, frame, results))) return failure();
  } else {
    FailureOr<int64_t> version = versionOf(node, frame);
    if (failed(version)) return failure();
    node.version = *version;
    for (const std::string &output : proto.output()) {
      Type type;
      if (auto it = scope.types.find(output); !output.empty() && it != scope.types.end()) {
        FailureOr<NamedType> converted = convertType(*it->second, loc, "value '" + output + "'");
        if (failed(converted)) return failure();
        type = converted->type;
      }
      node.types.push_back(type);
      node.wanted.push_back(!output.empty());
    }
    if (failed(addAttributes(proto, node, frame)) || failed(emit(node, scope, frame, results))) return failure();
    if (!results.empty() && results.front().getDefiningOp()) keepDeviceConfigurations(proto, results.front().getDefiningOp());
  }
  for (int i = 0; i < proto.output_size(); ++i) {
    if (proto.output(i).empty()) continue;
    if (i >= (int)results.size())
      return emitError(loc) << node.what << " has " << proto.output_size() << " outputs, expected " << results.size();
    if (failed(define(proto.output(i), results[i], scope, loc, node.what))) return failure();
  }
  return success();
}

// The order of regions is that of the op's declaration.
ArrayRef<StringRef> ingot::regionNames(StringRef opType) {
  static const StringRef branches[] = {"then_branch", "else_branch"}, body[] = {"body"};
  if (opType == "If") return branches;
  if (opType == "Loop" || opType == "Scan" || opType == "SequenceMap") return body;
  return {};
}

static std::string dialectName(const Node &node) {
  if (node.domain.empty()) return "onnx." + node.opType;
  if (node.domain == "ai.onnx.ml") return "onnx.ml." + node.opType;
  if (node.domain == "com.microsoft") return "onnx.ms." + node.opType;
  return {};
}

LogicalResult GraphBuilder::emitCustom(Node &node, const CustomOperator &custom, SmallVectorImpl<Value> &results) {
  OpBuilder &builder = emitter.builder;
  if (!node.graphs.empty())
    return emitError(node.loc) << node.what << " has the graph '" << node.graphs.front().first << "', which a custom operator cannot have";
  for (NamedAttribute attribute : node.attributes) {
    auto list = dyn_cast<ArrayAttr>(attribute.getValue());
    if (isa<TypeAttr>(attribute.getValue()) || (list && !llvm::all_of(list, llvm::IsaPred<StringAttr>)))
      return emitError(node.loc) << node.what << " has the attribute '" << attribute.getName().getValue() << "', which is a " << (list ? "list of tensors" : "type")
                                 << "; a custom operator takes numbers, strings, lists of them and tensors";
  }
  for (Type type : node.types)
    if (!type)
      return emitError(node.loc) << node.what << " is a custom operator and the model does not say what it gives; expected the type of each output in value_info";
  SmallVector<Value> operands;
  for (Value operand : node.operands) operands.push_back(operand ? operand : emitter.noValue());
  auto op = onnx::CustomOp::create(builder, node.loc, node.types, operands, custom.function, node.attributes.getDictionary(builder.getContext()),
                                   builder.getTypeArrayAttr(node.types));
  results.append(op->result_begin(), op->result_end());
  return success();
}

LogicalResult GraphBuilder::emit(Node &node, Scope &scope, const Frame &frame, SmallVectorImpl<Value> &results) {
  for (const CustomOperator &custom : options.customOps)
    if (custom.domain == node.domain && custom.name == node.opType) return emitCustom(node, custom, results);
  Rewriter rewriter(emitter, node);
  rewriter.graphInputs = [&](StringRef name, SmallVectorImpl<Type> &types) { return inputTypes(node, name, types); };
  rewriter.inlineGraph = [&](StringRef name, ArrayRef<Value> inputs, SmallVectorImpl<Value> &outputs) {
    return inlineGraph(node, name, inputs, scope, frame, outputs);
  };
  if (failed(upgrade(rewriter))) return failure();
  if (!node.replacements.empty()) {
    results.append(node.replacements);
    for (auto [value, type] : llvm::zip(results, node.types)) emitter.hint(value, type);
    return success();
  }
  if (node.domain == "ai.onnx.preview" && node.opType == "FlexAttention") return emitFlexAttention(node, scope, frame, results);
  std::string opName = dialectName(node);
  if (opName.empty() || !onnx::lookupSignature(opName)) {
    Missing &entry = missing[{node.domain, node.opType}];
    if (++entry.count <= 3) entry.examples += (entry.count > 1 ? ", " : "") + ("'" + cast<NameLoc>(node.loc).getName().getValue().split(':').second + "'").str();
    if (entry.count == 4) entry.examples += ", ...";
    if (options.reportEach)
      emitError(node.loc) << "unknown operator '" << node.opType << "' of domain '" << (node.domain.empty() ? "ai.onnx" : node.domain)
                          << "'; --custom-op makes it a call of a function of yours";
    // A stand-in, so that the other nodes are looked at too; the import fails in the end.
    Type any = UnrankedTensorType::get(emitter.builder.getF32Type());
    SmallVector<Type> types;
    for (Type type : node.types) types.push_back(type ? type : any);
    if (types.empty()) return success();
    auto standIn = UnrealizedConversionCastOp::create(emitter.builder, node.loc, types, ValueRange());
    results.append(standIn.result_begin(), standIn.result_end());
    return success();
  }
  if (node.isBatchedScan) return emitBatchedScan(node, scope, frame, results);
  return emitOp(node, scope, frame, results);
}

LogicalResult GraphBuilder::emitOp(Node &node, Scope &scope, const Frame &frame, SmallVectorImpl<Value> &results) {
  ArrayRef<StringRef> regions = regionNames(node.opType);
  for (auto &[name, graph] : node.graphs)
    if (!llvm::is_contained(regions, name))
      return emitError(node.loc) << node.what << " has the graph '" << name << "', which the operator does not know";
  Operation *op = emitter.create(dialectName(node), node.loc, node.what, node.operands, node.attributes, node.types, regions.size());
  if (!op) return failure();
  for (auto [name, region] : llvm::zip(regions, op->getRegions())) {
    auto it = llvm::find_if(node.graphs, [&, name = name](auto &g) { return g.first == name; });
    if (it == node.graphs.end()) return emitError(node.loc) << node.what << " has no graph '" << name << "', which the operator needs";
    if (failed(addSubgraph(*it->second, region, scope, frame, node, name))) return failure();
  }
  if (failed(emitter.complete(op, node.what))) return failure();
  results.append(op->result_begin(), op->result_end());
  return success();
}

// A Scan over the batch, all operands sliced and all results stacked along dimension 0, around the Scan over the sequence.
LogicalResult GraphBuilder::emitBatchedScan(Node &node, Scope &scope, const Frame &frame, SmallVectorImpl<Value> &results) {
  OpBuilder &builder = emitter.builder;
  NamedAttrList attributes(builder.getNamedAttr("num_scan_inputs", builder.getI64IntegerAttr(node.operands.size())));
  Operation *outer = emitter.create("onnx.Scan", node.loc, node.what, node.operands, attributes, node.types, 1);
  if (!outer) return failure();
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&outer->getRegion(0));
    for (Value &operand : node.operands) {
      if (!operand) return emitError(node.loc) << node.what << " has an absent input, expected a value";
      Type type = operand.getType();
      if (auto tensor = dyn_cast<TensorType>(type)) type = UnrankedTensorType::get(tensor.getElementType());
      BlockArgument slice = block->addArgument(type, node.loc);
      emitter.enterBody(slice, operand, 1);
      operand = slice;
    }
    for (Type &type : node.types)
      if (auto tensor = dyn_cast_if_present<TensorType>(type)) type = UnrankedTensorType::get(tensor.getElementType());
    SmallVector<Value> inner;
    if (failed(emitOp(node, scope, frame, inner))) return failure();
    onnx::YieldOp::create(builder, node.loc, inner);
  }
  if (failed(emitter.complete(outer, node.what))) return failure();
  results.append(outer->result_begin(), outer->result_end());
  return success();
}

/// How many dimensions less than the operand of its number the argument of a body has; nothing where it is no part or copy of a tensor operand.
static std::optional<int64_t> dimsLostInBody(Operation *op, unsigned i) {
  if (i >= op->getNumOperands()) return std::nullopt;
  if (isa<onnx::LoopOp>(op)) return i < 2 ? std::nullopt : std::optional<int64_t>(0);
  if (auto scan = dyn_cast<onnx::ScanOp>(op)) {
    IntegerAttr scanned = scan.getNumScanInputsAttr();
    return scanned ? std::optional<int64_t>(i + scanned.getInt() < op->getNumOperands() ? 0 : 1) : std::nullopt;
  }
  return isa<onnx::SequenceMapOp>(op) ? std::optional<int64_t>(0) : std::nullopt;
}

LogicalResult GraphBuilder::addSubgraph(const wire::GraphProto &graph, Region &region, Scope &outer, const Frame &frame, const Node &node,
                                        StringRef name) {
  OpBuilder &builder = emitter.builder;
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  Scope scope;
  scope.outer = &outer;
  std::string what = (node.what + ", graph '" + name + "'").str();
  for (const wire::ValueInfoProto &input : graph.input()) {
    NamedType type{UnrankedTensorType::get(builder.getF32Type()), {}};
    if (input.has_type() && input.type().value_case() != wire::TypeProto::VALUE_NOT_SET) {
      FailureOr<NamedType> converted = convertType(input.type(), node.loc, what + ", input '" + input.name() + "'");
      if (failed(converted)) return failure();
      type = *converted;
    }
    // A loop's number and condition are scalars; a body that declares vectors of one element gets them reshaped.
    Type declared = type.type;
    auto tensor = dyn_cast<RankedTensorType>(declared);
    bool isLoopScalar = node.opType == "Loop" && block->getNumArguments() < 2 && tensor && tensor.getRank() == 1;
    if (isLoopScalar) declared = RankedTensorType::get({}, tensor.getElementType());
    BlockArgument entering = block->addArgument(declared, node.loc);
    if (std::optional<int64_t> lessDims = dimsLostInBody(region.getParentOp(), entering.getArgNumber()))
      emitter.enterBody(entering, region.getParentOp()->getOperand(entering.getArgNumber()), *lessDims);
    Value argument = entering;
    if (isLoopScalar) {
      Value one = emitter.constant(node.loc, builder.getI64TensorAttr({1}));
      Operation *reshaped = emitter.create("onnx.Reshape", node.loc, what, {argument, one}, {}, Type(tensor));
      if (!reshaped || failed(emitter.complete(reshaped, what))) return failure();
      argument = reshaped->getResult(0);
    }
    if (failed(define(input.name(), argument, scope, node.loc, what))) return failure();
  }
  if (failed(addInitializers(graph, scope, node.loc)) || failed(addNodes(graph.node(), scope, frame))) return failure();
  SmallVector<Value> outputs;
  for (const wire::ValueInfoProto &info : graph.output()) {
    FailureOr<Value> value = output(info.name(), scope, node.loc, what + ": output");
    if (failed(value)) return failure();
    outputs.push_back(*value);
  }
  onnx::YieldOp::create(builder, node.loc, outputs);
  return success();
}
