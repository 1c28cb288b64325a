//===- Sanitize.h - checked accesses for --sanitize=address ------------------------------===//
#ifndef INGOT_LIB_TARGET_SANITIZE_H
#define INGOT_LIB_TARGET_SANITIZE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace ingot {

/// Lets AddressSanitizer check every access in `llvmModule`, which holds the generated code only. Around segments, results and constants of
/// the model nothing may be touched; `module` has the constants' places.
void sanitizeAddresses(llvm::Module &llvmModule, llvm::Function &main, mlir::ModuleOp module);

} // namespace ingot

#endif
