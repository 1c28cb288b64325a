//===- ScalarBody.h - scalars of tensors inside the bodies of linalg ops -------------===//
//
// Narrow floats are stored as they are and computed in f32; integers know from their ONNX type whether they are unsigned.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_SCALARBODY_H
#define INGOT_CONVERSION_SCALARBODY_H

#include "ingot/Dialect/ONNX/ScalarBuilder.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

namespace ingot {

/// True for an element type of a number or bool (signless), which the lowerings can compute with.
inline bool isNumber(mlir::Type type) { return type.isInteger() || llvm::isa<mlir::FloatType>(type); }
inline bool isNumberTensor(mlir::Value v) {
  return llvm::isa<mlir::RankedTensorType>(v.getType()) && isNumber(mlir::getElementTypeOrSelf(v.getType()));
}
/// The type in which elements of `type` are computed: f32 for narrower floats.
inline mlir::Type computeType(mlir::Type type) {
  auto f = llvm::dyn_cast<mlir::FloatType>(type);
  return f && f.getWidth() < 32 ? mlir::Float32Type::get(type.getContext()) : type;
}
/// Stored to computed type and back.
inline mlir::Value widen(ScalarBuilder &s, mlir::Value x) { return s.cast(x, computeType(x.getType()), false, false); }
inline mlir::Value narrow(ScalarBuilder &s, mlir::Value x, mlir::Type type) { return s.cast(x, type, s.isUnsigned, s.isUnsigned); }

} // namespace ingot

#endif
