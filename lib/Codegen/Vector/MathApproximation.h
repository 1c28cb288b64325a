//===- MathApproximation.h - transcendental functions as polynomials ---------------------------===//
#ifndef INGOT_LIB_CODEGEN_VECTOR_MATHAPPROXIMATION_H
#define INGOT_LIB_CODEGEN_VECTOR_MATHAPPROXIMATION_H

#include "mlir/IR/PatternMatch.h"

namespace ingot {

/// exp, log, tanh, erf, sin and cos of f32 scalars and vectors as polynomials, about one unit in the last place (measured in
/// test/Codegen); NaN and infinities as in C.
void populateMathApproximation(mlir::RewritePatternSet &patterns);

/// 1 / (1 + exp(-x)) as a whole: for before the exponential becomes a polynomial of its own.
void populateSigmoidApproximation(mlir::RewritePatternSet &patterns);

/// Quotients of vectors by a constant that are rounded to integers, as products. For targets that multiply and add in one rounding.
void populateQuotients(mlir::RewritePatternSet &patterns);

/// Maxima and minima with constants as comparisons.
void populateSimplifyExtrema(mlir::RewritePatternSet &patterns);

} // namespace ingot

#endif
