//===- RuntimeAxes.h - axes that only the run knows ----------------------------------===//
#ifndef INGOT_CONVERSION_RUNTIMEAXES_H
#define INGOT_CONVERSION_RUNTIMEAXES_H

#include "TensorBuilder.h"

namespace ingot {

/// For each of `rank` dimensions whether it is among the elements of the rank-1 tensor `axes` (negative ones count from
/// the end).  Axes out of range end the run.
llvm::SmallVector<mlir::Value> axisFlags(TensorBuilder &t, mlir::Value axes, int64_t rank);

/// The `count` dimensions whose flag is false, in order.
Dims unflaggedDims(TensorBuilder &t, llvm::ArrayRef<mlir::OpFoldResult> dims, llvm::ArrayRef<mlir::Value> flags, int64_t count);

/// As many dimensions as there are flags: 1 where the flag is true, else the next of `dims`.
Dims insertUnitDims(TensorBuilder &t, llvm::ArrayRef<mlir::OpFoldResult> dims, llvm::ArrayRef<mlir::Value> flags);

} // namespace ingot

#endif
