//===- UnshareDestinations.cpp - every computation gets a destination of its own -----------------------===//
//
// Common subexpression elimination makes one of all empty and zero-filled tensors of a shape. As destinations they must be different: a
// shared one would be copied before each use but the last.
//===-----------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {
#define GEN_PASS_DEF_UNSHAREDESTINATIONS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {
struct UnshareDestinationsPass : ingot::impl::UnshareDestinationsBase<UnshareDestinationsPass> {
  void runOnOperation() override {
    OpBuilder b(&getContext());
    // Fills first: each of them then asks for its own empty tensor.
    for (bool fills : {true, false}) {
      SmallVector<Operation *> shared;
      getOperation()->walk([&](Operation *op) {
        bool wanted = fills ? isa<linalg::FillOp>(op) : isa<tensor::EmptyOp>(op);
        if (wanted && op->getNumResults() == 1 && !op->use_empty() && !op->hasOneUse()) shared.push_back(op);
      });
      for (Operation *op : shared) {
        SmallVector<OpOperand *> uses = llvm::to_vector(llvm::make_pointer_range(op->getUses()));
        for (OpOperand *use : ArrayRef(uses).drop_front()) {
          b.setInsertionPoint(use->getOwner());
          use->set(b.clone(*op)->getResult(0));
        }
      }
    }
  }
};
} // namespace
