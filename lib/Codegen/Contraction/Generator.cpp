//===- Generator.cpp - loops around the register tile -----------------------------------------===//
//
// Rows are cut into tiles, tiles into blocks; columns into groups of panels. A task is a block by a group: inside it each panel
// stays in the cache while the rows of the block pass by. The larger operand is the outer dimension of the tasks, so that it is
// read once.
//===------------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Microkernel.h"

using namespace mlir;
using namespace ingot;

namespace {

struct Work {
  SmallVector<TiledDim> rows;
  Value rowTiles, columnTiles;
  int64_t blockTiles = 1, groupTiles = 1; // row tiles of a block, column tiles of a group
  bool columnsOuter = false;
  int64_t taskCost = 1;                   // nanoseconds
  int64_t tileRows = 1;                   // most rows of any tile
  bool packRows = false;
  bool widenPanels = false; // weights are converted once for a task, not for each row tile
};

class Generator : ContractionKernel {
public:
  using ContractionKernel::ContractionKernel;
  void run();

private:
  void tileRows();
  void cut();
  bool wantsPackedRows() const;
  bool wantsWidePanels(int64_t panelBytes) const;
  SmallVector<Value> tileStart(ArrayRef<Value> tileIndex, Value outer);
  void emitTask(Value task, Microkernel &kernel);
  void emitBlocks(Value outer, Value block, Value group, Value panels, Value rows, Microkernel &kernel);
  void emitTiles(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel);
  bool emitNarrow(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel);
  void emitRows(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge);
  void emitStatic(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge);
  void emitOpen(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge);
  void emitDynamic(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge);

  static constexpr int64_t kFewTiles = 4; // fewer row tiles convert weights as they read them
  Work work;
};

} // namespace

/// Tiles of the last row dimension; where that is short, several of the dimension before it.
void Generator::tileRows() {
  int64_t rank = p.rows.size(), first = p.batched ? 1 : 0;
  auto width = IndexBuilder::known(p.rows.back().size);
  int64_t height = 1;
  bool padded = llvm::any_of(p.rows, [](const RowDim &row) { return row.padded || row.open; }); // its taps differ from one row of the image to the next
  if (width && *width > 0 && rank - 2 >= first && IndexBuilder::known(p.rows[rank - 2].size) && !padded)
    height = std::max<int64_t>(1, tile.rows / *width);
  for (int64_t i = 0; i < rank; ++i) {
    bool isBatch = p.batched && i == 0;
    int64_t most = isBatch ? 1 : i == rank - 1 ? tile.rows : i == rank - 2 ? height : 1;
    TiledDim d = cutDim(ix, p.rows[i].size, most);
    if (isBatch) d.count = ix.constant(1);
    work.rows.push_back(d);
  }
  work.tileRows = work.rows.back().most() * (rank > 1 ? work.rows[rank - 2].most() : 1);
  SmallVector<Value> counts;
  for (TiledDim &d : work.rows) counts.push_back(d.count);
  work.rowTiles = ix.product(counts);
  work.columnTiles = ix.ceilDiv(p.columns, tile.columns);
}

/// Rows a multiple of a page apart fall on the same lines of the first cache, which holds eight of them, weights included; and narrow elements would be
/// converted again for every column tile. Both are cured by a copy of the tile's rows, which is short against their use.
bool Generator::wantsPackedRows() const {
  constexpr int64_t kPage = 4096, kWays = 8, kMostBytes = 256 << 10;
  auto depth = IndexBuilder::known(p.depth);
  if (p.dots || !depth || *depth < Microkernel::kChunk || *depth % Microkernel::kChunk || p.lastFolded || work.tileRows < 6) return false;
  // The copy is of one row of the image: a tile may not span several.
  if (p.rows.size() > 1 && (work.rows[p.rows.size() - 2].base > 1 || work.rows[p.rows.size() - 2].larger)) return false;
  if (llvm::any_of(p.rows, [](const RowDim &row) { return row.hasTaps() || row.stride != 1; })) return false;
  auto type = cast<MemRefType>(p.input.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1 || type.getElementType().isInteger(1)) return false;
  if (work.tileRows * *depth * p.accumulator().getIntOrFloatBitWidth() / 8 > kMostBytes) return false;
  int64_t rowStride = strides[strides.size() - 2];
  bool collides = work.tileRows >= kWays && !ShapedType::isDynamic(rowStride) && rowStride * type.getElementTypeBitWidth() / 8 % kPage == 0;
  auto columnTiles = IndexBuilder::known(work.columnTiles);
  bool converts = type.getElementType() != p.accumulator() && columnTiles.value_or(2) > 1;
  return collides || converts;
}

