//===- Resize.cpp - interpolation, one axis after the other ----------------------------===//
//
// For each axis that changes, a table gives the input positions that each output position reads and their weights; the tables are small, and
// the data loops then only gather. Nearest takes one position, so all axes are one gather.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "Families.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace ingot;

namespace {

/// One dimension that is resized. Coordinates are computed in f64: positions near the middle of two elements decide by rounding.
struct Axis {
  int64_t dim, entry;     // dimension of the data; index into scales, sizes and roi
  Value inSize, outSize;  // index
  Value scale;            // f64
  std::optional<double> knownScale;
  Value begin, end;       // f64, of the region (tf_crop_and_resize)
};

/// f64 arithmetic at one place.
struct Reals {
  OpBuilder &b;
  Location loc;
  Value constant(double v) { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(v)); }
  Value of(Value i) {
    if (i.getType().isIndex())
      i = arith::IndexCastOp::create(b, loc, b.getI64Type(), i);
    return arith::SIToFPOp::create(b, loc, b.getF64Type(), i);
  }
  /// An i64 between two bounds; `low` for what is no number.
  Value toInteger(Value v, Value low, Value high) {
    Value inside = arith::MinNumFOp::create(b, loc, arith::MaxNumFOp::create(b, loc, v, low), high);
    return arith::FPToSIOp::create(b, loc, b.getI64Type(), inside);
  }
  /// An index can be no larger than 4e18, and memory is refused for it.
  Value toIndex(Value v) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), toInteger(v, constant(-1), constant(4e18))); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value floor(Value x) { return math::FloorOp::create(b, loc, x); }
  Value ceil(Value x) { return math::CeilOp::create(b, loc, x); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value max(Value x, Value y) { return arith::MaximumFOp::create(b, loc, x, y); }
  Value min(Value x, Value y) { return arith::MinimumFOp::create(b, loc, x, y); }
  Value less(Value x, Value y) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y); }
  Value lessOrEqual(Value x, Value y) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, x, y); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
};

struct ResizeLowering : ONNXLowering<onnx::ResizeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ResizeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
  SmallVector<Axis> axesOf(onnx::ResizeOp op, OpAdaptor adaptor, ComputeBuilder &t, ArrayRef<OpFoldResult> in, ArrayRef<OpFoldResult> out) const;
  Dims resultDims(onnx::ResizeOp op, OpAdaptor adaptor, ComputeBuilder &t, ConversionPatternRewriter &b, ArrayRef<OpFoldResult> in) const;
};

} // namespace

/// The place in the input that output position `x` (f64) stands for.
static Value coordinate(Reals r, StringRef mode, const Axis &a, Value x) {
  Value half = r.constant(0.5), one = r.constant(1), zero = r.constant(0);
  Value in = r.of(a.inSize), out = r.of(a.outSize);
  Value halfPixel = r.sub(r.div(r.add(x, half), a.scale), half);
  if (mode == "asymmetric")
    return r.div(x, a.scale);
  if (mode == "tf_half_pixel_for_nn") // of version 11 only
    return r.div(r.add(x, half), a.scale);
  if (mode == "align_corners") {
    Value width = r.mul(a.scale, in);
    Value distance = r.sub(width, one);
    Value single = r.lessOrEqual(r.abs(distance), r.constant(1e-9));
    return r.select(single, zero, r.div(r.mul(x, r.sub(in, one)), r.select(single, one, distance)));
  }
  if (mode == "pytorch_half_pixel")
    return r.select(r.less(one, out), halfPixel, zero);
  if (mode == "half_pixel_symmetric") {
    Value adjustment = r.div(out, r.mul(a.scale, in));
    return r.add(r.mul(r.mul(in, half), r.sub(one, adjustment)), halfPixel);
  }
  if (mode == "tf_crop_and_resize") {
    Value last = r.sub(in, one), steps = r.max(r.sub(out, one), one);
    Value inside = r.add(r.mul(a.begin, last), r.div(r.mul(x, r.mul(r.sub(a.end, a.begin), last)), steps));
    return r.select(r.less(one, out), inside, r.mul(r.mul(half, r.add(a.begin, a.end)), last));
  }
  return halfPixel;
}

