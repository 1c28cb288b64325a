//===- Passes.td - the passes of the compiler ---------------------------------------===//
#ifndef INGOT_PASSES
#define INGOT_PASSES

include "mlir/Pass/PassBase.td"

#endif
