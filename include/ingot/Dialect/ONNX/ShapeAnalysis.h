//===- ShapeAnalysis.h - symbolic dimensions and contents of ONNX values ----------===//
//
// A dimension is an affine expression over symbols, so `batch`, `past_len + tokens` and `7` are one kind of thing: equal
// expressions are equal dimensions.  Small integer tensors (shapes, axes, indices computed from shapes) have known *contents* in the
// same terms, which is how Shape -> Gather -> Concat -> Reshape chains become static shapes.
//
// Example: input x has dims (s0, 3, 224), s0 being the dimension x.0 named "batch".
//   Shape(x)            contents [s0, 3, 224]
//   Gather(that, 0)     contents [s0] (rank 0)
//   Reshape(x, [s0,-1]) dims (s0, 672)
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_DIALECT_ONNX_SHAPEANALYSIS_H
#define INGOT_DIALECT_ONNX_SHAPEANALYSIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>
#include <string>

namespace ingot::onnx {

/// An affine expression over symbols only; a constant is a known dimension.
using Dim = mlir::AffineExpr;

/// Where a symbol's value is found at run time.
struct SymbolSource {
  mlir::Value value;      // the tensor whose dimension (or element) it is
  int64_t index = 0;      // dimension number, or linear index of the element
  bool isElement = false; // an element of an integer tensor rather than a dimension
  std::string name;       // the model's name for it, empty if it has none
};

/// Two sizes that an operator needs equal, where only the run knows whether they are; and what they are the sizes of.
struct SizeRequirement {
  Dim a, b;
  std::string what;
};

class ShapeAnalysis {
public:
  explicit ShapeAnalysis(mlir::MLIRContext *context) : context(context) {}

  /// Infers all ops of the function in order, regions included.  Fails after a diagnostic at the offending op.
  mlir::LogicalResult run(mlir::func::FuncOp function);
  /// Writes what was inferred into the types of the values of the function (its signature's results too).
  void updateTypes(mlir::func::FuncOp function);

  //--- what is known of a value ---
  /// What was inferred of the type; the type in the IR for values that the analysis has not met.
  mlir::Type type(mlir::Value v) const;
  /// Null for values that are no tensors.
  mlir::Type elementType(mlir::Value v) const;
  /// False for values whose rank is unknown and for values that are no tensors.
  bool hasRank(mlir::Value v) const;
  llvm::ArrayRef<Dim> dims(mlir::Value v) const;
  int64_t rank(mlir::Value v) const { return dims(v).size(); }
  Dim dim(mlir::Value v, int64_t i) const { return dims(v)[i]; }
  /// The constant value of a dimension, or nothing.
  static std::optional<int64_t> asConstant(Dim d);
  /// Contents of an integer tensor of known shape (rank 0 or 1, at most 1024 elements), row by row; an unknown element is a null Dim.
  std::optional<llvm::ArrayRef<Dim>> contents(mlir::Value v) const;
  /// Contents if every one of them is a constant.
  std::optional<llvm::SmallVector<int64_t>> constantContents(mlir::Value v) const;

  /// Element `index` of an integer tensor: as known, else the symbol of it.
  Dim at(mlir::Value v, int64_t index);
  /// The number of elements of a tensor of known rank 0 or 1, if it is a constant.
  std::optional<int64_t> length(mlir::Value v) const;

  //--- what infer() sets ---
  /// Sets element type and dimensions of a result (or block argument).  A null dimension becomes a fresh one.
  void set(mlir::Value result, mlir::Type elementType, llvm::ArrayRef<Dim> dims);
  /// Same type and dimensions as another value (also for non-tensor types).
  void setLike(mlir::Value result, mlir::Value other);
  void setUnranked(mlir::Value result, mlir::Type elementType);
  void setType(mlir::Value result, mlir::Type type);
  void setContents(mlir::Value result, llvm::ArrayRef<Dim> contents);

  /// Sizes that must be equal for `op` to have a meaning; the lowering checks them. Nothing where they are or either is unknown (null).
  void require(mlir::Operation *op, Dim a, Dim b, llvm::StringRef what);
  llvm::ArrayRef<SizeRequirement> requirements(mlir::Operation *op) const;

  //--- dimensions ---
  Dim constant(int64_t c) { return mlir::getAffineConstantExpr(c, context); }
  /// A symbol whose value is dimension `index` of `v` at run time (the same symbol when asked again).
  Dim fresh(mlir::Value v, int64_t index);
  /// A symbol whose value is the element `index` of the integer tensor `v` (the same symbol when asked again).
  Dim element(mlir::Value v, int64_t index);
  const SymbolSource &source(unsigned symbol) const { return sources[symbol]; }
  /// The broadcast of two dimensions.  Where neither is known to be 1 or equal, the result is a fresh dimension of `result`.
  /// Null (after a diagnostic at `op`) where two constants contradict.
  Dim broadcast(mlir::Operation *op, Dim a, Dim b, mlir::Value result, int64_t index);
  /// Surely 0 or more: a sum of products of dimensions.  (Elements of tensors can be negative.)
  bool isNonNegative(Dim d) const;
  /// Whether the values of all symbols of `d` are defined outside the regions of `op`.
  bool isDefinedOutside(Dim d, mlir::Operation *op) const;
  /// "batch", "2*batch + 1", "7": for messages and the header.
  std::string str(Dim d) const;
  std::string str(llvm::ArrayRef<Dim> dims) const;

  /// Infers the ops of a block in order, for operators with subgraphs.
  mlir::LogicalResult runOnBlock(mlir::Block &block);

  mlir::MLIRContext *getContext() const { return context; }

private:
  struct Known {
    mlir::Type type;                                     // null: not set yet
    bool ranked = false;
    llvm::SmallVector<Dim> dims;
    std::optional<llvm::SmallVector<Dim>> contents;
  };
  void seed(mlir::Value v) { setType(v, v.getType()); }
  void seedArguments(mlir::func::FuncOp function);
  Dim symbol(SymbolSource source);

  mlir::MLIRContext *context;
  llvm::DenseMap<mlir::Value, Known> known;
  llvm::SmallVector<SymbolSource> sources;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<SizeRequirement, 2>> required;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, Dim> elements, dimensions;
};

/// Shape rule of every elementwise op: operands broadcast together; the result has the element type of operand number `like`, or
/// i1 if that is -1.
mlir::LogicalResult inferElementwise(mlir::Operation *op, ShapeAnalysis &shapes, int like);
/// Shape rule of the reductions with axes as second operand.
mlir::LogicalResult inferReduction(mlir::Operation *op, ShapeAnalysis &shapes);

} // namespace ingot::onnx

#endif
