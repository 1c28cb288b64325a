//===- Slicing.cpp - joining, cutting and slicing ------------------------------------===//
#include "Families.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

struct ConcatLowering : ONNXLowering<onnx::ConcatOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConcatOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type)
      return b.notifyMatchFailure(op, "expected ranked tensors");
    int64_t axis = fromFront(op.getAxis(), type.getRank());
    TensorBuilder t(b, op.getLoc());
    Value first = adaptor.getInputs().front();
    SmallVector<Value> inputs;
    for (auto [original, input] : llvm::zip(op.getInputs(), adaptor.getInputs())) {
      auto inputType = cast<RankedTensorType>(input.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape[axis] = inputType.getDimSize(axis);
      for (int64_t i = 0; i < type.getRank(); ++i) {
        if (i == axis || shapes.dim(original, i) == shapes.dim(op.getInputs().front(), i))
          continue;
        t.check(t.compare(arith::CmpIPredicate::eq, t.value(t.dim(first, i)), t.value(t.dim(input, i))),
                "operands differ in dimension " + Twine(i) + ", expected them equal outside of the axis");
      }
      inputs.push_back(t.castTo(input, inputType.clone(shape)));
    }
    if (inputs.size() == 1) {
      b.replaceOp(op, inputs.front());
      return success();
    }
    b.replaceOp(op, tensor::ConcatOp::create(b, op.getLoc(), axis, inputs).getResult());
    return success();
  }
};

struct SplitLowering : ONNXLowering<onnx::SplitOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SplitOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    int64_t axis = fromFront(op.getAxis(), type.getRank()), parts = op->getNumResults();
    TensorBuilder t(b, op.getLoc());
    Dims sizes = t.dims(adaptor.getInput()), offsets(sizes.size(), t.indexAttr(0));
    OpFoldResult all = sizes[axis], chunk = t.ceilDiv(all, t.indexAttr(parts)), offset = t.indexAttr(0);
    auto lengths = isAbsent(op.getSplit()) ? std::nullopt : shapes.contents(op.getSplit());
    SmallVector<Value> results;
    for (int64_t i = 0; i < parts; ++i) {
      OpFoldResult size;
      if (isAbsent(op.getSplit())) {
        size = t.max(t.min(chunk, t.sub(all, offset)), t.indexAttr(0));
      } else if (lengths && (*lengths)[i]) {
        size = lowering.materialize(b, op.getLoc(), (*lengths)[i]);
      } else {
        Value v = t.toIndex(t.extract(adaptor.getSplit(), t.index(i)));
        t.check(t.compare(arith::CmpIPredicate::sge, v, t.index(0)), "a part of the split is negative");
        size = v;
      }
      // A part is inside only if the sum so far is, which is checked before the slice is taken.
      if (!isAbsent(op.getSplit()) && !(getConstantIntValue(t.add(offset, size)) && getConstantIntValue(all)))
        t.check(t.compare(arith::CmpIPredicate::sle, t.value(size), t.value(t.sub(all, offset))),
                "the parts of the split exceed dimension " + Twine(axis));
      offsets[axis] = offset;
      sizes[axis] = size;
      results.push_back(t.slice(adaptor.getInput(), offsets, sizes));
      offset = t.add(offset, size);
    }
    if (!isAbsent(op.getSplit()))
      t.checkEqual(offset, all, "the parts of the split do not cover dimension " + Twine(axis));
    b.replaceOp(op, results);
    return success();
  }
};

/// result[i] = data[start + i * step] per dimension, bounds clamped to the dimension as ONNX has it.
struct SliceLowering : ONNXLowering<onnx::SliceOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SliceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;

private:
  /// Start, end and step of every dimension, as given (not clamped).
  struct Ranges {
    Dims starts, ends, steps;
    SmallVector<bool> sliced;
  };
  /// The same where the run knows how many dimensions are sliced.
  static Ranges searchRanges(onnx::SliceOp op, OpAdaptor adaptor, TensorBuilder &t, ArrayRef<OpFoldResult> dims);
  FailureOr<Ranges> readRanges(onnx::SliceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TensorBuilder &t, ArrayRef<OpFoldResult> dims) const;
};

} // namespace

/// x, or the alternative where a run-time condition holds; conditions on constants are decided here.
static OpFoldResult selectIfNegative(TensorBuilder &t, OpFoldResult x, OpFoldResult then, OpFoldResult otherwise) {
  if (auto c = getConstantIntValue(x))
    return *c < 0 ? then : otherwise;
  return t.select(t.compare(arith::CmpIPredicate::slt, t.value(x), t.index(0)), t.value(then), t.value(otherwise));
}

