//===- Compiler.h - the stages, and compiling a model from file to files -------------===//
#ifndef INGOT_PIPELINES_COMPILER_H
#define INGOT_PIPELINES_COMPILER_H

#include "ingot/Import/Import.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ingot {

enum class Stage { Import, Normalize, Quantize, Lower, Fuse, Bufferize, Tile, Codegen, Emit };

struct StageInfo {
  Stage stage;
  llvm::StringRef name;     // "normalize"; the pipeline is "ingot-normalize"
  llvm::StringRef sentence; // what it does
  llvm::StringRef dialects; // allowed on exit, separated by spaces
};
llvm::ArrayRef<StageInfo> allStages();
std::optional<Stage> parseStage(llvm::StringRef name);

/// The name of a CPU that stands for all of an architecture: code for several classes of them, of which a run picks one.
inline constexpr llvm::StringLiteral kGenericMulti = "generic-multi";

/// What code is generated for.
struct TargetOptions {
  std::string triple;                // empty: the host's
  std::string cpu = "x86-64-v3";     // an LLVM CPU name, x86-64-vN or kGenericMulti; "native": the host's
  std::string features;              // --mattr, LLVM's syntax
  unsigned optLevel = 2;
  bool sanitizeAddress = false;      // --sanitize=address: every access is checked by AddressSanitizer's runtime
  bool sanitizeUndefined = false;    // --sanitize=undefined: what the code computes with is checked to be defined
};

/// Options of the stages from normalize to codegen.
struct PipelineOptions {
  TargetOptions target;
  bool parallel = true;              // --threads=off: no calls of the parallel_for hook
  bool profile = false;              // read the clock around every kernel
  bool reportEach = false;           // one diagnostic for each unsupported node, instead of one for all
  bool evaluateConstants = true;     // run constant subgraphs at compile time (off inside of that evaluation)
};

/// Adds the passes of one stage (normalize to codegen).
void buildStage(mlir::OpPassManager &pm, Stage stage, const PipelineOptions &options);
/// Registers the dialects and interfaces that a compilation needs.
void registerAll(mlir::DialectRegistry &registry);
/// Registers passes and stage pipelines (ingot-opt and the like).
void registerPasses();
/// Context with everything that a compilation needs loaded.
std::unique_ptr<mlir::MLIRContext> createContext(bool multithreaded = true);

/// Infers types and shapes and verifies every op: what fails here is a fault of the model, where the same failure later is one of ours.
mlir::LogicalResult checkModel(mlir::ModuleOp module);

/// Runs the stages from `first` up to and including `last`.  `after` is called after each (for --print-ir-after, --time-stages).
mlir::LogicalResult runStages(mlir::ModuleOp module, const PipelineOptions &options, Stage last = Stage::Codegen,
                              const std::function<void(Stage, mlir::ModuleOp)> &after = {},
                              Stage first = Stage::Normalize);

} // namespace ingot

#endif
