//===- Attributes.h - AttributeProto to attributes --------------------------------------===//
#ifndef INGOT_LIB_IMPORT_ATTRIBUTES_H
#define INGOT_LIB_IMPORT_ATTRIBUTES_H

#include "Tensors.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace ingot {
namespace wire {
class AttributeProto;
}

/// The kind of an attribute, as a wire::AttributeProto::AttributeType; guessed from its contents where the file does not say (IR version 1).
int attributeKind(const wire::AttributeProto &attribute);
/// Any kind but graphs.  Fails after a diagnostic at `loc`; `what` names the node.
mlir::FailureOr<mlir::Attribute> convertAttribute(const wire::AttributeProto &attribute, TensorReader &tensors, mlir::Location loc,
                                                  llvm::StringRef what);

} // namespace ingot

#endif
