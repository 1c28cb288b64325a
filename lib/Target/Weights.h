//===- Weights.h - constants of a module to bytes -------------------------------------===//
#ifndef INGOT_LIB_TARGET_WEIGHTS_H
#define INGOT_LIB_TARGET_WEIGHTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace ingot {

/// Writes the elements as they lie in memory at run time: row-major, little-endian, bool and types below 8 bits one byte each.
mlir::LogicalResult writeElements(mlir::ElementsAttr value, llvm::function_ref<mlir::InFlightDiagnostic()> emitError, llvm::raw_ostream &os);

/// Writes the blob that `ingot.weights` describes, `ingot.weight_bytes` long; gaps are zero.  Nothing is held in memory but one
/// attribute's elements where they have to be converted.
mlir::LogicalResult writeWeights(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace ingot

#endif