/// Stored narrower than they are multiplied, weights would be converted again for every row tile.
bool Generator::wantsWidePanels(int64_t panelBytes) const {
  constexpr int64_t kMostBytes = 320 << 10;
  auto type = cast<MemRefType>(p.weights.getType());
  if (type.getElementType() == p.accumulator() || p.dots || !p.packed || !type.hasStaticShape() || tile.columns == 1) return false;
  int64_t panels = work.packRows ? work.groupTiles : 1;
  return work.blockTiles >= kFewTiles && panels * panelBytes <= kMostBytes;
}

/// Sizes of blocks and groups, from the cost of a tile and the bytes that it touches. Unknown sizes count as a hundred.
void Generator::cut() {
  auto sizeOf = [](Value v) { return std::max<int64_t>(1, IndexBuilder::known(v).value_or(100)); };
  int64_t reduction = sizeOf(p.depth), overlap = 1;
  for (RowDim &row : p.rows)
    if (row.hasTaps()) {
      reduction *= sizeOf(row.taps);
      overlap *= std::max<int64_t>(1, sizeOf(row.taps) / row.stride);
    }
  int64_t bytes = p.dots ? 1 : std::max<int64_t>(1, p.accumulator().getIntOrFloatBitWidth() / 8), rate = tile.dots == DotProduct::Quads ? 4 : 1;
  int64_t rowTiles = sizeOf(work.rowTiles), columnTiles = sizeOf(work.columnTiles), outer = sizeOf(p.outerWeights);
  int64_t flops = 2 * work.tileRows * tile.columns * reduction;
  // About 50 operations or 16 bytes in a nanosecond.
  int64_t panelBytes = reduction * tile.columns * bytes, tileBytes = work.tileRows * reduction * bytes / overlap;
  int64_t epilogue = work.tileRows * tile.vectors * bodyCost(op.getEpilogue().front());
  int64_t computeCost = flops / (target.vectorBytes * 3 / 2 * rate) + epilogue / 2 + 5;
  int64_t tileCost = rowTiles == 1 ? std::max(computeCost, panelBytes / 16) : computeCost;
  // A task is worth a fork at ten microseconds; 256 tasks are balanced on any number of cores that we expect.
  int64_t total = tileCost * rowTiles * columnTiles * outer;
  int64_t wanted = std::clamp<int64_t>(total / 256, 10000, 200000);
  int64_t fitting = std::max<int64_t>(1, target.cacheBytes / 2 / std::max<int64_t>(1, tileBytes));
  work.packRows = wantsPackedRows();
  // As few equal parts as hold at most `most` each.
  auto part = [](int64_t all, int64_t most) {
    int64_t parts = (all + most - 1) / most;
    return (all + parts - 1) / parts;
  };
  if (work.packRows) {
    // Panels that stay in the cache while row tiles pass; each packed tile serves all of them.
    int64_t panels = std::max<int64_t>(1, target.cacheBytes / 2 / std::max<int64_t>(1, panelBytes));
    work.groupTiles = part(columnTiles, std::clamp<int64_t>(wanted / tileCost, 1, std::min(std::max<int64_t>(panels, 4), columnTiles)));
    work.blockTiles = part(rowTiles, std::clamp<int64_t>(wanted / (tileCost * work.groupTiles), 1, rowTiles));
  } else {
    work.blockTiles = part(rowTiles, std::clamp<int64_t>(wanted / tileCost, 1, std::min(fitting, rowTiles)));
    work.groupTiles = part(columnTiles, std::clamp<int64_t>(wanted / (tileCost * work.blockTiles), 1, columnTiles));
  }
  work.widenPanels = wantsWidePanels(panelBytes);
  work.columnsOuter = panelBytes * columnTiles > tileBytes * rowTiles;
  work.taskCost = tileCost * work.blockTiles * work.groupTiles;
}

