//===- Microkernel.h - one register tile of a contraction -----------------------------------===//
#ifndef INGOT_LIB_CODEGEN_CONTRACTION_MICROKERNEL_H
#define INGOT_LIB_CODEGEN_CONTRACTION_MICROKERNEL_H

#include "Problem.h"

namespace ingot {

/// Whether a column tile reaches beyond the last column.
enum class Edge { Never, Always, AtLast };

/// Emits tiles: `height` x `width` positions of the last two row dimensions by `columns` columns, accumulated in registers over taps
/// and depth, then stored through the epilogue.
class Microkernel {
public:
  Microkernel(IndexBuilder &ix, ContractionProblem &p, const ContractionTile &tile);

  /// Sets where scratch for expensive epilogues is allocated: the start of a parallel iteration.
  void setScratchBlock(mlir::Block *block) { scratchBlock = block; }

  /// Computes the first `count` columns of column tiles only.
  void setLanes(int64_t count);

  /// Rows are read from `buffer` [depth / chunk, rows, chunk], which packRows has filled, in the type of accumulation.
  void setPackedRows(mlir::Value buffer) { packedRows = buffer; }
  /// Copies `count` rows of the input from `start` on into the buffer.
  void packRows(mlir::ArrayRef<mlir::Value> start, mlir::Value count, mlir::Value outer);
  static constexpr int64_t kChunk = 16;

  /// Weights are read from `buffer` [column tile - `first`, taps.., depth, column], which widenPanel has filled, in the type of accumulation.
  void setWidePanels(mlir::Value buffer, mlir::Value first) { widePanels = buffer, firstWidePanel = first; }
  /// Converts the weights of one column tile into the buffer.
  void widenPanel(mlir::Value outer, mlir::Value column);
  /// The buffer's type for so many column tiles of packed weights of known size.
  mlir::MemRefType widePanelsType(int64_t columnTiles) const;

  /// `start`: index of the result (rows, no channels) at which the tile begins. `outer`: index of the weights' first dimension.
  /// `column`: number of the column tile. `edge`: whether it is the last, partial one. `edgeStart`: index along the last row dimension, where
  /// windows of the tile reach beyond the input; then `height` is 1.
  void emit(mlir::ArrayRef<mlir::Value> start, int64_t height, int64_t width, mlir::Value outer, mlir::Value column, Edge edge,
            std::optional<int64_t> edgeStart = {});
  /// One window, of whose taps in the last dimension the run tells which are elements of the input.
  void emitOpen(mlir::ArrayRef<mlir::Value> start, mlir::Value outer, mlir::Value column, Edge edge);

  /// Stores accumulators of a tile, from elsewhere, through the epilogue.
  void emitStore(mlir::ArrayRef<mlir::Value> start, int64_t height, int64_t width, mlir::Value column, bool masked,
                 mlir::ArrayRef<mlir::Value> acc);
  /// Whether the epilogue is too long to be repeated for every row.
  bool isEpilogueCostly() const { return costlyEpilogue; }

private:
  using Accumulators = llvm::SmallVector<mlir::Value>;
  struct Position {
    llvm::SmallVector<mlir::Value> start;
    int64_t height, width;
    mlir::Value outer, column, mask, valid;
    std::optional<int64_t> edgeStart;
    bool open = false; // taps of the last dimension are those that are elements
    llvm::SmallVector<int64_t> active; // rows that the current tap has an element for
    int64_t rows() const { return height * width; }
  };

  void setMask(Position &at);
  Accumulators reduceTaps(Position &at, unsigned dim, llvm::SmallVector<mlir::Value> &taps, Accumulators acc, int64_t inFlight);
  Accumulators reduceEdge(Position &at, llvm::SmallVector<mlir::Value> &taps, Accumulators acc, int64_t inFlight);
  Accumulators reduceOpen(Position &at, llvm::SmallVector<mlir::Value> &taps, Accumulators acc, int64_t inFlight);
  void emitAt(Position at, Edge edge);
  Accumulators reduceDepth(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value begin, mlir::Value size, Accumulators acc,
                           int64_t inFlight);
  Accumulators step(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value k, int64_t slot, Accumulators acc);
  Accumulators stepOfDots(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value k, int64_t slot, Accumulators acc);
  mlir::Value loadQuad(mlir::Value memref, mlir::ValueRange index);
  mlir::Value loadInput(const Position &at, int64_t row, llvm::ArrayRef<mlir::Value> taps, mlir::Value k);
  mlir::Value inputChannel(mlir::Value outer, mlir::Value k);
  llvm::SmallVector<mlir::Value> weightIndex(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value k);
  mlir::Value loadStoredWeights(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value k);
  mlir::Value loadWeights(const Position &at, llvm::ArrayRef<mlir::Value> taps, mlir::Value k);

  void store(const Position &at, llvm::ArrayRef<mlir::Value> acc, Edge edge);
  void prefetchRows(const Position &at);
  void storeTile(const Position &at, llvm::ArrayRef<mlir::Value> acc);
  void storeThroughScratch(const Position &at, llvm::ArrayRef<mlir::Value> acc);
  void storeRow(const Position &at, llvm::ArrayRef<mlir::Value> row, mlir::Value acc);
  void storeRows(const Position &at, llvm::ArrayRef<llvm::SmallVector<mlir::Value>> rows, llvm::ArrayRef<mlir::Value> acc);
  void storeResult(const Position &at, llvm::ArrayRef<mlir::Value> row, mlir::Value result);
  llvm::SmallVector<mlir::Value> epilogueArguments(const Position &at, llvm::ArrayRef<mlir::Value> row, mlir::Value acc);
  mlir::Value resultChannel(const Position &at);
  void storeRowScalar(const Position &at, llvm::ArrayRef<mlir::Value> row, mlir::Value scratch, mlir::Value scratchRow);
  mlir::Value loadExtra(const Position &at, unsigned i, llvm::ArrayRef<mlir::Value> resultIndex);
  llvm::SmallVector<mlir::Value> resultIndex(llvm::ArrayRef<mlir::Value> row, mlir::Value channel);
  llvm::SmallVector<mlir::Value> rowIndex(const Position &at, int64_t row);
  mlir::Value channel(const Position &at);

  IndexBuilder &ix;
  mlir::OpBuilder &b;
  mlir::Location loc;
  ContractionProblem &p;
  ContractionTile tile;
  int64_t lanes; // of the columns of a tile, those that are computed
  mlir::VectorType vectorType;
  mlir::Block *scratchBlock = nullptr;
  mlir::Value packedRows, packedStart; // the row at which the buffer begins
  mlir::Value packedChunk;             // that the innermost loop runs in
  mlir::Value widePanels, firstWidePanel;
  bool scalarEpilogue = false, costlyEpilogue = false;
};

} // namespace ingot

#endif
