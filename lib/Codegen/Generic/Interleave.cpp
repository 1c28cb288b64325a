//===- Interleave.cpp - transposes that put a few channels last -----------------------------------===//
//
//   [.., C, .., W] -> [.., W, C] with few C: an image of three planes becomes pixels, the halves of a channel shuffle alternate
//
// Along W each channel is a run of vectors, and the result's vectors are theirs, lane by lane: loads and stores are whole, where going along either
// dimension alone would move single elements.
//===----------------------------------------------------------------------------------------------===//
#include "Kernel.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kMostChannels = 8, kTaskNanoseconds = 20000;

class Interleaver {
public:
  Interleaver(linalg::LinalgOp op, const TargetRow &target, OpBuilder &b) : op(op), target(target), b(b), loc(op.getLoc()), ix(b, loc) {}
  LogicalResult match();
  void run();

private:
  void emitRow(Value row);
  void emitRun(ArrayRef<Value> at, Value begin, int64_t length);
  Value interleave(ArrayRef<Value> vectors, int64_t length);

  linalg::LinalgOp op;
  const TargetRow &target;
  OpBuilder &b;
  Location loc;
  IndexBuilder ix;
  Value input, out; // out: its last two dimensions as one
  AffineMap read, write;
  SmallVector<Value> sizes; // of the result
  int64_t channels = 0;
  Type element;
};

bool hasUnitStride(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) && strides.back() == 1;
}

} // namespace

LogicalResult Interleaver::match() {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1) return failure();
  Block *body = op.getBlock();
  if (!llvm::hasSingleElement(*body) || body->getTerminator()->getOperand(0) != body->getArgument(0)) return failure();
  input = op.getDpsInputs().front();
  auto from = dyn_cast<MemRefType>(input.getType()), to = dyn_cast<MemRefType>(op.getDpsInits().front().getType());
  if (!from || !to || from.getRank() < 2 || from.getRank() != to.getRank()) return failure();
  read = op.getIndexingMapsArray()[0], write = op.getIndexingMapsArray()[1];
  int64_t rank = to.getRank();
  if (!read.isPermutation() || !write.isPermutation() || read.getDimPosition(rank - 1) != write.getDimPosition(rank - 2)) return failure();
  channels = to.getDimSize(rank - 1), element = to.getElementType();
  if (ShapedType::isDynamic(channels) || channels < 2 || channels > kMostChannels) return failure();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() < 8 || element.getIntOrFloatBitWidth() > 64) return failure();
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank - 1; ++i) groups.push_back({i});
  groups.back().push_back(rank - 1);
  return success(hasUnitStride(from) && hasUnitStride(to) && memref::CollapseShapeOp::isGuaranteedCollapsible(to, groups));
}

/// Lane i of vector c becomes lane i * channels + c.
Value Interleaver::interleave(ArrayRef<Value> vectors, int64_t length) {
  int64_t whole = length * channels;
  Value all;
  for (auto [channel, v] : llvm::enumerate(vectors)) {
    SmallVector<int64_t> spread(whole, -1), merge(whole);
    for (int64_t i = 0; i < whole; ++i) {
      if (i % channels == (int64_t)channel) spread[i] = i / channels;
      merge[i] = i % channels == (int64_t)channel ? whole + i : i;
    }
    Value apart = vector::ShuffleOp::create(b, loc, v, v, spread);
    all = all ? vector::ShuffleOp::create(b, loc, all, apart, merge).getResult() : apart;
  }
  return all;
}

/// `length` positions from `begin` on, of all channels.
void Interleaver::emitRun(ArrayRef<Value> at, Value begin, int64_t length) {
  int64_t rank = sizes.size();
  SmallVector<Value> vectors, byLoop(rank), to(at.drop_back(2));
  for (int64_t i = 0; i < rank - 2; ++i) byLoop[write.getDimPosition(i)] = at[i];
  byLoop[write.getDimPosition(rank - 2)] = begin;
  for (int64_t channel = 0; channel < channels; ++channel) {
    byLoop[write.getDimPosition(rank - 1)] = ix.constant(channel);
    SmallVector<Value> index;
    for (int64_t i = 0; i < rank; ++i) index.push_back(byLoop[read.getDimPosition(i)]);
    vectors.push_back(length == 1 ? memref::LoadOp::create(b, loc, input, index).getResult()
                                  : vector::LoadOp::create(b, loc, VectorType::get(length, element), input, index).getResult());
  }
  to.push_back(ix.mul(begin, channels));
  if (length > 1) {
    vector::StoreOp::create(b, loc, interleave(vectors, length), out, to);
    return;
  }
  for (auto [channel, v] : llvm::enumerate(vectors)) {
    SmallVector<Value> index(to);
    index.back() = ix.add(index.back(), channel);
    memref::StoreOp::create(b, loc, v, out, index);
  }
}

void Interleaver::emitRow(Value row) {
  SmallVector<Value> at = ix.delinearize(row, ArrayRef(sizes).drop_back(2));
  at.resize(sizes.size());
  Value begin = ix.constant(0), size = sizes[sizes.size() - 2];
  auto known = IndexBuilder::known(size);
  // Whole vectors, then what is left in halves of them.
  for (int64_t length = target.vectorLength(element.getIntOrFloatBitWidth()); length >= 1; length = known ? length / 2 : length == 1 ? 0 : 1) {
    Value end = ix.mul(ix.div(size, length), length);
    if (!known || *IndexBuilder::known(begin) < *IndexBuilder::known(end)) ix.loop(begin, end, length, [&](Value i) { emitRun(at, i, length); });
    begin = end;
  }
}

void Interleaver::run() {
  Value init = op.getDpsInits().front();
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i) {
    sizes.push_back(ix.dim(init, i));
    if (i < rank - 1) groups.push_back({i});
  }
  groups.back().push_back(rank - 1);
  out = memref::CollapseShapeOp::create(b, loc, init, groups);
  Value rows = ix.product(ArrayRef(sizes).drop_back(2)), zero = ix.constant(0), one = ix.constant(1);
  // Inside a parallel loop there is nothing to share out.
  if (op->getParentOfType<scf::ParallelOp>()) return ix.loop(zero, rows, 1, [&](Value row) { emitRow(row); });
  // About eight bytes in a nanosecond, each read and written.
  int64_t width = IndexBuilder::known(sizes[rank - 2]).value_or(100);
  int64_t cost = std::max<int64_t>(1, width * channels * element.getIntOrFloatBitWidth() / 8 / 4);
  int64_t perTask = std::max<int64_t>(1, kTaskNanoseconds / cost);
  auto loop = scf::ParallelOp::create(b, loc, ValueRange{zero}, ValueRange{ix.ceilDiv(rows, perTask)}, ValueRange{one});
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(cost * perTask));
  b.setInsertionPointToStart(loop.getBody());
  Value first = ix.mul(loop.getInductionVars().front(), perTask);
  ix.loop(first, perTask == 1 ? ix.add(first, 1) : ix.min(ix.add(first, perTask), rows), 1, [&](Value row) { emitRow(row); });
}

LogicalResult ingot::generateInterleave(linalg::LinalgOp op, const TargetRow &target) {
  OpBuilder b(op);
  Interleaver interleaver(op, target, b);
  if (failed(interleaver.match())) return failure();
  interleaver.run();
  op->erase();
  return success();
}
