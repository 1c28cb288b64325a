//===- RegionPooling.cpp - pooling over regions of images -----------------------------------===//
//
// Images are turned to channels last, so that the reads of one point are one run of channels; regions, bins and points are loops around that.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "Families.h"
#include "Indices.h"

using namespace mlir;
using namespace ingot;

/// More samples along one side of a bin than any region of an image needs; a region without limits would never end.
static constexpr int64_t kMostSamples = 1 << 14;

namespace {

/// Where the samples of one bin lie along one dimension.
struct Line {
  Value low, high;            // index, in the image
  Value weightLow, weightHigh; // 0 outside
};

/// Builds the loops of one operator; `b` of the builder moves into them.
class RegionLoops {
public:
  RegionLoops(ComputeBuilder &t, Value x) : t(t), wide(wideType(elementType(x))), s(t.b, t.loc, false, wide), image(t.transpose(x, {0, 2, 3, 1})) {
    channels = t.dim(image, 3);
  }

  ComputeBuilder &t;
  Type wide;
  ScalarBuilder s;
  Value image; // [N, H, W, C]
  OpFoldResult channels;

  Value real(Value index) { return arith::SIToFPOp::create(t.b, t.loc, wide, t.fromIndex(index, t.b.getI64Type())); }
  /// Towards minus infinity, kept in the range of an i64.
  Value floorToIndex(Value v) { return t.toIndex(s.cast(s.math<math::FloorOp>(v), t.b.getI64Type(), false, false)); }
  Value coordinate(Value rois, Value region, int64_t i) {
    return s.cast(t.extract(rois, {region, t.index(i)}), wide, false, false);
  }
  /// All channels of one pixel.
  Value pixel(Value sample, Value y, Value x) {
    OpFoldResult one = t.indexAttr(1);
    return t.dropUnits(t.slice(image, {sample, y, x, t.indexAttr(0)}, {one, one, one, channels}), {0, 1, 2});
  }

  /// for i in [from, to): carried = body(i, carried)
  Value loop(Value from, Value to, Value carried, function_ref<Value(Value, Value)> body) {
    auto op = scf::ForOp::create(t.b, t.loc, from, to, t.index(1), ValueRange{carried});
    OpBuilder::InsertionGuard guard(t.b);
    t.b.setInsertionPointToStart(op.getBody());
    Value next = body(op.getInductionVar(), op.getRegionIterArgs()[0]);
    scf::YieldOp::create(t.b, t.loc, next);
    return op.getResult(0);
  }

  /// Every bin of every region: out[r, py, px, :] = bin(py, px).  `region` prepares what bins of a region share.
  Value run(Value regions, int64_t height, int64_t width, Type element, function_ref<void(Value)> region, function_ref<Value(Value, Value)> bin) {
    OpFoldResult one = t.indexAttr(1), zero = t.indexAttr(0);
    Value none = t.index(0), out = t.empty({regions, t.indexAttr(height), t.indexAttr(width), channels}, element);
    Value all = loop(none, regions, out, [&](Value r, Value carried) {
      region(r);
      return loop(none, t.index(height), carried, [&](Value py, Value rows) {
        return loop(none, t.index(width), rows, [&](Value px, Value row) {
          return t.insert(t.convertElements(bin(py, px), element), row, {r, py, px, zero}, {one, one, one, channels});
        });
      });
    });
    return t.transpose(all, {0, 3, 1, 2});
  }
};

/// y = mean or largest of points of each bin, interpolated between four pixels
struct RoiAlignLowering : ONNXLowering<onnx::RoiAlignOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RoiAlignOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// y = largest pixel of each bin, the corners of regions rounded to pixels
struct MaxRoiPoolLowering : ONNXLowering<onnx::MaxRoiPoolOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MaxRoiPoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

} // namespace

/// The two pixels around a point and their weights; a point more than one pixel outside has none.
static Line lineAt(RegionLoops &l, Value point, Value size) {
  ScalarBuilder &s = l.s;
  Value zero = s.like(point, 0), one = s.like(point, 1), length = l.real(size), last = s.sub(length, one);
  Value outside = s.bitNot(s.bitAnd(s.le(s.like(point, -1), point), s.le(point, length)));
  Value inside = s.clamp(s.select(outside, zero, point), zero, last);
  Value low = l.floorToIndex(inside), lastIndex = l.t.value(l.t.max(l.t.sub(size, l.t.indexAttr(1)), l.t.indexAttr(0)));
  Value high = l.t.value(l.t.min(l.t.add(low, l.t.indexAttr(1)), lastIndex)), fraction = s.sub(inside, l.real(low));
  return {low, high, s.select(outside, zero, s.sub(one, fraction)), s.select(outside, zero, fraction)};
}

