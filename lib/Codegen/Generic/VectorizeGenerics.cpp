//===- VectorizeGenerics.cpp - the pass ------------------------------------------------------------===//
#include "Kernel.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/UB/IR/UBOps.h"

namespace ingot {
#define GEN_PASS_DEF_VECTORIZEGENERICS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {
struct VectorizeGenerics : ingot::impl::VectorizeGenericsBase<VectorizeGenerics> {
  using Base::Base;
  void runOnOperation() override {
    const ingot::TargetRow &row = ingot::targetOf(getOperation(), target);
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp op) { copies.push_back(op); });
    for (memref::CopyOp op : copies) {
      if (!isa<MemRefType>(op.getSource().getType()) || !isa<MemRefType>(op.getTarget().getType())) continue;
      OpBuilder b(op);
      linalg::CopyOp::create(b, op.getLoc(), op.getSource(), op.getTarget());
      op.erase();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics()) ops.push_back(op);
    });
    // What has no independent points stays for scalar loops in order.
    for (linalg::LinalgOp op : ops)
      if (failed(ingot::generateInterleave(op, row))) (void)ingot::generateGeneric(op, row);
  }
};
} // namespace
