//===- GraphBuilder.cpp - names, initializers and operator sets -------------------------===//
#include "GraphBuilder.h"
#include "Types.h"

using namespace mlir;
using namespace ingot;

StringRef ingot::normalDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

Value Scope::lookup(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->outer)
    if (auto it = scope->values.find(name); it != scope->values.end()) return it->second;
  return {};
}

static std::string functionKey(StringRef domain, StringRef name, StringRef overload) {
  return (normalDomain(domain) + Twine('\0') + name + Twine('\0') + overload).str();
}

GraphBuilder::GraphBuilder(const wire::ModelProto &model, wire::ModelFiles &files, Block *entry, const ImportOptions &options)
    : emitter(entry), options(options), tensors(files) {
  for (const wire::FunctionProto &function : model.functions())
    functions.try_emplace(functionKey(function.domain(), function.name(), function.overload()), &function);
}

const wire::FunctionProto *GraphBuilder::findFunction(const wire::NodeProto &proto) const {
  return functions.lookup(functionKey(proto.domain(), proto.op_type(), proto.overload()));
}

LogicalResult GraphBuilder::define(StringRef name, Value value, Scope &scope, Location loc, StringRef what) {
  if (scope.values.try_emplace(name, value).second) return success();
  return emitError(loc) << what << " defines '" << name << "', which is defined already; expected each name to be defined once";
}

FailureOr<Value> GraphBuilder::output(StringRef name, const Scope &scope, Location loc, StringRef what) {
  if (Value value = scope.lookup(name)) return value;
  return emitError(loc) << what << " '" << name << "' is not defined; expected an input, an initializer or the output of a node";
}

LogicalResult GraphBuilder::addInitializers(const wire::GraphProto &graph, Scope &scope, Location loc) {
  MLIRContext *context = loc.getContext();
  auto add = [&](const std::string &name, FailureOr<ElementsAttr> value, Location at) {
    if (failed(value)) return failure();
    return define(name, emitter.constant(at, *value), scope, at, "an initializer");
  };
  for (const wire::TensorProto &tensor : graph.initializer()) {
    Location at = NameLoc::get(StringAttr::get(context, "Constant:" + tensor.name()));
    if (failed(add(tensor.name(), tensors.read(tensor, at, "initializer '" + tensor.name() + "'"), at))) return failure();
  }
  for (const wire::SparseTensorProto &tensor : graph.sparse_initializer()) {
    const std::string &name = tensor.values().name();
    Location at = NameLoc::get(StringAttr::get(context, "Constant:" + name));
    if (failed(add(name, tensors.read(tensor, at, "initializer '" + name + "'"), at))) return failure();
  }
  for (const wire::ValueInfoProto &info : graph.value_info())
    if (info.type().value_case() != wire::TypeProto::VALUE_NOT_SET) scope.types.try_emplace(info.name(), &info.type());
  for (const wire::ValueInfoProto &info : graph.output())
    if (info.type().value_case() != wire::TypeProto::VALUE_NOT_SET) scope.types.try_emplace(info.name(), &info.type());
  return success();
}

namespace {
struct NewestVersion {
  StringLiteral domain;
  int64_t version;
};
constexpr NewestVersion kNewest[] = {{"", 28}, {"ai.onnx.ml", 5}, {"com.microsoft", 1}, {"ai.onnx.preview", 1}, {"ai.onnx.preview.training", 1}};
} // namespace

LogicalResult GraphBuilder::readOpsets(const google::protobuf::RepeatedPtrField<wire::OperatorSetIdProto> &imports, Opsets &opsets,
                                       Location loc) {
  for (const wire::OperatorSetIdProto &import : imports) {
    StringRef domain = normalDomain(import.domain());
    for (const NewestVersion &newest : kNewest)
      if (domain == newest.domain && (import.version() > newest.version || import.version() < 1))
        return emitError(loc) << "the model uses version " << import.version() << " of the operator set '"
                              << (domain.empty() ? "ai.onnx" : domain) << "'; accepted: 1 to " << newest.version;
    int64_t &version = opsets[domain];
    version = std::max<int64_t>(version, import.version());
  }
  return success();
}

LogicalResult GraphBuilder::reportUnsupported(Location loc) {
  if (missing.empty()) return success();
  if (options.reportEach) return failure();
  unsigned count = 0;
  for (const auto &[key, entry] : missing) count += entry.count;
  InFlightDiagnostic diagnostic = emitError(loc) << "unsupported operators in " << count << (count == 1 ? " node" : " nodes") << ": ";
  llvm::interleaveComma(missing, diagnostic, [&](const auto &item) {
    auto &[domain, opType] = item.first;
    diagnostic << "'" << opType << "'";
    if (!domain.empty()) diagnostic << " of domain '" << domain << "'";
    diagnostic << " (" << item.second.count << (item.second.count == 1 ? " node: " : " nodes: ") << item.second.examples << ")";
  });
  return diagnostic;
}
