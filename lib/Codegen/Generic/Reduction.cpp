//===- Reduction.cpp - rows reduced along their vectors --------------------------------------------===//
//
// Several vectors of partial results run over the row; they are combined at its end, then across lanes. The rest of the row is
// folded in element by element, or as a masked vector.
//===----------------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Kernel.h"

using namespace mlir;
using namespace ingot;

/// The vector loop as the innermost reduction: whole steps of `unroll` vectors, then single ones.
GenericKernel::Values GenericKernel::reduceVector(Points &at, Values acc) {
  unsigned v = *plan.vectorLoop;
  unsigned outputs = nest.outputs.size();
  Value size = nest.loops[v].size, zero = ix.constant(0);
  auto run = [&](Value from, Value to, int64_t unroll, Values init) {
    auto known = IndexBuilder::known(ix.sub(to, from));
    if (known && *known <= 0) return init;
    auto forOp = scf::ForOp::create(b, loc, from, to, ix.constant(plan.length * unroll), init);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Points p = at;
    p.index[v] = forOp.getInductionVar();
    p.unroll = unroll;
    scf::YieldOp::create(b, loc, body(p, Values(forOp.getRegionIterArgs())));
    return Values(forOp.getResults());
  };
  int64_t wide = plan.length * plan.unroll;
  Value afterWide = ix.mul(ix.div(size, wide), wide), afterWhole = ix.mul(ix.div(size, plan.length), plan.length);
  acc = run(zero, afterWide, plan.unroll, acc);
  if (plan.unroll > 1) {
    Values first(ArrayRef(acc).take_front(outputs));
    llvm::copy(run(afterWide, afterWhole, 1, first), acc.begin());
  }
  if (!plan.masked) return acc;
  // Lanes beyond the end keep what they have.
  Value rest = ix.sub(size, afterWhole);
  if (IndexBuilder::known(rest) == 0) return acc;
  auto tail = scf::IfOp::create(b, loc, TypeRange(ValueRange(ArrayRef(acc).take_front(outputs))), ix.less(zero, rest), /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tail.thenBlock());
    Points p = at;
    p.index[v] = afterWhole;
    p.unroll = 1;
    p.valid = rest;
    p.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(plan.length, b.getI1Type()), rest);
    Values old(ArrayRef(acc).take_front(outputs)), next = body(p, old);
    for (auto [n, o] : llvm::zip(next, old)) n = arith::SelectOp::create(b, loc, p.mask, n, o);
    scf::YieldOp::create(b, loc, next);
    b.setInsertionPointToStart(tail.elseBlock());
    scf::YieldOp::create(b, loc, old);
  }
  llvm::copy(tail.getResults(), acc.begin());
  return acc;
}

void GenericKernel::emitReduction(Points at, Value begin, Value end) {
  unsigned outputs = nest.outputs.size(), v = *plan.vectorLoop;
  at.length = plan.length;
  at.unroll = plan.unroll;
  Values acc;
  for (int64_t u = 0; u < plan.unroll; ++u)
    for (Operation *combiner : plan.combiners) {
      TypedAttr neutral = *arith::getNeutralElement(combiner);
      auto type = VectorType::get(plan.length, neutral.getType());
      acc.push_back(arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(neutral))));
    }
  acc = reduce(at, 0, acc);
  auto combine = [&](unsigned o, Value x, Value y) { return vector::makeArithReduction(b, loc, plan.kinds[o], x, y); };
  for (int64_t u = 1; u < plan.unroll; ++u)
    for (unsigned o = 0; o < outputs; ++o) acc[o] = combine(o, acc[o], acc[u * outputs + o]);

  Points single = at;
  single.length = 0;
  single.unroll = 1;
  single.index[v] = ix.constant(0);
  Values result;
  for (auto [o, out] : llvm::enumerate(nest.outputs)) {
    auto flags = arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::reassoc);
    Value initial = load(out, single, 0, 0);
    Value lanes = vector::ReductionOp::create(b, loc, plan.kinds[o], acc[o], flags.getValue());
    result.push_back(combine(o, initial, lanes));
  }
  if (!plan.masked) {
    // Elements beyond the last whole vector, for every index of the other reductions.
    Value whole = ix.mul(ix.div(end, plan.length), plan.length);
    auto known = IndexBuilder::known(ix.sub(end, whole));
    if (!known || *known > 0) {
      auto forOp = scf::ForOp::create(b, loc, whole, end, ix.constant(1), result);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(forOp.getBody());
      single.index[v] = forOp.getInductionVar();
      scf::YieldOp::create(b, loc, reduce(single, 0, Values(forOp.getRegionIterArgs())));
      result.assign(forOp.getResults().begin(), forOp.getResults().end());
    }
  }
  single.index[v] = ix.constant(0);
  for (auto [o, out] : llvm::enumerate(nest.outputs)) store(out, single, 0, 0, result[o]);
}
