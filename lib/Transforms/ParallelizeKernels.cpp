//===- ParallelizeKernels.cpp - parallel loops as functions over a range -----------------------===//
//
// The body of a parallel loop becomes a function over [begin, end), which the serial and the forked path share: the result
// cannot depend on the number of threads.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

namespace ingot {
#define GEN_PASS_DEF_PARALLELIZEKERNELS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// Constants are rebuilt in the body rather than passed to it.
bool isCheap(Value v) {
  Operation *op = v.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

struct ParallelizeKernelsPass : ingot::impl::ParallelizeKernelsBase<ParallelizeKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> kernels;
    for (auto f : getOperation().getOps<func::FuncOp>())
      if (f->hasAttr("ingot.kernel")) kernels.push_back(f);
    for (func::FuncOp kernel : kernels) {
      SmallVector<scf::ParallelOp> loops;
      for (auto loop : kernel.getOps<scf::ParallelOp>())
        if (loop.getNumLoops() == 1 && loop.getNumReductions() == 0) loops.push_back(loop);
      for (scf::ParallelOp loop : loops) outline(kernel, loop, symbols);
    }
  }

  void outline(func::FuncOp kernel, scf::ParallelOp loop, SymbolTable &symbols) {
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(loop.getRegion(), captured);
    SmallVector<Value> args;
    for (Value v : captured)
      if (!isCheap(v)) args.push_back(v);

    OpBuilder b(&getContext());
    Location loc = loop.getLoc();
    SmallVector<Type> types = llvm::to_vector(ValueRange(args).getTypes());
    types.append(2, b.getIndexType());
    auto body = func::FuncOp::create(loc, (kernel.getName() + "_body").str(), b.getFunctionType(types, {}));
    body.setPrivate();
    body->setAttr("ingot.kernel_body", b.getUnitAttr());
    if (Attribute target = kernel->getAttr("ingot.target")) body->setAttr("ingot.target", target);
    symbols.insert(body);
    Block *entry = body.addEntryBlock();
    b.setInsertionPointToStart(entry);
    IRMapping map;
    for (auto [v, arg] : llvm::zip(args, entry->getArguments())) map.map(v, arg);
    for (Value v : captured)
      if (isCheap(v)) b.clone(*v.getDefiningOp(), map);
    unsigned n = args.size();
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    auto range = scf::ForOp::create(b, loc, entry->getArgument(n), entry->getArgument(n + 1), one);
    func::ReturnOp::create(b, loc);
    b.setInsertionPointToStart(range.getBody());
    map.map(loop.getInductionVars().front(), range.getInductionVar());
    for (Operation &op : loop.getBody()->without_terminator()) b.clone(op, map);

    // One piece of scratch memory for all iterations: in the loop, the stack would grow with each.
    SmallVector<memref::AllocaOp> scratch;
    range.walk([&](memref::AllocaOp alloca) {
      if (alloca.getType().hasStaticShape()) scratch.push_back(alloca);
    });
    for (memref::AllocaOp alloca : scratch) alloca->moveBefore(entry, entry->begin());

    b.setInsertionPoint(loop);
    auto cost = loop->getAttrOfType<IntegerAttr>("ingot.cost");
    ParallelCallOp::create(b, loc, kernel.getArgument(0), loop.getUpperBound().front(), body.getName(), args, cost ? cost.getInt() : 0);
    loop.erase();
  }
};
} // namespace
