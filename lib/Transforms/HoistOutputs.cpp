//===- HoistOutputs.cpp - ask for output buffers, and compare sizes, as early as sizes are known ---===//
//
// An output's buffer must dominate the producer of the result for the producer to write into it. To let producers write into what their results are
// inserted in, bufferization makes that early: what says that it fits must be asked before.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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
  if (auto dim = dyn_cast<memref::DimOp>(op)) return dim.getSource().getDefiningOp<InputOp>() != nullptr;
  return op->getNumRegions() == 0 && isPure(op) &&
         llvm::all_of(op->getOperandTypes(), [](Type t) { return t.isIndex() || t.isInteger(); });
}

struct HoistOutputsPass : ingot::impl::HoistOutputsBase<HoistOutputsPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    ofSizes.clear();
    moved.clear();
    Block &entry = main.getBody().front();
    Operation *floor = &entry.front(); // the last input and its tensor
    for (Operation &op : entry)
      if (isa<InputOp>(op) || (isa<bufferization::ToTensorOp>(op) && op.getOperand(0).getDefiningOp<InputOp>())) floor = &op;
    // The first check that fails gives the status: those of sizes keep their order, and those of a node.
    Operation *compared = floor;
    DenseMap<Location, Operation *> ofNode;
    for (Operation &op : llvm::make_early_inc_range(entry)) {
      // What stands among the inputs stays there.
      if (!floor->isBeforeInBlock(&op)) continue;
      if (isa<OutputOp>(op)) op.moveAfter(placeFor(&op, entry, floor));
      if (!isa<CheckOp>(op)) continue;
      bool ofSizes = isOfSizes(&op, entry, floor);
      Operation *after = placeFor(&op, entry, floor);
      if (ofSizes && after->isBeforeInBlock(compared)) after = compared;
      Operation *&before = ofNode[op.getLoc()];
      if (before && after->isBeforeInBlock(before)) after = before;
      else if (ofSizes) compared = &op;
      op.moveAfter(after);
      before = &op;
    }
  }

  /// Whether all that the op reads comes from dimensions of inputs.
  bool isOfSizes(Operation *op, Block &entry, Operation *floor) {
    if (auto known = ofSizes.find(op); known != ofSizes.end()) return known->second;
    bool result = llvm::all_of(op->getOperands(), [&](Value v) {
      Operation *def = v.getDefiningOp();
      return !def || def->getBlock() != &entry || !floor->isBeforeInBlock(def) || (isMovable(def) && isOfSizes(def, entry, floor));
    });
    return ofSizes[op] = result;
  }

  /// The last of the op's operands, which move up as well; nothing moves above `floor`.
  Operation *placeFor(Operation *op, Block &entry, Operation *floor) {
    SmallVector<Operation *> defs;
    for (Value v : op->getOperands())
      if (Operation *def = v.getDefiningOp(); def && def->getBlock() == &entry) defs.push_back(def);
    // What several ops need moves once; which operand is the last shows when all have moved.
    for (Operation *def : defs)
      if (isMovable(def) && floor->isBeforeInBlock(def) && moved.insert(def).second) def->moveAfter(placeFor(def, entry, floor));
    Operation *after = floor;
    for (Operation *def : defs)
      if (after->isBeforeInBlock(def)) after = def;
    return after;
  }

  DenseMap<Operation *, bool> ofSizes;
  DenseSet<Operation *> moved;
};
} // namespace
