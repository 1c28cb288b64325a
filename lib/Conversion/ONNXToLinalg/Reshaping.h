//===- Reshaping.h - the same elements in other dimensions ---------------------------===//
#ifndef INGOT_CONVERSION_RESHAPING_H
#define INGOT_CONVERSION_RESHAPING_H

#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

/// `tensor` with symbolic dimensions `from`, in the dimensions `to` (`toSizes` at run time), which hold as many elements.
///
/// Dimensions are grouped so that each group has equal products on both sides and at most one dimension on one side, e.g.
///   (batch, seq, 768) -> (batch, seq, 12, 64)   groups {0|0}, {1|1}, {2|2 3}    one expand_shape
///   (batch, 12, seq, 64) -> (12*batch, seq, 64) groups {0 1|0}, {2|1}, {3|2}    one collapse_shape
/// A group with several on both sides is collapsed, then expanded.  Where no grouping is found it is a tensor.reshape.
mlir::Value reshapeSymbolic(TensorBuilder &t, mlir::Value tensor, llvm::ArrayRef<onnx::Dim> from, llvm::ArrayRef<onnx::Dim> to,
                            llvm::ArrayRef<mlir::OpFoldResult> toSizes);

/// Whether both shapes certainly have as many elements.
bool haveEqualCounts(llvm::ArrayRef<onnx::Dim> x, llvm::ArrayRef<onnx::Dim> y);

/// By explicit groups: first each group of `from` becomes one dimension, then each becomes its group of `to`.
struct ReshapeGroup {
  mlir::ReassociationIndices from, to;
};
mlir::Value reshapeByGroups(TensorBuilder &t, mlir::Value tensor, llvm::ArrayRef<ReshapeGroup> groups,
                            llvm::ArrayRef<mlir::OpFoldResult> toSizes);

} // namespace ingot

#endif
