//===- Kernel.cpp - loads, bodies and stores of points on vectors ------------------------------------===//
#include "Kernel.h"
#include "../VectorBody.h"

#include "mlir/Dialect/UB/IR/UBOps.h"

using namespace mlir;
using namespace ingot;

GenericKernel::GenericKernel(IndexBuilder &ix, const LoopNest &nest, const GenericPlan &plan)
    : ix(ix), b(ix.b), loc(ix.loc), nest(nest), plan(plan) {}

/// Outer loops first, so that what does not change in a loop is a common part.
Value GenericKernel::address(const Access &access, const Points &at, int64_t jam, int64_t vector, Value lane) {
  Value sum = ix.constant(0);
  auto move = [&](unsigned d, Value index) {
    const Coefficient &c = access.coefficients[d];
    if (c.is(0) || !index) return;
    sum = ix.add(sum, c.known ? ix.mul(index, *c.known) : ix.mul(index, c.value));
  };
  for (unsigned d = 0; d < nest.loops.size(); ++d)
    if (d != plan.vectorLoop) move(d, plan.jamLoop == d ? ix.add(at.index[d], jam) : at.index[d]);
  if (plan.vectorLoop) {
    Value index = ix.add(at.index[*plan.vectorLoop], vector * std::max<int64_t>(1, at.length));
    move(*plan.vectorLoop, lane ? ix.add(index, lane) : index);
  }
  return sum;
}

/// Booleans take a byte each in memory but a bit each in a vector: they are moved as bytes.
Value GenericKernel::flatBytes(const Access &access) {
  auto type = cast<MemRefType>(access.flat.getType());
  auto bytes = MemRefType::get(type.getShape(), b.getI8Type(), type.getLayout(), type.getMemorySpace());
  return UnrealizedConversionCastOp::create(b, loc, TypeRange(bytes), access.flat).getResult(0);
}

Value GenericKernel::loadLanes(const Access &access, const Points &at, int64_t jam, int64_t vector) {
  Values lanes;
  for (int64_t i = 0; i < at.length; ++i) {
    Value lane = ix.constant(i);
    if (at.valid) lane = ix.min(lane, ix.sub(at.valid, ix.constant(1)));
    lanes.push_back(memref::LoadOp::create(b, loc, access.flat, address(access, at, jam, vector, lane)));
  }
  return vector::FromElementsOp::create(b, loc, VectorType::get(at.length, access.element), lanes);
}

Value GenericKernel::load(const Access &access, const Points &at, int64_t jam, int64_t vector) {
  if (!isa<MemRefType>(access.flat.getType())) return access.flat;
  bool uniform = !at.length || access.coefficients[*plan.vectorLoop].is(0);
  if (!uniform && !access.coefficients[*plan.vectorLoop].is(1)) return loadLanes(access, at, jam, vector);
  Value index = address(access, at, jam, vector);
  if (uniform) return memref::LoadOp::create(b, loc, access.flat, index);
  bool isBool = access.element.isInteger(1);
  Value from = isBool ? flatBytes(access) : access.flat;
  auto type = VectorType::get(at.length, isBool ? b.getI8Type() : access.element);
  Value v;
  if (at.mask) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    v = vector::MaskedLoadOp::create(b, loc, type, from, ValueRange{index}, at.mask, zero);
  } else {
    v = vector::LoadOp::create(b, loc, type, from, ValueRange{index});
  }
  return isBool ? arith::TruncIOp::create(b, loc, type.clone(b.getI1Type()), v).getResult() : v;
}

void GenericKernel::store(const Access &access, const Points &at, int64_t jam, int64_t vector, Value value) {
  Value index = address(access, at, jam, vector);
  if (!at.length) {
    memref::StoreOp::create(b, loc, value, access.flat, index);
    return;
  }
  value = asVector(b, loc, value, at.length);
  Value to = access.flat;
  if (access.element.isInteger(1)) {
    to = flatBytes(access);
    value = arith::ExtUIOp::create(b, loc, VectorType::get(at.length, b.getI8Type()), value);
  }
  if (at.mask) vector::MaskedStoreOp::create(b, loc, to, ValueRange{index}, at.mask, value);
  else vector::StoreOp::create(b, loc, value, to, ValueRange{index});
}

