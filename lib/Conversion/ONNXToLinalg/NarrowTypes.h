//===- NarrowTypes.h - element types that the target has no arithmetic for -------------===//
//
// Floats below 16 bits and integers below 8 lie in bytes from here on, complex numbers in integers of their size: data movement needs no
// more, and arithmetic on them is a conversion to a type that the target knows, computation there, and a conversion back.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_NARROWTYPES_H
#define INGOT_CONVERSION_NARROWTYPES_H

#include "ingot/Dialect/ONNX/ScalarBuilder.h"
#include "mlir/IR/BuiltinTypes.h"

namespace ingot {

/// The signless type that elements of an ONNX type are stored in: uiN as iN, what is below a byte (in its low bits, the others zero) and
/// 8-bit floats as i8, complex numbers as an integer of both parts.
mlir::Type storageType(mlir::Type element);

/// True where the stored type alone does not say how to compute: a float in i8, or an integer below 8 bits.
bool isNarrow(mlir::Type element);

/// What Cast says of values outside of the target's range and between two numbers of it.
struct CastMode {
  bool saturate = true;
  llvm::StringRef roundMode = "up"; // of float8e8m0, which has powers of two only: up, down or nearest
};

/// A stored element of the ONNX type `from` as a number: f32 for floats in bytes, i8 for integers below 8 bits, else itself.
mlir::Value decode(ScalarBuilder &s, mlir::Value stored, mlir::Type from);
/// A number as a stored element of the ONNX type `to`. `isUnsigned`: how an integer `x` is read.
mlir::Value encode(ScalarBuilder &s, mlir::Value x, mlir::Type to, bool isUnsigned, const CastMode &mode = {});
/// Cast from one ONNX type to another.
mlir::Value castElement(ScalarBuilder &s, mlir::Value stored, mlir::Type from, mlir::Type to, const CastMode &mode);

} // namespace ingot

#endif