/// The element of `list` whose axis is dimension `dim`, which may count from the end (without `axes` its number in the list); `otherwise` if none
/// is. The list may have any length, also 0.
static Value elementFor(TensorBuilder &t, Value list, Value axes, int64_t dim, int64_t rank, Value otherwise) {
  OpBuilder &b = t.b;
  Type element = elementType(list);
  SmallVector<Value> inputs = {list};
  if (axes)
    inputs.push_back(axes);
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(1));
  maps.push_back(AffineMap::get(1, 0, b.getContext()));
  Value init = t.fromScalar(t.fromIndex(otherwise, element));
  auto iterators = {utils::IteratorType::reduction};
  auto found = linalg::GenericOp::create(b, t.loc, init.getType(), inputs, init, maps, iterators, [&](OpBuilder &n, Location loc, ValueRange args) {
    Value axis = axes ? args[1] : linalg::IndexOp::create(n, loc, 0).getResult();
    auto is = [&](int64_t v) -> Value {
      Value c = arith::ConstantOp::create(n, loc, n.getIntegerAttr(axis.getType(), v));
      return arith::CmpIOp::create(n, loc, arith::CmpIPredicate::eq, axis, c);
    };
    Value here = arith::OrIOp::create(n, loc, is(dim), is(dim - rank));
    linalg::YieldOp::create(n, loc, arith::SelectOp::create(n, loc, here, args[0], args.back()).getResult());
  });
  return t.toIndex(t.extract(found.getResult(0)));
}

FailureOr<SliceLowering::Ranges> SliceLowering::readRanges(onnx::SliceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TensorBuilder &t,
                                                           ArrayRef<OpFoldResult> dims) const {
  int64_t rank = dims.size();
  auto startsType = cast<RankedTensorType>(adaptor.getStarts().getType());
  if (startsType.isDynamicDim(0))
    return searchRanges(op, adaptor, t, dims);
  auto element = [&](Value original, Value lowered, int64_t i) -> OpFoldResult {
    if (auto contents = shapes.contents(original); contents && (*contents)[i])
      return lowering.materialize(b, t.loc, (*contents)[i]);
    return t.toIndex(t.extract(lowered, t.index(i)));
  };
  Ranges r;
  r.starts.assign(rank, t.indexAttr(0));
  r.ends.assign(dims.begin(), dims.end());
  r.steps.assign(rank, t.indexAttr(1));
  r.sliced.assign(rank, false);
  for (int64_t k = 0; k < startsType.getDimSize(0); ++k) {
    OpFoldResult start = element(op.getStarts(), adaptor.getStarts(), k), end = element(op.getEnds(), adaptor.getEnds(), k);
    OpFoldResult step = isAbsent(op.getSteps()) ? t.indexAttr(1) : element(op.getSteps(), adaptor.getSteps(), k);
    if (auto c = getConstantIntValue(step))
      step = t.indexAttr(std::max<int64_t>(*c, -std::numeric_limits<int64_t>::max()));
    OpFoldResult axis = isAbsent(op.getAxes()) ? t.indexAttr(k) : element(op.getAxes(), adaptor.getAxes(), k);
    axis = selectIfNegative(t, axis, t.add(axis, t.indexAttr(rank)), axis);
    if (auto a = getConstantIntValue(axis)) {
      if (*a < 0 || *a >= rank)
        return failure();
      r.starts[*a] = start;
      r.ends[*a] = end;
      r.steps[*a] = step;
      r.sliced[*a] = true;
      continue;
    }
    t.check(t.compare(arith::CmpIPredicate::ult, t.value(axis), t.index(rank)), "an axis is out of range, expected less than " + Twine(rank));
    for (int64_t i = 0; i < rank; ++i) {
      Value here = t.compare(arith::CmpIPredicate::eq, t.value(axis), t.index(i));
      r.starts[i] = t.select(here, t.value(start), t.value(r.starts[i]));
      r.ends[i] = t.select(here, t.value(end), t.value(r.ends[i]));
      r.steps[i] = t.select(here, t.value(step), t.value(r.steps[i]));
      r.sliced[i] = true;
    }
  }
  return r;
}

