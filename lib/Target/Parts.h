//===- Parts.h - machine code of one model in several objects ----------------------------===//
#ifndef INGOT_LIB_TARGET_PARTS_H
#define INGOT_LIB_TARGET_PARTS_H

#include "ObjectWriter.h"

namespace ingot {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Optimises a module that buildLLVM made and turns it into machine code: one object, or, of a large model and if `mayDivide`, several that
/// were made at once and refer to each other by hidden symbols. How it is divided depends on the module alone.
mlir::FailureOr<std::vector<ObjectBytes>> compileParts(mlir::ModuleOp module, BuiltModule &built, bool mayDivide);

/// One relocatable object out of several, in which their hidden symbols are local: models that are linked together do not meet.
llvm::Expected<ObjectBytes> mergeParts(llvm::ArrayRef<ObjectBytes> parts, bool verbose);

/// Whether there is a linker for mergeParts.
bool canMergeParts();

} // namespace ingot

#endif
