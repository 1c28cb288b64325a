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
    : ix(ix), b(ix.b), loc(ix.loc), p(p), tile(tile), vectorType(VectorType::get(tile.columns, p.accumulator())) {
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

/// extras[i] at the result's index: a scalar where all columns share it, else a vector.
Value Microkernel::loadExtra(const Position &at, unsigned i, ArrayRef<Value> resultIndex) {
  Value extra = p.op.getExtras()[i];
  auto type = cast<MemRefType>(extra.getType());
  AffineMap map = extraMap(p.op, i);
  SmallVector<Value> index = applyMap(ix, map, resultIndex);
  if (classifyExtra(map, type) == ExtraAccess::Uniform) return memref::LoadOp::create(b, loc, extra, index);
  auto vector = VectorType::get(tile.columns, type.getElementType());
  if (tile.columns == 1) return asVector(b, loc, memref::LoadOp::create(b, loc, extra, index), 1);
  if (!at.mask) return vector::LoadOp::create(b, loc, vector, extra, index);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
  return vector::MaskedLoadOp::create(b, loc, vector, extra, index, at.mask, zero);
}

void Microkernel::storeRow(const Position &at, ArrayRef<Value> row, Value acc) {
  Value c = channel(at);
  if (p.groups != 1) c = ix.add(ix.mul(at.outer, p.columns), c);
  SmallVector<Value> args{acc}, index = resultIndex(row, c);
  for (unsigned i = 0; i < p.op.getExtras().size(); ++i) args.push_back(loadExtra(at, i, index));
  Value result = cloneBody(b, loc, p.op.getEpilogue().front(), args, tile.columns).front();
  result = asVector(b, loc, result, tile.columns);

  SmallVector<Value> outIndex(row);
  outIndex.push_back(c);
  if (tile.columns == 1) memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, result, ArrayRef<int64_t>{0}), p.out, outIndex);
  else if (at.mask) vector::MaskedStoreOp::create(b, loc, p.out, outIndex, at.mask, result);
  else vector::StoreOp::create(b, loc, result, p.out, outIndex);
}

/// One row element by element, its accumulators in `scratch`.
void Microkernel::storeRowScalar(const Position &at, ArrayRef<Value> row, Value scratch, Value scratchRow) {
  Value count = at.valid ? at.valid : ix.constant(tile.columns);
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
  auto type = MemRefType::get({at.rows(), tile.columns}, vectorType.getElementType());
  Value scratch;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(scratchBlock);
    scratch = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
  }
  for (int64_t row = 0; row < at.rows(); ++row)
    vector::StoreOp::create(b, loc, acc[row], scratch, ValueRange{ix.constant(row), ix.constant(0)});
  ix.loop(ix.constant(0), ix.constant(at.rows()), 1, [&](Value row) {
    SmallVector<Value> index(at.start);
    if (at.height == 1) {
      index.back() = ix.add(index.back(), row);
    } else {
      Value width = ix.constant(at.width);
      index.back() = ix.add(index.back(), ix.rem(row, width));
      index[index.size() - 2] = ix.add(index[index.size() - 2], ix.div(row, width));
    }
    if (scalarEpilogue) return storeRowScalar(at, index, scratch, row);
    storeRow(at, index, vector::LoadOp::create(b, loc, vectorType, scratch, ValueRange{row, ix.constant(0)}));
  });
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
