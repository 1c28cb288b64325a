//===- Sanitize.h - checked code for --sanitize -----------------------------------------===//
#ifndef INGOT_LIB_TARGET_SANITIZE_H
#define INGOT_LIB_TARGET_SANITIZE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace ingot {

/// Lets AddressSanitizer check every access in `llvmModule`, which holds the generated code only. Around segments, results and constants of
/// the model nothing may be touched; `module` has the constants' places.
void sanitizeAddresses(llvm::Module &llvmModule, llvm::Function &main, mlir::ModuleOp module);

/// Lets all that `llvmModule` holds, which is the generated code only, end with a message where its behaviour would be undefined. To be called before
/// anything is optimised.
void sanitizeArithmetic(llvm::Module &llvmModule);

} // namespace ingot

#endif
