//===- Parts.h - machine code of one model in several objects ----------------------------===//
#ifndef INGOT_LIB_TARGET_PARTS_H
#define INGOT_LIB_TARGET_PARTS_H

#include "ObjectWriter.h"

namespace ingot {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Gives the stream that part `part` of `count` is written to. Called before anything is written.
using PartStreams = llvm::function_ref<llvm::Expected<llvm::raw_pwrite_stream *>(unsigned part, unsigned count)>;

/// Optimises a module that buildLLVM made and turns it into machine code: one object, or, of a large model and if `mayDivide`, several that
/// are made at once and refer to each other by hidden symbols. How it is divided depends on the module alone.
mlir::LogicalResult compileParts(mlir::ModuleOp module, BuiltModule &built, bool mayDivide, PartStreams open);

/// The same in memory, for code that is loaded into this process.
mlir::FailureOr<std::vector<ObjectBytes>> compileParts(mlir::ModuleOp module, BuiltModule &built);

/// One relocatable object out of several files, in which their hidden symbols are local: models that are linked together do not meet.
/// `scratch` is a file to work in.
llvm::Error mergeParts(llvm::ArrayRef<std::string> parts, const std::string &scratch, llvm::raw_ostream &os, bool verbose);

/// Whether there is a linker for mergeParts.
bool canMergeParts();

} // namespace ingot

#endif
