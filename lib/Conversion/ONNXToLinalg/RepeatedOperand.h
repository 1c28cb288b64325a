//===- RepeatedOperand.h - a right operand of a product that is repeated along its batch ------===//
#ifndef INGOT_CONVERSION_REPEATEDOPERAND_H
#define INGOT_CONVERSION_REPEATEDOPERAND_H

#include "ComputeBuilder.h"
#include "ingot/Dialect/ONNX/ShapeAnalysis.h"

namespace ingot {

/// B = [Transpose of the matrices of] Reshape(Expand(matrices)): batch dimension `dim` of B is that of `matrices`, each entry `times` times.
struct RepeatedOperand {
  mlir::Value matrices; // of the onnx dialect; has a dimension of size 1 behind `dim`
  int64_t dim, times;
  bool transposed;
};
std::optional<RepeatedOperand> findRepeatedOperand(onnx::ShapeAnalysis &shapes, mlir::Value b);

} // namespace ingot

#endif
