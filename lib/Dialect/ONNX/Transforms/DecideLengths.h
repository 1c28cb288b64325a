//===- DecideLengths.h - branches on the length of a list ----------------------------------===//
#ifndef INGOT_DIALECT_ONNX_TRANSFORMS_DECIDELENGTHS_H
#define INGOT_DIALECT_ONNX_TRANSFORMS_DECIDELENGTHS_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot::onnx {

/// Where an If of results without rank asks whether a list has a certain length, and the declared ranks of the function's results tell the answer,
/// gives it; a list that is said to have a length is checked in the run. `fold` simplifies a function. Whether anything changed.
bool decideLengths(mlir::func::FuncOp function, llvm::function_ref<llvm::LogicalResult(mlir::func::FuncOp)> fold);

} // namespace ingot::onnx

#endif
