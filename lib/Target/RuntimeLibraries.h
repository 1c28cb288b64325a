//===- RuntimeLibraries.h - what a model links besides itself ------------------------------===//
#ifndef INGOT_LIB_TARGET_RUNTIMELIBRARIES_H
#define INGOT_LIB_TARGET_RUNTIMELIBRARIES_H

#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace ingot {

/// What the functions that a model calls are in.
struct RuntimeLibraries {
  std::vector<std::string> archives; // in the folder of the runtime, in the order to link them; libingot_rt.a if anything is called
  std::vector<std::string> flags;    // for the linker
  std::vector<std::string> custom;   // functions that the user brings
};
RuntimeLibraries librariesOf(mlir::ModuleOp module);

} // namespace ingot

#endif
