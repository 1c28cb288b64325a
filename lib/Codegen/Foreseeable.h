//===- Foreseeable.h - what constant evaluation will have computed before the model runs -----===//
#ifndef INGOT_LIB_CODEGEN_FORESEEABLE_H
#define INGOT_LIB_CODEGEN_FORESEEABLE_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ingot {

/// Computed from constants alone by a few ops, so that what is made of it can be made when the model is compiled.
inline bool isForeseeable(mlir::Value v, int depth = 8) {
  mlir::Operation *op = v.getDefiningOp();
  if (!op || depth == 0) return false;
  if (op->hasTrait<mlir::OpTrait::ConstantLike>() || llvm::isa<mlir::tensor::EmptyOp>(op)) return true;
  return mlir::isMemoryEffectFree(op) && op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(), [&](mlir::Value operand) { return isForeseeable(operand, depth - 1); });
}

} // namespace ingot

#endif
