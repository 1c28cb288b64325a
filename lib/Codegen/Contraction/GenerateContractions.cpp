//===- GenerateContractions.cpp - the pass -------------------------------------------------------===//
#include "Problem.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace ingot {
#define GEN_PASS_DEF_GENERATECONTRACTIONS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {
struct GenerateContractions : ingot::impl::GenerateContractionsBase<GenerateContractions> {
  using Base::Base;
  void runOnOperation() override {
    const ingot::TargetRow &row = ingot::targetOf(getOperation(), target);
    SmallVector<ingot::ContractOp> ops;
    getOperation().walk([&](ingot::ContractOp op) {
      if (isa<MemRefType>(op.getOut().getType())) ops.push_back(op);
    });
    for (ingot::ContractOp op : ops) ingot::generateContraction(op, row);
  }
};
} // namespace
