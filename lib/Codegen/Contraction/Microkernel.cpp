//===- Microkernel.cpp - one register tile: the reduction -----------------------------------===//
//
// Rows of the tile are broadcast, columns are one vector per step of the depth, and each row has one vector of accumulators that
// is carried by the loops. A tile of few rows carries several sets of them, so that the latency of multiply-adds is hidden.
//===----------------------------------------------------------------------------------------===//
#include "Microkernel.h"
#include "../VectorBody.h"
#include "DotProducts.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

void Microkernel::setLanes(int64_t count) {
  lanes = count;
  vectorType = VectorType::get(count, p.accumulator());
}

Value Microkernel::channel(const Position &at) { return ix.mul(at.column, tile.columns); }

SmallVector<Value> Microkernel::rowIndex(const Position &at, int64_t row) {
  SmallVector<Value> index(at.start);
  index.back() = ix.add(index.back(), row % at.width);
  if (row / at.width) {
    Value &outer = index[index.size() - 2];
    outer = ix.add(outer, row / at.width);
  }
  return index;
}

Value Microkernel::inputChannel(Value outer, Value k) { return p.groups == 1 ? k : ix.add(ix.mul(outer, p.depth), k); }

void Microkernel::packRows(ArrayRef<Value> start, Value count, Value outer) {
  auto type = cast<MemRefType>(p.input.getType());
  Value zero = ix.constant(0);
  packedStart = start.back();
  ix.loop(zero, ix.div(p.depth, kChunk), 1, [&](Value chunk) {
    ix.loop(zero, count, 1, [&](Value row) {
      SmallVector<Value> index(start);
      index.back() = ix.add(index.back(), row);
      index.push_back(inputChannel(outer, ix.mul(chunk, kChunk)));
      Value v = vector::LoadOp::create(b, loc, VectorType::get(kChunk, type.getElementType()), p.input, index);
      v = convertElement(b, loc, v, vectorType.getElementType(), p.op.getUnsignedInput());
      vector::StoreOp::create(b, loc, v, packedRows, ValueRange{chunk, row, zero});
    });
  });
}

/// Four bytes as one number.
Value Microkernel::loadQuad(Value memref, ValueRange index) {
  auto type = cast<MemRefType>(memref.getType());
  auto bytes = VectorType::get(kDotDepth, b.getI8Type());
  Value v;
  if (type.isLastDimUnitStride()) {
    v = vector::LoadOp::create(b, loc, bytes, memref, index);
  } else {
    SmallVector<Value> elements, at(index);
    for (int64_t i = 0; i < kDotDepth; ++i) {
      at.back() = ix.add(index.back(), i);
      elements.push_back(memref::LoadOp::create(b, loc, memref, at));
    }
    v = vector::FromElementsOp::create(b, loc, bytes, elements);
  }
  v = vector::BitCastOp::create(b, loc, VectorType::get(1, b.getI32Type()), v);
  return vector::ExtractOp::create(b, loc, v, ArrayRef<int64_t>{0});
}

/// input[n, o * stride + tap * dilation, group * depth + k], in every lane; with dot products the four from 4 * k on as one number.
Value Microkernel::loadInput(const Position &at, int64_t row, ArrayRef<Value> taps, Value k) {
  if (packedRows) {
    // The tile begins where the buffer does, but for the parts of a remainder.
    Value first = ix.sub(at.start.back(), packedStart);
    Value within = ix.sub(k, ix.mul(packedChunk, kChunk));
    Value v = memref::LoadOp::create(b, loc, packedRows, ValueRange{packedChunk, ix.add(first, row), within});
    return asVector(b, loc, v, lanes);
  }
  SmallVector<Value> index = rowIndex(at, row);
  for (auto [i, dim] : llvm::enumerate(p.rows)) {
    index[i] = ix.mul(index[i], dim.stride);
    if (taps[i]) index[i] = ix.add(index[i], ix.mul(taps[i], dim.dilation));
    if (dim.padded || dim.open) index[i] = ix.add(index[i], -dim.pad);
  }
  if (p.dots) k = ix.mul(k, kDotDepth);
  if (p.lastFolded) {
    index.back() = ix.add(ix.mul(index.back(), p.inputChannels), k);
  } else {
    index.push_back(inputChannel(at.outer, k));
  }
  if (p.dots) return loadQuad(p.input, index);
  Value v = memref::LoadOp::create(b, loc, p.input, index);
  v = convertElement(b, loc, v, vectorType.getElementType(), p.op.getUnsignedInput());
  return asVector(b, loc, v, lanes);
}

