//===- Shape.cpp - shape rules of operators over shapes -------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// Operators that keep the elements in order keep their contents.
static void keepContents(Value result, Value operand, ShapeAnalysis &shapes) {
  if (auto c = shapes.contents(operand)) shapes.setContents(result, SmallVector<Dim>(*c));
}

LogicalResult IdentityOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getOutput(), getInput());
  keepContents(getOutput(), getInput(), shapes);
  return success();
}

static LogicalResult inferConversion(Operation *op, Type element, ShapeAnalysis &shapes) {
  Value input = op->getOperand(0);
  if (!element) return op->emitOpError("expected a tensor to take the element type from, got ") << shapes.type(op->getOperand(1));
  if (shapes.hasRank(input))
    shapes.set(op->getResult(0), element, shapes.dims(input));
  else
    shapes.setUnranked(op->getResult(0), element);
  return success();
}
LogicalResult CastLikeOp::infer(ShapeAnalysis &shapes) {
  if (failed(inferConversion(*this, shapes.elementType(getTargetType()), shapes))) return failure();
  foldContents(*this, shapes);
  return success();
}
LogicalResult BitCastOp::infer(ShapeAnalysis &shapes) {
  Type from = shapes.elementType(getInput()), to = elementTypeOf(getTo(), getContext());
  // A bool is a byte.
  auto width = [](Type t) { return t && t.isIntOrFloat() ? (t.isInteger(1) ? 8 : t.getIntOrFloatBitWidth()) : 0; };
  if (width(from) == 0 || width(from) != width(to))
    return emitOpError("expected element types of equal width, got ") << from << " and 'to' = " << getTo();
  return inferConversion(*this, to, shapes);
}

LogicalResult ShapeOp::infer(ShapeAnalysis &shapes) {
  Type i64 = IntegerType::get(getContext(), 64);
  if (!shapes.hasRank(getData())) {
    shapes.set(getShape(), i64, {Dim()});
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(getData());
  int64_t rank = dims.size();
  auto clamped = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  int64_t start = clamped(getStart()), end = clamped(getEnd().value_or(rank));
  SmallVector<Dim> range(start < end ? dims.slice(start, end - start) : ArrayRef<Dim>());
  shapes.set(getShape(), i64, {shapes.constant(range.size())});
  shapes.setContents(getShape(), range);
  return success();
}

LogicalResult SizeOp::infer(ShapeAnalysis &shapes) {
  shapes.set(getSize(), IntegerType::get(getContext(), 64), {});
  if (shapes.hasRank(getData())) shapes.setContents(getSize(), {product(shapes.dims(getData()), getContext())});
  return success();
}

//===---------------------------------- Reshape --------------------------------------===//

/// The dimension that makes the element counts agree: the product of `from` over that of `known`.
static Dim remainingDim(ArrayRef<Dim> from, ArrayRef<Dim> known, ShapeAnalysis &shapes) {
  SmallVector<Dim> rest(from), divisors;
  for (Dim d : known) {
    auto it = llvm::find(rest, d);
    // Equal sizes cancel, unless they could be zero in a way that is seen now.
    if (it != rest.end() && ShapeAnalysis::asConstant(d) != 0)
      rest.erase(it);
    else
      divisors.push_back(d);
  }
  MLIRContext *context = shapes.getContext();
  Dim total = product(rest, context), divisor = product(divisors, context);
  auto constant = ShapeAnalysis::asConstant(divisor);
  if (constant && *constant <= 0) return {};
  if (Dim exact = divideExactly(total, divisor)) return exact;
  return constant && !ShapeAnalysis::asConstant(total) ? floorDivide(total, *constant) : Dim();
}

/// Where the elements of a rearrangement lie in its operand: a size and a step for each dimension of the result, and where it begins.
struct Walk {
  SmallVector<int64_t> sizes, steps;
  int64_t begin = 0;
};

/// How a transposition or a slice by constants walks over its operand of constant sizes.
static std::optional<Walk> walkOf(Operation *op, ShapeAnalysis &shapes) {
  Value source = op->getOperand(0), result = op->getResult(0);
  if (!shapes.hasRank(source) || !shapes.hasRank(result)) return std::nullopt;
  Walk walk;
  SmallVector<int64_t> from;
  for (Dim d : shapes.dims(source)) from.push_back(ShapeAnalysis::asConstant(d).value_or(-1));
  for (Dim d : shapes.dims(result)) walk.sizes.push_back(ShapeAnalysis::asConstant(d).value_or(-1));
  if (llvm::is_contained(from, -1) || llvm::is_contained(walk.sizes, -1)) return std::nullopt;
  SmallVector<int64_t> strides(from.size(), 1);
  for (int64_t i = static_cast<int64_t>(from.size()) - 2; i >= 0; --i) strides[i] = strides[i + 1] * from[i + 1];
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    for (size_t i = 0; i < from.size(); ++i) {
      int64_t axis = transpose.getPerm() ? (*transpose.getPerm())[i] : static_cast<int64_t>(from.size() - 1 - i);
      walk.steps.push_back(strides[axis < 0 ? axis + from.size() : axis]);
    }
    return walk;
  }
  auto slice = cast<SliceOp>(op);
  walk.steps = strides;
  auto starts = shapes.constantContents(slice.getStarts()), axes = shapes.constantContents(slice.getAxes()), by = shapes.constantContents(slice.getSteps());
  if (!starts) return std::nullopt;
  for (auto [i, start] : llvm::enumerate(*starts)) {
    if ((isPresent(slice.getAxes()) && !axes) || (isPresent(slice.getSteps()) && !by)) return std::nullopt;
    int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i), step = by ? (*by)[i] : 1;
    if (axis < 0) axis += from.size();
    int64_t first = std::clamp<int64_t>(start < 0 ? start + from[axis] : start, 0, step < 0 ? std::max<int64_t>(from[axis] - 1, 0) : from[axis]);
    walk.begin += first * strides[axis];
    walk.steps[axis] = strides[axis] * step;
  }
  return walk;
}

