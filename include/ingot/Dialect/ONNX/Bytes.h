//===- Bytes.h - constants of integers of a few bits --------------------------------===//
#ifndef INGOT_DIALECT_ONNX_BYTES_H
#define INGOT_DIALECT_ONNX_BYTES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace ingot::onnx {

/// The type of a tensor of known rank whose elements are 8-bit integers; null: another type.
mlir::RankedTensorType byteType(mlir::Value v);

/// Whether an operand is absent or a constant of integers that are all 0.
bool isAbsentOrZero(mlir::Value operand);

/// Whether `numbers`, an onnx.Constant of bytes, are signed 8-bit integers less their zero points: a constant of one for all or of one for each position
/// along `dim`, or absent. Looks at each number at most once, where it lies.
bool fitsAround(mlir::Value numbers, mlir::Value zeros, int64_t dim);

} // namespace ingot::onnx

#endif