MemRefType Microkernel::widePanelsType(int64_t columnTiles) const {
  auto type = cast<MemRefType>(p.weights.getType());
  SmallVector<int64_t> shape(type.getShape().drop_front(1).drop_back());
  shape.front() = columnTiles;
  shape.push_back(tile.columns);
  return MemRefType::get(shape, p.accumulator());
}

void Microkernel::widenPanel(Value outer, Value column) {
  Position at;
  at.outer = outer;
  at.column = column;
  SmallVector<Value> taps(p.rows.size());
  std::function<void(unsigned)> nest = [&](unsigned dim) {
    if (dim < p.rows.size()) {
      if (!p.rows[dim].hasTaps()) return nest(dim + 1);
      return ix.loop(ix.constant(0), p.rows[dim].taps, 1, [&](Value tap) {
        taps[dim] = tap;
        nest(dim + 1);
        taps[dim] = {};
      });
    }
    ix.loop(ix.constant(0), p.depth, 1, [&](Value k) {
      vector::StoreOp::create(b, loc, loadStoredWeights(at, taps, k), widePanels, weightIndex(at, taps, k));
    });
  };
  nest(0);
}

/// Index of the buffer of wide panels.
SmallVector<Value> Microkernel::weightIndex(const Position &at, ArrayRef<Value> taps, Value k) {
  SmallVector<Value> index{ix.sub(at.column, firstWidePanel)};
  index.append(p.weightTaps, ix.constant(0));
  for (auto [i, dim] : llvm::enumerate(p.rows))
    if (taps[i]) index[1 + dim.tapIndex] = taps[i];
  index.append({k, ix.constant(0)});
  return index;
}

Value Microkernel::loadWeights(const Position &at, ArrayRef<Value> taps, Value k) {
  if (!widePanels) return loadStoredWeights(at, taps, k);
  return vector::LoadOp::create(b, loc, vectorType, widePanels, weightIndex(at, taps, k));
}

Value Microkernel::loadStoredWeights(const Position &at, ArrayRef<Value> taps, Value k) {
  SmallVector<Value> index{p.groups == 1 && !p.batched ? ix.constant(0) : at.outer};
  int64_t perPanel = p.packed ? std::max<int64_t>(1, p.panel / tile.columns) : 1, panels = p.packed ? std::max<int64_t>(1, tile.columns / p.panel) : 1;
  if (p.packed) index.push_back(ix.mul(ix.div(at.column, perPanel), panels));
  SmallVector<Value> tapIndices(p.weightTaps, ix.constant(0));
  for (auto [i, dim] : llvm::enumerate(p.rows))
    if (taps[i]) tapIndices[dim.tapIndex] = taps[i];
  index.append(tapIndices);
  index.push_back(k);
  if (!p.packed) index.push_back(channel(at));
  else if (perPanel == 1) index.push_back(ix.constant(0));
  else index.push_back(ix.mul(ix.rem(at.column, ix.constant(perPanel)), tile.columns * (p.dots ? kDotDepth : 1)));
  if (p.dots) return loadPacked(ix, p.weights, index, lanes * kDotDepth);

  Type element = cast<MemRefType>(p.weights.getType()).getElementType();
  auto type = VectorType::get(lanes, element);
  Value v;
  if (tile.columns == 1) {
    v = asVector(b, loc, memref::LoadOp::create(b, loc, p.weights, index), 1);
  } else if (at.mask && !p.packed) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    v = vector::MaskedLoadOp::create(b, loc, type, p.weights, index, at.mask, zero);
  } else {
    v = p.packed ? loadPacked(ix, p.weights, index, lanes) : vector::LoadOp::create(b, loc, type, p.weights, index).getResult();
  }
  return convertElement(b, loc, v, vectorType.getElementType(), p.op.getUnsignedWeights());
}

Microkernel::Accumulators Microkernel::stepOfDots(const Position &at, ArrayRef<Value> taps, Value k, int64_t slot, Accumulators acc) {
  DotProducts dots(b, loc, tile, p.op.getUnsignedInput());
  SmallVector<Value> w = dots.weights(loadWeights(at, taps, k));
  for (int64_t row : at.active) {
    Value &sum = acc[slot * at.rows() + row];
    sum = dots.multiply(dots.input(loadInput(at, row, taps, k), lanes), w, sum);
  }
  return acc;
}

