//===- ComputeBuilder.h - numeric work over tensors, in wide floats -------------------===//
//
// Floats narrower than 32 bits are stored narrow and computed in f32: the bodies given here see wide scalars, and results are rounded once.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_COMPUTEBUILDER_H
#define INGOT_CONVERSION_COMPUTEBUILDER_H

#include "TensorBuilder.h"
#include "ingot/Dialect/ONNX/ScalarBuilder.h"

namespace ingot {

/// f32 for narrower floats, else the type itself.
mlir::Type wideType(mlir::Type type);

class ComputeBuilder : public TensorBuilder {
public:
  using ScalarBody = llvm::function_ref<mlir::Value(ScalarBuilder &, mlir::ValueRange)>;

  ComputeBuilder(mlir::OpBuilder &b, mlir::Location loc, bool isUnsigned = false) : TensorBuilder(b, loc), isUnsigned(isUnsigned) {}
  bool isUnsigned; // how integers are read

  //--- affine maps over n loops ---
  mlir::AffineExpr loop(unsigned i) { return b.getAffineDimExpr(i); }
  mlir::AffineExpr zero() { return b.getAffineConstantExpr(0); }
  mlir::AffineMap mapOf(unsigned loops, llvm::ArrayRef<mlir::AffineExpr> results) {
    return mlir::AffineMap::get(loops, 0, results, b.getContext());
  }
  /// The loops in the given order.
  mlir::AffineMap select(unsigned loops, llvm::ArrayRef<int64_t> dims);
  using TensorBuilder::select;
  /// How an operand is read by numpy's broadcasting over loops of these sizes: aligned at the end, 0 where its size is 1. Where only the run
  /// tells whether a size is 1, the operand becomes one that is expanded along it, checked.
  mlir::AffineMap broadcastMap(mlir::Value &operand, llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// The same for a scalar, or a vector along one of the loops; other operands broadcast.
  mlir::AffineMap axisMap(mlir::Value &operand, int64_t axis, llvm::ArrayRef<mlir::OpFoldResult> dims);

  //--- reshaping with known grouping ---
  mlir::Value collapse(mlir::Value v, llvm::ArrayRef<mlir::ReassociationIndices> groups);
  mlir::Value expand(mlir::Value v, llvm::ArrayRef<mlir::ReassociationIndices> groups, llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// Inserts a dimension of size 1 at `axis`, and removes it.
  mlir::Value insertUnitDim(mlir::Value v, int64_t axis);
  mlir::Value removeUnitDim(mlir::Value v, int64_t axis);

  //--- edges ---
  /// Adds elements before and after each dimension; negative amounts cut off.
  mlir::Value padOrCrop(mlir::Value v, llvm::ArrayRef<mlir::OpFoldResult> low, llvm::ArrayRef<mlir::OpFoldResult> high, mlir::Value with);

  //--- computation: scalars are wide, results are converted to the element type asked for ---
  mlir::Value mapWide(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, llvm::ArrayRef<mlir::OpFoldResult> dims,
                      mlir::Type elementType, ScalarBody body);
  /// acc = body(inputs..., acc) over all loops, the accumulator indexed by `accMap`; loops it does not use are reductions.
  /// `init` is the tensor of accumulators.
  mlir::Value fold(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init, mlir::AffineMap accMap,
                   ScalarBody body);
  /// Reduces dimensions of one tensor in wide arithmetic; they disappear. The result is wide.
  mlir::Value reduceWide(mlir::Value input, llvm::ArrayRef<int64_t> axes, mlir::Value init, ScalarBody body);
  /// Converts elements (floats by value, integers as `isUnsigned` says).
  mlir::Value convertElements(mlir::Value v, mlir::Type to);

private:
  mlir::Value toWide(ScalarBuilder &s, mlir::Value v);
};

/// ingot.contract with accumulation in wide type (i32 for 8-bit integers) and a result of the type asked for.
struct ContractSpec {
  llvm::SmallVector<int64_t> strides, dilations;
  int64_t groups = 1;
  bool batched = false, unsignedInput = false, unsignedWeights = false;
  llvm::SmallVector<int64_t> pads; // before each spatial dimension; empty: the input is padded already
  bool depthwise = false;
};
mlir::Value contract(TensorBuilder &t, mlir::Value input, mlir::Value weights, llvm::ArrayRef<mlir::OpFoldResult> outDims,
                     mlir::Type outElement, const ContractSpec &spec);
/// x [rows, k] times w [k, n], plain matrices.
mlir::Value multiplyMatrices(ComputeBuilder &t, mlir::Value x, mlir::Value w, mlir::Type outElement, bool unsignedX = false,
                             bool unsignedW = false);

} // namespace ingot

#endif
