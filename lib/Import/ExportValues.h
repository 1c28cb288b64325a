//===- ExportValues.h - types, tensors and attributes in the wire format --------------------===//
#ifndef INGOT_LIB_IMPORT_EXPORTVALUES_H
#define INGOT_LIB_IMPORT_EXPORTVALUES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"

namespace ingot {
namespace wire {
class AttributeProto;
class TensorProto;
class TypeProto;
} // namespace wire

// Each fails after a diagnostic at `loc` if ONNX has nothing of that kind.
mlir::LogicalResult exportType(mlir::Type type, mlir::ArrayAttr dimParams, mlir::Location loc, wire::TypeProto &proto);
mlir::LogicalResult exportTensor(mlir::ElementsAttr elements, mlir::Location loc, wire::TensorProto &proto);
mlir::LogicalResult exportAttribute(llvm::StringRef name, mlir::Attribute value, mlir::Location loc, wire::AttributeProto &proto);

} // namespace ingot

#endif
