//===- ModelInfo.h - what the module says about the model, read once -------------------===//
#ifndef INGOT_LIB_TARGET_MODELINFO_H
#define INGOT_LIB_TARGET_MODELINFO_H

#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace ingot {

/// One input or output; `type` and `kind` are numbers of ingot_type and ingot_kind.
struct ValueInfo {
  std::string name, doc;
  int32_t type = 0, kind = 0;
  std::vector<int64_t> dims; // INGOT_UNKNOWN_DIM where symbolic
  std::vector<std::string> symbols;

  bool isStaticTensor() const;
  int64_t elements() const; // of a static tensor
};

/// A place where a kernel is called, and the ONNX nodes that it computes there.
struct KernelInfo {
  std::string name, nodes;
};

/// The module attributes of Emit.h.
struct ModelInfo {
  std::string producer, doc;
  std::vector<ValueInfo> inputs, outputs;
  std::vector<std::string> metadata; // key, value, key, value ...
  std::vector<KernelInfo> kernels;   // empty without a profile
  int64_t weightBytes = 0, arenaBytes = -1, arenaLowerBound = -1, flops = -1;
};

/// Fails with a diagnostic where an attribute has not the form that Emit.h gives it.
mlir::FailureOr<ModelInfo> readModelInfo(mlir::ModuleOp module);

} // namespace ingot

#endif
