//===- ONNXDialect.h - the onnx dialect -------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_ONNXDIALECT_H
#define INGOT_DIALECT_ONNX_ONNXDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ingot/Dialect/ONNX/ScalarBuilder.h"
#include "ingot/Dialect/ONNX/ShapeAnalysis.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h.inc"
#include "ingot/Dialect/ONNX/ONNXInterfaces.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ingot/Dialect/ONNX/ONNXTypes.h.inc"
#define GET_OP_CLASSES
#include "ingot/Dialect/ONNX/ONNXOps.h.inc"

namespace ingot::onnx {

/// What the importer must know of an operator: how many operands and results its row declares.
struct OpSignature {
  unsigned minOperands = 0;   // operands before a variadic one; all of them if there is none
  bool variadicOperands = false;
  unsigned minResults = 0;
  bool variadicResults = false;
  int sinceVersion = 0;
};
/// By the op's full name ("onnx.Conv"), once a context has loaded the dialect; null if the dialect has no such op.
const OpSignature *lookupSignature(llvm::StringRef opName);

/// Whether an optional operand is given.
inline bool isPresent(mlir::Value v) { return v && !llvm::isa<mlir::NoneType>(v.getType()); }

/// The element type of a number of ONNX's TensorProto.DataType (1 is FLOAT); null if there is none.
mlir::Type elementTypeOf(int64_t dataType, mlir::MLIRContext *context);

} // namespace ingot::onnx

#endif