/// The elements of a tensor that reshapes, transpositions and slices make of a vector whose contents are known: the pads that PyTorch turns
/// around as a matrix.
static std::optional<SmallVector<Dim>> rearrangedContents(Value v, ShapeAnalysis &shapes, int depth = 8) {
  if (auto contents = shapes.contents(v)) return SmallVector<Dim>(*contents);
  Operation *op = v.getDefiningOp();
  if (!isa_and_nonnull<ReshapeOp, TransposeOp, SliceOp>(op) || depth == 0) return std::nullopt;
  auto elements = rearrangedContents(op->getOperand(0), shapes, depth - 1);
  if (!elements || isa<ReshapeOp>(op)) return elements;
  std::optional<Walk> walk = walkOf(op, shapes);
  if (!walk) return std::nullopt;
  SmallVector<Dim> result;
  int64_t count = 1;
  for (int64_t size : walk->sizes) count *= size;
  for (int64_t i = 0; i < count && count <= static_cast<int64_t>(elements->size()); ++i) {
    int64_t at = walk->begin, rest = i;
    for (size_t d = walk->sizes.size(); d-- > 0; rest /= walk->sizes[d]) at += rest % walk->sizes[d] * walk->steps[d];
    if (at < 0 || at >= static_cast<int64_t>(elements->size())) return std::nullopt;
    result.push_back((*elements)[at]);
  }
  return result;
}

LogicalResult ReshapeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  std::optional<int64_t> n = shapes.length(getShape());
  if (!n) {
    shapes.setUnranked(getReshaped(), element);
    return success();
  }
  bool ranked = shapes.hasRank(getData());
  ArrayRef<Dim> from = shapes.dims(getData());
  auto target = shapes.contents(getShape());
  SmallVector<Dim> dims, known;
  std::optional<int64_t> open; // the one dimension that follows from the others
  int64_t numOpen = 0;
  for (int64_t i = 0; i < *n; ++i) {
    Dim d = target ? (*target)[i] : Dim();
    auto c = ShapeAnalysis::asConstant(d);
    if (c && *c < -1) return emitOpError("expected sizes of -1 or more in the shape, got ") << *c;
    if (c == 0 && !getAllowzero()) {
      if (ranked && i >= static_cast<int64_t>(from.size()))
        return emitOpError("expected an operand of rank ") << i + 1 << " or more, as the shape copies its dimension " << i << ", got " << shapes.str(from);
      d = ranked ? from[i] : Dim();
    } else if (c == -1 || (d && !shapes.isNonNegative(d))) {
      d = {};
    }
    dims.push_back(d);
    if (d) {
      known.push_back(d);
    } else {
      open = i;
      ++numOpen;
    }
    if (c == -1 && target && llvm::count(*target, shapes.constant(-1)) > 1) return emitOpError("expected one -1 at most in the shape");
  }
  if (ranked && numOpen == 1) {
    dims[*open] = remainingDim(from, known, shapes);
    auto total = ShapeAnalysis::asConstant(product(from, getContext())), rest = ShapeAnalysis::asConstant(product(known, getContext()));
    if (total && rest && *rest > 0 && *total % *rest != 0)
      return emitOpError("expected a shape that fits ") << *total << " elements, got " << shapes.str(*target);
  } else if (ranked && numOpen == 0) {
    auto total = ShapeAnalysis::asConstant(product(from, getContext())), wanted = ShapeAnalysis::asConstant(product(dims, getContext()));
    if (total && wanted && *total != *wanted)
      return emitOpError("expected a shape of ") << *total << " elements, got " << shapes.str(dims) << " with " << *wanted;
  }
  shapes.set(getReshaped(), element, dims);
  if (auto contents = rearrangedContents(getData(), shapes)) shapes.setContents(getReshaped(), *contents);
  return success();
}

