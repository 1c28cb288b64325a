//===- Broadcast.h - operands that broadcast together, ready for linalg --------------===//
#ifndef INGOT_CONVERSION_BROADCAST_H
#define INGOT_CONVERSION_BROADCAST_H

#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

/// Dimensions of the broadcast result; each input with the map that reads it at an index of the result.
struct BroadcastOperands {
  Dims dims;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::AffineMap> maps;
};

/// Dimensions of an operand that are equal to the result's, or constant 1, go into the map.  One of which only the run tells whether it
/// is 1 or equal is checked and the operand expanded.  `originals` are the ONNX values (their symbolic dimensions are compared),
/// `lowered` what they became; `result` is the ONNX result.
BroadcastOperands broadcastTogether(const LoweringContext &context, mlir::ConversionPatternRewriter &b, mlir::Location loc,
                                    mlir::Value result, mlir::ValueRange originals, mlir::ValueRange lowered);

/// `operand` repeated along its dimensions of size 1 (as the run finds them) to `dims`, aligned at the end; checked.
mlir::Value expandTo(TensorBuilder &t, mlir::Value operand, llvm::ArrayRef<mlir::OpFoldResult> dims);

} // namespace ingot

#endif
