//===- FuseRows.cpp - neighbours that work on the same rows become one loop over rows --------------------===//
//
// A softmax is several ops over the same rows, a normalisation as many. One loop over rows with all of them inside passes once over
// memory, forks once, and keeps what only its own ops read in a scratch row. A group grows around a reduction of whole rows.
//===----------------------------------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace ingot {
#define GEN_PASS_DEF_FUSEROWS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// A task is about this long; a row much longer than that is better cut in pieces, unless there are rows for all cores.
constexpr double kTaskNanoseconds = 20000;
constexpr int64_t kFewRows = 8, kMostScratchBytes = 64 << 10, kGuessedSize = 128;

/// The size of a dimension, comparable without building IR.
struct Size {
  int64_t known = ShapedType::kDynamic;
  Value value;  // an index, or with `dim` a buffer
  int64_t dim = -1;
  bool operator==(const Size &o) const { return known == o.known && value == o.value && dim == o.dim; }
  Value build(OpBuilder &b, Location loc) const {
    if (!ShapedType::isDynamic(known)) return arith::ConstantIndexOp::create(b, loc, known);
    if (dim < 0) return value;
    return memref::DimOp::create(b, loc, value, dim);
  }
};

Size sizeOf(OpFoldResult size) {
  if (auto known = getConstantIntValue(size)) return {*known, {}, -1};
  return {ShapedType::kDynamic, cast<Value>(size), -1};
}

Size sizeOf(Value buffer, int64_t dim) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(dim)) return {type.getDimSize(dim), {}, -1};
  if (auto alloc = buffer.getDefiningOp<memref::AllocOp>()) return sizeOf(OpFoldResult(alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]));
  if (auto expand = buffer.getDefiningOp<memref::ExpandShapeOp>()) return sizeOf(expand.getMixedOutputShape()[dim]);
  if (auto output = buffer.getDefiningOp<OutputOp>()) return sizeOf(OpFoldResult(output.getSizes()[type.getDynamicDimIndex(dim)]));
  return {ShapedType::kDynamic, buffer, dim};
}

/// What is known of the size of a loop: one entry for every operand dimension that runs along it.
SmallVector<Size> sizesOf(linalg::LinalgOp op, unsigned loop) {
  SmallVector<Size> sizes;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType())) continue;
    for (auto [i, e] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (auto d = dyn_cast<AffineDimExpr>(e); d && d.getPosition() == loop) sizes.push_back(sizeOf(operand.get(), i));
  }
  return sizes;
}

bool sameSize(ArrayRef<Size> x, ArrayRef<Size> y) {
  return llvm::any_of(x, [&](const Size &s) { return llvm::is_contained(y, s); });
}

/// The buffer behind a view; `reshaped` if nothing but reshapes lies between.
Value rootOf(Value v, bool &reshaped) {
  while (auto view = v.getDefiningOp<ViewLikeOpInterface>()) {
    reshaped &= isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(view);
    v = view.getViewSource();
  }
  return v;
}

/// Data parallel work or a reduction, operands read by projections of the loops.
bool isCandidate(Operation *o) {
  auto op = dyn_cast<linalg::LinalgOp>(o);
  if (!op || op->getNumResults() || op.hasIndexSemantics() || !isa<linalg::GenericOp, linalg::FillOp>(o)) return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()) && !op.isScalar(&operand)) return false;
    if (!op.getMatchingIndexingMap(&operand).isProjectedPermutation(/*allowZeroInResults=*/true)) return false;
  }
  return llvm::all_of(*op.getBlock(), [](Operation &inner) { return isMemoryEffectFree(&inner); });
}

/// Rows are the leading loops, whole rows are reduced. The number of leading loops, or 0.
unsigned rowsReducedBy(Operation *o) {
  if (!isCandidate(o)) return 0;
  auto op = cast<linalg::LinalgOp>(o);
  auto iterators = op.getIteratorTypesArray();
  unsigned rows = llvm::find(iterators, utils::IteratorType::reduction) - iterators.begin();
  if (rows == iterators.size() || llvm::is_contained(ArrayRef(iterators).drop_front(rows), utils::IteratorType::parallel)) return 0;
  return rows;
}

int64_t bodyCost(Block &body) {
  int64_t cost = 1;
  for (Operation &op : body.without_terminator())
    cost += isa<math::MathDialect>(op.getDialect()) ? 20 : isa<arith::DivFOp>(op) ? 6 : 1;
  return cost;
}

