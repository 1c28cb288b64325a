//===- Execute.h - compiled models in this process -------------------------------------===//
#ifndef INGOT_TARGET_EXECUTE_H
#define INGOT_TARGET_EXECUTE_H

#include "ingot/Runtime/ingot.h"
#include "ingot/Target/CpuTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include <memory>

namespace ingot {

/// A model whose code lies in this process.  It must outlive its instances; the weights are its own.
class LoadedModel {
public:
  virtual ~LoadedModel() = default;
  const ingot_model *operator->() const { return model; }
  const ingot_model *get() const { return model; }

protected:
  const ingot_model *model = nullptr;
};

/// Compiles `module`, which is in the llvm dialect (see Emit.h), and links it into this process, without files and without a
/// linker.  The target must be able to run here.  Failures are diagnostics on the module.
mlir::FailureOr<std::unique_ptr<LoadedModel>> loadModel(mlir::ModuleOp module, const TargetOptions &target);

} // namespace ingot

#endif