/// A table over the output positions of an axis (and `taps` for each): body(coordinate, tap).
static Value tabulate(ComputeBuilder &t, StringRef mode, const Axis &a, std::optional<OpFoldResult> taps, Type element,
                      llvm::function_ref<Value(Reals, Value, Value)> body) {
  Dims sizes = {getAsOpFoldResult(a.outSize)};
  if (taps)
    sizes.push_back(*taps);
  return t.compute(sizes, element, [&](OpBuilder &nested, Location l, ValueRange at) {
    Reals r{nested, l};
    return body(r, coordinate(r, mode, a, r.of(at[0])), taps ? at[1] : Value());
  });
}

static Value clampToInput(Reals r, const Axis &a, Value position) {
  // An empty input has no last element; nothing is read of it.
  Value last = r.max(r.sub(r.of(a.inSize), r.constant(1)), r.constant(0));
  return r.toInteger(position, r.constant(0), last);
}

static Value nearestTable(ComputeBuilder &t, onnx::ResizeOp op, const Axis &a) {
  StringRef rounding = op.getNearestMode();
  return tabulate(t, op.getCoordinateTransformationMode(), a, std::nullopt, t.b.getI64Type(), [&](Reals r, Value x, Value) {
    Value p;
    if (rounding == "floor")
      p = r.floor(x);
    else if (rounding == "ceil")
      p = r.ceil(x);
    else if (rounding == "round_prefer_ceil")
      p = r.floor(r.add(x, r.constant(0.5)));
    else
      p = r.ceil(r.sub(x, r.constant(0.5)));
    return clampToInput(r, a, p);
  });
}

//===---------------------------------- weights ------------------------------------===//

namespace {
/// How far the kernel reaches at scale 1, and how it is stretched when the image shrinks with antialias.
struct Kernel {
  bool isCubic, antialias, excludeOutside;
  double a;
  double reach() const { return isCubic ? 2 : 1; }
};
} // namespace

/// Scale of the kernel: below 1 where antialias widens it.
static Value kernelScale(Reals r, const Kernel &k, const Axis &a) { return k.antialias ? r.min(a.scale, r.constant(1)) : r.constant(1); }

/// The first tap's distance from floor(coordinate): floor(-reach / scale) + 1.
static Value firstTap(Reals r, const Kernel &k, const Axis &a) {
  return r.add(r.floor(r.div(r.constant(-k.reach()), kernelScale(r, k, a))), r.constant(1));
}

static OpFoldResult tapCount(ComputeBuilder &t, const Kernel &k, const Axis &a) {
  if (!k.antialias)
    return t.indexAttr(static_cast<int64_t>(2 * k.reach()));
  if (a.knownScale) {
    double first = std::floor(-k.reach() / std::min(*a.knownScale, 1.0)) + 1;
    return t.indexAttr(static_cast<int64_t>(std::min(2 - 2 * first, 4e18)));
  }
  Reals r{t.b, t.loc};
  return r.toIndex(r.sub(r.constant(2), r.mul(r.constant(2), firstTap(r, k, a))));
}

/// The kernel at distance `d`, unnormalised.
static Value kernelValue(Reals r, const Kernel &k, Value d) {
  Value x = r.abs(d), one = r.constant(1);
  if (!k.isCubic)
    return r.max(r.sub(one, x), r.constant(0));
  auto poly = [&](std::initializer_list<double> coefficients) {
    Value v = r.constant(0);
    for (double c : coefficients)
      v = r.add(r.mul(v, x), r.constant(c));
    return v;
  };
  Value near = poly({k.a + 2, -(k.a + 3), 0, 1}), far = poly({k.a, -5 * k.a, 8 * k.a, -4 * k.a});
  return r.select(r.lessOrEqual(x, one), near, r.select(r.less(x, r.constant(2)), far, r.constant(0)));
}

