//===- Windows.h - sizes of what a window slides over --------------------------------------===//
//
// Convolutions and pools of all kinds share the attributes auto_pad, dilations, kernel_shape, pads, strides (and ceil_mode), all in the
// order of the spatial dimensions.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_WINDOWS_H
#define INGOT_DIALECT_ONNX_WINDOWS_H

#include "ShapeRules.h"

namespace ingot::onnx {

struct Windows {
  llvm::SmallVector<int64_t> strides, dilations;
  llvm::SmallVector<int64_t> pads; // begins, then ends; not read if autoPad is set
  llvm::StringRef autoPad = "NOTSET";
  bool ceilMode = false;
};

/// The attributes of `op` with their defaults for `rank` spatial dimensions; fails with a diagnostic where they are not valid.
llvm::FailureOr<Windows> readWindows(mlir::Operation *op, int64_t rank);

/// How many places a window of `kernel` taps has along spatial dimension `i` of size `in`.
llvm::FailureOr<Dim> windowCount(mlir::Operation *op, ShapeAnalysis &shapes, const Windows &windows, int64_t i, Dim in, Dim kernel);

} // namespace ingot::onnx

#endif
