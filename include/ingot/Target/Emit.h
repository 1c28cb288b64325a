//===- Emit.h - a module in the llvm dialect to files ---------------------------------===//
//
// What the module holds after the codegen stage:
//   llvm.func @main(%frame: !llvm.ptr) -> i32     the model; its kernels are private functions; it calls ingot_frame_* of Frame.h
//   ingot.inputs, ingot.outputs   module attributes: arrays of dictionaries {name, type (i32, an ingot_type), kind (i32), dims (array<i64>, -1 symbolic),
//                                 symbols (array of strings), doc}
//   ingot.weights                 array of dictionaries {offset (i64), value (elements attribute)}: the constants of the blob
//   ingot.weight_bytes, ingot.arena_bytes, ingot.arena_lower_bound (-1: depends on the inputs), ingot.flops    i64
//   ingot.kernels                 of a profiled model: array of dictionaries {name, nodes (array of strings)}, one for each ingot_frame_mark
//   ingot.custom_ops              array of strings: the functions that the user brings (--custom-op)
//   onnx.producer, onnx.metadata, onnx.doc  as imported
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_TARGET_EMIT_H
#define INGOT_TARGET_EMIT_H

#include "ingot/Pipelines/Compiler.h"
#include "llvm/Support/MemoryBuffer.h"
#include <optional>

namespace ingot {

enum class OutputKind { Object, Archive, SharedLibrary, Assembly, LLVM, Bitcode, MLIR, Header, Program };

struct EmitOptions {
  TargetOptions target;
  std::string entry;               // symbol prefix, a C identifier
  std::string weightsFile;         // not empty: weights go to this side file (--weights=file)
  bool saveTemps = false;          // keep the LLVM IR and the assembly beside the output
  std::string runtimeFolder;       // holds libingot_rt.a and libingot_main.a of the target, for programs and for libraries that need them
  std::vector<std::string> linkInputs; // files and -l flags to link besides, for functions that the user brings
  bool verbose = false;            // show the commands that are run, on llvm::errs()
};

/// Bytes of a relocatable object; used by the emitter and by in-process execution (constants, tests). Both functions use the module up:
/// what was translated is erased, attributes and declarations stay.
mlir::FailureOr<std::unique_ptr<llvm::MemoryBuffer>> emitObject(mlir::ModuleOp module, const EmitOptions &options);
/// Writes `path` ("-": standard output) in the given kind, and the C header beside an object, archive or library.  Assembly, LLVM IR and
/// bitcode include their weights from a file that is written beside them.  Nothing is left behind after a failure.  Messages of failures
/// that are a fault of the compiler, and not of its user, start with "internal error: ".
mlir::LogicalResult emit(mlir::ModuleOp module, const EmitOptions &options, OutputKind kind, llvm::StringRef path);
/// Kind by the suffix of a file name.
std::optional<OutputKind> outputKindOf(llvm::StringRef path);
/// The C header of the model.
void printHeader(mlir::ModuleOp module, llvm::StringRef entry, llvm::raw_ostream &os);

} // namespace ingot

#endif
