//===- Depthwise.cpp - one filter per channel ---------------------------------------------------===//
//
// Channels lie on vectors, neighbouring windows of an image's row side by side: an element of the input is loaded once for all windows
// of the tile that it belongs to, a weight once for the tile. The channels pass by tile after tile, as memory has them. A window at the
// upper or lower edge runs over the taps that exist; a tile at the left or right edge has code that knows them.
//===--------------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Microkernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

namespace {

/// Kernels of at most this many taps in a row are unrolled along it.
constexpr int64_t kUnrolledTaps = 9;
constexpr int64_t kTaskNanoseconds = 20000;

class DepthwiseGenerator : ContractionKernel {
public:
  using ContractionKernel::ContractionKernel;
  void run();

private:
  using Accumulators = SmallVector<Value>;
  struct Tile {
    SmallVector<Value> start; // index of the first window
    int64_t width;
    std::optional<int64_t> edgeStart; // its last index, where windows reach beyond the input
    bool open;                        // one window, of whose taps the run tells which are elements
    Value channel, mask;
  };

  void chooseTile();
  int64_t rowNanoseconds();
  void emitRow(SmallVector<Value> start, Microkernel &kernel);
  void emitRun(SmallVector<Value> start, Value begin, Value end, Microkernel &kernel);
  void emitTile(ArrayRef<Value> start, int64_t width, std::optional<int64_t> edgeStart, Microkernel &kernel, bool open = false);
  void emitOpenRow(SmallVector<Value> start, Microkernel &kernel);
  Accumulators reduceTaps(const Tile &at, unsigned dim, SmallVector<Value> &taps, Accumulators acc);
  Accumulators unrollTaps(const Tile &at, ArrayRef<Value> taps, Accumulators acc);
  Accumulators loopTaps(const Tile &at, SmallVector<Value> &taps, Accumulators acc);
  Value load(Value from, Type element, ArrayRef<Value> index, const Tile &at, bool isUnsigned);
  Value loadInput(const Tile &at, ArrayRef<Value> taps, int64_t element);
  Value loadWeights(const Tile &at, ArrayRef<Value> taps);
  Value multiplyAdd(Value x, Value w, Value sum);

  TiledDim windows; // of the last dimension
  VectorType vectorType;
};

} // namespace

/// Accumulators of a tile, the weights of a row of taps and an element of the input share the registers.
void DepthwiseGenerator::chooseTile() {
  int64_t bits = p.accumulator().getIntOrFloatBitWidth(), length = target.vectorLength(bits);
  if (!p.contiguousColumns) length = 1;
  if (auto columns = IndexBuilder::known(p.columns))
    while (length > 1 && length / 2 >= *columns) length /= 2;
  tile.columns = length;
  tile.vectors = 1;
  tile.fma = target.fma;
  vectorType = VectorType::get(length, p.accumulator());
  int64_t accumulators = target.tileRows * target.tileVectors;
  tile.rows = std::clamp<int64_t>(accumulators - 4, 4, 14);
  windows = cutDim(ix, p.rows.back().size, tile.rows);
}

int64_t DepthwiseGenerator::rowNanoseconds() {
  int64_t taps = 1;
  for (const RowDim &row : p.rows)
    if (row.taps) taps *= std::max<int64_t>(1, row.kernel);
  int64_t elements = IndexBuilder::known(p.rows.back().size).value_or(64) * IndexBuilder::known(p.columns).value_or(64);
  // About as many products as lanes, and 4 bytes of results, in a nanosecond.
  int64_t vectors = elements / tile.columns + 1;
  return vectors * (taps + bodyCost(op.getEpilogue().front()) / 2 + tile.columns * 4 / 16) / 2 + 1;
}

Value DepthwiseGenerator::load(Value from, Type element, ArrayRef<Value> index, const Tile &at, bool isUnsigned) {
  auto type = VectorType::get(tile.columns, element);
  Value v;
  if (tile.columns == 1) {
    v = asVector(b, loc, memref::LoadOp::create(b, loc, from, index), 1);
  } else if (at.mask) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    v = vector::MaskedLoadOp::create(b, loc, type, from, index, at.mask, zero);
  } else {
    v = vector::LoadOp::create(b, loc, type, from, index);
  }
  return convertElement(b, loc, v, p.accumulator(), isUnsigned);
}

/// The element of the input that is `element` behind the first one of the tile.
Value DepthwiseGenerator::loadInput(const Tile &at, ArrayRef<Value> taps, int64_t element) {
  SmallVector<Value> index;
  for (auto [i, dim] : llvm::enumerate(p.rows)) {
    Value at0 = ix.mul(at.start[i], dim.stride);
    if (taps[i]) at0 = ix.add(at0, ix.mul(taps[i], dim.dilation));
    index.push_back(ix.add(at0, (i + 1 == p.rows.size() ? element : 0) - dim.pad));
  }
  index.push_back(at.channel);
  return load(p.input, cast<MemRefType>(p.input.getType()).getElementType(), index, at, op.getUnsignedInput());
}

