//===- Functions.cpp - model-local functions, expanded where they are called -------------===//
#include "GraphBuilder.h"
#include "Types.h"

using namespace mlir;
using namespace ingot;

// Deeper calls than this are a model that means harm; the stack would end before long.
static constexpr unsigned kMaxCallDepth = 100;
// Functions that call each other twice, fifty levels deep, would expand for ever.
static constexpr uint64_t kMaxNodes = 4000000;

namespace {
/// How many nodes there are once calls are expanded, up to a little more than the limit.
struct Expansion {
  llvm::function_ref<const wire::FunctionProto *(const wire::NodeProto &)> find;
  llvm::DenseMap<const wire::FunctionProto *, uint64_t> sizes;

  uint64_t of(const wire::NodeProto &node) const {
    uint64_t count = 1;
    if (const wire::FunctionProto *function = find(node)) count += sizes.lookup(function);
    for (const wire::AttributeProto &attribute : node.attribute())
      if (attribute.has_g()) count += of(attribute.g().node());
    return count;
  }
  uint64_t of(const GraphBuilder::Nodes &nodes) const {
    uint64_t count = 0;
    for (const wire::NodeProto &node : nodes) count = std::min(count + of(node), kMaxNodes + 1);
    return count;
  }
};
} // namespace

LogicalResult GraphBuilder::checkExpansion(const wire::ModelProto &model) const {
  auto find = [&](const wire::NodeProto &node) { return findFunction(node); };
  Expansion expansion{find, llvm::DenseMap<const wire::FunctionProto *, uint64_t>()};
  // Sizes travel one call further in each round; what is still changing in the end is recursive, or nested too deeply.
  bool changed = true;
  for (unsigned round = 0; changed && round <= kMaxCallDepth; ++round) {
    changed = false;
    for (const wire::FunctionProto &function : model.functions()) {
      uint64_t &size = expansion.sizes[&function], next = expansion.of(function.node());
      changed |= size != next;
      size = next;
    }
  }
  uint64_t total = 0;
  for (const wire::NodeProto &node : model.graph().node()) {
    total += expansion.of(node);
    if (total <= kMaxNodes) continue;
    std::string name = nodeName(node);
    Location loc = NameLoc::get(StringAttr::get(emitter.builder.getContext(), node.op_type() + ":" + name));
    return emitError(loc) << "node '" << name << "' (" << node.op_type() << "): the model has more than " << kMaxNodes
                          << " nodes after the expansion of its functions";
  }
  return success();
}

LogicalResult GraphBuilder::inlineCall(const wire::NodeProto &proto, const wire::FunctionProto &function, Node &node, const Frame &caller,
                                       SmallVectorImpl<Value> &results) {
  unsigned depth = 0;
  for (const Frame *frame = &caller; frame; frame = frame->caller, ++depth)
    if (frame->function == &function)
      return emitError(node.loc) << node.what << " calls the function '" << function.name() << "' from within itself; functions cannot be recursive";
  if (depth > kMaxCallDepth) return emitError(node.loc) << node.what << " is nested in more than " << kMaxCallDepth << " function calls";
  if ((int)node.operands.size() > function.input_size() || proto.output_size() > function.output_size())
    return emitError(node.loc) << node.what << " has " << node.operands.size() << " inputs and " << proto.output_size()
                               << " outputs; the function takes " << function.input_size() << " and gives " << function.output_size();

  Frame frame;
  frame.caller = &caller;
  frame.function = &function;
  Opsets opsets;
  if (failed(readOpsets(function.opset_import(), opsets, node.loc))) return failure();
  // A function that names no version of a domain means the caller's.
  for (const auto &entry : *caller.opsets) opsets.try_emplace(entry.first(), entry.second);
  frame.opsets = &opsets;

  for (const wire::AttributeProto &attribute : function.attribute_proto()) frame.attributes[attribute.name()] = &attribute;
  for (const wire::AttributeProto &attribute : proto.attribute()) {
    bool isDeclared = frame.attributes.count(attribute.name()) || llvm::is_contained(function.attribute(), attribute.name());
    if (!isDeclared)
      return emitError(node.loc) << node.what << " has the attribute '" << attribute.name() << "', which the function '" << function.name()
                                 << "' does not declare";
    const wire::AttributeProto *value = &attribute;
    if (!attribute.ref_attr_name().empty()) value = caller.attributes.lookup(attribute.ref_attr_name());
    if (value) frame.attributes[attribute.name()] = value;
  }

  Scope scope;
  for (int i = 0; i < function.input_size(); ++i) {
    Value value = i < (int)node.operands.size() && node.operands[i] ? node.operands[i] : emitter.noValue();
    if (failed(define(function.input(i), value, scope, node.loc, "the function '" + function.name() + "'"))) return failure();
  }
  if (failed(addNodes(function.node(), scope, frame))) return failure();
  for (int i = 0; i < proto.output_size(); ++i) {
    FailureOr<Value> value = output(function.output(i), scope, node.loc, "output of function '" + function.name() + "':");
    if (failed(value)) return failure();
    results.push_back(*value);
  }
  return success();
}

//===--------------------------- graphs that a rewrite takes apart -----------------------------===//

FailureOr<const wire::GraphProto *> GraphBuilder::graphOf(const Node &node, StringRef name) {
  for (auto &[given, graph] : node.graphs)
    if (given == name) return graph;
  return emitError(node.loc) << node.what << " has no graph '" << name << "', which the operator needs";
}

LogicalResult GraphBuilder::inputTypes(const Node &node, StringRef name, SmallVectorImpl<Type> &types) {
  FailureOr<const wire::GraphProto *> graph = graphOf(node, name);
  if (failed(graph)) return failure();
  for (const wire::ValueInfoProto &input : (*graph)->input()) {
    types.push_back({});
    if (!input.has_type() || input.type().value_case() == wire::TypeProto::VALUE_NOT_SET) continue;
    FailureOr<NamedType> type = convertType(input.type(), node.loc, (node.what + ", graph '" + name + "', input '" + input.name() + "'").str());
    if (failed(type)) return failure();
    types.back() = type->type;
  }
  return success();
}

LogicalResult GraphBuilder::inlineGraph(const Node &node, StringRef name, ArrayRef<Value> inputs, Scope &outer, const Frame &frame,
                                        SmallVectorImpl<Value> &outputs) {
  FailureOr<const wire::GraphProto *> graph = graphOf(node, name);
  SmallVector<Type> types;
  if (failed(graph) || failed(inputTypes(node, name, types))) return failure();
  std::string what = (node.what + ", graph '" + name + "'").str();
  if (types.size() != inputs.size()) return emitError(node.loc) << what << " has " << types.size() << " inputs, expected " << inputs.size();
  Scope scope;
  scope.outer = &outer;
  for (auto [info, value, type] : llvm::zip((*graph)->input(), inputs, types)) {
    emitter.hint(value, type);
    if (failed(define(info.name(), value, scope, node.loc, what))) return failure();
  }
  if (failed(addInitializers(**graph, scope, node.loc)) || failed(addNodes((*graph)->node(), scope, frame))) return failure();
  for (const wire::ValueInfoProto &info : (*graph)->output()) {
    FailureOr<Value> value = output(info.name(), scope, node.loc, what + ": output");
    if (failed(value)) return failure();
    outputs.push_back(*value);
  }
  return success();
}