/// The index of a dimension at a point; along the vector loop, that of the first lane.
Value GenericKernel::indexValue(linalg::IndexOp op, const Points &at, int64_t jam, int64_t vector) {
  auto loop = nest.originalDims[op.getDim()];
  if (!loop) return ix.constant(0);
  if (loop == plan.jamLoop) return ix.add(at.index[*loop], jam);
  return loop == plan.vectorLoop ? ix.add(at.index[*loop], vector * at.length) : at.index[*loop];
}

/// What neighbouring lanes read side by side.
Value GenericKernel::loadRun(memref::LoadOp op, const Points &at, const IRMapping &map) {
  Values index = llvm::map_to_vector(op.getIndices(), [&](Value v) { return map.lookupOrDefault(v); });
  Value from = map.lookupOrDefault(op.getMemRef());
  auto type = VectorType::get(at.length, op.getType());
  if (!at.mask) return vector::LoadOp::create(b, loc, type, from, index);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, from, index, at.mask, zero);
}

/// The body at every point; `acc` and the result are per point, then per output.
GenericKernel::Values GenericKernel::body(const Points &at, Values acc) {
  Block *block = nest.body();
  unsigned outputs = nest.outputs.size();
  Values result;
  // What does not move from one point to the next is loaded once.
  SmallVector<Values> shared(nest.inputs.size(), Values(at.count()));
  for (int64_t j = 0; j < at.jam; ++j)
    for (int64_t u = 0; u < at.unroll; ++u) {
      Values args;
      for (auto [i, in] : llvm::enumerate(nest.inputs)) {
        if (block->getArgument(i).use_empty()) {
          args.push_back({});
          continue;
        }
        bool alongJam = !plan.jamLoop || !in.coefficients[*plan.jamLoop].is(0);
        bool alongVector = at.length && !in.coefficients[*plan.vectorLoop].is(0);
        Value &v = shared[i][(alongJam ? j : 0) * at.unroll + (alongVector ? u : 0)];
        if (!v) v = load(in, at, j, u);
        args.push_back(v);
      }
      for (unsigned o = 0; o < outputs; ++o) args.push_back(acc[(j * at.unroll + u) * outputs + o]);
      for (auto [i, arg] : llvm::enumerate(args))
        if (!arg) arg = ub::PoisonOp::create(b, loc, block->getArgument(i).getType());
      auto replace = [&](Operation *op, const IRMapping &map) -> Value {
        if (auto index = dyn_cast<linalg::IndexOp>(op)) return indexValue(index, at, j, u);
        auto read = dyn_cast<memref::LoadOp>(op);
        return read && at.length && readsRun(nest, read, *plan.vectorLoop) ? loadRun(read, at, map) : Value();
      };
      result.append(cloneBody(b, loc, *block, args, at.length, replace));
    }
  if (at.length)
    for (Value &v : result) v = asVector(b, loc, v, at.length);
  return result;
}

/// A sum of more terms than twice this is a sum of sums of so many: its error grows with the number of blocks and the length of one, not with
/// the number of terms.
static constexpr int64_t kSumBlock = 32;

