//===- Window.h - sliding windows over spatial dimensions ----------------------------===//
#ifndef INGOT_CONVERSION_WINDOW_H
#define INGOT_CONVERSION_WINDOW_H

#include "ComputeBuilder.h"

namespace ingot {

/// Kernel sizes (dynamic where not known), strides, dilations and padding of the spatial dimensions of a channels-last tensor [N, spatial..., C].
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// Elements added at the beginning, and as many at the end as the last window needs (0 where none sticks out).
  Dims padBefore, padAfter;

  int64_t rank() const { return kernel.size(); }
  bool isPadded() const;
  /// The input with its spatial dimensions padded.
  mlir::Value pad(ComputeBuilder &t, mlir::Value input, mlir::Value with) const;
  /// A tensor whose shape is the kernel: it gives the reduction loops their sizes.
  mlir::Value shapeOperand(ComputeBuilder &t, mlir::Type elementType) const;
  /// Loops of a window op: n, o..., c, k...  How it reads the padded input, writes the output, and walks the kernel.
  int64_t loops() const { return 2 + 2 * rank(); }
  mlir::AffineMap inputMap(ComputeBuilder &t) const;
  mlir::AffineMap outputMap(ComputeBuilder &t) const;
  mlir::AffineMap kernelMap(ComputeBuilder &t, bool withChannel = false) const;
};

/// The attributes that convolutions and pools share, as given or by default.
struct WindowAttributes {
  llvm::StringRef autoPad;
  std::optional<llvm::ArrayRef<int64_t>> dilations, pads, strides;
};
template <class OpT> WindowAttributes windowAttributes(OpT op) {
  return {op.getAutoPad(), op.getDilations(), op.getPads(), op.getStrides()};
}

/// The number of windows in one dimension, where the last one may reach over the end by any amount but must not start behind the padding.
mlir::OpFoldResult countWindowsUp(TensorBuilder &t, const WindowAttributes &attributes, int64_t dim, int64_t rank, int64_t kernel,
                                  mlir::OpFoldResult input);

/// `input` and `output` are dimensions of channels-last tensors. A size of the kernel that is not known is dynamic in the window, too.
Window makeWindow(ComputeBuilder &t, const WindowAttributes &attributes, llvm::ArrayRef<mlir::OpFoldResult> kernel,
                  llvm::ArrayRef<mlir::OpFoldResult> input, llvm::ArrayRef<mlir::OpFoldResult> output);
Window makeWindow(ComputeBuilder &t, const WindowAttributes &attributes, llvm::ArrayRef<int64_t> kernel,
                  llvm::ArrayRef<mlir::OpFoldResult> input, llvm::ArrayRef<mlir::OpFoldResult> output);

} // namespace ingot

#endif