LogicalResult RoiAlignLowering::matchAndRewrite(onnx::RoiAlignOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  bool takesMax = op.getMode() == "max", halfPixel = op.getCoordinateTransformationMode() == "half_pixel";
  if (!takesMax && op.getMode() != "avg")
    return emitError(op.getLoc()) << "expected the mode 'avg' or 'max', got '" << op.getMode() << "'";
  if (!halfPixel && op.getCoordinateTransformationMode() != "output_half_pixel")
    return emitError(op.getLoc()) << "expected the coordinates 'half_pixel' or 'output_half_pixel', got '" << op.getCoordinateTransformationMode() << "'";
  ComputeBuilder t(b, op.getLoc());
  RegionLoops l(t, adaptor.getX());
  ScalarBuilder &s = l.s;
  Value rois = adaptor.getRois(), batches = adaptor.getBatchIndices(), regions = t.value(t.dim(rois, 0)), none = t.index(0);
  t.checkEqual(t.dim(rois, 1), t.indexAttr(4), "expected regions of 4 numbers");
  t.checkEqual(t.dim(batches, 0), t.dim(rois, 0), "expected one batch index for each region");
  checkIndices(t, batches, t.dim(adaptor.getX(), 0));
  Value size[] = {t.value(t.dim(l.image, 1)), t.value(t.dim(l.image, 2))}, samples = t.value(t.dim(l.image, 0));
  // An empty image has no pixel to read.
  Value hasPixels = arith::AndIOp::create(b, op.getLoc(), t.compare(arith::CmpIPredicate::sgt, size[0], none), t.compare(arith::CmpIPredicate::sgt, size[1], none));
  t.check(arith::OrIOp::create(b, op.getLoc(), hasPixels, t.compare(arith::CmpIPredicate::eq, regions, none)), "expected images of 1 pixel or more");

  int64_t pooled[] = {static_cast<int64_t>(op.getOutputHeight()), static_cast<int64_t>(op.getOutputWidth())};
  double scale = op.getSpatialScale().convertToDouble();
  Value sample, start[2], bin[2], count[2], factor;
  auto enter = [&](Value r) {
    sample = wrapIndex(b, op.getLoc(), t.extract(batches, r), samples);
    for (int64_t d = 0; d < 2; ++d) {
      auto corner = [&](int64_t i) {
        Value v = s.mul(l.coordinate(rois, r, i), s.constant(l.wide, scale));
        return halfPixel ? s.sub(v, s.like(v, 0.5)) : v;
      };
      start[d] = corner(1 - d);
      Value extent = s.sub(corner(3 - d), start[d]);
      if (!halfPixel)
        extent = s.max(extent, s.like(extent, 1));
      bin[d] = s.div(extent, s.like(extent, pooled[d]));
      if (op.getSamplingRatio() > 0) {
        count[d] = t.index(op.getSamplingRatio());
      } else {
        count[d] = t.toIndex(s.cast(s.math<math::CeilOp>(bin[d]), b.getI64Type(), false, false));
        t.check(t.compare(arith::CmpIPredicate::sle, count[d], t.index(kMostSamples)), "a region is too large, expected at most " + Twine(kMostSamples) + " samples for each bin");
      }
    }
    Value total = t.value(t.max(t.mul(count[0], count[1]), t.indexAttr(1)));
    factor = s.div(s.constant(l.wide, 1), l.real(total));
  };
  auto lineOf = [&](int64_t d, Value p, Value i) {
    Value within = s.div(s.mul(s.add(l.real(i), s.constant(l.wide, 0.5)), bin[d]), l.real(count[d]));
    return lineAt(l, s.add(s.add(start[d], s.mul(l.real(p), bin[d])), within), size[d]);
  };
  auto pool = [&](Value py, Value px) {
    Value init = t.full({l.channels}, takesMax ? s.lowest(l.wide) : t.number(l.wide, 0));
    Value sums = l.loop(none, count[0], init, [&](Value iy, Value rows) {
      Line y = lineOf(0, py, iy);
      return l.loop(none, count[1], rows, [&](Value ix, Value acc) {
        Line x = lineOf(1, px, ix);
        Value pixels[] = {l.pixel(sample, y.low, x.low), l.pixel(sample, y.low, x.high), l.pixel(sample, y.high, x.low), l.pixel(sample, y.high, x.high)};
        Value weights[] = {s.mul(y.weightLow, x.weightLow), s.mul(y.weightLow, x.weightHigh), s.mul(y.weightHigh, x.weightLow), s.mul(y.weightHigh, x.weightHigh)};
        AffineMap identity = b.getMultiDimIdentityMap(1);
        return t.fold(pixels, SmallVector<AffineMap>(4, identity), acc, identity, [&](ScalarBuilder &n, ValueRange v) {
          // The largest is that of the weighted pixels, one by one.
          Value result = takesMax ? n.mul(v[0], weights[0]) : n.add(v[4], n.mul(v[0], weights[0]));
          for (int64_t i = 1; i < 4; ++i) {
            Value part = n.mul(v[i], weights[i]);
            result = takesMax ? n.max(result, part) : n.add(result, part);
          }
          return takesMax ? n.max(v[4], result) : result;
        });
      });
    });
    Value total = arith::MulIOp::create(b, op.getLoc(), count[0], count[1]);
    Value isEmpty = t.compare(arith::CmpIPredicate::sle, total, none);
    return t.mapWide(sums, {}, {l.channels}, l.wide, [&](ScalarBuilder &n, ValueRange v) {
      return takesMax ? n.select(isEmpty, n.like(v[0], 0), v[0]) : n.mul(v[0], factor);
    });
  };
  Value y = l.run(regions, pooled[0], pooled[1], type.getElementType(), enter, pool);
  b.replaceOp(op, t.castTo(y, type));
  return success();
}