/// Position of a tap before it is clamped to the input.
static Value tapPosition(Reals r, const Kernel &k, const Axis &a, Value x, Value tap) {
  return r.add(r.add(r.floor(x), firstTap(r, k, a)), r.of(tap));
}

static Value positionTable(ComputeBuilder &t, StringRef mode, const Kernel &k, const Axis &a, OpFoldResult taps) {
  return tabulate(t, mode, a, taps, t.b.getI64Type(),
                  [&](Reals r, Value x, Value tap) { return clampToInput(r, a, tapPosition(r, k, a, x, tap)); });
}

static Value weightTable(ComputeBuilder &t, StringRef mode, const Kernel &k, const Axis &a, OpFoldResult taps, Type element) {
  Type f64 = t.b.getF64Type();
  Value raw = tabulate(t, mode, a, taps, f64, [&](Reals r, Value x, Value tap) {
    Value position = tapPosition(r, k, a, x, tap);
    Value weight = kernelValue(r, k, r.mul(r.sub(position, x), kernelScale(r, k, a)));
    if (!k.excludeOutside)
      return weight;
    Value inside = arith::AndIOp::create(r.b, r.loc, r.lessOrEqual(r.constant(0), position), r.less(position, r.of(a.inSize)));
    return r.select(inside, weight, r.constant(0));
  });
  if (!k.antialias && !k.excludeOutside)
    return t.convertElements(raw, element);
  Value sums = t.reduceWide(raw, {1}, t.number(f64, 0), [](ScalarBuilder &s, ValueRange v) { return s.add(v[1], v[0]); });
  return t.mapWide({raw, sums}, {t.b.getMultiDimIdentityMap(2), t.select(2, {0})}, t.dims(raw), element,
                   [](ScalarBuilder &s, ValueRange v) { return s.cast(s.div(v[0], v[1]), s.resultType, false, false); });
}

//===----------------------------------- gathers -----------------------------------===//

/// y[..., o, ...] = sum over t of w[o, t] * x[..., p[o, t], ...]
static Value interpolateAxis(ComputeBuilder &t, Value x, const Axis &a, Value positions, Value weights) {
  Type wide = elementType(weights);
  Dims sizes = t.dims(x);
  sizes[a.dim] = t.dim(positions, 0);
  int64_t rank = sizes.size();
  SmallVector<int64_t> all;
  for (int64_t i = 0; i < rank; ++i)
    all.push_back(i);
  AffineMap table = t.select(rank + 1, {a.dim, rank});
  return t.fold({positions, weights}, {table, table}, t.full(sizes, t.number(wide, 0)), t.select(rank + 1, all),
                [&](ScalarBuilder &s, ValueRange v) {
                  TensorBuilder n(s.b, s.loc);
                  SmallVector<Value> index;
                  for (int64_t i = 0; i < rank; ++i)
                    index.push_back(i == a.dim ? n.toIndex(v[0]) : linalg::IndexOp::create(s.b, s.loc, i).getResult());
                  Value element = s.cast(n.extract(x, index), wide, t.isUnsigned, false);
                  return s.add(v[2], s.mul(v[1], element));
                });
}

/// y[o...] = x[p(o)...]
static Value gatherNearest(ComputeBuilder &t, Value x, ArrayRef<Axis> axes, ValueRange tables, ArrayRef<OpFoldResult> out) {
  int64_t rank = out.size();
  SmallVector<AffineMap> maps;
  for (const Axis &a : axes)
    maps.push_back(t.select(rank, {a.dim}));
  return t.map(tables, maps, out, elementType(x), [&](OpBuilder &nested, Location l, ValueRange positions) {
    TensorBuilder n(nested, l);
    SmallVector<Value> index;
    for (int64_t i = 0; i < rank; ++i)
      index.push_back(linalg::IndexOp::create(nested, l, i));
    for (auto [a, p] : llvm::zip(axes, positions))
      index[a.dim] = n.toIndex(p);
    return n.extract(x, index);
  });
}

