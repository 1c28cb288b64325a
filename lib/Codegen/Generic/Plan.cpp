//===- Plan.cpp - which loop runs on vectors -----------------------------------------------------===//
//
// A loop can be the vector loop if every operand moves along it by one element or not at all; one that moves otherwise is gathered
// lane by lane, which is worth it only where nothing better is there.
//===----------------------------------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "Kernel.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ingot;

static std::optional<vector::CombiningKind> combiningKind(Operation *op) {
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, std::optional<Kind>>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Kind::ADD; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Kind::MUL; })
      .Case<arith::MaximumFOp>([](auto) { return Kind::MAXIMUMF; })
      .Case<arith::MinimumFOp>([](auto) { return Kind::MINIMUMF; })
      .Case<arith::MaxNumFOp>([](auto) { return Kind::MAXNUMF; })
      .Case<arith::MinNumFOp>([](auto) { return Kind::MINNUMF; })
      .Case<arith::MaxSIOp>([](auto) { return Kind::MAXSI; })
      .Case<arith::MinSIOp>([](auto) { return Kind::MINSI; })
      .Case<arith::MaxUIOp>([](auto) { return Kind::MAXUI; })
      .Case<arith::MinUIOp>([](auto) { return Kind::MINUI; })
      .Case<arith::AndIOp>([](auto) { return Kind::AND; })
      .Case<arith::OrIOp>([](auto) { return Kind::OR; })
      .Case<arith::XOrIOp>([](auto) { return Kind::XOR; })
      .Default([](Operation *) { return std::nullopt; });
}

/// One associative op folds each result: acc' = combine(acc, f(inputs)).
static bool matchCombiners(const LoopNest &nest, GenericPlan &plan) {
  Block *body = nest.body();
  auto accumulators = body->getArguments().drop_front(nest.inputs.size());
  for (unsigned i = 0; i < nest.outputs.size(); ++i) {
    SmallVector<Operation *> ops;
    if (!matchReduction(SmallVector<BlockArgument>(accumulators.begin(), accumulators.end()), i, ops) || ops.size() != 1) return false;
    auto kind = combiningKind(ops.front());
    if (!kind || !arith::getNeutralElement(ops.front()) || ops.front()->getResult(0).getType().isInteger(1)) return false;
    plan.kinds.push_back(*kind);
    plan.combiners.push_back(ops.front());
  }
  return true;
}

/// Whether every result is a sum of floats.
static bool sumsFloats(const LoopNest &nest) {
  GenericPlan plan;
  return matchCombiners(nest, plan) && llvm::all_of(plan.combiners, [](Operation *op) { return isa<arith::AddFOp>(op); });
}

/// What differs from lane to lane along a loop.
static llvm::DenseSet<Value> valuesAlong(const LoopNest &nest, unsigned loop) {
  llvm::DenseSet<Value> along;
  Block *body = nest.body();
  for (auto [access, arg] : llvm::zip(nest.inputs, body->getArguments()))
    if (!access.coefficients[loop].is(0)) along.insert(arg);
  along.insert(body->args_begin() + nest.inputs.size(), body->args_end());
  for (Operation &op : *body) {
    auto index = dyn_cast<linalg::IndexOp>(op);
    bool moves = index ? nest.originalDims[index.getDim()] == loop
                       : llvm::any_of(op.getOperands(), [&](Value v) { return along.contains(v); });
    if (moves) along.insert(op.result_begin(), op.result_end());
  }
  return along;
}

bool ingot::readsRun(const LoopNest &nest, memref::LoadOp load, unsigned loop) {
  if (load.getIndices().empty()) return false;
  auto last = load.getIndices().back().getDefiningOp<linalg::IndexOp>();
  return last && last->getBlock() == nest.body() && nest.originalDims[last.getDim()] == loop;
}

bool ingot::isVectorizableAlong(const LoopNest &nest, unsigned loop) {
  llvm::DenseSet<Value> along = valuesAlong(nest, loop);
  auto moves = [&](Value v) { return along.contains(v); };
  // An index has one value for a whole vector: it may say where to read, but is no result itself.
  for (Value v : nest.body()->getTerminator()->getOperands())
    if (v.getType().isIndex() && moves(v)) return false;
  for (Operation &op : nest.body()->without_terminator()) {
    if (isa<linalg::IndexOp>(op)) continue;
    if (llvm::none_of(op.getOperands(), moves)) {
      if (op.getNumRegions()) return false;
      continue;
    }
    auto load = dyn_cast<memref::LoadOp>(op);
    if (!load) {
      if (!isVectorizableOp(op)) return false;
      continue;
    }
    if (!readsRun(nest, load, loop) || llvm::any_of(load.getIndices().drop_back(), moves)) return false;
    SmallVector<int64_t> strides;
    int64_t offset;
    auto type = load.getMemRefType();
    if (failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1) return false;
    if (!type.getElementType().isIntOrFloat() || type.getElementType().isInteger(1)) return false;
  }
  return true;
}