/// Ops of one block that run row by row.
class Group {
public:
  Group(linalg::LinalgOp seed, unsigned rank) : rank(rank) {
    for (unsigned d = 0; d < rank; ++d) rows.push_back(sizesOf(seed, d));
    add(seed, /*front=*/false);
  }
  bool tryAdd(Operation *op, bool front);
  bool isWorthIt();
  void fuse();

  SmallVector<linalg::LinalgOp> ops; // in order

private:
  struct Use {
    Value buffer;
    bool aligned, reshaped, written;
  };
  Use useOf(linalg::LinalgOp op, OpOperand &operand);
  void add(linalg::LinalgOp op, bool front);
  double rowCost();
  void findScratch();
  Value rowOf(OpBuilder &b, linalg::LinalgOp op, OpOperand &operand, ArrayRef<Value> at);

  unsigned rank;
  SmallVector<SmallVector<Size>> rows;                  // per leading loop
  llvm::MapVector<Value, SmallVector<Use>> uses;        // by root
  llvm::MapVector<Value, Value> scratch;                // root to its row, in the order in which they are made
};

} // namespace

Group::Use Group::useOf(linalg::LinalgOp op, OpOperand &operand) {
  Use use{operand.get(), true, true, op.isDpsInit(&operand)};
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (auto [i, e] : llvm::enumerate(map.getResults())) {
    auto d = dyn_cast<AffineDimExpr>(e);
    if (i < rank) use.aligned &= d && d.getPosition() == i;
    else use.aligned &= !d || d.getPosition() >= rank;
  }
  use.aligned &= map.getNumResults() >= rank;
  return use;
}

void Group::add(linalg::LinalgOp op, bool front) {
  ops.insert(front ? ops.begin() : ops.end(), op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType())) continue;
    Use use = useOf(op, operand);
    uses[rootOf(operand.get(), use.reshaped)].push_back(use);
  }
}

bool Group::tryAdd(Operation *o, bool front) {
  if (!isCandidate(o)) return false;
  auto op = cast<linalg::LinalgOp>(o);
  if (op.getNumLoops() < rank) return false;
  auto iterators = op.getIteratorTypesArray();
  for (unsigned d = 0; d < rank; ++d)
    if (iterators[d] != utils::IteratorType::parallel || !sameSize(rows[d], sizesOf(op, d))) return false;
  bool connected = isa<linalg::FillOp>(o) && !front;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType())) continue;
    Use use = useOf(op, operand);
    Value root = rootOf(operand.get(), use.reshaped);
    if (use.written && !use.aligned) return false;
    auto known = uses.find(root);
    if (known == uses.end()) continue;
    for (const Use &other : known->second) {
      if (!use.written && !other.written) continue;
      connected = true;
      if (!use.aligned || !other.aligned) return false;
      if (use.buffer == other.buffer) continue;
      // Reshapes of one buffer that keep the rows apart hold the same elements in each.
      auto isPlain = [](const Use &u) { return u.reshaped && cast<MemRefType>(u.buffer.getType()).getLayout().isIdentity(); };
      if (!isPlain(use) || !isPlain(other)) return false;
      for (unsigned d = 0; d < rank; ++d)
        if (!(sizeOf(use.buffer, d) == sizeOf(other.buffer, d))) return false;
    }
  }
  if (!connected) return false;
  add(op, front);
  return true;
}

/// Nanoseconds: three operations on eight lanes in each.
double Group::rowCost() {
  double cost = 0;
  for (linalg::LinalgOp op : ops) {
    double points = 1;
    for (unsigned d = rank; d < op.getNumLoops(); ++d) {
      auto sizes = sizesOf(op, d);
      auto known = llvm::find_if(sizes, [](const Size &s) { return !ShapedType::isDynamic(s.known); });
      points *= known == sizes.end() ? kGuessedSize : std::max<int64_t>(1, known->known);
    }
    cost += 3 + points * (bodyCost(*op.getBlock()) + op->getNumOperands()) / 24;
  }
  return cost;
}

