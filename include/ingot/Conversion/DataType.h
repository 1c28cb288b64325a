//===- DataType.h - element types as numbers of the C interface ----------------------===//
#ifndef INGOT_CONVERSION_DATATYPE_H
#define INGOT_CONVERSION_DATATYPE_H

#include "ingot/Runtime/ingot.h"
#include "mlir/IR/BuiltinTypes.h"

namespace ingot {

/// The number of an ONNX element type; INGOT_UNDEFINED if it has none.
ingot_type typeNumberOf(mlir::Type elementType);
/// What kind of value a type of the onnx dialect is; a tensor if it is none of the others.
ingot_kind kindOf(mlir::Type type);
/// The element type at the bottom of tensors, sequences and optionals; INGOT_UNDEFINED for maps.
ingot_type elementDataTypeOf(mlir::Type type);

} // namespace ingot

#endif
