//===- Types.h - ONNX's types as types of the IR --------------------------------------===//
#ifndef INGOT_LIB_IMPORT_TYPES_H
#define INGOT_LIB_IMPORT_TYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"

namespace ingot::wire {
class TypeProto;
}

namespace ingot {

/// The element type of a TensorProto.DataType; null if there is none of that number.
mlir::Type elementTypeOf(int64_t dataType, mlir::MLIRContext *context);
/// The TensorProto.DataType of an element type; 0 if ONNX has none.
int dataTypeOf(mlir::Type elementType);
/// "FLOAT", "INT64", ...; "UNDEFINED" for unknown numbers.
llvm::StringRef dataTypeName(int64_t dataType);

/// A converted type with the names of its symbolic dimensions (one per dimension, "" where it is fixed or unnamed).
struct NamedType {
  mlir::Type type;
  llvm::SmallVector<std::string> dimParams;
};
/// Fails after a diagnostic at `loc`; `what` names the value in messages.
mlir::FailureOr<NamedType> convertType(const wire::TypeProto &type, mlir::Location loc, llvm::StringRef what);

} // namespace ingot

#endif
