//===- RequireLengths.h - lists of a length that is checked --------------------------------===//
#ifndef INGOT_DIALECT_ONNX_TRANSFORMS_REQUIRELENGTHS_H
#define INGOT_DIALECT_ONNX_TRANSFORMS_REQUIRELENGTHS_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot::onnx {

/// The operand with a last dimension of `length`, which is checked in the run.
mlir::Value withLength(mlir::OpBuilder &b, mlir::Location loc, mlir::Value operand, int64_t length);

} // namespace ingot::onnx

#endif
