//===- DotProducts.h - sums of products of four 8-bit integers --------------------------------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_DOTPRODUCTS_H
#define INGOT_LIB_CODEGEN_CONTRACTION_DOTPRODUCTS_H

#include "Problem.h"

namespace ingot {

/// sum[c] + input[0] * weights[4 c] + .. + input[3] * weights[4 c + 3], exactly, by the instructions of an x86 processor.
class DotProducts {
public:
  DotProducts(mlir::OpBuilder &b, mlir::Location loc, const ContractionTile &tile, bool unsignedInput) : b(b), loc(loc), tile(tile), unsignedInput(unsignedInput) {}

  /// Whether operands are taken apart into 16-bit numbers, those at even places and those at odd ones.
  static bool inPairs(const ContractionTile &tile, bool unsignedInput) { return tile.dots != DotProduct::Quads || !unsignedInput; }

  /// As `multiply` takes them, of one step: weights are 4 * columns bytes, the input is four bytes as an i32.
  llvm::SmallVector<mlir::Value> weights(mlir::Value bytes);
  llvm::SmallVector<mlir::Value> input(mlir::Value quad, int64_t columns);
  mlir::Value multiply(mlir::ValueRange input, mlir::ValueRange weights, mlir::Value sum);

private:
  llvm::SmallVector<mlir::Value> split(mlir::Value v, bool isUnsigned);
  mlir::Value part(mlir::Value v, int64_t first, int64_t count);
  mlir::Value multiplyOne(mlir::ValueRange input, mlir::ValueRange weights, mlir::Value sum);
  mlir::Value multiplyPart(mlir::ValueRange input, mlir::ValueRange weights, mlir::Value sum, int64_t first, int64_t columns);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionTile &tile;
  bool unsignedInput;
};

} // namespace ingot

#endif
