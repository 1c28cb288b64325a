//===- WinogradTransforms.h - F(4x4, 3x3) on vectors of channels -------------------------------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_WINOGRADTRANSFORMS_H
#define INGOT_LIB_CODEGEN_CONTRACTION_WINOGRADTRANSFORMS_H

#include "mlir/IR/Builders.h"

namespace ingot {

/// The form with 4x4 results of a tile: Y = A^T ((G w G^T) * (B^T d B)) A at the points 0, 1, -1, 2, -2 and infinity (A. Lavin and S. Gray, Fast
/// Algorithms for Convolutional Neural Networks, 2015). Errors stay near those of the direct form: the numbers in B and A are small.
struct Winograd4 {
  static constexpr int64_t kResults = 4, kTaps = 3, kPoints = 6; // in each dimension
  static constexpr float kWeights[kPoints][kTaps] = {{1.0f / 4, 0, 0},
                                                     {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                                     {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                                     {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                                     {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                                     {0, 0, 1}};
};

/// B^T d B of 6x6 elements, row by row.
llvm::SmallVector<mlir::Value> transformWinogradInput(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> d);
/// A^T m A: 4x4 results of 6x6 products.
llvm::SmallVector<mlir::Value> transformWinogradOutput(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> m);

} // namespace ingot

#endif