SliceLowering::Ranges SliceLowering::searchRanges(onnx::SliceOp op, OpAdaptor adaptor, TensorBuilder &t, ArrayRef<OpFoldResult> dims) {
  Value axes = isAbsent(op.getAxes()) ? Value() : adaptor.getAxes(), steps = isAbsent(op.getSteps()) ? Value() : adaptor.getSteps();
  Value count = t.value(t.dim(adaptor.getStarts(), 0));
  for (Value list : {adaptor.getEnds(), axes, steps})
    if (list)
      t.check(t.compare(arith::CmpIPredicate::eq, count, t.value(t.dim(list, 0))), "starts, ends, axes and steps differ in length");
  Ranges r;
  int64_t rank = dims.size();
  for (int64_t i = 0; i < rank; ++i) {
    r.starts.push_back(elementFor(t, adaptor.getStarts(), axes, i, rank, t.index(0)));
    r.ends.push_back(elementFor(t, adaptor.getEnds(), axes, i, rank, t.value(dims[i])));
    r.steps.push_back(steps ? OpFoldResult(elementFor(t, steps, axes, i, rank, t.index(1))) : t.indexAttr(1));
    r.sliced.push_back(true);
  }
  return r;
}

LogicalResult SliceLowering::matchAndRewrite(onnx::SliceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
  if (!type)
    return b.notifyMatchFailure(op, "expected a ranked tensor");
  TensorBuilder t(b, op.getLoc());
  Dims dims = t.dims(adaptor.getData());
  FailureOr<Ranges> given = readRanges(op, adaptor, b, t, dims);
  if (failed(given))
    return b.notifyMatchFailure(op, "expected starts of known length and axes in range");
  OpFoldResult zero = t.indexAttr(0), one = t.indexAttr(1);
  Dims offsets, sizes;
  bool forward = true;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    OpFoldResult d = dims[i], step = given->steps[i];
    if (!given->sliced[i]) {
      offsets.push_back(zero);
      sizes.push_back(d);
      continue;
    }
    auto constantStep = getConstantIntValue(step);
    if (!constantStep)
      t.check(t.compare(arith::CmpIPredicate::ne, t.value(step), t.index(0)), "a step is 0");
    // Steps past the end are all alike; those near the limits of an index would overflow.
    if (!constantStep || *constantStep > INT32_MAX || *constantStep < INT32_MIN) {
      OpFoldResult beyond = t.add(d, one);
      step = given->steps[i] = t.max(t.min(step, beyond), t.sub(zero, beyond));
    }
    forward &= constantStep && *constantStep > 0;
    auto fromEnd = [&](OpFoldResult v) { return selectIfNegative(t, v, t.add(v, d), v); };
    auto clamped = [&](OpFoldResult v, OpFoldResult low, OpFoldResult high) { return t.min(t.max(v, low), high); };
    OpFoldResult start = fromEnd(given->starts[i]), end = fromEnd(given->ends[i]), last = t.sub(d, one);
    // Backwards, -1 is the end before the first element (only after wrapping, so that -1 as given is the last one).
    auto whole = [&](bool backward) {
      OpFoldResult from = backward ? clamped(start, zero, last) : clamped(start, zero, d);
      OpFoldResult to = backward ? clamped(end, t.indexAttr(-1), last) : clamped(end, zero, d);
      OpFoldResult length = backward ? t.ceilDiv(t.sub(from, to), t.max(t.sub(zero, step), one)) : t.ceilDiv(t.sub(to, from), t.max(step, one));
      return std::pair(from, t.max(length, zero));
    };
    std::pair<OpFoldResult, OpFoldResult> range;
    if (constantStep) {
      range = whole(*constantStep < 0);
    } else {
      auto up = whole(false), down = whole(true);
      range = {selectIfNegative(t, step, down.first, up.first), selectIfNegative(t, step, down.second, up.second)};
    }
    offsets.push_back(range.first);
    bool known = lowering.isKnown(op.getResult(), i);
    sizes.push_back(known ? lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), i)) : range.second);
  }
  if (forward) {
    b.replaceOp(op, t.slice(adaptor.getData(), offsets, sizes, given->steps));
    return success();
  }
  SmallVector<Value> from, by;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    from.push_back(t.value(offsets[i]));
    by.push_back(t.value(given->steps[i]));
  }
  b.replaceOp(op, t.compute(sizes, type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange indices) -> Value {
    SmallVector<Value> at;
    for (auto [i, start, step] : llvm::zip(indices, from, by))
      at.push_back(arith::AddIOp::create(nested, loc, start, arith::MulIOp::create(nested, loc, i, step)));
    return tensor::ExtractOp::create(nested, loc, adaptor.getData(), at);
  }));
  return success();
}

void ingot::populateSlicingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ConcatLowering, SplitLowering, SliceLowering>(types, context);
  populatePaddingLowering(patterns, types, context);
}
