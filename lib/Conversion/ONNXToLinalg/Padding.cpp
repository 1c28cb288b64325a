//===- Padding.cpp - adding and cropping elements at the edges -----------------------===//
#include "Families.h"
#include "Indices.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// `input` in a tensor of size low + input + high per dimension, filled with `fill`; negative amounts crop.
static Value padOrCrop(TensorBuilder &t, Value input, ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> sizes, Value fill) {
  OpFoldResult zero = t.indexAttr(0);
  Dims dims = t.dims(input), from, to, kept;
  bool padded = false;
  for (auto [d, l, size] : llvm::zip(dims, low, sizes)) {
    from.push_back(t.max(t.sub(zero, l), zero));
    to.push_back(t.max(l, zero));
    kept.push_back(t.max(t.min(t.sub(d, from.back()), t.sub(size, to.back())), zero));
    padded |= kept.back() != size;
  }
  // An offset beyond the end of a dimension goes with a size of 0.
  for (auto [d, f] : llvm::zip(dims, from))
    f = t.min(f, d);
  for (auto [size, at] : llvm::zip(sizes, to))
    at = t.min(at, size);
  Value inner = t.slice(input, from, kept);
  return padded ? t.insert(inner, t.full(sizes, fill), to, kept) : inner;
}

namespace {

struct PadLowering : ONNXLowering<onnx::PadOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::PadOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;

private:
  /// The amounts where only the run knows how many axes there are.
  static void searchPads(TensorBuilder &t, Value pads, Value axes, Dims &low, Dims &high);
  /// Amounts before and after each dimension.
  LogicalResult readPads(onnx::PadOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TensorBuilder &t, Dims &low, Dims &high) const;
  /// The index into the input for an index of the result, less the amount before: edge clamps, reflect mirrors, wrap repeats.
  static Value sourceIndex(OpBuilder &b, Location loc, StringRef mode, Value i, Value size);
};

/// CenterCropPad: each axis cut or filled with zeros around the centre.
struct CenterCropPadLowering : ONNXLowering<onnx::CenterCropPadOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::CenterCropPadOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInputData().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    int64_t rank = type.getRank();
    TensorBuilder t(b, op.getLoc());
    auto axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (auto given = op.getAxes())
      axes.assign(given->begin(), given->end());
    Dims dims = t.dims(adaptor.getInputData()), sizes = dims, low(rank, t.indexAttr(0));
    auto contents = shapes.contents(op.getShape());
    for (auto [k, axis] : llvm::enumerate(axes)) {
      int64_t a = axis < 0 ? axis + rank : axis;
      if (contents && (*contents)[k])
        sizes[a] = lowering.materialize(b, op.getLoc(), (*contents)[k]);
      else
        sizes[a] = t.toIndex(t.extract(adaptor.getShape(), t.index(k)));
      // Half of the difference before, rounded towards zero in both directions.
      OpFoldResult zero = t.indexAttr(0), two = t.indexAttr(2);
      OpFoldResult grow = t.floorDiv(t.max(t.sub(sizes[a], dims[a]), zero), two);
      OpFoldResult cut = t.floorDiv(t.max(t.sub(dims[a], sizes[a]), zero), two);
      low[a] = t.sub(grow, cut);
    }
    b.replaceOp(op, padOrCrop(t, adaptor.getInputData(), low, sizes, t.number(type.getElementType(), 0)));
    return success();
  }
};

} // namespace

void PadLowering::searchPads(TensorBuilder &t, Value pads, Value axes, Dims &low, Dims &high) {
  int64_t rank = low.size();
  OpFoldResult count = t.dim(axes, 0);
  t.checkEqual(t.dim(pads, 0), t.mul(count, t.indexAttr(2)), "expected two pads for each axis");
  checkIndices(t, axes, t.indexAttr(rank));
  Value behind = t.value(count), none = t.number(elementType(pads), 0);
  for (int64_t i = 0; i < rank; ++i) {
    auto amount = [&](bool isAfter) -> OpFoldResult {
      Value found = t.reduce(axes, {0}, none, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        TensorBuilder n(b, loc);
        Value k = linalg::IndexOp::create(b, loc, 0), axis = n.toIndex(args[0]);
        Value here = arith::OrIOp::create(b, loc, n.compare(arith::CmpIPredicate::eq, axis, n.index(i)), n.compare(arith::CmpIPredicate::eq, axis, n.index(i - rank)));
        return n.select(here, n.extract(pads, isAfter ? arith::AddIOp::create(b, loc, k, behind).getResult() : k), args[1]);
      });
      return t.toIndex(t.extract(found));
    };
    low[i] = amount(false);
    high[i] = amount(true);
  }
}

