//===- TensorBuilder.h - what lowerings say over and over, said once -----------------===//
//
// Index arithmetic that folds constants, linalg.generic in its three usual forms, slices, casts and run-time checks.
// Dimensions are OpFoldResult (an index attribute where constant), so that static shapes stay in the types.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_TENSORBUILDER_H
#define INGOT_CONVERSION_TENSORBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {

using Dims = llvm::SmallVector<mlir::OpFoldResult>;

class TensorBuilder {
public:
  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  TensorBuilder(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}
  mlir::OpBuilder &b;
  mlir::Location loc;

  //--- scalars ---
  mlir::Value index(int64_t v) { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  mlir::OpFoldResult indexAttr(int64_t v) { return b.getIndexAttr(v); }
  mlir::Value boolean(bool v);
  /// An index value of a dimension.
  mlir::Value value(mlir::OpFoldResult d);
  /// A constant of an integer, float or index type.
  mlir::Value number(mlir::Type type, double v);
  /// Integer (or i1, read as unsigned) to index, and back to an integer type.
  mlir::Value toIndex(mlir::Value v, bool isUnsigned = false);
  mlir::Value fromIndex(mlir::Value v, mlir::Type type);
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y) { return mlir::arith::SelectOp::create(b, loc, c, x, y); }
  mlir::Value compare(mlir::arith::CmpIPredicate p, mlir::Value x, mlir::Value y) { return mlir::arith::CmpIOp::create(b, loc, p, x, y); }

  //--- index arithmetic; constants fold ---
  mlir::OpFoldResult add(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult sub(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult mul(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult floorDiv(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult ceilDiv(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult mod(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult min(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult max(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult product(llvm::ArrayRef<mlir::OpFoldResult> dims);

  //--- tensors ---
  mlir::OpFoldResult dim(mlir::Value tensor, int64_t i);
  Dims dims(mlir::Value tensor);
  mlir::Value empty(llvm::ArrayRef<mlir::OpFoldResult> dims, mlir::Type elementType);
  /// A tensor full of one scalar.
  mlir::Value full(llvm::ArrayRef<mlir::OpFoldResult> dims, mlir::Value scalar);
  /// One element.
  mlir::Value extract(mlir::Value tensor, mlir::ValueRange indices = {}) {
    return mlir::tensor::ExtractOp::create(b, loc, tensor, indices);
  }
  /// The single element of a tensor of rank 0, or of any rank with all dimensions 1; that those are is checked where it is not known.
  mlir::Value scalarOf(mlir::Value tensor);
  /// A tensor of rank 0.
  mlir::Value fromScalar(mlir::Value scalar);
  /// A slice with no elements may lie behind the end.
  mlir::Value slice(mlir::Value tensor, llvm::ArrayRef<mlir::OpFoldResult> offsets, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                    llvm::ArrayRef<mlir::OpFoldResult> strides = {});
  mlir::Value insert(mlir::Value tensor, mlir::Value into, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                     llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::ArrayRef<mlir::OpFoldResult> strides = {});
  mlir::Value transpose(mlir::Value tensor, llvm::ArrayRef<int64_t> permutation);
  /// The same elements in other dimensions: expand_shape or collapse_shape where one of them says it with static dimensions,
  /// both through rank 1 else.
  mlir::Value reshape(mlir::Value tensor, llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// Inserts dimensions of size 1 at the given positions of the result; removes dimensions that are 1.  Positions are sorted.
  mlir::Value insertUnits(mlir::Value tensor, llvm::ArrayRef<int64_t> positions);
  mlir::Value dropUnits(mlir::Value tensor, llvm::ArrayRef<int64_t> positions);
  /// tensor.cast to another tensor type of the same element type; nothing if it is the same.
  mlir::Value castTo(mlir::Value tensor, mlir::Type type);

  //--- structured computation ---
  /// result[i...] = body(inputs[map(i...)]...): all loops parallel.  `maps` one per input (identity if empty).
  mlir::Value map(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, llvm::ArrayRef<mlir::OpFoldResult> dims,
                  mlir::Type elementType, Body body);
  /// result[i...] = body(i...): the body reads what it wants by tensor.extract.
  mlir::Value compute(llvm::ArrayRef<mlir::OpFoldResult> dims, mlir::Type elementType, Body body);
  /// Reduces the given (sorted) dimensions of `input`, which disappear: acc = body(x, acc), starting from `init`.
  mlir::Value reduce(mlir::Value input, llvm::ArrayRef<int64_t> axes, mlir::Value init, Body body);

  //--- run-time conditions ---
  /// ingot.check with "<Operator:node>: <text>"; nothing if the condition is constantly true.
  void check(mlir::Value condition, const llvm::Twine &text);
  /// The same for two sizes that must be equal; nothing if they are equal constants or one value.
  void checkEqual(mlir::OpFoldResult x, mlir::OpFoldResult y, const llvm::Twine &text);
};

/// The node of a location as the importer names it ("Conv:conv1/Conv2D").
std::string nodeName(mlir::Location loc);
/// An axis that may count from the end. (The getters of ODS give unsigned numbers: compared with 0 they are never negative.)
inline int64_t fromFront(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }
inline mlir::Type elementType(mlir::Value v) { return mlir::getElementTypeOrSelf(v.getType()); }

} // namespace ingot

#endif