/// Bits of the widest element that the body computes with on vectors: lanes are counted in those.
static int64_t widestElement(const LoopNest &nest, const llvm::DenseSet<Value> *along = nullptr) {
  int64_t bits = 8;
  auto see = [&](Value v) {
    if (v.getType().isIntOrFloat() && (!along || along->contains(v))) bits = std::max<int64_t>(bits, v.getType().getIntOrFloatBitWidth());
  };
  for (Operation &op : *nest.body())
    for (Value v : op.getOperands()) see(v);
  for (BlockArgument arg : nest.body()->getArguments())
    if (!arg.use_empty()) see(arg);
  return bits;
}

FailureOr<GenericPlan> ingot::planGeneric(const LoopNest &nest, const TargetRow &target) {
  Block *body = nest.body();
  // Each point of the parallel loops must own one element of every result.
  for (const Access &out : nest.outputs)
    for (auto [loop, c] : llvm::zip(nest.loops, out.coefficients))
      if (loop.parallel == c.is(0)) return failure();

  GenericPlan plan;
  bool reduces = llvm::any_of(nest.loops, [](const Loop &l) { return !l.parallel; });
  plan.sumsFloats = reduces && sumsFloats(nest);
  bool gathering = !isVectorizableBody(*body) || const_cast<linalg::LinalgOp &>(nest.op).hasIndexSemantics();
  for (BlockArgument arg : body->getArguments())
    if (!arg.use_empty() && !arg.getType().isIntOrFloat()) return plan;

  int64_t length = target.vectorLength(widestElement(nest));
  auto gathers = [&](unsigned d) {
    int64_t n = 0;
    for (auto [i, in] : llvm::enumerate(nest.inputs))
      if (!body->getArgument(i).use_empty() && !in.coefficients[d].is(0) && !in.coefficients[d].is(1)) ++n;
    return n;
  };
  int64_t best = INT64_MAX;
  bool combines = false, combinersKnown = false;
  for (unsigned d = nest.loops.size(); d-- > 0;) {
    const Loop &loop = nest.loops[d];
    auto size = loop.known();
    int64_t cost = 4 * gathers(d);
    if (gathering && (!loop.parallel || cost || !isVectorizableAlong(nest, d))) continue;
    if (loop.parallel) {
      if (!llvm::all_of(nest.outputs, [&](const Access &out) { return out.coefficients[d].is(1); })) continue;
      if (size && *size < length / 2) cost += 6;
    } else {
      if (cost) continue;
      if (!combinersKnown) combines = matchCombiners(nest, plan), combinersKnown = true;
      if (!combines) continue;
      cost += size && *size < 2 * length ? 5 : 1;
    }
    if (cost >= best) continue;
    best = cost;
    plan.vectorLoop = d;
    plan.vectorReduces = !loop.parallel;
  }
  if (!plan.vectorLoop) return plan;
  if (gathering) {
    llvm::DenseSet<Value> along = valuesAlong(nest, *plan.vectorLoop);
    length = target.vectorLength(widestElement(nest, &along));
  }
  auto size = nest.loops[*plan.vectorLoop].known();
  // A handful of points is not worth a vector, unless a long reduction stands behind each.
  if (size && *size < 4 && !reduces) {
    plan.vectorLoop.reset();
    return plan;
  }
  while (size && length / 2 >= *size && length > 1) length /= 2;
  plan.length = length;
  plan.masked = target.maskedMemory;

  int64_t cost = bodyCost(*body), vectors = size ? std::max<int64_t>(1, *size / length) : INT64_MAX;
  auto unrollTo = [&](int64_t most) {
    plan.unroll = std::min(most, vectors);
    // A count that divides leaves no remainder loop.
    if (size)
      for (int64_t u = plan.unroll; u > plan.unroll / 2; --u)
        if (vectors % u == 0) {
          plan.unroll = u;
          break;
        }
  };
  if (plan.vectorReduces) {
    unrollTo(cost <= 4 ? 4 : cost <= 20 ? 2 : 1);
  } else if (!reduces) {
    unrollTo(cost <= 3 ? 4 : cost <= 12 ? 2 : 1);
  } else {
    // Neighbours along a second loop share the operands that do not move along it: the weights of a depthwise convolution.
    for (unsigned d = nest.loops.size(); d-- > 0 && !plan.jamLoop && cost <= 8;)
      if (nest.loops[d].parallel && d != *plan.vectorLoop && nest.loops[d].known().value_or(4) >= 2 &&
          llvm::any_of(nest.inputs, [&](const Access &in) { return in.coefficients[d].is(0) && isa<MemRefType>(in.flat.getType()); }))
        plan.jamLoop = d;
    if (plan.jamLoop) plan.jam = std::min<int64_t>(4, nest.loops[*plan.jamLoop].known().value_or(4));
    unrollTo(plan.jam > 1 ? 2 : 4);
  }
  return plan;
}