/// Reduction loops from `loop` on, the accumulators carried; the vector loop is not among them.
GenericKernel::Values GenericKernel::reduce(Points &at, unsigned loop, Values acc) {
  while (loop < nest.loops.size() && (nest.loops[loop].parallel || loop == plan.vectorLoop)) ++loop;
  if (loop == nest.loops.size()) return plan.vectorReduces && at.length ? reduceVector(at, acc) : body(at, acc);
  auto run = [&](Value from, Value to, int64_t step, Values init, llvm::function_ref<Values(Value, Values)> body) {
    auto forOp = scf::ForOp::create(b, loc, from, to, ix.constant(step), init);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    scf::YieldOp::create(b, loc, body(forOp.getInductionVar(), Values(forOp.getRegionIterArgs())));
    return Values(forOp.getResults());
  };
  auto single = [&](Value i, Values carried) {
    at.index[loop] = i;
    Values next = reduce(at, loop + 1, carried);
    at.index[loop] = {};
    return next;
  };
  Value size = nest.loops[loop].size;
  bool isLong = nest.loops[loop].known().value_or(INT64_MAX) > 2 * kSumBlock;
  if (!plan.sumsFloats || !isLong) return run(ix.constant(0), size, 1, acc, single);
  return run(ix.constant(0), size, kSumBlock, acc, [&](Value begin, Values carried) {
    Values block;
    for (Value v : carried) block.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(v.getType())));
    block = run(begin, ix.min(ix.add(begin, kSumBlock), size), 1, block, single);
    for (auto [sum, part] : llvm::zip(block, carried)) sum = arith::AddFOp::create(b, loc, part, sum);
    return block;
  });
}

void GenericKernel::emitPoints(Points at) {
  Values acc;
  unsigned outputs = nest.outputs.size();
  auto results = nest.body()->getArguments().drop_front(nest.inputs.size());
  for (int64_t j = 0; j < at.jam; ++j)
    for (int64_t u = 0; u < at.unroll; ++u)
      for (auto [out, arg] : llvm::zip(nest.outputs, results)) {
        Value v;
        if (!arg.use_empty()) v = load(out, at, j, u);
        acc.push_back(v);
      }
  bool reduces = llvm::any_of(nest.loops, [](const Loop &l) { return !l.parallel; });
  for (auto [i, v] : llvm::enumerate(acc))
    if (!v) {
      // The body does not read it; a loop that carries it still wants a value.
      Type element = nest.outputs[i % outputs].element;
      Type type = at.length ? Type(VectorType::get(at.length, element)) : element;
      if (reduces) v = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    }
  acc = reduce(at, 0, acc);
  for (int64_t j = 0; j < at.jam; ++j)
    for (int64_t u = 0; u < at.unroll; ++u)
      for (auto [o, out] : llvm::enumerate(nest.outputs)) store(out, at, j, u, acc[(j * at.unroll + u) * outputs + o]);
}

void GenericKernel::emitRow(ArrayRef<Value> where, int64_t jam, Value begin, Value end) {
  Points at;
  at.index.assign(where.begin(), where.end());
  at.jam = jam;
  if (!plan.vectorLoop) return emitPoints(at);
  if (plan.vectorReduces) return emitReduction(at, begin, end);
  unsigned v = *plan.vectorLoop;
  auto run = [&](Value from, Value to, int64_t length, int64_t unroll) {
    auto known = IndexBuilder::known(ix.sub(to, from));
    if (known && *known <= 0) return;
    ix.loop(from, to, std::max<int64_t>(1, length) * unroll, [&](Value i) {
      Points p = at;
      p.index[v] = i;
      p.length = length;
      p.unroll = unroll;
      emitPoints(p);
    });
  };
  Value count = ix.sub(end, begin);
  int64_t wide = plan.length * plan.unroll;
  Value afterWide = ix.add(begin, ix.mul(ix.div(count, wide), wide));
  Value afterWhole = ix.add(begin, ix.mul(ix.div(count, plan.length), plan.length));
  run(begin, afterWide, plan.length, plan.unroll);
  if (plan.unroll > 1) run(afterWide, afterWhole, plan.length, 1);
  if (!plan.masked) return run(afterWhole, end, 0, 1);
  Value rest = ix.sub(end, afterWhole);
  ix.branch(ix.less(ix.constant(0), rest),
            [&] {
              Points p = at;
              p.index[v] = afterWhole;
              p.length = plan.length;
              p.valid = rest;
              p.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(plan.length, b.getI1Type()), rest);
              emitPoints(p);
            },
            [] {});
}
