//===- Fourier.h - discrete Fourier transforms of rows ------------------------------------===//
#ifndef INGOT_CONVERSION_FOURIER_H
#define INGOT_CONVERSION_FOURIER_H

#include "ComputeBuilder.h"

namespace ingot {

/// What is transformed to what.  A row of `inputs` numbers with 1 (real) or 2 components is one of a transform of `length` points; the result
/// has `outputs` numbers with 1 or 2 components.
struct Fourier {
  mlir::OpFoldResult length;
  bool inverse = false;  // divided by the length
  bool onesided = false; // forward: the first length / 2 + 1 results; inverse: those are the input, and the result is real

  /// Numbers of a row that count, and of a row of the result.
  mlir::OpFoldResult inputs(TensorBuilder &t) const;
  mlir::OpFoldResult outputs(TensorBuilder &t) const;
  int64_t outputComponents() const { return inverse && onesided ? 1 : 2; }
};

/// Transforms rows [R, n, components] of wide floats; n is brought to the numbers that count by cutting or zeros.
mlir::Value transformRows(ComputeBuilder &t, mlir::Value rows, const Fourier &fourier);

/// Whether the transform is best done as one product, and its matrix [inputs * components, outputs * outputComponents].
bool isOneProduct(TensorBuilder &t, const Fourier &fourier, int64_t components);
mlir::Value fourierMatrix(ComputeBuilder &t, const Fourier &fourier, int64_t components, mlir::Type element);

} // namespace ingot

#endif