Microkernel::Accumulators Microkernel::step(const Position &at, ArrayRef<Value> taps, Value k, int64_t slot, Accumulators acc) {
  if (p.dots) return stepOfDots(at, taps, k, slot, acc);
  Value w = loadWeights(at, taps, k);
  for (int64_t row : at.active) {
    Value a = loadInput(at, row, taps, k);
    Value &sum = acc[slot * at.rows() + row];
    if (!isa<FloatType>(vectorType.getElementType())) {
      sum = arith::AddIOp::create(b, loc, sum, arith::MulIOp::create(b, loc, a, w));
    } else if (tile.fma) {
      sum = vector::FMAOp::create(b, loc, a, w, sum);
    } else {
      sum = arith::AddFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, a, w));
    }
  }
  return acc;
}

/// Sums over `size` elements of the depth from `first` on.
Microkernel::Accumulators Microkernel::reduceDepth(const Position &at, ArrayRef<Value> taps, Value first, Value size, Accumulators acc,
                                                   int64_t inFlight) {
  auto loop = [&](Value begin, Value end, int64_t sets, Accumulators init) {
    auto forOp = scf::ForOp::create(b, loc, begin, end, ix.constant(sets), init);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Accumulators next(forOp.getRegionIterArgs());
    for (int64_t s = 0; s < sets; ++s) next = step(at, taps, ix.add(forOp.getInductionVar(), s), s, next);
    scf::YieldOp::create(b, loc, next);
    return Accumulators(forOp.getResults());
  };
  if (p.dots) first = ix.div(first, kDotDepth), size = ix.div(size, kDotDepth);
  Value zero = ix.constant(0);
  if (packedRows) {
    auto chunks = scf::ForOp::create(b, loc, zero, ix.div(p.depth, kChunk), ix.constant(1), acc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(chunks.getBody());
    packedChunk = chunks.getInductionVar();
    Value begin = ix.mul(packedChunk, kChunk);
    scf::YieldOp::create(b, loc, loop(begin, ix.add(begin, kChunk), inFlight, Accumulators(chunks.getRegionIterArgs())));
    return Accumulators(chunks.getResults());
  }
  Value end = ix.add(first, size);
  if (inFlight == 1) return loop(first, end, 1, acc);
  Value whole = ix.add(first, ix.mul(ix.div(size, inFlight), inFlight));
  acc = loop(first, whole, inFlight, acc);
  if (auto depth = IndexBuilder::known(size); depth && *depth % inFlight == 0) return acc;
  Accumulators firstSet(ArrayRef(acc).take_front(at.rows()));
  firstSet = loop(whole, end, 1, firstSet);
  llvm::copy(firstSet, acc.begin());
  return acc;
}

/// The last tap dimension of a tile at the edge: which rows have an element is known for each tap.
Microkernel::Accumulators Microkernel::reduceEdge(Position &at, SmallVector<Value> &taps, Accumulators acc, int64_t inFlight) {
  const RowDim &last = p.rows.back();
  for (int64_t tap = 0; tap < last.kernel; ++tap) {
    at.active.clear();
    for (int64_t i = 0; i < at.width; ++i)
      if (last.reaches(*at.edgeStart + i, tap)) at.active.push_back(i);
    if (at.active.empty()) continue;
    if (p.lastFolded) {
      acc = reduceDepth(at, taps, ix.constant(tap * p.inputChannels), ix.constant(p.inputChannels), acc, inFlight);
    } else {
      taps.back() = ix.constant(tap);
      acc = reduceDepth(at, taps, ix.constant(0), p.depth, acc, inFlight);
    }
  }
  taps.back() = {};
  return acc;
}

/// The last tap dimension of one window at the edge.
Microkernel::Accumulators Microkernel::reduceOpen(Position &at, SmallVector<Value> &taps, Accumulators acc, int64_t inFlight) {
  auto [begin, end] = tapRange(ix, p.rows.back(), at.start.back());
  if (p.lastFolded) {
    Value first = ix.mul(begin, p.inputChannels);
    return reduceDepth(at, taps, first, ix.sub(ix.mul(end, p.inputChannels), first), acc, inFlight);
  }
  auto forOp = scf::ForOp::create(b, loc, begin, end, ix.constant(1), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  taps.back() = forOp.getInductionVar();
  scf::YieldOp::create(b, loc, reduceDepth(at, taps, ix.constant(0), p.depth, Accumulators(forOp.getRegionIterArgs()), inFlight));
  taps.back() = {};
  return Accumulators(forOp.getResults());
}

Microkernel::Accumulators Microkernel::reduceTaps(Position &at, unsigned dim, SmallVector<Value> &taps, Accumulators acc, int64_t inFlight) {
  if (at.edgeStart && dim + 1 == p.rows.size()) return reduceEdge(at, taps, acc, inFlight);
  if (at.open && dim + 1 == p.rows.size()) return reduceOpen(at, taps, acc, inFlight);
  if (dim == p.rows.size()) return reduceDepth(at, taps, ix.constant(0), p.depth, acc, inFlight);
  if (!p.rows[dim].hasTaps()) return reduceTaps(at, dim + 1, taps, acc, inFlight);
  // In the last dimension all taps of an inner tile have elements; in others all rows of a tile share their index.
  std::pair<Value, Value> range = {ix.constant(0), p.rows[dim].taps};
  if (dim + 1 < p.rows.size()) range = tapRange(ix, p.rows[dim], at.start[dim]);
  auto forOp = scf::ForOp::create(b, loc, range.first, range.second, ix.constant(1), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  taps[dim] = forOp.getInductionVar();
  Accumulators next = reduceTaps(at, dim + 1, taps, Accumulators(forOp.getRegionIterArgs()), inFlight);
  taps[dim] = {};
  scf::YieldOp::create(b, loc, next);
  return Accumulators(forOp.getResults());
}

void Microkernel::setMask(Position &at) {
  if (tile.columns == 1) return;
  at.valid = ix.sub(p.columns, channel(at));
  if (auto columns = IndexBuilder::known(p.columns)) at.valid = ix.constant(*columns % tile.columns);
  at.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(lanes, b.getI1Type()), at.valid);
}

void Microkernel::emitStore(ArrayRef<Value> start, int64_t height, int64_t width, Value column, bool masked, ArrayRef<Value> acc) {
  Position at;
  at.start.assign(start.begin(), start.end());
  at.height = height;
  at.width = width;
  at.outer = ix.constant(0);
  at.column = column;
  if (masked) setMask(at);
  storeTile(at, acc);
}

void Microkernel::emit(ArrayRef<Value> start, int64_t height, int64_t width, Value outer, Value column, Edge edge,
                       std::optional<int64_t> edgeStart) {
  Position at;
  at.start.assign(start.begin(), start.end());
  at.height = height;
  at.width = width;
  at.outer = outer;
  at.column = column;
  at.edgeStart = edgeStart;
  emitAt(at, edge);
}

void Microkernel::emitOpen(ArrayRef<Value> start, Value outer, Value column, Edge edge) {
  Position at;
  at.start.assign(start.begin(), start.end());
  at.height = at.width = 1;
  at.outer = outer;
  at.column = column;
  at.open = true;
  emitAt(at, edge);
}

void Microkernel::emitAt(Position at, Edge edge) {
  at.active = llvm::to_vector(llvm::seq<int64_t>(0, at.rows()));
  // Packed weights are filled up at the edge, so that only the store needs a mask.
  if (edge == Edge::Always || (edge == Edge::AtLast && !p.packed)) setMask(at);
  // Eight multiply-adds under way keep two pipes of latency four busy.
  // Counted for a whole tile also where fewer lanes are left, so that every column is summed in the same order: equal columns of weights
  // give equal results.
  int64_t rows = at.rows(), inFlight = 1;
  auto depth = IndexBuilder::known(p.dots ? ix.div(p.depth, kDotDepth) : p.depth);
  while (rows * tile.vectors * inFlight < 8 && (!depth || *depth >= 2 * inFlight)) inFlight *= 2;

  prefetchRows(at);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
  SmallVector<Value> taps(p.rows.size());
  Accumulators acc = reduceTaps(at, 0, taps, Accumulators(rows * inFlight, zero), inFlight);
  for (int64_t sets = inFlight; sets > 1; sets /= 2)
    for (int64_t i = 0; i < rows * sets / 2; ++i) {
      Value other = acc[i + rows * sets / 2];
      if (isa<FloatType>(vectorType.getElementType())) acc[i] = arith::AddFOp::create(b, loc, acc[i], other);
      else acc[i] = arith::AddIOp::create(b, loc, acc[i], other);
    }
  acc.resize(rows);
  store(at, acc, edge);
}
