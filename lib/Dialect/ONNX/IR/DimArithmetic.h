//===- DimArithmetic.h - one form for equal dimension expressions -----------------------===//
//
// Affine expressions are unique only up to the order in which they were built.  Here a dimension is a polynomial over atoms (symbols,
// and quotients and remainders that cannot be resolved), written out in one order, so that equal expressions are equal pointers.
//
// Example: (s1 * s0 + 6) floordiv 2 with s0 * 4 for s1 becomes s0 * s0 * 2 + 3.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_DIMARITHMETIC_H
#define INGOT_DIALECT_ONNX_DIMARITHMETIC_H

#include "ingot/Dialect/ONNX/ShapeAnalysis.h"

namespace ingot::onnx {

/// The expression in its one form.
Dim normalize(Dim d);
/// a / b if it leaves no remainder whatever the symbols are (b is a constant or a product), else null.
Dim divideExactly(Dim a, Dim b);
/// Floor of a / b for a constant b > 0, exact or not.
Dim floorDivide(Dim a, int64_t b);
/// The product of all.
Dim product(llvm::ArrayRef<Dim> dims, mlir::MLIRContext *context);

} // namespace ingot::onnx

#endif
