//===- RandomOutputs.h - outputs that nobody can reproduce -------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_RANDOMOUTPUTS_H
#define INGOT_TOOLS_NUMERICS_RANDOMOUTPUTS_H

#include "mlir/IR/BuiltinOps.h"

namespace ingot::numerics {

/// For each result of an imported model: whether it depends on an operator whose numbers the specification leaves to the implementation.
/// Dropout is none of these: it draws the numbers of the reference.
std::vector<bool> randomOutputs(mlir::ModuleOp module);

} // namespace ingot::numerics

#endif
