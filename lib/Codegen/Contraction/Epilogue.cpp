//===- Epilogue.cpp - one register tile: from accumulators to the result ------------------===//
//
// The epilogue runs on the vectors of accumulators while they are in registers. A long one (a GELU) goes through a small buffer
// and a loop over rows instead, or its code would be repeated for every row; one that is not elementwise on vectors goes
// element by element from that buffer.
//===----------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Microkernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

namespace {
enum class ExtraAccess { Uniform, Vector, Gather };
}

/// How an extra is read for neighbouring columns of the result.
static ExtraAccess classifyExtra(AffineMap map, MemRefType type) {
  unsigned column = map.getNumDims() - 1;
  if (!map.isFunctionOfDim(column)) return ExtraAccess::Uniform;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1) return ExtraAccess::Gather;
  for (AffineExpr e : map.getResults().drop_back())
    if (e.isFunctionOfDim(column)) return ExtraAccess::Gather;
  return map.getResults().back() == getAffineDimExpr(column, map.getContext()) ? ExtraAccess::Vector : ExtraAccess::Gather;
}

static AffineMap extraMap(ContractOp op, unsigned i) { return cast<AffineMapAttr>(op.getExtraMaps()[i]).getValue(); }

Microkernel::Microkernel(IndexBuilder &ix, ContractionProblem &p, const ContractionTile &tile)
    : ix(ix), b(ix.b), loc(ix.loc), p(p), tile(tile) {
  setLanes(tile.columns);
  Block &body = p.op.getEpilogue().front();
  bool isBool = cast<MemRefType>(p.out.getType()).getElementType().isInteger(1);
  scalarEpilogue = !isVectorizableBody(body) || isBool;
  for (unsigned i = 0; i < p.op.getExtras().size(); ++i) {
    auto type = cast<MemRefType>(p.op.getExtras()[i].getType());
    ExtraAccess access = classifyExtra(extraMap(p.op, i), type);
    if (access == ExtraAccess::Gather || (access == ExtraAccess::Vector && type.getElementType().isInteger(1))) scalarEpilogue = true;
  }
  costlyEpilogue = scalarEpilogue || bodyCost(body) > 12;
}

/// The index of the result as the op sees it, from an index of collapsed rows.
SmallVector<Value> Microkernel::resultIndex(ArrayRef<Value> row, Value channel) {
  SmallVector<Value> index;
  if (!p.rowsCollapsed) {
    index.assign(row.begin(), row.end());
  } else {
    ArrayRef<Value> sizes = p.resultSizes;
    if (p.batched) {
      index.push_back(row.front());
      sizes = sizes.drop_front();
    }
    index.append(ix.delinearize(row.back(), sizes));
  }
  index.push_back(channel);
  return index;
}

static SmallVector<Value> applyMap(IndexBuilder &ix, AffineMap map, ArrayRef<Value> dims) {
  SmallVector<Value> index;
  for (AffineExpr e : map.getResults()) {
    if (auto d = dyn_cast<AffineDimExpr>(e)) index.push_back(dims[d.getPosition()]);
    else if (auto c = dyn_cast<AffineConstantExpr>(e)) index.push_back(ix.constant(c.getValue()));
    else index.push_back(affine::AffineApplyOp::create(ix.b, ix.loc, AffineMap::get(map.getNumDims(), 0, e), dims));
  }
  return index;
}

