//===- Emitter.h - creates onnx ops, padded to what their rows declare -----------------===//
#ifndef INGOT_LIB_IMPORT_EMITTER_H
#define INGOT_LIB_IMPORT_EMITTER_H

#include "ingot/Dialect/ONNX/ShapeAnalysis.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace ingot {

class Emitter {
public:
  /// `entry` is the function's first block: the value of absent operands is made there.
  explicit Emitter(mlir::Block *entry) 
      : builder(mlir::OpBuilder::atBlockEnd(entry)), entry(entry), shapes(builder.getContext()) {}

  mlir::OpBuilder builder;

  /// The op `name` ("onnx.Conv") with null operands as NoValue, operands and results padded to their declared count, and `results` for
  /// the first results (null: unknown).  Null after a diagnostic at `loc` if the op does not take these operands, results or
  /// attributes; `what` names the node.  The op must be registered.
  mlir::Operation *create(llvm::StringRef name, mlir::Location loc, llvm::StringRef what, llvm::ArrayRef<mlir::Value> operands,
                          mlir::NamedAttrList attributes, llvm::ArrayRef<mlir::Type> results, unsigned numRegions = 0);
  /// After its regions are there: gives the results the element types that the op implies, and notes their shapes.  Attributes that are missing or
  /// of the wrong kind, and absent operands that are required, end in a diagnostic that names the node; what contradicts in types and sizes is
  /// said by the inference of the whole graph.
  mlir::LogicalResult complete(mlir::Operation *op, llvm::StringRef what);
  /// The argument of a body that is built next has the element type of `from` and a rank lower by `lessDims`.
  void enterBody(mlir::BlockArgument argument, mlir::Value from, int64_t lessDims = 0);

  mlir::Value noValue();
  mlir::Value constant(mlir::Location loc, mlir::ElementsAttr value);

  /// What the shape rules of the ops so far, or else the model, say about the shape of a value.  Types in the IR stay as the model declares them.
  std::optional<int64_t> rank(mlir::Value v);
  std::optional<llvm::SmallVector<int64_t>> shape(mlir::Value v);
  /// The type that the model declares for a value.
  void hint(mlir::Value v, mlir::Type type);

private:
  /// The type until the op is complete, and that of an op which contradicts itself: declared, or with the elements of the first operand.
  mlir::Type resultType(mlir::Type declared, llvm::ArrayRef<mlir::Value> operands);
  void infer(mlir::Operation *op);

  mlir::Block *entry;
  mlir::Value none;
  onnx::ShapeAnalysis shapes;
};

/// The names of an operator's graphs, in the order of the op's regions.
llvm::ArrayRef<llvm::StringRef> regionNames(llvm::StringRef opType);

} // namespace ingot

#endif
