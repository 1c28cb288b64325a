//===- MathApproximation.h - transcendental functions as polynomials ---------------------------===//
#ifndef INGOT_LIB_CODEGEN_VECTOR_MATHAPPROXIMATION_H
#define INGOT_LIB_CODEGEN_VECTOR_MATHAPPROXIMATION_H

#include "mlir/IR/PatternMatch.h"

namespace ingot {

/// exp, log, tanh, erf, sin and cos of f32 scalars and vectors as polynomials, about one unit in the last place (measured in
/// test/Codegen); NaN and infinities as in C.
void populateMathApproximation(mlir::RewritePatternSet &patterns);

} // namespace ingot

#endif
