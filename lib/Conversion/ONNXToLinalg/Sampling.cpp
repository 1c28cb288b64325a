//===- Sampling.cpp - interpolation at given points ------------------------------------------===//
#include "ComputeBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

namespace ingot {
void populateSamplingLowering(RewritePatternSet &, const TypeConverter &, LoweringContext &);
} // namespace ingot

namespace {

/// y[n, c, o...] = x[n, c, ...] interpolated at grid[n, o...]; the grid names the last dimension first, from -1 to 1
struct GridSampleLowering : ONNXLowering<onnx::GridSampleOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GridSampleOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// Reads of one output element.
class Sampler {
public:
  Sampler(OpBuilder &b, Location loc, onnx::GridSampleOp op, Value x, Value grid, ValueRange at, Type wide)
      : n(b, loc), s(b, loc, false, wide), op(op), x(x), at(at), wide(wide), rank(at.size() - 2) {
    for (int64_t d = 0; d < rank; ++d) {
      SmallVector<Value> place = {at[0]};
      place.append(at.begin() + 2, at.end());
      place.push_back(n.index(rank - 1 - d));
      Value g = s.cast(n.extract(grid, place), wide, false, false);
      Value size = n.value(n.dim(x, 2 + d));
      Value length = arith::SIToFPOp::create(b, loc, wide, n.fromIndex(size, b.getI64Type()));
      Value one = s.like(g, 1), half = s.like(g, 0.5), zero = s.like(g, 0), last = s.sub(length, one);
      Value p = op.getAlignCorners() ? s.mul(s.mul(s.add(g, one), half), last) : s.mul(s.sub(s.mul(s.add(g, one), length), one), half);
      sizes.push_back(length);
      low.push_back(op.getAlignCorners() ? zero : s.like(g, -0.5));
      high.push_back(op.getAlignCorners() ? last : s.sub(length, half));
      if (op.getMode() == "nearest")
        p = s.math<math::RoundEvenOp>(p);
      // A cubic curve goes on outside of the image, where all that it reads is the border.
      bool stays = op.getMode() == "cubic" && op.getPaddingMode() == "border";
      points.push_back(stays ? p : bring(p, d));
    }
  }