LogicalResult PadLowering::readPads(onnx::PadOp op, OpAdaptor adaptor, ConversionPatternRewriter &b, TensorBuilder &t, Dims &low, Dims &high) const {
  int64_t rank = low.size();
  auto lengthOf = [](Value v) { return cast<RankedTensorType>(v.getType()).getDimSize(0); };
  // Without axes there are two amounts for each dimension.
  int64_t pads = lengthOf(adaptor.getPads()), count = isAbsent(op.getAxes()) ? rank : lengthOf(adaptor.getAxes());
  if (ShapedType::isDynamic(count) && !ShapedType::isDynamic(pads))
    count = pads / 2;
  if (ShapedType::isDynamic(count)) {
    searchPads(t, adaptor.getPads(), adaptor.getAxes(), low, high);
    return success();
  }
  if (!isAbsent(op.getAxes()))
    t.checkEqual(t.dim(adaptor.getAxes(), 0), t.indexAttr(count), "expected two pads for each axis");
  if (ShapedType::isDynamic(pads))
    t.check(t.compare(arith::CmpIPredicate::eq, t.value(t.dim(adaptor.getPads(), 0)), t.index(2 * count)),
            "the pads are not two for each dimension, expected " + Twine(2 * count));
  auto element = [&](Value original, Value lowered, int64_t i) -> OpFoldResult {
    if (auto contents = shapes.contents(original); contents && (*contents)[i])
      return lowering.materialize(b, t.loc, (*contents)[i]);
    return t.toIndex(t.extract(lowered, t.index(i)));
  };
  for (int64_t k = 0; k < count; ++k) {
    OpFoldResult before = element(op.getPads(), adaptor.getPads(), k), after = element(op.getPads(), adaptor.getPads(), count + k);
    OpFoldResult axis = isAbsent(op.getAxes()) ? t.indexAttr(k) : element(op.getAxes(), adaptor.getAxes(), k);
    if (auto a = getConstantIntValue(axis)) {
      int64_t at = *a < 0 ? *a + rank : *a;
      if (at < 0 || at >= rank)
        return failure();
      low[at] = before;
      high[at] = after;
      continue;
    }
    Value v = t.value(axis);
    v = t.select(t.compare(arith::CmpIPredicate::slt, v, t.index(0)), t.value(t.add(v, t.indexAttr(rank))), v);
    t.check(t.compare(arith::CmpIPredicate::ult, v, t.index(rank)), "an axis is out of range, expected less than " + Twine(rank));
    for (int64_t i = 0; i < rank; ++i) {
      Value here = t.compare(arith::CmpIPredicate::eq, v, t.index(i));
      low[i] = t.select(here, t.value(before), t.value(low[i]));
      high[i] = t.select(here, t.value(after), t.value(high[i]));
    }
  }
  return success();
}

Value PadLowering::sourceIndex(OpBuilder &b, Location loc, StringRef mode, Value i, Value size) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  Value last = arith::SubIOp::create(b, loc, size, one);
  if (mode == "edge")
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, i, zero), last);
  // Mirrored without repeating the edges the input has period 2 * (size - 1); wrapped, size.
  Value period = mode == "wrap" ? size : arith::AddIOp::create(b, loc, last, last);
  period = arith::MaxSIOp::create(b, loc, period, one);
  Value m = arith::RemSIOp::create(b, loc, i, period);
  Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, m, zero);
  m = arith::SelectOp::create(b, loc, negative, arith::AddIOp::create(b, loc, m, period), m);
  if (mode == "wrap")
    return m;
  Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, m, last);
  return arith::SelectOp::create(b, loc, inside, m, arith::SubIOp::create(b, loc, period, m));
}

LogicalResult PadLowering::matchAndRewrite(onnx::PadOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
  StringRef mode = op.getMode();
  if (!type || !llvm::is_contained({"constant", "edge", "reflect", "wrap"}, mode))
    return b.notifyMatchFailure(op, "expected a ranked tensor and the mode 'constant', 'edge', 'reflect' or 'wrap'");
  TensorBuilder t(b, op.getLoc());
  Value input = adaptor.getData();
  Dims dims = t.dims(input), low(dims.size(), t.indexAttr(0)), high = low, sizes;
  if (failed(readPads(op, adaptor, b, t, low, high)))
    return b.notifyMatchFailure(op, "expected axes in range");
  bool grows = true;
  for (auto [i, d] : llvm::enumerate(dims)) {
    OpFoldResult size = t.add(t.add(low[i], d), high[i]);
    if (lowering.isKnown(op.getResult(), i))
      size = lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), i));
    else
      t.check(t.compare(arith::CmpIPredicate::sge, t.value(size), t.index(0)), "negative pads exceed dimension " + Twine(i));
    sizes.push_back(size);
    grows &= getConstantIntValue(low[i]).value_or(-1) >= 0 && getConstantIntValue(high[i]).value_or(-1) >= 0;
  }
  if (mode == "constant") {
    Value fill = isAbsent(op.getConstantValue()) ? t.number(type.getElementType(), 0) : t.scalarOf(adaptor.getConstantValue());
    if (grows)
      b.replaceOp(op, tensor::PadOp::create(b, op.getLoc(), Type(), input, low, high, fill).getResult());
    else
      b.replaceOp(op, padOrCrop(t, input, low, sizes, fill));
    return success();
  }
  SmallVector<Value> before, extent;
  for (auto [i, d] : llvm::enumerate(dims)) {
    before.push_back(t.value(low[i]));
    extent.push_back(t.value(d));
    if (isConstantIntValue(sizes[i], 0) || getConstantIntValue(d).value_or(0) != 0)
      continue;
    Value some = t.compare(arith::CmpIPredicate::sgt, extent.back(), t.index(0)), none = t.compare(arith::CmpIPredicate::eq, t.value(sizes[i]), t.index(0));
    t.check(arith::OrIOp::create(b, op.getLoc(), some, none), "dimension " + Twine(i) + " is empty, expected elements to repeat");
  }
  b.replaceOp(op, t.compute(sizes, type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange indices) -> Value {
    SmallVector<Value> at;
    for (auto [i, index] : llvm::enumerate(indices)) {
      if (isConstantIntValue(low[i], 0) && isConstantIntValue(high[i], 0))
        at.push_back(index);
      else
        at.push_back(sourceIndex(nested, loc, mode, arith::SubIOp::create(nested, loc, index, before[i]), extent[i]));
    }
    return tensor::ExtractOp::create(nested, loc, input, at);
  }));
  return success();
}

void ingot::populatePaddingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<PadLowering, CenterCropPadLowering>(types, context);
}
