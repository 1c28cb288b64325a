//===- LayoutRewrites.h - moving transposes through a graph of ONNX operators --------===//
#ifndef INGOT_LIB_DIALECT_ONNX_TRANSFORMS_LAYOUTREWRITES_H
#define INGOT_LIB_DIALECT_ONNX_TRANSFORMS_LAYOUTREWRITES_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/IR/PatternMatch.h"

namespace ingot::onnx {

/// perm[i] is the dimension of the operand that becomes dimension i of the result, as in ONNX's Transpose.
using Perm = llvm::SmallVector<int64_t>;

Perm permOf(TransposeOp op);
Perm inverse(llvm::ArrayRef<int64_t> perm);
bool isIdentity(llvm::ArrayRef<int64_t> perm);
/// N, C, spatial... -> N, spatial..., C and back.
Perm toChannelsLast(int64_t rank);
Perm toChannelsFirst(int64_t rank);

/// The type after a Transpose by `perm`.
mlir::RankedTensorType permuted(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> perm);
/// `v` transposed; `v` itself where the permutation is the identity.
mlir::Value transpose(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> perm);
/// True if only dimensions of size 1 change their place, so that a reshape does the same.
bool movesUnitDimsOnly(mlir::RankedTensorType from, llvm::ArrayRef<int64_t> perm);
/// An i64 vector as a constant.
mlir::Value indexConstant(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> values);
/// The values of a constant integer tensor, row by row.
std::optional<llvm::SmallVector<int64_t>> constantIntegers(mlir::Value v);

/// Rewrites op(Transpose(x)) to Transpose(op'(x)) and cancels pairs.
void populateSinkTransposePatterns(mlir::RewritePatternSet &patterns);

} // namespace ingot::onnx

#endif
