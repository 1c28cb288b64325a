//===- Problem.h - an ingot.contract over buffers, in the form its kernel wants ---------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_PROBLEM_H
#define INGOT_LIB_CODEGEN_CONTRACTION_PROBLEM_H

#include "../IndexBuilder.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"

namespace ingot {

/// One dimension of the result other than its channels: input index = index * stride + tap * dilation - pad.
struct RowDim {
  mlir::Value size;
  int64_t stride = 1, dilation = 1;
  mlir::Value taps;    // null: one
  int64_t tapIndex = 0; // position of the tap among the indices of the weights
  int64_t pad = 0;
  bool padded = false; // some windows reach beyond the input; then `size` and `extent` are static
  bool open = false;   // some may, which only the run tells, or too many for code of their own
  int64_t kernel = 1, extent = 0; // taps, also where they joined the channels, and elements of the input
  mlir::Value length;             // elements of the input, also where they are not static
  bool hasTaps() const { return taps && (padded || open || IndexBuilder::known(taps) != 1); }
  /// Whether the tap of the window at `index` is an element of the input.
  bool reaches(int64_t index, int64_t tap) const {
    int64_t at = index * stride + tap * dilation - pad;
    return at >= 0 && at < extent;
  }
  /// Whether all taps of `count` windows from `index` on are.
  bool isInterior(int64_t index, int64_t count) const {
    return !padded || (reaches(index, 0) && reaches(index + count - 1, kernel - 1));
  }
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
  bool dots = false;           // weights are packed for dot products: [.., depth / 4, 4 * columns], a step of the reduction is four of `depth`
  bool lastFolded = false;     // the last row dimension and the channels are one dimension of `input`
  bool rowsCollapsed = false;  // `rows` is one dimension, the product of `resultSizes`
  bool contiguousColumns = true; // weights and result have unit stride along columns
  int64_t panel = 0;           // columns of a packed panel
  int64_t weightTaps = 0;      // number of tap indices of the weights
  int64_t inputChannels = 0;   // static size of input's channel dimension, if folded
  llvm::SmallVector<mlir::Value> resultSizes; // of the result before collapsing, without channels

  bool unsignedInput() const { return const_cast<ContractOp &>(op).getUnsignedInput(); }
  mlir::Type accumulator() const { return const_cast<ContractOp &>(op).getAccumulatorType(); }
};

/// Reads the op; builds the collapsed views before it.
ContractionProblem readContraction(ContractOp op, IndexBuilder &ix);

/// The register tile and how the work is cut.
struct ContractionTile {
  int64_t rows = 1;      // most rows of a tile
  int64_t columns = 1;   // columns of a tile: a part of a panel of packed weights that divides it, or several whole panels
  int64_t vectors = 1;   // registers per row
  bool fma = false;
  DotProduct dots = DotProduct::None;
};
ContractionTile chooseTile(const ContractionProblem &p, const TargetRow &target);
/// The tile of so many columns.
ContractionTile tileOf(const ContractionProblem &p, const TargetRow &target, int64_t columns);
/// Packed weights at `index` [outer, panel, taps.., depth, column] and the columns after it; more than a panel has go on in the next one.
mlir::Value loadPacked(IndexBuilder &ix, mlir::Value weights, mlir::ArrayRef<mlir::Value> index, int64_t count);

/// Positions of one dimension in tiles: of `base` and, for the first `larger` of them, `base` + 1; with a dynamic size of `base` and a
/// remainder.
struct TiledDim {
  mlir::Value size, count;
  int64_t base = 1, larger = 0;
  bool dynamic = false;
  int64_t most() const { return base + (larger ? 1 : 0); }
  /// Of a static size: where a tile begins, and its positions.
  int64_t begin(int64_t tile) const { return tile * base + std::min(tile, larger); }
  int64_t width(int64_t tile) const { return base + (tile < larger ? 1 : 0); }
};
TiledDim cutDim(IndexBuilder &ix, mlir::Value size, int64_t most);
/// Numbers of the tiles in which a window reaches beyond the input.
llvm::SmallVector<int64_t> edgeTiles(const TiledDim &tiles, const RowDim &row);
/// Of an open dimension: the first window all of whose taps are elements of the input, and the first behind them. Windows before and behind are
/// computed one by one.
std::pair<mlir::Value, mlir::Value> innerWindows(IndexBuilder &ix, const RowDim &row);
/// First and last (exclusive) tap of a window at `index` that are elements of the input.
std::pair<mlir::Value, mlir::Value> tapRange(IndexBuilder &ix, const RowDim &row, mlir::Value index);

/// What the generators of all forms start from.
struct ContractionKernel {
  ContractionKernel(ContractOp op, const TargetRow &target, mlir::OpBuilder &b)
      : op(op), target(target), b(b), loc(op.getLoc()), ix(b, loc), p(readContraction(op, ix)), tile(chooseTile(p, target)) {}

  ContractOp op;
  const TargetRow &target;
  mlir::OpBuilder &b;
  mlir::Location loc;
  IndexBuilder ix;
  ContractionProblem p;
  ContractionTile tile;
};

/// Generates the kernel in place of the op.
void generateContraction(ContractOp op, const TargetRow &target);
/// One filter per channel.
void generateDepthwise(ContractOp op, const TargetRow &target);
/// Winograd's form of 3x3, and of 3 taps in one dimension.
void generateWinograd(ContractOp op, const TargetRow &target);
void generateLineWinograd(ContractOp op, const TargetRow &target);

} // namespace ingot

#endif