SmallVector<Value> Generator::tileStart(ArrayRef<Value> tileIndex, Value outer) {
  SmallVector<Value> start;
  for (auto [i, d] : llvm::enumerate(work.rows)) {
    start.push_back(ix.mul(tileIndex[i], d.base));
    if (d.larger) start.back() = ix.add(start.back(), ix.min(tileIndex[i], ix.constant(d.larger)));
  }
  if (p.batched) start.front() = outer;
  return start;
}

void Generator::emitStatic(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge) {
  int64_t rank = work.rows.size();
  SmallVector<Value> start = tileStart(tileIndex, outer);
  auto emit = [&](int64_t height, int64_t width) { kernel.emit(start, height, width, outer, columnTile, edge); };
  auto split = [&](int64_t i, auto &&body) {
    const TiledDim &d = work.rows[i];
    if (!d.larger) return body(d.base);
    ix.branch(ix.less(tileIndex[i], ix.constant(d.larger)), [&] { body(d.base + 1); }, [&] { body(d.base); });
  };
  auto interior = [&] {
    split(rank - 1, [&](int64_t width) {
      if (rank - 2 < (p.batched ? 1 : 0)) return emit(1, width);
      split(rank - 2, [&](int64_t height) { emit(height, width); });
    });
  };
  // Tiles at the edge have code of their own, that knows which elements exist.
  const TiledDim &last = work.rows.back();
  SmallVector<int64_t> edges = edgeTiles(last, p.rows.back());
  std::function<void(ArrayRef<int64_t>)> emitFrom = [&](ArrayRef<int64_t> rest) {
    if (rest.empty()) return (int64_t)edges.size() == IndexBuilder::known(last.count) ? void() : interior();
    auto atEdge = [&] { kernel.emit(start, 1, last.width(rest.front()), outer, columnTile, edge, last.begin(rest.front())); };
    bool isOnly = rest.size() == 1 && (int64_t)edges.size() == IndexBuilder::known(last.count);
    if (isOnly) return atEdge();
    ix.branch(ix.equal(tileIndex.back(), ix.constant(rest.front())), atEdge, [&] { emitFrom(rest.drop_front()); });
  };
  emitFrom(edges);
}

/// A tile that has windows at the edge, one by one.
void Generator::emitOpen(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge) {
  const TiledDim &last = work.rows.back();
  const RowDim &row = p.rows.back();
  SmallVector<Value> start = tileStart(tileIndex, outer);
  Value most = ix.constant(last.base);
  if (last.larger) most = ix.select(ix.less(tileIndex.back(), ix.constant(last.larger)), ix.constant(last.base + 1), most);
  Value begin = start.back(), end = ix.min(ix.add(begin, most), last.size);
  auto [first, behind] = innerWindows(ix, row);
  Value inside = arith::AndIOp::create(b, loc, b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, begin, first),
                                       b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sle, end, behind));
  ix.branch(inside,
            [&] {
              if (last.dynamic) emitDynamic(outer, tileIndex, columnTile, kernel, edge);
              else emitStatic(outer, tileIndex, columnTile, kernel, edge);
            },
            [&] {
              ix.loop(begin, end, 1, [&](Value window) {
                SmallVector<Value> at(start);
                at.back() = window;
                kernel.emitOpen(at, outer, columnTile, edge);
              });
            });
}

