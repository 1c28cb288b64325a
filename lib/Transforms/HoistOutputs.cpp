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
/// Only index arithmetic over dimensions of the model's inputs, and of what a subgraph is given, moves.
bool isMovable(Operation *op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) return isa<BlockArgument>(dim.getSource()) || dim.getSource().getDefiningOp<bufferization::ToTensorOp>();
  if (auto dim = dyn_cast<memref::DimOp>(op)) return dim.getSource().getDefiningOp<InputOp>() != nullptr;
  return op->getNumRegions() == 0 && isPure(op) &&
         llvm::all_of(op->getOperandTypes(), [](Type t) { return t.isIntOrIndexOrFloat(); });
}

/// Floats that come from data stay behind the checks of that data.
bool isOfIntegers(Operation *op) {
  auto isFloat = [](Type t) { return isa<FloatType>(t); };
  return llvm::none_of(op->getOperandTypes(), isFloat) && llvm::none_of(op->getResultTypes(), isFloat);
}

/// Moves outputs and checks of one block up. Nothing moves above `floor`; where that is null, the block's beginning is the limit.
class BlockHoist {
public:
  BlockHoist(Block &block, Operation *floor) : block(block), floor(floor) {}

  void run() {
    // The first check that fails gives the status: those of sizes keep their order, and those of a node.
    Operation *compared = floor;
    DenseMap<Location, Operation *> ofNode;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      // What stands among the inputs stays there.
      if (!isBehind(&op, floor)) continue;
      if (isa<OutputOp>(op)) moveBehind(&op, placeFor(&op));
      // The buffer with more dimensions, of sizes that it was asked for with.
      if (auto expand = dyn_cast<memref::ExpandShapeOp>(op))
        if (Operation *output = expand.getSrc().getDefiningOp<OutputOp>()) op.moveAfter(output);
      if (!isa<CheckOp>(op)) continue;
      bool sizes = isOfSizes(&op);
      Operation *after = placeFor(&op);
      if (sizes && compared && isBehind(compared, after)) after = compared;
      Operation *&before = ofNode[op.getLoc()];
      if (before && isBehind(before, after)) after = before;
      else if (sizes) compared = &op;
      moveBehind(&op, after);
      before = &op;
    }
  }

private:
  static bool isBehind(Operation *op, Operation *other) { return !other || other->isBeforeInBlock(op); }

  void moveBehind(Operation *op, Operation *other) {
    if (other) op->moveAfter(other);
    else op->moveBefore(&block, block.begin());
  }

  /// Whether all that the op reads comes from dimensions of inputs, or from outside of the block.
  bool isOfSizes(Operation *op) {
    if (auto known = ofSizes.find(op); known != ofSizes.end()) return known->second;
    bool result = llvm::all_of(op->getOperands(), [&](Value v) {
      Operation *def = v.getDefiningOp();
      return !def || def->getBlock() != &block || !isBehind(def, floor) || (isMovable(def) && isOfSizes(def));
    });
    return ofSizes[op] = result;
  }

  /// The last of the op's operands, which move up as well.
  Operation *placeFor(Operation *op) {
    SmallVector<Operation *> defs;
    for (Value v : op->getOperands())
      if (Operation *def = v.getDefiningOp(); def && def->getBlock() == &block) defs.push_back(def);
    // What several ops need moves once; which operand is the last shows when all have moved.
    for (Operation *def : defs)
      if (isMovable(def) && (isOfIntegers(def) || isOfSizes(def)) && isBehind(def, floor) && moved.insert(def).second) moveBehind(def, placeFor(def));
    Operation *after = floor;
    for (Operation *def : defs)
      if (isBehind(def, after)) after = def;
    return after;
  }

  Block &block;
  Operation *floor;
  DenseMap<Operation *, bool> ofSizes;
  DenseSet<Operation *> moved;
};

struct HoistOutputsPass : ingot::impl::HoistOutputsBase<HoistOutputsPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    Block &entry = main.getBody().front();
    Operation *floor = &entry.front(); // the last input and its tensor
    for (Operation &op : entry)
      if (isa<InputOp>(op) || (isa<bufferization::ToTensorOp>(op) && op.getOperand(0).getDefiningOp<InputOp>())) floor = &op;
    // A loop's values have the sizes that its checks ask for, and what reads them may have been told so.
    SetVector<Block *> blocks;
    main.walk([&](CheckOp check) { blocks.insert(check->getBlock()); });
    blocks.insert(&entry);
    for (Block *block : blocks) BlockHoist(*block, block == &entry ? floor : nullptr).run();
  }
};
} // namespace