/// Places outside of the input get the extrapolation value.
static Value extrapolate(ComputeBuilder &t, onnx::ResizeOp op, Value y, ArrayRef<Axis> axes) {
  int64_t rank = cast<RankedTensorType>(y.getType()).getRank();
  SmallVector<Value> inputs = {y};
  SmallVector<AffineMap> maps = {t.b.getMultiDimIdentityMap(rank)};
  for (const Axis &a : axes) {
    inputs.push_back(tabulate(t, op.getCoordinateTransformationMode(), a, std::nullopt, t.b.getI1Type(), [&](Reals r, Value x, Value) {
      Value last = r.sub(r.of(a.inSize), r.constant(1));
      return Value(arith::OrIOp::create(r.b, r.loc, r.less(x, r.constant(0)), r.less(last, x)));
    }));
    maps.push_back(t.select(rank, {a.dim}));
  }
  return t.mapWide(inputs, maps, t.dims(y), elementType(y), [&](ScalarBuilder &s, ValueRange v) {
    Value result = v[0], outside = s.like(v[0], op.getExtrapolationValue().convertToFloat());
    for (Value isOutside : v.drop_front())
      result = s.select(isOutside, outside, result);
    return result;
  });
}

//===-------------------------------- the operator ----------------------------------===//

static bool isGiven(Value original) {
  auto type = dyn_cast<RankedTensorType>(original.getType());
  return type && !(type.getRank() == 1 && type.getDimSize(0) == 0);
}

static std::optional<double> constantElement(Value v, int64_t i) {
  ElementsAttr elements;
  if (!matchPattern(v, m_Constant(&elements)) || !isa<FloatType>(elements.getElementType()))
    return std::nullopt;
  auto values = elements.tryGetValues<APFloat>();
  if (!values || i >= elements.getNumElements())
    return std::nullopt;
  return (*std::next(values->begin(), i)).convertToDouble();
}

/// The dimension that each entry of scales, sizes and roi is for.
static SmallVector<int64_t> resizedDims(onnx::ResizeOp op, int64_t rank) {
  SmallVector<int64_t> dims;
  if (auto given = op.getAxes())
    for (int64_t a : *given)
      dims.push_back(a < 0 ? a + rank : a);
  else
    for (int64_t i = 0; i < rank; ++i)
      dims.push_back(i);
  return dims;
}

/// One scale for all axes: the smallest or largest of those that the sizes ask for. Null with stretch, or where scales are given.
static Value commonScale(onnx::ResizeOp op, Value sizes, ComputeBuilder &t, ArrayRef<OpFoldResult> in) {
  if (isGiven(op.getScales()) || op.getKeepAspectRatioPolicy() == "stretch")
    return {};
  Reals r{t.b, t.loc};
  Value common;
  for (auto [entry, dim] : llvm::enumerate(resizedDims(op, in.size()))) {
    Value scale = r.div(r.of(t.extract(sizes, t.index(entry))), r.of(t.value(in[dim])));
    common = !common ? scale : op.getKeepAspectRatioPolicy() == "not_larger" ? r.min(common, scale) : r.max(common, scale);
  }
  return common;
}