Value DepthwiseGenerator::loadWeights(const Tile &at, ArrayRef<Value> taps) {
  SmallVector<Value> index{ix.constant(0)};
  for (Value tap : ArrayRef(taps).drop_front()) index.push_back(tap ? tap : ix.constant(0));
  index.append({ix.constant(0), at.channel});
  return load(p.weights, cast<MemRefType>(p.weights.getType()).getElementType(), index, at, op.getUnsignedWeights());
}

Value DepthwiseGenerator::multiplyAdd(Value x, Value w, Value sum) {
  if (!isa<FloatType>(p.accumulator())) return arith::AddIOp::create(b, loc, sum, arith::MulIOp::create(b, loc, x, w));
  if (tile.fma) return vector::FMAOp::create(b, loc, x, w, sum);
  return arith::AddFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, x, w));
}

/// A row of taps, element by element of the input: each is multiplied for all windows that it belongs to.
DepthwiseGenerator::Accumulators DepthwiseGenerator::unrollTaps(const Tile &at, ArrayRef<Value> outer, Accumulators acc) {
  const RowDim &last = p.rows.back();
  SmallVector<Value> weights(last.kernel), taps(outer);
  taps.back() = {};
  int64_t elements = (at.width - 1) * last.stride + (last.kernel - 1) * last.dilation + 1;
  for (int64_t element = 0; element < elements; ++element) {
    Value x;
    for (int64_t tap = 0; tap < last.kernel; ++tap) {
      int64_t distance = element - tap * last.dilation, window = distance / last.stride;
      if (distance < 0 || distance % last.stride || window >= at.width) continue;
      if (at.edgeStart && !last.reaches(*at.edgeStart + window, tap)) continue;
      if (!x) x = loadInput(at, taps, element);
      if (!weights[tap]) {
        SmallVector<Value> which(taps);
        which.back() = ix.constant(tap);
        weights[tap] = loadWeights(at, which);
      }
      acc[window] = multiplyAdd(x, weights[tap], acc[window]);
    }
  }
  return acc;
}

