//===- RandomOutputs.cpp - outputs that nobody can reproduce -----------------------------===//
#include "RandomOutputs.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace ingot::numerics {

static bool draws(Operation *op) {
  return op->walk([](Operation *inner) {
             return isa<onnx::BernoulliOp, onnx::MultinomialOp, onnx::RandomNormalOp, onnx::RandomNormalLikeOp, onnx::RandomUniformOp,
                        onnx::RandomUniformLikeOp>(inner)
                        ? WalkResult::interrupt()
                        : WalkResult::advance();
           })
      .wasInterrupted();
}

std::vector<bool> randomOutputs(ModuleOp module) {
  std::vector<bool> outputs;
  llvm::DenseSet<Value> random;
  for (auto function : module.getOps<func::FuncOp>())
    for (Operation &op : function.getBody().front()) {
      if (isa<func::ReturnOp>(op)) {
        for (Value result : op.getOperands())
          outputs.push_back(random.contains(result));
        return outputs;
      }
      // A region can use values from outside without naming them as operands.
      bool uses = draws(&op);
      op.walk([&](Operation *inner) { uses |= llvm::any_of(inner->getOperands(), [&](Value v) { return random.contains(v); }); });
      if (uses)
        random.insert(op.result_begin(), op.result_end());
    }
  return outputs;
}

} // namespace ingot::numerics
