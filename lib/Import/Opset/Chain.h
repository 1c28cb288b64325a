//===- Chain.h - expressions of onnx ops, for rewrites that take several -------------===//
#ifndef INGOT_LIB_IMPORT_OPSET_CHAIN_H
#define INGOT_LIB_IMPORT_OPSET_CHAIN_H

#include "Upgrade.h"

namespace ingot {

/// Builds ops one from another and stops at the first that fails: from then on all values are null, and `replace` fails.
struct Chain {
  explicit Chain(Rewriter &r) : r(r), i64(r.b.getI64Type()), i32(r.b.getI32Type()), f32(r.b.getF32Type()), i1(r.b.getI1Type()) {}
  Rewriter &r;
  mlir::Type i64, i32, f32, i1;
  bool ok = true;

  using Value = mlir::Value;
  /// `element`: the result's, where it is not the first operand's.
  Value op(llvm::StringRef opType, llvm::ArrayRef<Value> operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}, mlir::Type element = {});
  static mlir::Type elementOf(Value v) { return mlir::cast<mlir::TensorType>(v.getType()).getElementType(); }
  /// Result i of the op that gives `first`; of this element type, where it is not the first result's.
  Value result(Value first, unsigned i, mlir::Type element = {});

  //--- arithmetic; a number stands for a scalar of the other operand's element type ---
  Value like(Value v, double number) { return ok ? r.scalarLike(v, number) : Value(); }
  /// Either operand may be absent.
  Value add(Value x, Value y) { return !x ? y : !y ? x : op("Add", {x, y}); }
  Value add(Value x, double y) { return op("Add", {x, like(x, y)}); }
  Value sub(Value x, Value y) { return op("Sub", {x, y}); }
  Value sub(Value x, double y) { return op("Sub", {x, like(x, y)}); }
  Value mul(Value x, Value y) { return op("Mul", {x, y}); }
  Value mul(Value x, double y) { return op("Mul", {x, like(x, y)}); }
  Value div(Value x, Value y) { return op("Div", {x, y}); }
  Value div(Value x, double y) { return op("Div", {x, like(x, y)}); }
  Value compare(llvm::StringRef opType, Value x, Value y) { return op(opType, {x, y}, {}, i1); }
  Value compare(llvm::StringRef opType, Value x, double y) { return compare(opType, x, like(x, y)); }
  Value both(Value x, Value y) { return !x ? y : !y ? x : op("And", {x, y}); }
  Value where(Value condition, Value x, Value y) { return op("Where", {condition, x, y}, {}, ok ? elementOf(x) : mlir::Type()); }
  Value cast(Value v, mlir::Type element);
  Value castLike(Value v, Value other) { return ok ? cast(v, elementOf(other)) : Value(); }
  Value matMul(Value x, Value y) { return op("MatMul", {x, y}); }

  //--- shapes; sizes and positions are tensors of one i64 ---
  Value ints(llvm::ArrayRef<int64_t> values) { return ok ? r.ints(values) : Value(); }
  Value dim(Value v, int64_t axis);
  Value shape(Value v) { return op("Shape", v, {}, i64); }
  Value join(llvm::ArrayRef<Value> sizes) { return concat(sizes, 0); }
  Value concat(llvm::ArrayRef<Value> parts, int64_t axis) { return op("Concat", parts, r.attr("axis", axis)); }
  /// 0 keeps a dimension, -1 is what is left.
  Value reshape(Value v, llvm::ArrayRef<int64_t> sizes) { return reshape(v, ints(sizes)); }
  Value reshape(Value v, Value sizes) { return op("Reshape", {v, sizes}); }
  Value transpose(Value v, llvm::ArrayRef<int64_t> permutation);
  Value unsqueeze(Value v, llvm::ArrayRef<int64_t> axes) { return op("Unsqueeze", {v, ints(axes)}); }
  Value squeeze(Value v, llvm::ArrayRef<int64_t> axes) { return op("Squeeze", {v, ints(axes)}); }
  Value expand(Value v, Value sizes) { return op("Expand", {v, sizes}); }
  Value gather(Value data, Value indices, int64_t axis) { return op("Gather", {data, indices}, r.attr("axis", axis)); }
  /// The slice at a position of an axis, which disappears.
  Value at(Value data, int64_t position, int64_t axis) { return ok ? gather(data, r.scalar(position), axis) : Value(); }
  Value slice(Value v, Value begin, Value end, int64_t axis) { return op("Slice", {v, begin, end, ints(axis), Value()}); }
  Value slice(Value v, int64_t begin, int64_t end, int64_t axis) { return slice(v, ints(begin), ints(end), axis); }
  /// 0, 1, ... below `size`.
  Value iota(Value size);
  Value reduce(llvm::StringRef opType, Value v, llvm::ArrayRef<int64_t> axes, bool keepdims = true);

  /// Repeats a body at most `count` (a scalar) times, carrying values on.  The body gives the next values, and in `goesOn` whether there is another
  /// iteration (null: always); a null value among them after a diagnostic.
  using Body = llvm::function_ref<llvm::SmallVector<Value>(Value iteration, llvm::ArrayRef<Value> carried, Value &goesOn)>;
  llvm::SmallVector<Value> loop(Value count, llvm::ArrayRef<Value> initial, Body body);

  /// The rank of operand i; fails with a diagnostic where the model does not say.
  mlir::FailureOr<int64_t> rankOf(unsigned i);
  /// Fails with a diagnostic unless these operands are given.
  llvm::LogicalResult require(llvm::ArrayRef<unsigned> operands);
  /// Refuses the value of an attribute other than `only`, and takes it.
  llvm::LogicalResult requireInt(llvm::StringRef name, int64_t only);
  /// Gives the node's outputs; absent ones are null.  Refuses outputs that are wanted and absent, and attributes that nothing took.
  llvm::LogicalResult replace(llvm::ArrayRef<Value> values);
};

} // namespace ingot

#endif
