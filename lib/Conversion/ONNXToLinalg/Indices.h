//===- Indices.h - indices that come as data, and loops over elements ----------------===//
#ifndef INGOT_CONVERSION_INDICES_H
#define INGOT_CONVERSION_INDICES_H

#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace ingot {

/// Ends the run unless every element of `indices` is in [-limit, limit).  `limits` has one entry, or one for each position along the last
/// dimension of `indices`.
void checkIndices(TensorBuilder &t, mlir::Value indices, llvm::ArrayRef<mlir::OpFoldResult> limits);

/// An index as data to an index value; a negative one counts from the end.
mlir::Value wrapIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value index, mlir::Value limit);

/// Loops over all indices of `dims` in row-major order, one after another, carrying values (tensors are updated in place).
using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::ValueRange indices, mlir::ValueRange carried)>;
llvm::SmallVector<mlir::Value> forEach(TensorBuilder &t, llvm::ArrayRef<mlir::OpFoldResult> dims, mlir::ValueRange carried, LoopBody body);

} // namespace ingot

#endif