/// Whole tiles, and the remainder in powers of two.
void Generator::emitDynamic(Value outer, ArrayRef<Value> tileIndex, Value columnTile, Microkernel &kernel, Edge edge) {
  const TiledDim &last = work.rows.back();
  SmallVector<Value> start = tileStart(tileIndex, outer);
  Value remaining = ix.sub(last.size, start.back());
  ix.branch(ix.less(remaining, ix.constant(last.base)),
            [&] {
              int64_t largest = 1;
              while (largest * 2 < last.base) largest *= 2;
              SmallVector<Value> at(start);
              for (int64_t rows = largest; rows >= 1; rows /= 2) {
                Value bit = arith::AndIOp::create(b, loc, remaining, ix.constant(rows));
                ix.branch(ix.less(ix.constant(0), bit), [&] { kernel.emit(at, 1, rows, outer, columnTile, edge); }, [] {});
                at.back() = ix.add(at.back(), bit);
              }
            },
            [&] { kernel.emit(start, 1, last.base, outer, columnTile, edge); });
}

void Generator::emitRows(Value outer, ArrayRef<Value> index, Value columnTile, Microkernel &kernel, Edge edge) {
  if (p.rows.back().open) emitOpen(outer, index, columnTile, kernel, edge);
  else if (work.rows.back().dynamic) emitDynamic(outer, index, columnTile, kernel, edge);
  else emitStatic(outer, index, columnTile, kernel, edge);
}

/// The columns behind the last whole tile, where they need fewer vectors than a tile has: 24 columns are a tile of 16 and one of 8.
bool Generator::emitNarrow(Value outer, ArrayRef<Value> index, Value columnTile, Microkernel &kernel) {
  auto columns = IndexBuilder::known(p.columns);
  int64_t length = tile.columns / tile.vectors;
  if (!columns || !p.packed || tile.vectors == 1 || tile.columns % tile.vectors || *columns < tile.columns) return false;
  int64_t rest = *columns % tile.columns, narrow = (rest + length - 1) / length * length;
  if (rest == 0 || narrow == tile.columns) return false;
  ix.branch(ix.less(columnTile, ix.constant(*columns / tile.columns)), [&] { emitRows(outer, index, columnTile, kernel, Edge::Never); },
            [&] {
              kernel.setLanes(narrow);
              emitRows(outer, index, columnTile, kernel, rest == narrow ? Edge::Never : Edge::Always);
              kernel.setLanes(tile.columns);
            });
  return true;
}

void Generator::emitTiles(Value outer, ArrayRef<Value> index, Value columnTile, Microkernel &kernel) {
  if (emitNarrow(outer, index, columnTile, kernel)) return;
  auto emit = [&](Edge edge) { emitRows(outer, index, columnTile, kernel, edge); };
  auto columns = IndexBuilder::known(p.columns);
  if (tile.columns == 1 || (columns && *columns % tile.columns == 0)) return emit(Edge::Never);
  if (columns && *columns < tile.columns) return emit(Edge::Always);
  if (p.packed) return emit(Edge::AtLast);
  ix.branch(ix.less(columnTile, ix.div(p.columns, tile.columns)), [&] { emit(Edge::Never); }, [&] { emit(Edge::Always); });
}

