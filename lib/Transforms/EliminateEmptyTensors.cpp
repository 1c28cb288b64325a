//===- EliminateEmptyTensors.cpp - producers write where their results go, behind the checks -----------===//
//
// Upstream's elimination makes the tensor that a result is inserted in before the result's producer, and moves up what that tensor is made of: a
// computation may then stand above a check that guarded it. The checks follow it here, with what they compute.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {
#define GEN_PASS_DEF_ELIMINATEEMPTYTENSORS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {
using Order = DenseMap<Operation *, unsigned>;

/// Whether the op may read memory that a check is for, or decide what is read.
bool computes(Operation *op) {
  if (isa<CheckOp>(op)) return false;
  return op->getNumRegions() > 0 || llvm::any_of(op->getResultTypes(), llvm::IsaPred<TensorType>);
}

/// What the check needs that stands between `first` and it, in order; nothing where `first` itself is needed.
SmallVector<Operation *> between(Operation *first, Operation *check) {
  SetVector<Operation *> needed;
  needed.insert(check);
  for (unsigned i = 0; i < needed.size(); ++i) {
    needed[i]->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (Operation *def = v.getDefiningOp(); def && def->getBlock() == check->getBlock() && !def->isBeforeInBlock(first)) needed.insert(def);
    });
    if (needed.contains(first)) return {};
  }
  SmallVector<Operation *> sorted = needed.takeVector();
  llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return sorted;
}

/// Moves each check above what was behind it before and no longer is; checks keep their order.
void restore(Block &block, const Order &before) {
  for (auto check : llvm::to_vector(block.getOps<CheckOp>())) {
    unsigned place = before.lookup(check);
    Operation *first = nullptr;
    for (Operation &op : block) {
      if (&op == check) break;
      auto was = before.find(&op);
      if (was != before.end() && was->second > place && computes(&op)) {
        first = &op;
        break;
      }
    }
    if (!first) continue;
    for (Operation *op : between(first, check)) op->moveBefore(first);
  }
}

struct EliminateEmptyTensorsPass : ingot::impl::EliminateEmptyTensorsBase<EliminateEmptyTensorsPass> {
  void runOnOperation() override {
    SetVector<Block *> blocks;
    getOperation().walk([&](CheckOp check) { blocks.insert(check->getBlock()); });
    SmallVector<Order> orders;
    for (Block *block : blocks) {
      Order order;
      for (auto [place, op] : llvm::enumerate(*block)) order[&op] = place;
      orders.push_back(std::move(order));
    }
    IRRewriter rewriter(&getContext());
    if (failed(bufferization::eliminateEmptyTensors(rewriter, getOperation()))) return signalPassFailure();
    for (auto [block, order] : llvm::zip(blocks, orders)) restore(*block, order);
  }
};
} // namespace
