//===- Contraction.h - pieces shared by the lowerings of products ---------------------===//
#ifndef INGOT_CONVERSION_CONTRACTION_H
#define INGOT_CONVERSION_CONTRACTION_H

#include "Window.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

void populateConvolutionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateTransposedConvolutionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateIntegerContractionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateAttentionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateRotaryLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateEinsumLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

/// Weights of a convolution [G*OC, IC, K...] as [G, K..., IC, OC].
mlir::Value contractWeights(ComputeBuilder &t, mlir::Value weights, int64_t groups);
/// Convolution of a channels-last tensor with weights [G*OC, IC, K...]. Without `pads` it is padded already; with them (elements of zero
/// before each spatial dimension) all sizes but the batch are static.
mlir::Value convolve(ComputeBuilder &t, mlir::Value input, mlir::Value weights, const Window &window, int64_t groups,
                     llvm::ArrayRef<mlir::OpFoldResult> outDims, mlir::Type outElement, bool unsignedInput = false,
                     bool unsignedWeights = false, llvm::ArrayRef<int64_t> pads = {});
/// The same for weights of which some size is not known. The input is padded.
struct DynamicWindow {
  llvm::SmallVector<int64_t> strides, dilations;
};
mlir::Value convolveDynamic(ComputeBuilder &t, mlir::Value input, mlir::Value weights, const DynamicWindow &window, int64_t groups,
                            llvm::ArrayRef<mlir::OpFoldResult> outDims, mlir::Type outElement, bool unsignedInput = false,
                            bool unsignedWeights = false);
/// Transposed convolution of a channels-last tensor that is not padded, with weights [G*IC, OC, K...]; `before` is what is cut off at the
/// beginning of each spatial dimension.
mlir::Value convolveTransposedDynamic(ComputeBuilder &t, mlir::Value input, mlir::Value weights, const DynamicWindow &window, int64_t groups,
                                      llvm::ArrayRef<mlir::OpFoldResult> before, llvm::ArrayRef<mlir::OpFoldResult> outDims,
                                      mlir::Type outElement);
/// numpy's matrix product of lowered tensors; `aDims`, `bDims` and `yDims` are the symbolic dimensions of operands and result.
struct MatMulOperands {
  mlir::Value a, b;
  llvm::ArrayRef<onnx::Dim> aDims, bDims, yDims;
  bool unsignedA = false, unsignedB = false;
};
mlir::Value matMul(ComputeBuilder &t, const MatMulOperands &operands, mlir::Type outElement);

} // namespace ingot

#endif
