//===- Problem.h - an ingot.contract over buffers, in the form its kernel wants ---------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_PROBLEM_H
#define INGOT_LIB_CODEGEN_CONTRACTION_PROBLEM_H

#include "../IndexBuilder.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"

namespace ingot {

/// One dimension of the result other than its channels: input index = index * stride + tap * dilation.
struct RowDim {
  mlir::Value size;
  int64_t stride = 1, dilation = 1;
  mlir::Value taps;    // null: one
  int64_t tapIndex = 0; // position of the tap among the indices of the weights
  bool hasTaps() const { return taps && IndexBuilder::known(taps) != 1; }
};

/// A contraction as rows x columns with a reduction over taps and `depth`.  Dimensions of the result are collapsed into one row
/// dimension where nothing tells them apart, and the last tap joins the channels where they lie side by side in memory
/// (a 7x7 kernel over 3 channels reduces 7 times over 21).
struct ContractionProblem {
  ContractOp op;
  mlir::Value input, weights, out;
  llvm::SmallVector<RowDim> rows;
  mlir::Value depth;           // innermost reduction
  mlir::Value outerWeights;    // W: groups, or batches
  mlir::Value columns;         // of one group
  int64_t groups = 1;
  bool batched = false, packed = false;
  bool lastFolded = false;     // the last row dimension and the channels are one dimension of `input`
  bool rowsCollapsed = false;  // `rows` is one dimension, the product of `resultSizes`
  bool contiguousColumns = true; // weights and result have unit stride along columns
  int64_t panel = 0;           // columns of a packed panel
  int64_t weightTaps = 0;      // number of tap indices of the weights
  int64_t inputChannels = 0;   // static size of input's channel dimension, if folded
  llvm::SmallVector<mlir::Value> resultSizes; // of the result before collapsing, without channels

  mlir::Type accumulator() const { return const_cast<ContractOp &>(op).getAccumulatorType(); }
};

/// Reads the op; builds the collapsed views before it.
ContractionProblem readContraction(ContractOp op, IndexBuilder &ix);

/// The register tile and how the work is cut.
struct ContractionTile {
  int64_t rows = 1;      // most rows of a tile
  int64_t columns = 1;   // columns of a tile; divides the panel of packed weights
  int64_t vectors = 1;   // registers per row
  bool fma = false;
};
ContractionTile chooseTile(const ContractionProblem &p, const TargetRow &target);

/// Generates the kernel in place of the op.
void generateContraction(ContractOp op, const TargetRow &target);

} // namespace ingot

#endif
