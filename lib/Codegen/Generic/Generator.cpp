//===- Generator.cpp - tasks around the rows of a loop nest --------------------------------------===//
//
// A row is a run of the vector loop; the other parallel loops, collapsed, number the rows. A task is a group of short rows or a piece of
// a long one, about twenty microseconds of work, with sizes taken at run time where they are not known before.
//===----------------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Kernel.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr double kTaskNanoseconds = 20000;
constexpr int64_t kBlockElements = 4096;

class Generator {
public:
  Generator(IndexBuilder &ix, const LoopNest &nest, const GenericPlan &plan) : ix(ix), b(ix.b), loc(ix.loc), nest(nest), plan(plan) {}
  void run();

private:
  double elementCost() const;
  std::optional<int64_t> transposedRows() const;
  void emitRows(Value firstRow, Value lastRow, Value begin, Value end);

  IndexBuilder &ix;
  OpBuilder &b;
  Location loc;
  const LoopNest &nest;
  const GenericPlan &plan;
  SmallVector<unsigned> rowLoops; // parallel, not the vector loop, outermost first
  SmallVector<Value> rowCounts;   // tiles along them
};

} // namespace

/// Nanoseconds for one element of the vector loop, reductions included: three operations or one line of memory in a nanosecond.
double Generator::elementCost() const {
  double operations = bodyCost(*nest.body()) + nest.inputs.size() + nest.outputs.size();
  double cost = operations / 3 / std::max<int64_t>(1, plan.length) + 0.02;
  for (auto [d, loop] : llvm::enumerate(nest.loops))
    if (!loop.parallel && d != plan.vectorLoop) cost *= std::max<int64_t>(1, loop.known().value_or(16));
  return cost;
}

/// Rows side by side in an input that is read across them along the vector loop (a transpose); none where there is no such input.
std::optional<int64_t> Generator::transposedRows() const {
  if (!plan.vectorLoop || plan.vectorReduces || plan.jam > 1 || rowLoops.empty()) return std::nullopt;
  bool across = false;
  for (const Access &in : nest.inputs) {
    const Coefficient &along = in.coefficients[*plan.vectorLoop];
    if (along.is(0) || along.is(1)) continue;
    if (!in.coefficients[rowLoops.back()].is(1)) return std::nullopt;
    across = true;
  }
  auto rows = nest.loops[rowLoops.back()].known();
  if (!across || !rows || *rows < 2) return std::nullopt;
  return std::min<int64_t>(*rows, 64);
}

void Generator::emitRows(Value firstRow, Value lastRow, Value begin, Value end) {
  GenericKernel kernel(ix, nest, plan);
  ix.loop(firstRow, lastRow, 1, [&](Value row) {
    SmallVector<Value> index = ix.delinearize(row, rowCounts);
    SmallVector<Value> at(nest.loops.size());
    for (auto [d, i] : llvm::zip(rowLoops, index)) at[d] = i;
    if (plan.jam == 1) return kernel.emitRow(at, 1, begin, end);
    Value &jammed = at[*plan.jamLoop];
    jammed = ix.mul(jammed, plan.jam);
    Value size = nest.loops[*plan.jamLoop].size, rest = ix.sub(size, jammed);
    if (auto n = IndexBuilder::known(size); n && *n % plan.jam == 0) return kernel.emitRow(at, plan.jam, begin, end);
    Value start = jammed;
    ix.branch(ix.less(rest, ix.constant(plan.jam)),
              [&] {
                ix.loop(start, size, 1, [&](Value i) {
                  SmallVector<Value> one(at);
                  one[*plan.jamLoop] = i;
                  kernel.emitRow(one, 1, begin, end);
                });
              },
              [&] { kernel.emitRow(at, plan.jam, begin, end); });
  });
}

void Generator::run() {
  bool chunked = plan.vectorLoop && !plan.vectorReduces;
  for (auto [d, loop] : llvm::enumerate(nest.loops)) {
    if (!loop.parallel || (chunked && d == plan.vectorLoop)) continue;
    rowLoops.push_back(d);
    rowCounts.push_back(plan.jam > 1 && d == plan.jamLoop ? ix.ceilDiv(loop.size, plan.jam) : loop.size);
  }
  Value zero = ix.constant(0), one = ix.constant(1);
  Value length = plan.vectorLoop ? nest.loops[*plan.vectorLoop].size : one;
  if (llvm::none_of(nest.loops, [](const Loop &l) { return l.parallel; })) return emitRows(zero, one, zero, length);

  Value rows = ix.product(rowCounts);
  // Inside a parallel loop there is nothing to share out.
  if (nest.op->getParentOfType<scf::ParallelOp>()) return emitRows(zero, rows, zero, length);
  double perElement = elementCost() * plan.jam;
  int64_t step = std::max<int64_t>(1, plan.length) * plan.unroll;
  int64_t piece = std::max<int64_t>(1, int64_t(kTaskNanoseconds / perElement) / step) * step;
  // Rows up to twice a piece stay whole.
  auto known = IndexBuilder::known(length);
  bool whole = !chunked || (known && *known <= 2 * piece);
  Value pieces = whole ? one : ix.ceilDiv(length, piece);
  Value rowsPerTask = ix.max(one, ix.div(ix.constant(piece), ix.max(one, length)));
  if (auto block = transposedRows()) {
    // A block of both sides stays in the first cache.
    piece = std::max(step, kBlockElements / *block / step * step);
    whole = known && *known <= piece;
    pieces = whole ? one : ix.ceilDiv(length, piece);
    rowsPerTask = ix.constant(*block);
  }
  Value groups = IndexBuilder::known(rowsPerTask) == 1 ? rows : ix.div(ix.add(rows, ix.sub(rowsPerTask, one)), rowsPerTask);
  Value tasks = ix.mul(groups, pieces);

  auto loop = scf::ParallelOp::create(b, loc, ValueRange{zero}, ValueRange{tasks}, ValueRange{one});
  auto all = IndexBuilder::known(rows);
  double elements = known && all ? double(*known) * *all / std::max<int64_t>(1, IndexBuilder::known(tasks).value_or(1)) : piece;
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(std::max<int64_t>(1, elements * perElement)));
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> index = ix.delinearize(loop.getInductionVars().front(), {groups, pieces});
  Value firstRow = ix.mul(index[0], rowsPerTask), lastRow = ix.min(ix.add(firstRow, rowsPerTask), rows);
  if (IndexBuilder::known(rowsPerTask) == 1) lastRow = {};
  Value begin = ix.mul(index[1], piece), end = whole ? length : ix.min(ix.add(begin, piece), length);
  if (whole) begin = zero;
  if (lastRow) return emitRows(firstRow, lastRow, begin, end);
  GenericKernel kernel(ix, nest, plan);
  emitRows(firstRow, ix.add(firstRow, 1), begin, end);
}

LogicalResult ingot::generateGeneric(linalg::LinalgOp op, const TargetRow &target) {
  OpBuilder b(op);
  IndexBuilder ix(b, op.getLoc());
  FailureOr<LoopNest> nest = readLoopNest(op, ix);
  if (failed(nest)) return failure();
  FailureOr<GenericPlan> plan = planGeneric(*nest, target);
  if (failed(plan)) return failure();
  Generator(ix, *nest, *plan).run();
  op->erase();
  return success();
}