/// A task's blocks of rows by its groups of columns, with weights converted into `panels`, or null, and rows packed into `rows`, or null.
void Generator::emitBlocks(Value outer, Value block, Value group, Value panels, Value rows, Microkernel &kernel) {
  auto range = [&](Value which, int64_t size, Value count, auto &&body) {
    Value begin = ix.mul(which, size);
    if (size == 1) return body(begin);
    Value end = ix.add(begin, size);
    auto known = IndexBuilder::known(count);
    if (!known || *known % size) end = ix.min(end, count);
    ix.loop(begin, end, 1, body);
  };
  SmallVector<Value> counts;
  for (TiledDim &d : work.rows) counts.push_back(d.count);
  kernel.setWidePanels(panels, ix.mul(group, work.groupTiles));
  if (!rows) {
    range(group, work.groupTiles, work.columnTiles, [&](Value columnTile) {
      if (panels) {
        kernel.setWidePanels(panels, columnTile);
        kernel.widenPanel(outer, columnTile);
      }
      range(block, work.blockTiles, work.rowTiles,
            [&](Value rowTile) { emitTiles(outer, ix.delinearize(rowTile, counts), columnTile, kernel); });
    });
    return;
  }
  // The columns pass by packed rows.
  if (panels) range(group, work.groupTiles, work.columnTiles, [&](Value columnTile) { kernel.widenPanel(outer, columnTile); });
  kernel.setPackedRows(rows);
  range(block, work.blockTiles, work.rowTiles, [&](Value rowTile) {
    SmallVector<Value> index = ix.delinearize(rowTile, counts), start = tileStart(index, outer);
    const TiledDim &last = work.rows.back();
    Value count = last.dynamic ? ix.min(ix.sub(last.size, start.back()), ix.constant(last.base)) : ix.constant(last.base);
    if (last.larger) count = ix.select(ix.less(index.back(), ix.constant(last.larger)), ix.constant(last.base + 1), count);
    kernel.packRows(start, count, outer);
    range(group, work.groupTiles, work.columnTiles, [&](Value columnTile) { emitTiles(outer, index, columnTile, kernel); });
  });
}

void Generator::emitTask(Value task, Microkernel &kernel) {
  Value blocks = ix.ceilDiv(work.rowTiles, work.blockTiles), groups = ix.ceilDiv(work.columnTiles, work.groupTiles);
  Value outer, block, group, panels, rows;
  if (work.columnsOuter) {
    auto index = ix.delinearize(task, {p.outerWeights, groups, blocks});
    outer = index[0], group = index[1], block = index[2];
  } else {
    auto index = ix.delinearize(task, {p.outerWeights, blocks, groups});
    outer = index[0], block = index[1], group = index[2];
  }
  auto scratch = [&](MemRefType type) { return memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64)).getResult(); };
  if (work.packRows) rows = scratch(MemRefType::get({*IndexBuilder::known(p.depth) / Microkernel::kChunk, work.tileRows, Microkernel::kChunk}, p.accumulator()));
  if (!work.widenPanels) return emitBlocks(outer, block, group, {}, rows, kernel);
  panels = scratch(kernel.widePanelsType(work.packRows ? work.groupTiles : 1));
  // How many rows there are may be known in the run only.
  ix.branch(ix.less(work.rowTiles, ix.constant(kFewTiles)), [&] { emitBlocks(outer, block, group, {}, rows, kernel); },
            [&] { emitBlocks(outer, block, group, panels, rows, kernel); });
}

void Generator::run() {
  tileRows();
  cut();
  Value tasks = ix.mul(ix.mul(ix.ceilDiv(work.rowTiles, work.blockTiles), ix.ceilDiv(work.columnTiles, work.groupTiles)), p.outerWeights);
  auto loop = scf::ParallelOp::create(b, loc, ValueRange{ix.constant(0)}, ValueRange{tasks}, ValueRange{ix.constant(1)});
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(work.taskCost));
  b.setInsertionPointToStart(loop.getBody());
  Microkernel kernel(ix, p, tile);
  kernel.setScratchBlock(loop.getBody());
  emitTask(loop.getInductionVars().front(), kernel);
  op.erase();
}

void ingot::generateContraction(ContractOp op, const TargetRow &target) {
  if (op.getDepthwise()) return generateDepthwise(op, target);
  if (op.getWinograd()) return op.getSpatialRank() == 1 ? generateLineWinograd(op, target) : generateWinograd(op, target);
  OpBuilder b(op);
  Generator(op, target, b).run();
}