bool Group::isWorthIt() {
  // What was filled for a later op that did not join goes.
  while (ops.size() > 1 && isa<linalg::FillOp>(ops.back())) ops.pop_back();
  while (ops.size() > 1 && isa<linalg::FillOp>(ops.front()) &&
         llvm::none_of(ArrayRef(ops).drop_front(), [&](linalg::LinalgOp op) { return llvm::is_contained(op->getOperands(), ops.front().getDpsInits()[0]); }))
    ops.erase(ops.begin());
  if (ops.size() < 2) return false;
  int64_t count = 1;
  for (ArrayRef<Size> sizes : rows) {
    auto known = llvm::find_if(sizes, [](const Size &s) { return !ShapedType::isDynamic(s.known); });
    if (known == sizes.end()) return true;
    count *= known->known;
  }
  return count >= kFewRows || rowCost() < 2 * kTaskNanoseconds;
}

/// Buffers that nothing else reads need a row only.
void Group::findScratch() {
  int64_t bytes = 0;
  for (auto &[root, list] : uses) {
    auto alloc = root.getDefiningOp<memref::AllocOp>();
    if (!alloc || !llvm::any_of(list, [](const Use &u) { return u.written; })) continue;
    bool owned = true;
    SmallVector<Value> views{root};
    while (!views.empty() && owned)
      for (Operation *user : views.pop_back_val().getUsers()) {
        if (isa<ViewLikeOpInterface>(user)) views.push_back(user->getResult(0));
        else owned &= isa<memref::DimOp>(user) || llvm::is_contained(ops, dyn_cast<linalg::LinalgOp>(user));
      }
    MemRefType type = alloc.getType();
    if (!owned || type.getRank() < rank || !type.getLayout().isIdentity()) continue;
    auto row = MemRefType::get(type.getShape().drop_front(rank), type.getElementType());
    auto fits = [&](const Use &u) {
      auto other = cast<MemRefType>(u.buffer.getType()).getShape().drop_front(rank);
      return other == row.getShape() || (row.getNumElements() == 1 && llvm::all_of(other, [](int64_t d) { return d == 1; }));
    };
    if (!row.hasStaticShape() || !row.getElementType().isIntOrFloat() || !llvm::all_of(list, fits)) continue;
    int64_t size = row.getNumElements() * llvm::divideCeil(row.getElementTypeBitWidth(), 8);
    if (bytes + size > kMostScratchBytes) continue;
    bytes += size;
    scratch[root] = {};
  }
}

/// The part of an operand that belongs to one row, without the dimensions along rows.
Value Group::rowOf(OpBuilder &b, linalg::LinalgOp op, OpOperand &operand, ArrayRef<Value> at) {
  Value v = operand.get();
  auto type = dyn_cast<MemRefType>(v.getType());
  if (!type) return v;
  Location loc = op.getLoc();
  bool reshaped = true;
  Value root = rootOf(v, reshaped);
  if (Value own = scratch.lookup(root)) {
    auto wanted = type.getShape().drop_front(rank);
    auto have = cast<MemRefType>(own.getType());
    if (have.getShape() == wanted) return own;
    SmallVector<OpFoldResult> ones(wanted.size(), b.getIndexAttr(1));
    return memref::ReinterpretCastOp::create(b, loc, MemRefType::get(wanted, have.getElementType()), own, b.getIndexAttr(0), ones, ones);
  }
  SmallVector<OpFoldResult> offsets, sizes, steps(type.getRank(), b.getIndexAttr(1));
  SmallVector<int64_t> kept;
  for (auto [i, e] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
    auto d = dyn_cast<AffineDimExpr>(e);
    bool isRow = d && d.getPosition() < rank;
    offsets.push_back(isRow ? OpFoldResult(at[d.getPosition()]) : b.getIndexAttr(0));
    if (isRow) {
      sizes.push_back(b.getIndexAttr(1));
      continue;
    }
    Size size = sizeOf(v, i);
    sizes.push_back(ShapedType::isDynamic(size.known) ? OpFoldResult(size.build(b, loc)) : b.getIndexAttr(size.known));
    kept.push_back(type.getDimSize(i));
  }
  auto view = memref::SubViewOp::inferRankReducedResultType(kept, type, offsets, sizes, steps);
  return memref::SubViewOp::create(b, loc, cast<MemRefType>(view), v, offsets, sizes, steps);
}