  Value nearest() {
    return read(points);
  }
  /// Sum over the corners (or 4 neighbours in each dimension) of weight times element.
  Value weighted(bool cubic) {
    SmallVector<Value> base, ratio;
    for (Value p : points) {
      base.push_back(s.math<math::FloorOp>(p));
      ratio.push_back(s.sub(p, base.back()));
    }
    int64_t taps = cubic ? 4 : 2, total = 1;
    for (int64_t d = 0; d < rank; ++d)
      total *= taps;
    Value sum = s.constant(wide, 0);
    for (int64_t k = 0; k < total; ++k) {
      SmallVector<Value> place;
      Value weight;
      for (int64_t d = 0, rest = k; d < rank; ++d, rest /= taps) {
        int64_t offset = rest % taps - (cubic ? 1 : 0);
        Value w = cubic ? cubicWeight(ratio[d], offset) : offset ? ratio[d] : s.sub(s.like(ratio[d], 1), ratio[d]);
        weight = weight ? s.mul(weight, w) : w;
        place.push_back(s.add(base[d], s.like(base[d], offset)));
      }
      sum = s.add(sum, s.mul(weight, read(place)));
    }
    return sum;
  }

private:
  Value both(Value p, Value q) { return arith::AndIOp::create(s.b, s.loc, p, q); }
  /// A point outside is moved to the border or mirrored; with zeros it stays.
  Value bring(Value p, int64_t d) {
    Value zero = s.like(p, 0), last = s.sub(sizes[d], s.like(p, 1));
    if (op.getPaddingMode() == "border")
      return s.clamp(p, zero, last);
    if (op.getPaddingMode() == "zeros")
      return p;
    // Mirrored at both ends as often as needed.
    Value range = s.sub(high[d], low[d]);
    Value safe = s.select(s.le(range, zero), s.like(p, 1), range);
    Value distance = s.abs(s.sub(p, low[d]));
    Value turns = s.math<math::FloorOp>(s.div(distance, safe)), rest = s.sub(distance, s.mul(turns, safe));
    Value halfTurns = s.mul(turns, s.like(p, 0.5));
    Value even = s.eq(s.math<math::FloorOp>(halfTurns), halfTurns);
    Value mirrored = s.select(even, s.add(low[d], rest), s.sub(high[d], rest));
    Value inside = both(s.le(low[d], p), s.le(p, high[d]));
    return s.select(inside, p, mirrored);
  }
  Value cubicWeight(Value ratio, int64_t offset) {
    constexpr double a = -0.75;
    Value x = s.abs(s.sub(ratio, s.like(ratio, offset)));
    auto poly = [&](std::initializer_list<double> coefficients) {
      Value v = s.like(x, 0);
      for (double c : coefficients)
        v = s.add(s.mul(v, x), s.like(x, c));
      return v;
    };
    return offset == 0 || offset == 1 ? poly({a + 2, -(a + 3), 0, 1}) : poly({a, -5 * a, 8 * a, -4 * a});
  }
  /// The element at whole coordinates, 0 outside.
  Value read(ArrayRef<Value> place) {
    SmallVector<Value> index = {at[0], at[1]};
    Value inside;
    for (int64_t d = 0; d < rank; ++d) {
      Value p = bring(place[d], d), zero = s.like(p, 0), last = s.sub(sizes[d], s.like(p, 1));
      Value here = both(s.le(zero, p), s.le(p, last));
      inside = inside ? both(inside, here) : here;
      Value clamped = s.clamp(s.select(s.isNaN(p), zero, p), zero, last);
      index.push_back(n.toIndex(arith::FPToSIOp::create(s.b, s.loc, s.b.getI64Type(), clamped)));
    }
    Value element = s.cast(n.extract(x, index), wide, false, false);
    return s.select(inside, element, s.constant(wide, 0));
  }

  TensorBuilder n;
  ScalarBuilder s;
  onnx::GridSampleOp op;
  Value x;
  ValueRange at;
  Type wide;
  int64_t rank;
  SmallVector<Value> sizes, low, high, points;
};

} // namespace

LogicalResult GridSampleLowering::matchAndRewrite(onnx::GridSampleOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  if (!isa<FloatType>(type.getElementType()))
    return b.notifyMatchFailure(op, "expected floats");
  Type wide = wideType(type.getElementType());
  ComputeBuilder t(b, op.getLoc());
  Dims out = lowering.dims(b, op.getLoc(), op.getY()), in = t.dims(adaptor.getX());
  t.checkEqual(t.dim(adaptor.getGrid(), 0), in[0], "expected a grid of the batch size");
  t.checkEqual(t.dim(adaptor.getGrid(), type.getRank() - 1), t.indexAttr(type.getRank() - 2), "expected a grid of " + Twine(type.getRank() - 2) + " coordinates");
  for (OpFoldResult d : ArrayRef<OpFoldResult>(in).drop_front(2))
    if (getConstantIntValue(d).value_or(0) == 0)
      t.check(t.compare(arith::CmpIPredicate::sgt, t.value(d), t.index(0)), "expected images of 1 pixel or more");
  Value y = t.compute(out, type.getElementType(), [&](OpBuilder &nested, Location l, ValueRange at) {
    Sampler sampler(nested, l, op, adaptor.getX(), adaptor.getGrid(), at, wide);
    Value v = op.getMode() == "nearest" ? sampler.nearest() : sampler.weighted(op.getMode() == "cubic");
    return ScalarBuilder(nested, l, false, wide).cast(v, type.getElementType(), false, false);
  });
  b.replaceOp(op, t.castTo(y, type));
  return success();
}

void ingot::populateSamplingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<GridSampleLowering>(types, context);
}