/// A long row of taps, or one at the edge, tap by tap.
DepthwiseGenerator::Accumulators DepthwiseGenerator::loopTaps(const Tile &at, SmallVector<Value> &taps, Accumulators acc) {
  std::pair<Value, Value> range = {ix.constant(0), p.rows.back().taps};
  if (at.open) range = tapRange(ix, p.rows.back(), at.start.back());
  auto forOp = scf::ForOp::create(b, loc, range.first, range.second, ix.constant(1), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  taps.back() = forOp.getInductionVar();
  Value w = loadWeights(at, taps);
  Accumulators next(forOp.getRegionIterArgs());
  for (int64_t i = 0; i < at.width; ++i) next[i] = multiplyAdd(loadInput(at, taps, i * p.rows.back().stride), w, next[i]);
  taps.back() = {};
  scf::YieldOp::create(b, loc, next);
  return Accumulators(forOp.getResults());
}

DepthwiseGenerator::Accumulators DepthwiseGenerator::reduceTaps(const Tile &at, unsigned dim, SmallVector<Value> &taps, Accumulators acc) {
  if (dim + 1 == p.rows.size()) {
    bool unroll = at.open ? false : at.edgeStart || (IndexBuilder::known(p.rows[dim].taps) && p.rows[dim].kernel <= kUnrolledTaps);
    return unroll ? unrollTaps(at, taps, acc) : loopTaps(at, taps, acc);
  }
  if (!p.rows[dim].hasTaps()) return reduceTaps(at, dim + 1, taps, acc);
  auto [begin, end] = tapRange(ix, p.rows[dim], at.start[dim]);
  auto forOp = scf::ForOp::create(b, loc, begin, end, ix.constant(1), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  taps[dim] = forOp.getInductionVar();
  Accumulators next = reduceTaps(at, dim + 1, taps, Accumulators(forOp.getRegionIterArgs()));
  taps[dim] = {};
  scf::YieldOp::create(b, loc, next);
  return Accumulators(forOp.getResults());
}

void DepthwiseGenerator::emitTile(ArrayRef<Value> start, int64_t width, std::optional<int64_t> edgeStart, Microkernel &kernel, bool open) {
  auto emit = [&](Value column, bool masked) {
    Tile at{SmallVector<Value>(start), width, edgeStart, open, ix.mul(column, tile.columns), {}};
    if (masked) {
      Value valid = ix.sub(p.columns, at.channel);
      at.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(tile.columns, b.getI1Type()), valid);
    }
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
    SmallVector<Value> taps(p.rows.size());
    kernel.emitStore(start, 1, width, column, masked, reduceTaps(at, 0, taps, Accumulators(width, zero)));
  };
  Value whole = ix.div(p.columns, tile.columns);
  if (IndexBuilder::known(whole) != 0) ix.loop(ix.constant(0), whole, 1, [&](Value column) { emit(column, false); });
  if (tile.columns == 1) return;
  ix.branch(ix.less(ix.mul(whole, tile.columns), p.columns), [&] { emit(whole, true); }, [] {});
}

/// The same where the run tells which windows are at the edge.
void DepthwiseGenerator::emitOpenRow(SmallVector<Value> start, Microkernel &kernel) {
  auto atEdge = [&](Value begin, Value end) {
    ix.loop(begin, end, 1, [&](Value index) {
      start.back() = index;
      emitTile(start, 1, {}, kernel, /*open=*/true);
    });
  };
  auto [first, behind] = innerWindows(ix, p.rows.back());
  atEdge(ix.constant(0), first);
  emitRun(start, first, behind, kernel);
  atEdge(behind, windows.size);
}

/// Windows from `begin` to `end` in whole tiles, and the remainder in powers of two.
void DepthwiseGenerator::emitRun(SmallVector<Value> start, Value begin, Value end, Microkernel &kernel) {
  int64_t most = windows.base, largest = 1;
  Value count = ix.sub(end, begin), whole = ix.mul(ix.div(count, most), most), rest = ix.sub(count, whole), at = ix.add(begin, whole);
  ix.loop(begin, at, most, [&](Value index) {
    start.back() = index;
    emitTile(start, most, {}, kernel);
  });
  while (largest * 2 < most) largest *= 2;
  for (int64_t width = largest; width >= 1 && most > 1; width /= 2) {
    Value bit = b.createOrFold<arith::AndIOp>(loc, rest, ix.constant(width));
    start.back() = at;
    ix.branch(ix.less(ix.constant(0), bit), [&] { emitTile(start, width, {}, kernel); }, [] {});
    at = ix.add(at, bit);
  }
}

/// All windows of a row of the image.
void DepthwiseGenerator::emitRow(SmallVector<Value> start, Microkernel &kernel) {
  auto emitAt = [&](Value index, int64_t width, std::optional<int64_t> edgeStart) {
    start.back() = index;
    emitTile(start, width, edgeStart, kernel);
  };
  if (p.rows.back().open) return emitOpenRow(start, kernel);
  auto count = IndexBuilder::known(windows.count);
  if (!count) return emitRun(start, ix.constant(0), windows.size, kernel);
  SmallVector<int64_t> edges = edgeTiles(windows, p.rows.back());
  for (int64_t i = 0; i < *count;) {
    int64_t width = windows.width(i), run = i;
    if (llvm::is_contained(edges, i)) {
      emitAt(ix.constant(windows.begin(i)), width, windows.begin(i));
      ++i;
      continue;
    }
    while (run < *count && windows.width(run) == width && !llvm::is_contained(edges, run)) ++run;
    ix.loop(ix.constant(windows.begin(i)), ix.constant(windows.begin(run)), width, [&](Value index) { emitAt(index, width, {}); });
    i = run;
  }
}

void DepthwiseGenerator::run() {
  chooseTile();
  SmallVector<Value> sizes;
  for (const RowDim &row : ArrayRef(p.rows).drop_back()) sizes.push_back(row.size);
  Value rows = ix.product(sizes);
  int64_t cost = rowNanoseconds(), perTask = std::max<int64_t>(1, kTaskNanoseconds / cost);
  Value tasks = ix.ceilDiv(rows, perTask);
  auto loop = scf::ParallelOp::create(b, loc, ValueRange{ix.constant(0)}, ValueRange{tasks}, ValueRange{ix.constant(1)});
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(cost * perTask));
  b.setInsertionPointToStart(loop.getBody());
  Microkernel kernel(ix, p, tile);
  kernel.setScratchBlock(loop.getBody());
  Value begin = ix.mul(loop.getInductionVars().front(), perTask), end = ix.min(ix.add(begin, perTask), rows);
  if (perTask == 1) end = ix.add(begin, 1);
  ix.loop(begin, end, 1, [&](Value row) {
    SmallVector<Value> start = ix.delinearize(row, sizes);
    start.push_back({});
    emitRow(start, kernel);
  });
  op.erase();
}

void ingot::generateDepthwise(ContractOp op, const TargetRow &target) {
  OpBuilder b(op);
  DepthwiseGenerator(op, target, b).run();
}
