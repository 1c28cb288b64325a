//===- Sequence.cpp - shape rules of sequences and optional values ------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

Type ingot::onnx::joinTypes(Type a, Type b) {
  if (!a || !b || a == b) return a == b ? a : Type();
  if (auto s = dyn_cast<SequenceType>(a))
    if (auto t = dyn_cast<SequenceType>(b))
      if (Type element = joinTypes(s.getElementType(), t.getElementType())) return SequenceType::get(a.getContext(), element);
  if (auto s = dyn_cast<OptionalType>(a))
    if (auto t = dyn_cast<OptionalType>(b))
      if (Type element = joinTypes(s.getElementType(), t.getElementType())) return OptionalType::get(a.getContext(), element);
  // A value that is there is an optional one that is there.
  for (auto [optional, other] : {std::pair(a, b), std::pair(b, a)})
    if (auto o = dyn_cast<OptionalType>(optional); o && !isa<OptionalType>(other)) {
      Type element = joinTypes(o.getElementType(), other);
      return element ? OptionalType::get(a.getContext(), element) : Type();
    }
  auto x = dyn_cast<TensorType>(a), y = dyn_cast<TensorType>(b);
  if (!x || !y || x.getElementType() != y.getElementType()) return {};
  // The element of an empty sequence has no rank; what joins it has.
  if (!x.hasRank() || !y.hasRank()) return x.hasRank() ? x : y;
  if (x.getRank() != y.getRank()) return UnrankedTensorType::get(x.getElementType());
  SmallVector<int64_t> sizes(x.getShape());
  for (auto [size, other] : llvm::zip(sizes, y.getShape()))
    if (size != other) size = ShapedType::kDynamic;
  return RankedTensorType::get(sizes, x.getElementType());
}

/// The element type of a sequence operand; fails with a diagnostic if it is none.
static FailureOr<Type> elementOf(Operation *op, Value v, ShapeAnalysis &shapes) {
  if (auto sequence = dyn_cast<SequenceType>(shapes.type(v))) return sequence.getElementType();
  return op->emitOpError("expected a sequence, got ") << shapes.type(v);
}
static void setSequence(Value result, Type element, ShapeAnalysis &shapes) {
  shapes.setType(result, SequenceType::get(element.getContext(), element));
}

LogicalResult SequenceEmptyOp::infer(ShapeAnalysis &shapes) {
  Type element = elementTypeOf(getDtype().value_or(1), getContext());
  if (!element) return emitOpError("expected 'dtype' to be a number of an element type, got ") << *getDtype();
  setSequence(getOutput(), UnrankedTensorType::get(element), shapes);
  return success();
}

LogicalResult SequenceConstructOp::infer(ShapeAnalysis &shapes) {
  if (getInputs().empty()) return emitOpError("expected at least one operand");
  Type element = shapes.type(getInputs().front());
  for (Value v : getInputs().drop_front()) {
    Type joined = joinTypes(element, shapes.type(v));
    if (!joined) return emitOpError("expected operands of one element type, got ") << element << " and " << shapes.type(v);
    element = joined;
  }
  setSequence(getOutputSequence(), element, shapes);
  return success();
}

LogicalResult SequenceAtOp::infer(ShapeAnalysis &shapes) {
  FailureOr<Type> element = elementOf(*this, getInputSequence(), shapes);
  if (failed(element)) return failure();
  shapes.setType(getTensor(), *element);
  return success();
}
LogicalResult SequenceEraseOp::infer(ShapeAnalysis &shapes) {
  if (failed(elementOf(*this, getInputSequence(), shapes))) return failure();
  shapes.setLike(getOutputSequence(), getInputSequence());
  return success();
}
LogicalResult SequenceInsertOp::infer(ShapeAnalysis &shapes) {
  FailureOr<Type> element = elementOf(*this, getInputSequence(), shapes);
  if (failed(element)) return failure();
  Type joined = joinTypes(*element, shapes.type(getTensor()));
  if (!joined) return emitOpError("expected a tensor for a sequence of ") << *element << ", got " << shapes.type(getTensor());
  setSequence(getOutputSequence(), joined, shapes);
  return success();
}
LogicalResult SequenceLengthOp::infer(ShapeAnalysis &shapes) {
  shapes.set(getLength(), IntegerType::get(getContext(), 64), {});
  return success();
}