void Group::fuse() {
  findScratch();
  OpBuilder b(ops.back());
  SmallVector<Location> locs;
  for (linalg::LinalgOp op : ops) locs.push_back(op.getLoc());
  Location loc = b.getFusedLoc(locs);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1), count = one;
  SmallVector<Value> sizes;
  for (ArrayRef<Size> row : rows) {
    auto known = llvm::find_if(row, [](const Size &s) { return !ShapedType::isDynamic(s.known); });
    sizes.push_back((known == row.end() ? row.front() : *known).build(b, loc));
    count = b.createOrFold<arith::MulIOp>(loc, count, sizes.back());
  }
  double cost = rowCost();
  int64_t perTask = std::max<int64_t>(1, kTaskNanoseconds / cost);
  Value step = arith::ConstantIndexOp::create(b, loc, perTask);
  Value tasks = b.createOrFold<arith::CeilDivUIOp>(loc, count, step);
  auto parallel = scf::ParallelOp::create(b, loc, zero, tasks, one);
  parallel->setAttr("ingot.cost", b.getI64IntegerAttr(std::max<int64_t>(1, perTask * cost)));
  b.setInsertionPointToStart(parallel.getBody());
  for (auto &[root, row] : scratch) {
    auto type = cast<MemRefType>(root.getType());
    row = memref::AllocaOp::create(b, loc, MemRefType::get(type.getShape().drop_front(rank), type.getElementType()), b.getI64IntegerAttr(64));
  }
  Value begin = arith::MulIOp::create(b, loc, parallel.getInductionVars()[0], step);
  Value end = arith::MinSIOp::create(b, loc, arith::AddIOp::create(b, loc, begin, step), count);
  auto loop = scf::ForOp::create(b, loc, begin, end, one);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> at(rank);
  Value rest = loop.getInductionVar();
  for (unsigned d = rank; d-- > 0;) {
    if (d == 0) {
      at[d] = rest;
      break;
    }
    at[d] = b.createOrFold<arith::RemUIOp>(loc, rest, sizes[d]);
    rest = b.createOrFold<arith::DivUIOp>(loc, rest, sizes[d]);
  }
  for (linalg::LinalgOp op : ops) {
    SmallVector<Value> inputs, inits;
    SmallVector<AffineMap> maps;
    unsigned loops = op.getNumLoops() - rank;
    SmallVector<AffineExpr> dims(rank, b.getAffineConstantExpr(-1)); // never kept
    for (unsigned d = 0; d < loops; ++d) dims.push_back(b.getAffineDimExpr(d));
    for (OpOperand &operand : op->getOpOperands()) {
      SmallVector<AffineExpr> results;
      for (AffineExpr e : op.getMatchingIndexingMap(&operand).getResults()) {
        auto d = dyn_cast<AffineDimExpr>(e);
        if (!d || d.getPosition() >= rank) results.push_back(e.replaceDims(dims));
      }
      maps.push_back(AffineMap::get(loops, 0, results, b.getContext()));
      (op.isDpsInit(&operand) ? inits : inputs).push_back(rowOf(b, op, operand, at));
    }
    auto iterators = op.getIteratorTypesArray();
    auto row = linalg::GenericOp::create(b, op.getLoc(), TypeRange(), inputs, inits, maps, ArrayRef(iterators).drop_front(rank));
    IRMapping map;
    op->getRegion(0).cloneInto(&row.getRegion(), map);
  }
  for (linalg::LinalgOp op : ops) op->erase();
}

namespace {
struct FuseRowsPass : ingot::impl::FuseRowsBase<FuseRowsPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    SmallVector<Block *> blocks;
    main.walk([&](Block *block) {
      if (!isa<linalg::LinalgOp, ContractOp>(block->getParentOp())) blocks.push_back(block);
    });
    for (Block *block : blocks) fuseIn(*block);
  }

  /// Nothing that touches memory lies between the ops of a group.
  static bool isNeutral(Operation *op) { return isMemoryEffectFree(op) || isa<memref::AllocOp>(op); }

  static void fuseIn(Block &block) {
    llvm::DenseSet<Operation *> seen;
    SmallVector<Operation *> seeds;
    for (Operation &op : block)
      if (rowsReducedBy(&op)) seeds.push_back(&op);
    for (Operation *seed : seeds) {
      if (seen.contains(seed)) continue;
      Group group(cast<linalg::LinalgOp>(seed), rowsReducedBy(seed));
      for (Operation *op = seed->getPrevNode(); op; op = op->getPrevNode())
        if (!isNeutral(op) && (seen.contains(op) || !group.tryAdd(op, /*front=*/true))) break;
      for (Operation *op = seed->getNextNode(); op; op = op->getNextNode())
        if (!isNeutral(op) && !group.tryAdd(op, /*front=*/false)) break;
      for (linalg::LinalgOp op : group.ops) seen.insert(op);
      if (group.isWorthIt()) group.fuse();
    }
  }
};
} // namespace
