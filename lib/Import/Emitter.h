//===- Emitter.h - creates onnx ops, padded to what their rows declare -----------------===//
#ifndef INGOT_LIB_IMPORT_EMITTER_H
#define INGOT_LIB_IMPORT_EMITTER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace ingot {

class Emitter {
public:
  /// `entry` is the function's first block: the value of absent operands is made there.
  explicit Emitter(mlir::Block *entry) : builder(mlir::OpBuilder::atBlockEnd(entry)), entry(entry) {}

  mlir::OpBuilder builder;

  /// The op `name` ("onnx.Conv") with null operands as NoValue, operands and results padded to their declared count, and `results` for
  /// the first results (null: unknown).  Null after a diagnostic at `loc` if the op does not take these operands, results or
  /// attributes; `what` names the node.  The op must be registered.
  mlir::Operation *create(llvm::StringRef name, mlir::Location loc, llvm::StringRef what, llvm::ArrayRef<mlir::Value> operands,
                          mlir::NamedAttrList attributes, llvm::ArrayRef<mlir::Type> results, unsigned numRegions = 0);
  /// After its regions are there: attributes that are missing or of the wrong kind, and absent operands that are required, end in a
  /// diagnostic that names the node.  Result types are not known yet, so nothing else is checked here.
  mlir::LogicalResult check(mlir::Operation *op, llvm::StringRef what);

  mlir::Value noValue();
  mlir::Value constant(mlir::Location loc, mlir::ElementsAttr value);

  /// What the model says, or the op implies, about the shape of a value whose type has none yet.
  std::optional<int64_t> rank(mlir::Value v) const;
  std::optional<llvm::SmallVector<int64_t>> shape(mlir::Value v) const;
  void hint(mlir::Value v, mlir::Type type);
  void hintRank(mlir::Value v, int64_t rank) { ranks.try_emplace(v, rank); }

private:
  /// The element type where no shape inference has run yet: declared, implied by the operator, or that of the first operand.
  mlir::Type resultType(mlir::Type declared, mlir::Type implied, llvm::ArrayRef<mlir::Value> operands);
  void hintRankOf(mlir::Operation *op);

  mlir::Block *entry;
  mlir::Value none;
  llvm::DenseMap<mlir::Value, mlir::RankedTensorType> shapes;
  llvm::DenseMap<mlir::Value, int64_t> ranks;
};

/// The names of an operator's graphs, in the order of the op's regions.
llvm::ArrayRef<llvm::StringRef> regionNames(llvm::StringRef opType);

} // namespace ingot

#endif
