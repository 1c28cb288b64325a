//===- StoredWeights.h - weights in the type that the model stores them in ------------------===//
#ifndef INGOT_CONVERSION_STOREDWEIGHTS_H
#define INGOT_CONVERSION_STOREDWEIGHTS_H

#include "ComputeBuilder.h"

namespace ingot {

/// Weights of a product that kernels convert as they read them.
struct StoredWeights {
  mlir::Value value;          // lowered
  bool isUnsigned = false;
  mlir::Value scale;          // lowered; of each column, or of all where it has one element; null: 1

  /// The map that reads `scale` for a result of so many dimensions, whose last one are the columns.
  mlir::AffineMap scaleMap(ComputeBuilder &t, int64_t rank) const;
};

/// `weights` of the onnx dialect without what only widens them: the Cast of 16-bit floats (onnx-widen-floats). `converted` is `weights` as lowered, and
/// what is returned where nothing can be left out.
StoredWeights storedWeights(mlir::ConversionPatternRewriter &b, mlir::Value weights, mlir::Value converted);
/// The same, and without DequantizeLinear of large 8-bit constants whose zero points are 0: columns are scaled behind the product. `columnDim` is the
/// weights' dimension of columns.
StoredWeights quantizedWeights(mlir::ConversionPatternRewriter &b, mlir::Value weights, mlir::Value converted, int64_t columnDim);

} // namespace ingot

#endif
