//===- Sorting.h - stable sorting of indices -----------------------------------------===//
#ifndef INGOT_CONVERSION_SORTING_H
#define INGOT_CONVERSION_SORTING_H

#include "Indices.h"

namespace ingot {

/// Whether item `x` comes strictly before item `y` (both index values).
using Before = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value x, mlir::Value y)>;

/// The indices 0..count-1 in order, as a tensor<?xindex>: a bottom-up merge sort, so that equal items keep their order.
mlir::Value sortedIndices(TensorBuilder &t, mlir::Value count, Before before);

} // namespace ingot

#endif
