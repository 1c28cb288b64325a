//===- Diagnostics.h - MLIR's diagnostics as a compiler's messages ----------------------===//
#ifndef INGOT_DRIVER_DIAGNOSTICS_H
#define INGOT_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include <string>

namespace ingot {

/// What a failure that is the compiler's fault starts with.
inline constexpr llvm::StringLiteral internalErrorPrefix = "internal error: ";

/// A diagnostic in the form `model.onnx: error: node "conv1" (Conv): message`, taken apart so that it can be coloured.
struct Message {
  std::string place;    // "model.onnx" or "kernel.mlir:3:5"
  mlir::DiagnosticSeverity severity;
  std::string text;     // "node \"conv1\" (Conv): message"
  bool isInternal = false;
};

/// `file` is the model that is compiled, for locations that name no file.  The notes of a diagnostic are diagnostics themselves.
Message readDiagnostic(const mlir::Diagnostic &diagnostic, llvm::StringRef file);
/// "error", "warning", "remark" or "note".
llvm::StringRef severityName(mlir::DiagnosticSeverity severity);

} // namespace ingot

#endif
