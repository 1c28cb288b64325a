//===- OrderOutputCopies.cpp - an output is read before another one overwrites it -----------------------===//
//
// A result that was computed in the buffer of one output may be copied to another output. Bufferization knows such buffers as tensors and does not
// see that the copies at the end of the model write them: they are ordered here like moves between registers.
//===-----------------------------------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ingot {
#define GEN_PASS_DEF_ORDEROUTPUTCOPIES
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {
struct OutputCopy {
  memref::CopyOp op;
  Value output;                        // what it writes
  BufferViewFlowAnalysis::ValueSetT sources; // what it may read
};

Value outputOf(Value buffer) {
  // Also seen with other dimensions.
  while (isa_and_nonnull<memref::CastOp, memref::ExpandShapeOp>(buffer.getDefiningOp())) buffer = buffer.getDefiningOp()->getOperand(0);
  return buffer.getDefiningOp<OutputOp>() ? buffer : Value();
}

struct OrderOutputCopiesPass : ingot::impl::OrderOutputCopiesBase<OrderOutputCopiesPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) return;
    Block &entry = main.getBody().front();
    // Only what leaves memory alone stands among the last copies.
    SmallVector<memref::CopyOp> last;
    SmallVector<Operation *> gives;
    for (Operation &op : llvm::reverse(entry.without_terminator())) {
      if (auto copy = dyn_cast<memref::CopyOp>(op); copy && outputOf(copy.getTarget())) last.push_back(copy);
      else if (isa<GiveOp>(op)) gives.push_back(&op);
      else if (!isa<OutputOp, memref::LoadOp>(op) && !isMemoryEffectFree(&op)) break;
    }
    if (last.size() < 2) return;
    BufferViewFlowAnalysis flow(main);
    SmallVector<OutputCopy> left;
    for (memref::CopyOp copy : llvm::reverse(last)) left.push_back({copy, outputOf(copy.getTarget()), flow.resolveReverse(copy.getSource())});
    auto overwrites = [&](const OutputCopy &first) {
      return llvm::any_of(left, [&](const OutputCopy &other) { return other.op != first.op && other.sources.contains(first.output); });
    };
    bool isOrdered = true;
    Operation *end = entry.getTerminator();
    while (!left.empty()) {
      auto next = llvm::find_if_not(left, overwrites);
      isOrdered &= next == left.begin();
      if (next == left.end()) {
        next = left.begin();
        for (OutputCopy &other : left)
          if (other.op != next->op && other.sources.contains(next->output)) setAside(other, end);
      }
      // Copies that are in order stay where they are.
      if (!isOrdered) next->op->moveBefore(end);
      left.erase(next);
    }
    // Strings are given away when they are there.
    if (!isOrdered)
      for (Operation *give : llvm::reverse(gives)) give->moveBefore(end);
  }

  /// Reads what a copy reads before any output changes.
  void setAside(OutputCopy &copy, Operation *end) {
    OpBuilder b(end);
    Location loc = copy.op.getLoc();
    Value source = copy.op.getSource();
    auto type = cast<MemRefType>(source.getType());
    SmallVector<Value> sizes;
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d)) sizes.push_back(memref::DimOp::create(b, loc, source, d));
    Value aside = memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
    memref::CopyOp::create(b, loc, source, aside);
    copy.op.getSourceMutable().assign(aside);
    copy.sources.clear();
  }
};
} // namespace
