//===- Bytes.h - constants of 8-bit integers ----------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_BYTES_H
#define INGOT_DIALECT_ONNX_BYTES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include <optional>

namespace ingot::onnx {

/// The type of a tensor of known rank whose elements are 8-bit integers; null: another type.
mlir::RankedTensorType byteType(mlir::Value v);

/// The numbers of an onnx.Constant of such a type; nothing for other values.
std::optional<llvm::SmallVector<int>> bytesOf(mlir::Value v);

/// Whether all numbers of a tensor less its zero points, one for all or one for each position along `dim`, are signed 8-bit integers.
bool fitsAround(mlir::RankedTensorType type, llvm::ArrayRef<int> numbers, llvm::ArrayRef<int> zeros, int64_t dim);

} // namespace ingot::onnx

#endif
