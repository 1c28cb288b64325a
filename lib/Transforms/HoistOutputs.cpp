//===- HoistOutputs.cpp - ask for output buffers as early as their sizes are known -----------------===//
//
// An output's buffer must dominate the producer of the result for the producer to write into it.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {
#define GEN_PASS_DEF_HOISTOUTPUTS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {
/// Only index arithmetic over dimensions of the model's inputs moves.
bool isMovable(Operation *op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) return dim.getSource().getDefiningOp<bufferization::ToTensorOp>() != nullptr;
  return op->getNumRegions() == 0 && isPure(op) &&
         llvm::all_of(op->getOperandTypes(), [](Type t) { return t.isIndex() || t.isInteger(); });
}

struct HoistOutputsPass : ingot::impl::HoistOutputsBase<HoistOutputsPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    Block &entry = main.getBody().front();
    Operation *floor = &entry.front(); // the last input and its tensor
    for (Operation &op : entry)
      if (isa<InputOp>(op) || (isa<bufferization::ToTensorOp>(op) && op.getOperand(0).getDefiningOp<InputOp>())) floor = &op;
    for (OutputOp output : llvm::make_early_inc_range(entry.getOps<OutputOp>())) hoist(output, entry, floor);
  }

  /// Moves the op behind the last of its operands, these first; nothing moves above `floor`.
  static void hoist(Operation *op, Block &entry, Operation *floor) {
    Operation *after = floor;
    for (Value v : op->getOperands()) {
      Operation *def = v.getDefiningOp();
      if (!def || def->getBlock() != &entry) continue;
      if (isMovable(def) && floor->isBeforeInBlock(def)) hoist(def, entry, floor);
      if (after->isBeforeInBlock(def)) after = def;
    }
    if (after->isBeforeInBlock(op)) op->moveAfter(after);
  }
};
} // namespace
