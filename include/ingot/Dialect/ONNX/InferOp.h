//===- InferOp.h - the shape rule of one op -------------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_INFEROP_H
#define INGOT_DIALECT_ONNX_INFEROP_H

#include "ingot/Dialect/ONNX/ShapeAnalysis.h"

namespace ingot::onnx {

/// Adds to `shapes` what is known of the results of `op`, whose operands it has met; an op without a rule has the types it says.  Fails after a
/// diagnostic at the op.
mlir::LogicalResult inferOp(mlir::Operation &op, ShapeAnalysis &shapes);

} // namespace ingot::onnx

#endif