/// What scales and sizes must be that only the run knows.
static void requireEntries(onnx::ResizeOp op, Value scales, Value sizes, Value roi, ComputeBuilder &t, int64_t rank) {
  Value list = isGiven(op.getScales()) ? scales : isGiven(op.getSizes()) ? sizes : Value();
  if (!list) return;
  int64_t entries = resizedDims(op, rank).size();
  if (op.getCoordinateTransformationMode() == "tf_crop_and_resize")
    t.checkEqual(t.dim(roi, 0), t.indexAttr(2 * entries), "expected the beginning and end of a region for each dimension that is resized");
  t.checkEqual(t.dim(list, 0), t.indexAttr(entries), "expected one scale or size for each dimension that is resized");
  if (list != scales) return;
  for (int64_t entry = 0; entry < entries; ++entry) {
    if (constantElement(op.getScales(), entry)) continue;
    Value scale = t.extract(scales, t.index(entry)), zero = t.number(scale.getType(), 0);
    Value infinite = t.number(scale.getType(), std::numeric_limits<double>::infinity());
    auto isLess = [&](Value x, Value y) { return arith::CmpFOp::create(t.b, t.loc, arith::CmpFPredicate::OLT, x, y); };
    t.check(arith::AndIOp::create(t.b, t.loc, isLess(zero, scale), isLess(scale, infinite)), "expected scales that are positive numbers");
  }
}

/// Dimensions of the result; those that the analysis knows only as dimensions of the result itself are computed here.
Dims ResizeLowering::resultDims(onnx::ResizeOp op, OpAdaptor adaptor, ComputeBuilder &t, ConversionPatternRewriter &b,
                                ArrayRef<OpFoldResult> in) const {
  Reals r{t.b, t.loc};
  requireEntries(op, adaptor.getScales(), adaptor.getSizes(), adaptor.getRoi(), t, in.size());
  Value common = commonScale(op, adaptor.getSizes(), t, in);
  Dims out(in.size());
  for (auto [entry, dim] : llvm::enumerate(resizedDims(op, in.size()))) {
    auto symbol = dyn_cast<AffineSymbolExpr>(shapes.dim(op.getY(), dim));
    if (!symbol || shapes.source(symbol.getPosition()).value != op.getY())
      continue;
    if (isGiven(op.getScales())) {
      // In f32, as ONNX's shape inference does.
      Value scale = ScalarBuilder(t.b, t.loc, false, t.b.getF32Type()).cast(t.extract(adaptor.getScales(), t.index(entry)), t.b.getF32Type(), false, false);
      Value size = arith::SIToFPOp::create(t.b, t.loc, t.b.getF32Type(), t.fromIndex(t.value(in[dim]), t.b.getI64Type()));
      Value exact = arith::ExtFOp::create(t.b, t.loc, t.b.getF64Type(), r.floor(r.mul(size, scale)));
      out[dim] = r.toIndex(exact);
    } else if (common) {
      out[dim] = r.toIndex(r.floor(r.add(r.mul(common, r.of(t.value(in[dim]))), r.constant(0.5))));
    } else {
      out[dim] = t.toIndex(t.extract(adaptor.getSizes(), t.index(entry)));
    }
  }
  for (auto [i, d] : llvm::enumerate(out))
    if (!d)
      d = lowering.materialize(b, t.loc, shapes.dim(op.getY(), i));
  return out;
}

