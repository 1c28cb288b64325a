//===- CallSite.h - the constants that describe a call of a C function ------------------===//
#ifndef INGOT_LIB_CODEGEN_CALLSITE_H
#define INGOT_LIB_CODEGEN_CALLSITE_H

#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace ingot {

/// Makes the `ingot_site` (Frame.h) of a call as a constant of the module: the function, the node, what is expected of the results, and the
/// attributes.  Null after a diagnostic if an attribute has no form in C.
mlir::LLVM::GlobalOp makeCallSite(mlir::OpBuilder &b, mlir::ModuleOp module, CallOp call, unsigned number);

} // namespace ingot

#endif