/// Asks for the lines that the epilogue will read and write, a row of the tile each, while the sums are on their way: rows lie apart, so that no
/// prefetcher sees them coming.
void Microkernel::prefetchRows(const Position &at) {
  int64_t bits = cast<MemRefType>(p.out.getType()).getElementTypeBitWidth();
  if (lanes * bits < 256) return;
  Value c = resultChannel(at);
  for (int64_t row = 0; row < at.rows(); ++row) {
    SmallVector<Value> outIndex = rowIndex(at, row), index = resultIndex(outIndex, c);
    for (auto [i, extra] : llvm::enumerate(p.op.getExtras())) {
      AffineMap map = extraMap(p.op, i);
      bool ofRow = llvm::any_of(llvm::seq<unsigned>(1, map.getNumDims() - 1), [&](unsigned d) { return map.isFunctionOfDim(d); });
      if (!ofRow || classifyExtra(map, cast<MemRefType>(extra.getType())) != ExtraAccess::Vector) continue;
      memref::PrefetchOp::create(b, loc, extra, applyMap(ix, map, index), /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
    outIndex.push_back(c);
    memref::PrefetchOp::create(b, loc, p.out, outIndex, /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
  }
}

/// extras[i] at the result's index: a scalar where all columns share it, else a vector.
Value Microkernel::loadExtra(const Position &at, unsigned i, ArrayRef<Value> resultIndex) {
  Value extra = p.op.getExtras()[i];
  auto type = cast<MemRefType>(extra.getType());
  AffineMap map = extraMap(p.op, i);
  SmallVector<Value> index = applyMap(ix, map, resultIndex);
  if (classifyExtra(map, type) == ExtraAccess::Uniform) return memref::LoadOp::create(b, loc, extra, index);
  auto vector = VectorType::get(lanes, type.getElementType());
  if (tile.columns == 1) return asVector(b, loc, memref::LoadOp::create(b, loc, extra, index), 1);
  if (!at.mask) return vector::LoadOp::create(b, loc, vector, extra, index);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
  return vector::MaskedLoadOp::create(b, loc, vector, extra, index, at.mask, zero);
}

/// What the epilogue takes for a row, as vectors.
SmallVector<Value> Microkernel::epilogueArguments(const Position &at, ArrayRef<Value> row, Value acc) {
  SmallVector<Value> args{acc}, index = resultIndex(row, resultChannel(at));
  for (unsigned i = 0; i < p.op.getExtras().size(); ++i) args.push_back(loadExtra(at, i, index));
  return args;
}

Value Microkernel::resultChannel(const Position &at) {
  return p.groups == 1 ? channel(at) : ix.add(ix.mul(at.outer, p.columns), channel(at));
}

void Microkernel::storeResult(const Position &at, ArrayRef<Value> row, Value result) {
  SmallVector<Value> outIndex(row);
  outIndex.push_back(resultChannel(at));
  if (tile.columns == 1) memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, result, ArrayRef<int64_t>{0}), p.out, outIndex);
  else if (at.mask) vector::MaskedStoreOp::create(b, loc, p.out, outIndex, at.mask, result);
  else vector::StoreOp::create(b, loc, result, p.out, outIndex);
}

void Microkernel::storeRow(const Position &at, ArrayRef<Value> row, Value acc) {
  Value result = cloneBody(b, loc, p.op.getEpilogue().front(), epilogueArguments(at, row, acc), lanes).front();
  storeResult(at, row, asVector(b, loc, result, lanes));
}

/// Vectors of one type, a power of two of them, one behind the other.
static Value concatenate(OpBuilder &b, Location loc, SmallVector<Value> vectors) {
  while (vectors.size() > 1) {
    SmallVector<Value> pairs;
    for (unsigned i = 0; i < vectors.size(); i += 2) {
      int64_t length = cast<VectorType>(vectors[i].getType()).getDimSize(0);
      pairs.push_back(vector::ShuffleOp::create(b, loc, vectors[i], vectors[i + 1], llvm::to_vector(llvm::seq<int64_t>(0, 2 * length))));
    }
    vectors = pairs;
  }
  return vectors.front();
}

/// Rows whose epilogues run as one wide vector, so that their chains of dependent operations overlap.
void Microkernel::storeRows(const Position &at, ArrayRef<SmallVector<Value>> rows, ArrayRef<Value> acc) {
  int64_t count = llvm::PowerOf2Ceil(rows.size());
  if (count == 1) return storeRow(at, rows.front(), acc.front());
  SmallVector<SmallVector<Value>> perRow;
  for (auto [row, a] : llvm::zip(rows, acc)) perRow.push_back(epilogueArguments(at, row, a));
  perRow.resize(count, perRow.back());
  SmallVector<Value> args;
  for (unsigned i = 0; i < perRow.front().size(); ++i) {
    SmallVector<Value> vectors;
    for (auto &row : perRow) vectors.push_back(asVector(b, loc, row[i], lanes));
    args.push_back(concatenate(b, loc, vectors));
  }
  Value result = cloneBody(b, loc, p.op.getEpilogue().front(), args, lanes * count).front();
  result = asVector(b, loc, result, lanes * count);
  for (auto [i, row] : llvm::enumerate(rows)) {
    auto part = llvm::to_vector(llvm::seq<int64_t>(i * lanes, (i + 1) * lanes));
    storeResult(at, row, vector::ShuffleOp::create(b, loc, result, result, part));
  }
}

/// One row element by element, its accumulators in `scratch`.
void Microkernel::storeRowScalar(const Position &at, ArrayRef<Value> row, Value scratch, Value scratchRow) {
  Value count = at.valid ? at.valid : ix.constant(lanes);
  ix.loop(ix.constant(0), count, 1, [&](Value lane) {
    Value c = ix.add(channel(at), lane);
    if (p.groups != 1) c = ix.add(ix.mul(at.outer, p.columns), c);
    SmallVector<Value> index = resultIndex(row, c);
    SmallVector<Value> args{memref::LoadOp::create(b, loc, scratch, ValueRange{scratchRow, lane})};
    for (auto [i, extra] : llvm::enumerate(p.op.getExtras()))
      args.push_back(memref::LoadOp::create(b, loc, extra, applyMap(ix, extraMap(p.op, i), index)));
    SmallVector<Value> outIndex(row);
    outIndex.push_back(c);
    memref::StoreOp::create(b, loc, cloneBody(b, loc, p.op.getEpilogue().front(), args, 0).front(), p.out, outIndex);
  });
}

void Microkernel::storeThroughScratch(const Position &at, ArrayRef<Value> acc) {
  auto type = MemRefType::get({at.rows(), lanes}, vectorType.getElementType());
  Value scratch;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(scratchBlock);
    scratch = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
  }
  for (int64_t row = 0; row < at.rows(); ++row)
    vector::StoreOp::create(b, loc, acc[row], scratch, ValueRange{ix.constant(row), ix.constant(0)});
  auto indexOf = [&](Value row) {
    SmallVector<Value> index(at.start);
    if (at.height == 1) {
      index.back() = ix.add(index.back(), row);
    } else {
      Value width = ix.constant(at.width);
      index.back() = ix.add(index.back(), ix.rem(row, width));
      index[index.size() - 2] = ix.add(index[index.size() - 2], ix.div(row, width));
    }
    return index;
  };
  Value zero = ix.constant(0);
  if (scalarEpilogue)
    return ix.loop(zero, ix.constant(at.rows()), 1, [&](Value row) { storeRowScalar(at, indexOf(row), scratch, row); });
  auto group = [&](Value first, int64_t count) {
    SmallVector<SmallVector<Value>> rows;
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < count; ++i) {
      Value row = ix.add(first, i);
      rows.push_back(indexOf(row));
      loaded.push_back(vector::LoadOp::create(b, loc, vectorType, scratch, ValueRange{row, zero}));
    }
    storeRows(at, rows, loaded);
  };
  // Four registers of results under way hide the latency of a polynomial.
  int64_t together = std::min(std::max<int64_t>(1, 4 * (tile.columns / tile.vectors) / lanes), at.rows());
  together = int64_t(1) << llvm::Log2_64(together);
  int64_t whole = at.rows() / together * together;
  ix.loop(zero, ix.constant(whole), together, [&](Value first) { group(first, together); });
  if (whole < at.rows()) group(ix.constant(whole), at.rows() - whole);
}

void Microkernel::storeTile(const Position &at, ArrayRef<Value> acc) {
  if (costlyEpilogue) return storeThroughScratch(at, acc);
  for (int64_t row = 0; row < at.rows(); ++row) storeRow(at, rowIndex(at, row), acc[row]);
}

void Microkernel::store(const Position &at, ArrayRef<Value> acc, Edge edge) {
  if (edge != Edge::AtLast || tile.columns == 1) return storeTile(at, acc);
  Value whole = ix.div(p.columns, tile.columns);
  ix.branch(ix.less(at.column, whole), [&] { storeTile(at, acc); },
            [&] {
              Position last = at;
              setMask(last);
              storeTile(last, acc);
            });
}
