//===- GraphBuilder.h - nodes to ops ---------------------------------------------------===//
#ifndef INGOT_LIB_IMPORT_GRAPHBUILDER_H
#define INGOT_LIB_IMPORT_GRAPHBUILDER_H

#include "Emitter.h"
#include "Opset/Upgrade.h"
#include "Tensors.h"
#include "ingot/Import/Import.h"
#include "onnx.pb.h"
#include "llvm/ADT/StringMap.h"
#include <map>

namespace ingot {

/// Operator sets in use, by domain ("" for ai.onnx).
using Opsets = llvm::StringMap<int64_t>;

/// One expansion of a function body, or the main graph: what its nodes mean by operator versions and attribute references.
struct Frame {
  const Opsets *opsets = nullptr;
  const Frame *caller = nullptr;
  const wire::FunctionProto *function = nullptr;                      // null in the main graph
  llvm::StringMap<const wire::AttributeProto *> attributes;           // of the call, defaults filled in
};

/// The names that a graph or function body can see.
struct Scope {
  Scope *outer = nullptr;
  llvm::StringMap<mlir::Value> values;
  llvm::StringMap<const wire::TypeProto *> types;                     // from value_info and outputs

  mlir::Value lookup(llvm::StringRef name) const;
};

class GraphBuilder {
public:
  GraphBuilder(const wire::ModelProto &model, wire::ModelFiles &files, mlir::Block *entry, const ImportOptions &options);

  Emitter emitter;

  /// Defines the initializers (as constants) and notes the types of a graph's values.
  mlir::LogicalResult addInitializers(const wire::GraphProto &graph, Scope &scope, mlir::Location loc);
  using Nodes = google::protobuf::RepeatedPtrField<wire::NodeProto>;
  mlir::LogicalResult addNodes(const Nodes &nodes, Scope &scope, const Frame &frame);
  /// The value of a name in a list of outputs.
  mlir::FailureOr<mlir::Value> output(llvm::StringRef name, const Scope &scope, mlir::Location loc, llvm::StringRef what);
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, Scope &scope, mlir::Location loc, llvm::StringRef what);
  /// Reads a list of operator sets; diagnoses versions that are too new.
  mlir::LogicalResult readOpsets(const google::protobuf::RepeatedPtrField<wire::OperatorSetIdProto> &imports, Opsets &opsets,
                                 mlir::Location loc);
  /// Refuses models that would have too many nodes once their functions are expanded, before any is built.
  mlir::LogicalResult checkExpansion(const wire::ModelProto &model) const;
  /// Ends the import: one diagnostic that lists all nodes whose operator is not in the dialect.
  mlir::LogicalResult reportUnsupported(mlir::Location loc);

private:
  mlir::LogicalResult addNode(const wire::NodeProto &proto, Scope &scope, const Frame &frame);
  mlir::LogicalResult addAttributes(const wire::NodeProto &proto, Node &node, const Frame &frame);
  mlir::LogicalResult emit(Node &node, Scope &scope, const Frame &frame, llvm::SmallVectorImpl<mlir::Value> &results);
  mlir::LogicalResult emitCustom(Node &node, const CustomOperator &custom, llvm::SmallVectorImpl<mlir::Value> &results);
  mlir::LogicalResult emitOp(Node &node, Scope &scope, const Frame &frame, llvm::SmallVectorImpl<mlir::Value> &results);
  mlir::LogicalResult emitBatchedScan(Node &node, Scope &scope, const Frame &frame, llvm::SmallVectorImpl<mlir::Value> &results);
  // FlexAttention.cpp
  mlir::LogicalResult emitFlexAttention(Node &node, Scope &scope, const Frame &frame, llvm::SmallVectorImpl<mlir::Value> &results);
  /// The nodes of a graph of one input and one output, at the end of the block that is being built.
  mlir::FailureOr<mlir::Value> expandGraph(const wire::GraphProto &graph, mlir::Value argument, Scope &outer, const Frame &frame,
                                           const Node &node, llvm::StringRef name);
  mlir::LogicalResult addSubgraph(const wire::GraphProto &graph, mlir::Region &region, Scope &outer, const Frame &frame, const Node &node,
                                  llvm::StringRef name);
  /// The graph of a node by its name, and the types it declares for its inputs; its nodes for given inputs, where the builder stands.
  mlir::FailureOr<const wire::GraphProto *> graphOf(const Node &node, llvm::StringRef name);
  mlir::LogicalResult inputTypes(const Node &node, llvm::StringRef name, llvm::SmallVectorImpl<mlir::Type> &types);
  mlir::LogicalResult inlineGraph(const Node &node, llvm::StringRef name, llvm::ArrayRef<mlir::Value> inputs, Scope &outer, const Frame &frame,
                                  llvm::SmallVectorImpl<mlir::Value> &outputs);
  mlir::FailureOr<int64_t> versionOf(const Node &node, const Frame &frame);

  // Functions.cpp
  const wire::FunctionProto *findFunction(const wire::NodeProto &proto) const;
  mlir::LogicalResult inlineCall(const wire::NodeProto &proto, const wire::FunctionProto &function, Node &node, const Frame &caller,
                                 llvm::SmallVectorImpl<mlir::Value> &results);

  const ImportOptions &options;
  TensorReader tensors;
  llvm::StringMap<const wire::FunctionProto *> functions; // by domain, name and overload
  struct Missing {
    unsigned count = 0;
    std::string examples;
  };
  std::map<std::pair<std::string, std::string>, Missing> missing; // by domain and operator
};

/// A node's name, else that of its first output.
std::string nodeName(const wire::NodeProto &proto);

/// "ai.onnx" and "" are one domain.
llvm::StringRef normalDomain(llvm::StringRef domain);

} // namespace ingot

#endif
