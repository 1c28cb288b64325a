//===- WinogradTransforms.h - Winograd's forms of 3x3 on vectors of channels -------------------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_WINOGRADTRANSFORMS_H
#define INGOT_LIB_CODEGEN_CONTRACTION_WINOGRADTRANSFORMS_H

#include "mlir/IR/Builders.h"

namespace ingot {

/// Y = A^T ((G w G^T) * (B^T d B)) A: a tile of `results` squared results of a 3x3 window takes `points` squared products. The points of 4x4
/// are 0, 1, -1, 2, -2 and infinity, those of 2x2 are 0, 1, -1 and infinity (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
/// 2015). The numbers in B and A are small, so that errors stay near those of the direct form.
struct WinogradForm {
  static constexpr int64_t kTaps = 3;
  int64_t results, points;       // in each dimension
  llvm::ArrayRef<float> weights; // G, [points, taps]

  int64_t products() const { return points * points; }
  /// Most tiles of a block, whose transformed input with `channels` fits into the scratch of a thread.
  int64_t mostTiles(int64_t channels) const;
  /// The same of one dimension, of `points` products.
  int64_t mostTilesOfLine(int64_t channels) const;
};
/// Best first: 4x4, then 2x2.
llvm::ArrayRef<WinogradForm> allWinogradForms();
/// The form with so many results.
const WinogradForm &winogradForm(int64_t results);

/// G w G^T: points x points elements of 3x3 weights, row by row.
llvm::SmallVector<mlir::Value> transformWinogradWeights(const WinogradForm &form, mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> w);
/// B^T d B of points x points elements, row by row.
llvm::SmallVector<mlir::Value> transformWinogradInput(const WinogradForm &form, mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> d);
/// A^T m A: results x results of points x points products.
llvm::SmallVector<mlir::Value> transformWinogradOutput(const WinogradForm &form, mlir::OpBuilder &b, mlir::Location loc,
                                                       llvm::ArrayRef<mlir::Value> m);

/// The same in one dimension: B^T d and A^T m.
llvm::SmallVector<mlir::Value> transformWinogradInputLine(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> d);
llvm::SmallVector<mlir::Value> transformWinogradOutputLine(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::Value> m);

} // namespace ingot

#endif