SmallVector<Axis> ResizeLowering::axesOf(onnx::ResizeOp op, OpAdaptor adaptor, ComputeBuilder &t, ArrayRef<OpFoldResult> in,
                                         ArrayRef<OpFoldResult> out) const {
  Reals r{t.b, t.loc};
  int64_t rank = in.size();
  SmallVector<int64_t> dims = resizedDims(op, rank);
  bool crops = op.getCoordinateTransformationMode() == "tf_crop_and_resize", byScales = isGiven(op.getScales());
  Value common = commonScale(op, adaptor.getSizes(), t, in);
  SmallVector<Axis> axes;
  for (auto [entry, dim] : llvm::enumerate(dims)) {
    Axis a;
    a.dim = dim;
    a.entry = entry;
    a.inSize = t.value(in[dim]);
    a.outSize = t.value(out[dim]);
    auto inKnown = getConstantIntValue(in[dim]), outKnown = getConstantIntValue(out[dim]);
    if (byScales)
      a.knownScale = constantElement(op.getScales(), entry);
    else if (!common && inKnown && outKnown && *inKnown > 0)
      a.knownScale = static_cast<double>(*outKnown) / static_cast<double>(*inKnown);
    bool same = shapes.dim(op.getX(), dim) == shapes.dim(op.getY(), dim);
    if (!crops && same && !common && (!byScales || a.knownScale == 1.0))
      continue;
    if (a.knownScale) {
      a.scale = r.constant(*a.knownScale);
    } else if (byScales) {
      a.scale = t.extract(adaptor.getScales(), t.index(entry));
      if (!a.scale.getType().isF64())
        a.scale = arith::ExtFOp::create(t.b, t.loc, t.b.getF64Type(), a.scale);
    } else {
      a.scale = common ? common : r.div(r.of(a.outSize), r.of(a.inSize));
    }
    if (crops) {
      auto region = [&](int64_t i) -> Value {
        Value v = t.extract(adaptor.getRoi(), t.index(i));
        return v.getType().isF64() ? v : arith::ExtFOp::create(t.b, t.loc, t.b.getF64Type(), v).getResult();
      };
      a.begin = region(entry);
      a.end = region(entry + dims.size());
    }
    axes.push_back(a);
  }
  return axes;
}

/// y[o] = interpolation of x at coordinate(o), by axis
LogicalResult ResizeLowering::matchAndRewrite(onnx::ResizeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getX()));
  Value x = adaptor.getX();
  Dims in = t.dims(x), out = resultDims(op, adaptor, t, b, in);
  SmallVector<Axis> axes = axesOf(op, adaptor, t, in, out);
  for (const Axis &a : axes) {
    Value some = t.compare(arith::CmpIPredicate::sgt, a.inSize, t.index(0)), none = t.compare(arith::CmpIPredicate::eq, a.outSize, t.index(0));
    if (getConstantIntValue(in[a.dim]).value_or(0) == 0)
      t.check(arith::OrIOp::create(b, op.getLoc(), some, none), "dimension " + Twine(a.dim) + " is empty, expected elements to interpolate between");
  }
  StringRef mode = op.getCoordinateTransformationMode();
  Value y = x;
  if (op.getMode() == "nearest") {
    SmallVector<Value> tables;
    for (const Axis &a : axes)
      tables.push_back(nearestTable(t, op, a));
    if (!axes.empty())
      y = gatherNearest(t, x, axes, tables, out);
  } else {
    Kernel k{op.getMode() == "cubic", op.getAntialias() != 0, op.getExcludeOutside() != 0, op.getCubicCoeffA().convertToFloat()};
    Type wide = isa<FloatType>(type.getElementType()) ? wideType(type.getElementType()) : b.getF32Type();
    for (const Axis &a : axes) {
      OpFoldResult taps = tapCount(t, k, a);
      y = interpolateAxis(t, y, a, positionTable(t, mode, k, a, taps), weightTable(t, mode, k, a, taps, wide));
    }
    y = t.convertElements(y, type.getElementType());
  }
  if (mode == "tf_crop_and_resize")
    y = extrapolate(t, op, y, axes);
  b.replaceOp(op, t.castTo(y, type));
  return success();
}

namespace ingot {
void populateSamplingLowering(RewritePatternSet &, const TypeConverter &, LoweringContext &);
void populateNonMaxSuppressionLowering(RewritePatternSet &, const TypeConverter &, LoweringContext &);
} // namespace ingot

void ingot::populateResizeLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ResizeLowering>(types, context);
  populateSamplingLowering(patterns, types, context);
  populateAffineGridLowering(patterns, types, context);
  populateRegionPoolingLowering(patterns, types, context);
  populateNonMaxSuppressionLowering(patterns, types, context);
}
