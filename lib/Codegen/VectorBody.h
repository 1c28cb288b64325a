//===- VectorBody.h - scalar regions on vectors -----------------------------------------===//
#ifndef INGOT_LIB_CODEGEN_VECTORBODY_H
#define INGOT_LIB_CODEGEN_VECTORBODY_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Value.h"

namespace ingot {

/// True if the op computes on scalars alone and exists for vectors.
bool isVectorizableOp(mlir::Operation &op);
/// True if all ops of the body do.
bool isVectorizableBody(mlir::Block &body);

/// Weight of the body: about the number of machine operations on one element.
int64_t bodyCost(mlir::Block &body);

/// Clones the body (without its terminator) with `args` in place of its arguments, each a scalar or a vector of `width` elements;
/// gives the terminator's operands.  An op with a vector among its operands is done on vectors, the others stay scalar.
/// With width 0 the body is cloned as it is. `replace` may give the value of an op that is not to be cloned (linalg.index), from what its
/// operands have become.
/// Products and sums may be contracted to fused multiply-adds.
llvm::SmallVector<mlir::Value> cloneBody(mlir::OpBuilder &b, mlir::Location loc, mlir::Block &body, mlir::ValueRange args, int64_t width,
                                         llvm::function_ref<mlir::Value(mlir::Operation *, const mlir::IRMapping &)> replace = {});

/// The scalar in every lane; a vector stays as it is.
mlir::Value asVector(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, int64_t width);

/// Converts a scalar or vector to another element type: floats extend or truncate, integers by sign, integers to floats by sign.
mlir::Value convertElement(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element, bool isUnsigned = false);

} // namespace ingot

#endif