/// What a list consists of that repeats one value, as often as only the run may know.
static std::optional<int64_t> repeatedValue(Value list) {
  auto filled = list.getDefiningOp<ConstantOfShapeOp>();
  auto value = filled ? dyn_cast_or_null<DenseElementsAttr>(filled.getValueAttr()) : DenseElementsAttr();
  if (!value || !value.isSplat() || !value.getElementType().isInteger()) return std::nullopt;
  return value.getSplatValue<APInt>().getSExtValue();
}

LogicalResult SplitToSequenceOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (!element) return emitOpError("expected a tensor, got ") << shapes.type(getInput());
  auto input = dyn_cast<RankedTensorType>(shapes.type(getInput()));
  if (!input) {
    setSequence(getOutputSequence(), UnrankedTensorType::get(element), shapes);
    return success();
  }
  SmallVector<int64_t> sizes(input.getShape());
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), sizes.size());
  if (failed(axis)) return failure();
  if (!isPresent(getSplit())) {
    if (getKeepdims())
      sizes[*axis] = 1;
    else
      sizes.erase(sizes.begin() + *axis);
  } else {
    // A scalar is the size of all parts but perhaps the last; a list gives each.
    auto given = shapes.constantContents(getSplit());
    if (std::optional<int64_t> each = repeatedValue(getSplit())) given = SmallVector<int64_t>{*each};
    bool isScalar = shapes.hasRank(getSplit()) && shapes.rank(getSplit()) == 0;
    bool equal = given && !given->empty() && llvm::all_equal(*given) &&
                 (!isScalar || (given->front() > 0 && !ShapedType::isDynamic(sizes[*axis]) && sizes[*axis] % given->front() == 0));
    sizes[*axis] = equal ? given->front() : ShapedType::kDynamic;
  }
  setSequence(getOutputSequence(), RankedTensorType::get(sizes, element), shapes);
  return success();
}

LogicalResult ConcatFromSequenceOp::infer(ShapeAnalysis &shapes) {
  FailureOr<Type> element = elementOf(*this, getInputSequence(), shapes);
  if (failed(element)) return failure();
  auto type = dyn_cast<RankedTensorType>(*element);
  if (!type) {
    shapes.setType(getConcatResult(), *element);
    return success();
  }
  SmallVector<int64_t> sizes(type.getShape());
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), sizes.size() + (getNewAxis() ? 1 : 0));
  if (failed(axis)) return failure();
  if (getNewAxis())
    sizes.insert(sizes.begin() + *axis, ShapedType::kDynamic);
  else
    sizes[*axis] = ShapedType::kDynamic;
  shapes.setType(getConcatResult(), RankedTensorType::get(sizes, type.getElementType()));
  return success();
}

//===----------------------------------- optional -------------------------------------===//

LogicalResult OptionalOp::infer(ShapeAnalysis &shapes) {
  Type content;
  if (isPresent(getInput()))
    content = shapes.type(getInput());
  else if (auto type = (*this)->getAttrOfType<TypeAttr>("type"))
    content = type.getValue();
  if (!content) return emitOpError("expected an operand or the attribute 'type'");
  shapes.setType(getOutput(), isa<OptionalType>(content) ? content : OptionalType::get(getContext(), content));
  return success();
}
LogicalResult OptionalGetElementOp::infer(ShapeAnalysis &shapes) {
  if (auto optional = dyn_cast<OptionalType>(shapes.type(getInput())))
    shapes.setType(getOutput(), optional.getElementType());
  else
    shapes.setLike(getOutput(), getInput());
  return success();
}
LogicalResult OptionalHasElementOp::infer(ShapeAnalysis &shapes) {
  shapes.set(getOutput(), IntegerType::get(getContext(), 1), {});
  return success();
}
