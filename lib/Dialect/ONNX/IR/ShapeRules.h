//===- ShapeRules.h - what the shape rules share ------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_SHAPERULES_H
#define INGOT_DIALECT_ONNX_SHAPERULES_H

#include "DimArithmetic.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot::onnx {

/// Fails with a diagnostic unless element types and ranks of the operands are as the table of OperandRules.cpp says.
llvm::LogicalResult checkOperands(mlir::Operation *op, ShapeAnalysis &shapes);

/// Fails with a diagnostic if a dimension is negative or no memory holds as many elements.
llvm::LogicalResult checkSizes(mlir::Operation *op, mlir::Value v, ShapeAnalysis &shapes);

/// The axis counted from the front: in [0, rank), or [0, rank] if `inclusive`.
llvm::FailureOr<int64_t> axisOf(mlir::Operation *op, int64_t axis, int64_t rank, bool inclusive = false);
/// Several axes, none of them twice.
llvm::FailureOr<llvm::SmallVector<int64_t>> axesOf(mlir::Operation *op, llvm::ArrayRef<int64_t> axes, int64_t rank);

/// Fails with a diagnostic unless the rank of `v` is unknown or in [least, most].
llvm::LogicalResult expectRank(mlir::Operation *op, ShapeAnalysis &shapes, mlir::Value v, int64_t least, int64_t most = INT64_MAX);

/// The size of a dimension that two operands share: the one that is constant.  Null after a diagnostic if they contradict.
Dim sameDim(mlir::Operation *op, Dim a, Dim b, llvm::StringRef what);
/// The same for sizes that the lowering relies on: where one is known to the run only, the run checks it (ShapeAnalysis::require). Nothing
/// for an unknown (null) size.
llvm::LogicalResult requireSame(mlir::Operation *op, ShapeAnalysis &shapes, Dim a, Dim b, llvm::StringRef what);

/// The dimensions of two shapes broadcast together, for `result`.
llvm::FailureOr<llvm::SmallVector<Dim>> broadcastDims(mlir::Operation *op, ShapeAnalysis &shapes, llvm::ArrayRef<Dim> a,
                                                       llvm::ArrayRef<Dim> b, mlir::Value result);

/// The type of a value that is one or the other: sizes that differ are open.  Null if they are of different kinds.
mlir::Type joinTypes(mlir::Type a, mlir::Type b);

/// Whether data are N, spatial..., C (set by onnx-propagate-layout) rather than N, C, spatial...
inline bool isChannelsLast(mlir::Operation *op) { return op->hasAttr("channels_last"); }
inline int64_t channelAxis(mlir::Operation *op, int64_t rank) { return isChannelsLast(op) ? rank - 1 : 1; }
inline int64_t firstSpatialAxis(mlir::Operation *op) { return isChannelsLast(op) ? 1 : 2; }

/// Elements of a small constant as dimensions; floats too where they are whole numbers.  Empty if it is large or of another kind.
llvm::SmallVector<Dim> readContents(mlir::ElementsAttr elements, ShapeAnalysis &shapes);
/// One element of the result of an elementwise op from those of its operands (null: unknown).
Dim foldElement(mlir::Operation *op, llvm::ArrayRef<Dim> args, ShapeAnalysis &shapes);
/// Sets the contents of an elementwise op's result as far as foldElement knows them.
void foldContents(mlir::Operation *op, ShapeAnalysis &shapes);

} // namespace ingot::onnx

#endif