LogicalResult FlattenOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (!shapes.hasRank(getInput())) {
    shapes.set(getOutput(), element, {Dim(), Dim()});
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(getInput());
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), dims.size(), /*inclusive=*/true);
  if (failed(axis)) return failure();
  shapes.set(getOutput(), element, {product(dims.take_front(*axis), getContext()), product(dims.drop_front(*axis), getContext())});
  return success();
}

LogicalResult SqueezeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData())) {
    shapes.setUnranked(getSqueezed(), element);
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(getData());
  SmallVector<Dim> kept;
  if (!isPresent(getAxes())) {
    // A dimension that is 1 by chance at run time stays: the rank is fixed.
    llvm::copy_if(dims, std::back_inserter(kept), [](Dim d) { return ShapeAnalysis::asConstant(d) != 1; });
  } else if (auto given = shapes.constantContents(getAxes())) {
    FailureOr<SmallVector<int64_t>> axes = axesOf(*this, *given, dims.size());
    if (failed(axes)) return failure();
    for (auto [i, d] : llvm::enumerate(dims)) {
      auto c = ShapeAnalysis::asConstant(d);
      if (!llvm::is_contained(*axes, static_cast<int64_t>(i)))
        kept.push_back(d);
      else if (c && *c != 1)
        return emitOpError("expected size 1 in dimension ") << i << ", got " << *c;
    }
  } else if (auto n = shapes.length(getAxes()); n && *n <= static_cast<int64_t>(dims.size())) {
    kept.resize(dims.size() - *n);
  } else {
    shapes.setUnranked(getSqueezed(), element);
    return success();
  }
  shapes.set(getSqueezed(), element, kept);
  keepContents(getSqueezed(), getData(), shapes);
  return success();
}

LogicalResult UnsqueezeOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  std::optional<int64_t> n = shapes.length(getAxes());
  if (!shapes.hasRank(getData()) || !n) {
    shapes.setUnranked(getExpanded(), element);
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(getData());
  SmallVector<Dim> expanded(dims.size() + *n);
  if (auto given = shapes.constantContents(getAxes())) {
    FailureOr<SmallVector<int64_t>> axes = axesOf(*this, *given, expanded.size());
    if (failed(axes)) return failure();
    for (int64_t axis : *axes) expanded[axis] = shapes.constant(1);
    const Dim *next = dims.begin();
    for (Dim &d : expanded)
      if (!d) d = *next++;
  }
  shapes.set(getExpanded(), element, expanded);
  keepContents(getExpanded(), getData(), shapes);
  return success();
}

LogicalResult ExpandOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  std::optional<int64_t> n = shapes.length(getShape());
  if (!shapes.hasRank(getInput()) || !n) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> target;
  for (int64_t i = 0; i < *n; ++i) target.push_back(shapes.at(getShape(), i));
  FailureOr<SmallVector<Dim>> dims = broadcastDims(*this, shapes, shapes.dims(getInput()), target, getOutput());
  if (failed(dims)) return failure();
  shapes.set(getOutput(), element, *dims);
  auto contents = shapes.contents(getInput());
  auto length = shapes.length(getOutput());
  if (contents && length && *length >= 0 && *length <= 1024)
    shapes.setContents(getOutput(), contents->size() == 1 ? SmallVector<Dim>(*length, contents->front()) : SmallVector<Dim>(*contents));
  return success();
}
