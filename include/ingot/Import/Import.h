//===- Import.h - ONNX files to IR -------------------------------------------------===//
#ifndef INGOT_IMPORT_IMPORT_H
#define INGOT_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace ingot {

/// An operator that becomes a call of a C function (include/ingot/Runtime/custom_op.h).
struct CustomOperator {
  std::string domain, name, function;
};

struct ImportOptions {
  std::vector<CustomOperator> customOps;
  /// One diagnostic for each node whose operator is unknown, instead of one for all.
  bool reportEach = false;
  /// Fixed values of symbolic dimensions, by name (--dim NAME=V).
  std::vector<std::pair<std::string, int64_t>> dims;
  /// Shapes of inputs, by name (--shape INPUT=1x3x224x224); -1 leaves a dimension open.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  /// Forgets the dimensions of all inputs, whatever the model says: each becomes a symbol of its own (for tests of dynamic shapes).
  bool forgetDims = false;
  /// Every value of the main graph becomes an output, behind those that the model has, and the metadata "ingot.values" say which node makes it.
  bool allValues = false;
};

/// Reads the model at `path` (binary ONNX).  Null after diagnostics if it is broken or unsupported.  Weights become
/// resources over the mapped file, which lives as long as the module's context.  `dependencies` receives the files that were read.
mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef path, mlir::MLIRContext *context, const ImportOptions &options = {},
                                              std::vector<std::string> *dependencies = nullptr);

/// Writes a module in the onnx dialect as a binary ONNX model.
mlir::LogicalResult exportModel(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace ingot

#endif
