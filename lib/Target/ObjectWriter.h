//===- ObjectWriter.h - a module in the llvm dialect to LLVM IR and machine code --------===//
#ifndef INGOT_LIB_TARGET_OBJECTWRITER_H
#define INGOT_LIB_TARGET_OBJECTWRITER_H

#include "ModelInfo.h"
#include "ingot/Target/CpuTarget.h"
#include "ingot/Target/Emit.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

namespace ingot {

/// Where the bytes of the weights come from.
struct WeightsSource {
  enum Kind {
    None,     // the model has none
    Included, // a file that the assembler includes, `path`
    Appended, // the same, by includeDirective at the end of a text
    Side,     // a file mapped at run time, `path` (its name only) and `checksum`
    Symbol    // the symbol `ingot_weights`, which a loader defines
  } kind = None;
  std::string path;
  uint64_t checksum = 0;
};

/// The model as an LLVM module, not optimised yet: generated code, the runtime core, and the structures that describe the model.
/// The symbols that show are NAME_model and, if `exportEntry`, ingot_model_entry. Without `withCore` the core's functions are declared only.
struct BuiltModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  CpuTarget target;
  unsigned optLevel = 2;
  std::string main; // name of the generated function that calls the kernels
};
mlir::FailureOr<BuiltModule> buildLLVM(mlir::ModuleOp module, const EmitOptions &options, const WeightsSource &weights, bool exportEntry,
                                      bool withCore = true);

mlir::LogicalResult optimizeModule(mlir::ModuleOp module, BuiltModule &built);

/// LLVM's analyses, as a pass manager of its new kind wants them.
struct Analyses {
  explicit Analyses(llvm::TargetMachine *machine = nullptr, llvm::PipelineTuningOptions tuning = {});
  llvm::PassBuilder builder;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
};

/// The same two steps on any module; LLVM's errors are returned.
llvm::Error optimize(llvm::Module &module, llvm::TargetMachine &machine, unsigned optLevel);
llvm::Error translate(llvm::Module &module, llvm::TargetMachine &machine, bool assembly, llvm::raw_pwrite_stream &os);

/// Machine code of an optimised module, as an object or as assembly text.
mlir::LogicalResult writeMachineCode(mlir::ModuleOp module, BuiltModule &built, bool assembly, llvm::raw_pwrite_stream &os);

/// Assembly that includes the weights' file: a section of its own, so that it is mapped and not read.
std::string includeDirective(const llvm::Triple &triple, llvm::StringRef path, int64_t bytes);

/// Adds `ingot_model_image`, `NAME_model` and the weights' address to `llvmModule`, which holds the core and the function `main`.
void addModelImage(llvm::Module &llvmModule, const ModelInfo &info, const EmitOptions &options, const CpuTarget &target,
                   const WeightsSource &weights, bool exportEntry);

} // namespace ingot

#endif
