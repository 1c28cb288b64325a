//===- IngotDialect.h - the ingot dialect ------------------------------------------===//
#ifndef INGOT_DIALECT_INGOT_INGOTDIALECT_H
#define INGOT_DIALECT_INGOT_INGOTDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ingot/Dialect/Ingot/IngotDialect.h.inc"
#define GET_OP_CLASSES
#include "ingot/Dialect/Ingot/IngotOps.h.inc"

namespace ingot {
/// Bufferization of the dialect's ops: destinations become buffers in place.
void registerBufferizableOpInterfaceModels(mlir::DialectRegistry &registry);
} // namespace ingot

#endif
