//===- StoreBFloats.h - bf16 in memory is moved as its bits -------------------------===//
#ifndef INGOT_LIB_CODEGEN_VECTOR_STOREBFLOATS_H
#define INGOT_LIB_CODEGEN_VECTOR_STOREBFLOATS_H

#include "mlir/IR/PatternMatch.h"

namespace ingot {

void populateStoreBFloats(mlir::RewritePatternSet &patterns);

} // namespace ingot

#endif