LogicalResult MaxRoiPoolLowering::matchAndRewrite(onnx::MaxRoiPoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  ComputeBuilder t(b, op.getLoc());
  RegionLoops l(t, adaptor.getX());
  ScalarBuilder &s = l.s;
  Value rois = adaptor.getRois(), regions = t.value(t.dim(rois, 0)), none = t.index(0);
  t.checkEqual(t.dim(rois, 1), t.indexAttr(5), "expected regions of 5 numbers");
  Value size[] = {t.value(t.dim(l.image, 1)), t.value(t.dim(l.image, 2))}, samples = t.value(t.dim(l.image, 0));
  auto pooled = op.getPooledShape();
  double scale = op.getSpatialScale().convertToDouble();
  Value sample, start[2], bin[2];
  auto enter = [&](Value r) {
    sample = l.floorToIndex(l.coordinate(rois, r, 0));
    t.check(t.compare(arith::CmpIPredicate::ult, sample, samples), "the batch index of a region is out of range");
    for (int64_t d = 0; d < 2; ++d) {
      // To the nearest pixel, halves away from zero.
      auto corner = [&](int64_t i) { return s.math<math::RoundOp>(s.mul(l.coordinate(rois, r, i), s.constant(l.wide, scale))); };
      start[d] = corner(2 - d);
      Value extent = s.max(s.add(s.sub(corner(4 - d), start[d]), s.constant(l.wide, 1)), s.constant(l.wide, 1));
      bin[d] = s.div(extent, s.constant(l.wide, pooled[d]));
    }
  };
  auto edge = [&](int64_t d, Value p, bool end) {
    Value place = end ? arith::AddIOp::create(b, op.getLoc(), p, t.index(1)).getResult() : p;
    Value v = s.mul(l.real(place), bin[d]);
    v = s.add(end ? s.math<math::CeilOp>(v) : s.math<math::FloorOp>(v), start[d]);
    // Of what is no number there are no pixels.
    Value inside = s.clamp(s.select(s.isNaN(v), s.like(v, 0), v), s.like(v, 0), l.real(size[d]));
    return t.toIndex(s.cast(inside, b.getI64Type(), false, false));
  };
  auto pool = [&](Value py, Value px) {
    Value yBegin = edge(0, py, false), yEnd = edge(0, py, true), xBegin = edge(1, px, false), xEnd = edge(1, px, true);
    Value init = t.full({l.channels}, s.lowest(l.wide));
    AffineMap identity = b.getMultiDimIdentityMap(1);
    Value largest = l.loop(yBegin, yEnd, init, [&](Value y, Value rows) {
      return l.loop(xBegin, xEnd, rows, [&](Value x, Value acc) {
        return t.fold(l.pixel(sample, y, x), identity, acc, identity, [](ScalarBuilder &n, ValueRange v) { return n.max(v[1], v[0]); });
      });
    });
    Value isEmpty = arith::OrIOp::create(b, op.getLoc(), t.compare(arith::CmpIPredicate::sle, yEnd, yBegin), t.compare(arith::CmpIPredicate::sle, xEnd, xBegin));
    return t.mapWide(largest, {}, {l.channels}, l.wide, [&](ScalarBuilder &n, ValueRange v) { return n.select(isEmpty, n.like(v[0], 0), v[0]); });
  };
  Value y = l.run(regions, pooled[0], pooled[1], type.getElementType(), enter, pool);
  b.replaceOp(op, t.castTo(y, type));
  return success();
}

void ingot::populateRegionPoolingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<RoiAlignLowering, MaxRoiPoolLowering>(types, context);
}
