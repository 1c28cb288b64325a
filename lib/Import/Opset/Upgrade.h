//===- Upgrade.h - old operator versions to the newest ----------------------------------===//
//
// The dialect has only the newest form of an operator.  A row lifts a node of an operator from any version below `before` into
// the form of version `before`; a node passes all rows of its operator in order.  Example: Squeeze-1 and Squeeze-11 have `axes` as an
// attribute, Squeeze-13 as an input: the row {"", "Squeeze", 13, axesToInput} serves both.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_LIB_IMPORT_OPSET_UPGRADE_H
#define INGOT_LIB_IMPORT_OPSET_UPGRADE_H

#include "Emitter.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include <functional>

namespace ingot {
namespace wire {
class GraphProto;
}

/// A node on its way from the version it was written in to the newest.
struct Node {
  std::string domain, opType;
  int64_t version;
  mlir::Location loc;
  std::string what;                            // for messages: "node 'conv1' (Conv)"
  llvm::SmallVector<mlir::Value> operands;     // null where absent
  mlir::NamedAttrList attributes;
  llvm::SmallVector<std::pair<std::string, const wire::GraphProto *>> graphs;
  llvm::SmallVector<bool> wanted;              // one per output: false where its name is empty
  llvm::SmallVector<mlir::Type> types;         // of the outputs, null where unknown
  bool isBatchedScan = false;                  // Scan-8: once per element of the batch
  /// Set by a rewrite that has built the node's results itself.
  llvm::SmallVector<mlir::Value> replacements;
};

/// What a rewrite may use.  Ops built here must be in their newest form.
class Rewriter {
public:
  Rewriter(Emitter &emitter, Node &node) : emitter(emitter), node(node), b(emitter.builder) {}

  Emitter &emitter;
  Node &node;
  mlir::OpBuilder &b;

  /// Builds the nodes of one of the node's graphs here, for these inputs, and gives its outputs.  Fails after a diagnostic.
  std::function<mlir::LogicalResult(llvm::StringRef name, llvm::ArrayRef<mlir::Value> inputs, llvm::SmallVectorImpl<mlir::Value> &outputs)> inlineGraph;
  /// The types that one of the node's graphs declares for its inputs, null where it does not.
  std::function<mlir::LogicalResult(llvm::StringRef name, llvm::SmallVectorImpl<mlir::Type> &types)> graphInputs;

  /// An op of the default domain with one result; null after a diagnostic.  `element`: its element type, where it is not the first operand's.
  mlir::Value op(llvm::StringRef opType, llvm::ArrayRef<mlir::Value> operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                 mlir::Type element = {});
  mlir::NamedAttribute attr(llvm::StringRef name, mlir::Attribute value) { return b.getNamedAttr(name, value); }
  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value) { return attr(name, b.getI64IntegerAttr(value)); }
  mlir::Value ints(llvm::ArrayRef<int64_t> values);            // tensor<Nxi64>
  mlir::Value scalar(int64_t value);                           // tensor<i64>
  mlir::Value floats(llvm::ArrayRef<float> values);            // tensor<Nxf32>
  /// A rank-0 constant of the element type of `v` (f32 if that is no number).
  mlir::Value scalarLike(mlir::Value v, double value);

  /// Removes an attribute and gives its value, or the default.
  int64_t takeInt(llvm::StringRef name, int64_t otherwise);
  double takeFloat(llvm::StringRef name, double otherwise);
  std::string takeString(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> takeInts(llvm::StringRef name);
  std::optional<llvm::SmallVector<float>> takeFloats(llvm::StringRef name);

  /// Operand i, null if it is absent or beyond the end.
  mlir::Value operand(unsigned i) const { return i < node.operands.size() ? node.operands[i] : mlir::Value(); }
  /// Sets operand i, with absent ones before it.
  void setOperand(unsigned i, mlir::Value v);
  /// The values of an integer constant.
  static std::optional<llvm::SmallVector<int64_t>> constantInts(mlir::Value v);

  mlir::InFlightDiagnostic error() { return mlir::emitError(node.loc) << node.what << ": "; }
  /// Ends a rewrite that gives the node's only result by `v`; fails if that is null.
  mlir::LogicalResult replace(mlir::Value v);
};

struct OpsetRow {
  llvm::StringLiteral domain, opType;
  int64_t before;
  mlir::LogicalResult (*rewrite)(Rewriter &r);
};

constexpr int64_t kAnyVersion = std::numeric_limits<int64_t>::max();

// The table, by family.
llvm::ArrayRef<OpsetRow> constantRows();
llvm::ArrayRef<OpsetRow> axesRows();
llvm::ArrayRef<OpsetRow> broadcastRows();
llvm::ArrayRef<OpsetRow> elementwiseRows();
llvm::ArrayRef<OpsetRow> imageRows();
llvm::ArrayRef<OpsetRow> normalizationRows();
llvm::ArrayRef<OpsetRow> recurrentRows();
llvm::ArrayRef<OpsetRow> retiredRows();
llvm::ArrayRef<OpsetRow> trainingRows();
llvm::ArrayRef<OpsetRow> mlRows();
llvm::ArrayRef<OpsetRow> linearModelRows();
llvm::ArrayRef<OpsetRow> treeRows();
llvm::ArrayRef<OpsetRow> labelRows();
llvm::ArrayRef<OpsetRow> contribNormalizationRows();
llvm::ArrayRef<OpsetRow> contribFusedRows();
llvm::ArrayRef<OpsetRow> contribQuantizedRows();
llvm::ArrayRef<OpsetRow> contribShapeRows();
llvm::ArrayRef<OpsetRow> contribBlockRows();
llvm::ArrayRef<OpsetRow> contribExpertRows();
llvm::ArrayRef<OpsetRow> beamSearchRows();
llvm::ArrayRef<OpsetRow> groupQueryAttentionRows();
llvm::ArrayRef<OpsetRow> multiHeadAttentionRows();
llvm::ArrayRef<OpsetRow> structuredAttentionRows();

/// Rewrites the node to its newest form, or sets its replacements.  Fails after a diagnostic.
mlir::LogicalResult upgrade(Rewriter &r);

} // namespace ingot

#endif
