//===- DeformableConvolution.cpp - convolution whose taps are displaced ---------------------===//
//
// The displaced taps are gathered into columns [N, places, taps, channels] of images turned to channels last, one run of channels at a time;
// the rest is a matrix product.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Families.h"
#include "Indices.h"

using namespace mlir;
using namespace ingot;

namespace {

/// y[n, o, c] = b[c] + sum over k, i of mask[n, k, o] x[n, o * strides + k * dilations - pads + offset[n, k, o], i] w[c, i, k]
struct DeformConvLowering : ONNXLowering<onnx::DeformConvOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DeformConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// What one displaced tap reads.
struct Gatherer {
  ComputeBuilder &t;
  Value image; // [N, spatial..., C]
  Type wide;
  int64_t spatial;

  /// Channels [first, first + count) at a point between pixels: the sum over its corners, those outside being 0.
  Value read(Value sample, ArrayRef<Value> point, Value factor, OpFoldResult first, OpFoldResult count) {
    ScalarBuilder s(t.b, t.loc, false, wide);
    Type i64 = t.b.getI64Type();
    SmallVector<std::array<Value, 2>> places, weights;
    for (int64_t d = 0; d < spatial; ++d) {
      Value size = t.value(t.dim(image, 1 + d)), length = s.cast(t.fromIndex(size, i64), wide, false, false);
      Value floor = s.math<math::FloorOp>(point[d]), fraction = s.sub(point[d], floor), one = s.like(fraction, 1), zero = s.like(fraction, 0);
      std::array<Value, 2> place, weight;
      for (int64_t i = 0; i < 2; ++i) {
        Value at = i ? s.add(floor, one) : floor, w = i ? fraction : s.sub(one, fraction);
        Value inside = s.bitAnd(s.le(zero, at), s.lt(at, length));
        place[i] = t.toIndex(s.cast(s.select(inside, at, zero), i64, false, false));
        weight[i] = s.select(inside, w, zero);
      }
      places.push_back(place);
      weights.push_back(weight);
    }
    SmallVector<Value> runs, factors;
    OpFoldResult one = t.indexAttr(1);
    for (int64_t corner = 0; corner < int64_t(1) << spatial; ++corner) {
      Dims offsets = {sample}, sizes(1 + spatial, one);
      Value weight = factor;
      for (int64_t d = 0; d < spatial; ++d) {
        int64_t i = corner >> d & 1;
        offsets.push_back(places[d][i]);
        weight = weight ? s.mul(weight, weights[d][i]) : weights[d][i];
      }
      offsets.push_back(first);
      sizes.push_back(count);
      runs.push_back(t.dropUnits(t.slice(image, offsets, sizes), llvm::to_vector(llvm::seq<int64_t>(0, 1 + spatial))));
      factors.push_back(weight);
    }
    return t.mapWide(runs, {}, count, elementType(image), [&](ScalarBuilder &n, ValueRange v) {
      Value sum = n.mul(v[0], factors[0]);
      for (size_t i = 1; i < v.size(); ++i)
        sum = n.add(sum, n.mul(v[i], factors[i]));
      return sum;
    });
  }
};

} // namespace

LogicalResult DeformConvLowering::matchAndRewrite(onnx::DeformConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  int64_t rank = type.getRank(), spatial = rank - 2, groups = op.getGroup(), offsetGroups = op.getOffsetGroup();
  ComputeBuilder t(b, op.getLoc());
  Dims weights = t.dims(adaptor.getW());
  auto kernel = ArrayRef(weights).drop_front(2);
  OpFoldResult taps = t.product(kernel);
  Type element = type.getElementType(), wide = wideType(element);
  SmallVector<int64_t> toLast = {0}, toFirst = {0, rank - 1};
  for (int64_t i = 2; i < rank; ++i) {
    toLast.push_back(i);
    toFirst.push_back(i - 1);
  }
  toLast.push_back(1);
  Dims in = t.dims(adaptor.getX()), out = lowering.dims(b, op.getLoc(), op.getY());
  OpFoldResult one = t.indexAttr(1), batch = in[0], channels = t.mul(weights[1], t.indexAttr(groups));
  auto inputChannels = getConstantIntValue(channels);
  if (offsetGroups < 1 || (inputChannels && *inputChannels % offsetGroups != 0))
    return emitError(op.getLoc()) << "expected 'offset_group' to divide the channels, got " << offsetGroups << " for " << inputChannels.value_or(0);
  t.checkEqual(t.mod(channels, t.indexAttr(offsetGroups)), t.indexAttr(0), "expected 'offset_group' to divide the channels");
  OpFoldResult share = t.floorDiv(channels, t.indexAttr(offsetGroups));
  t.checkEqual(in[1], channels, "expected as many channels as the weights have");
  auto checkField = [&](Value v, int64_t perTap, StringRef name) {
    t.checkEqual(t.dim(v, 0), batch, "expected '" + name + "' of the batch size");
    t.checkEqual(t.dim(v, 1), t.mul(taps, t.indexAttr(offsetGroups * perTap)), "expected " + Twine(offsetGroups * perTap) + " channels of '" + name + "' for each tap");
    for (int64_t i = 2; i < rank; ++i)
      t.checkEqual(t.dim(v, i), out[i], "dimension " + Twine(i) + " of '" + name + "' differs from that of the result");
  };
  checkField(adaptor.getOffset(), spatial, "offset");
  Value mask = isAbsent(op.getMask()) ? Value() : adaptor.getMask();
  if (mask)
    checkField(mask, 1, "mask");
  for (int64_t i = 2; i < rank; ++i)
    t.check(t.compare(arith::CmpIPredicate::sgt, t.value(in[i]), t.index(0)), "expected images of 1 pixel or more");

  Value image = t.transpose(adaptor.getX(), toLast);
  auto entry = [](std::optional<ArrayRef<int64_t>> list, int64_t i, int64_t otherwise) { return list ? (*list)[i] : otherwise; };
  Dims loops = {batch}, columnSizes = {batch}, places(out.begin() + 2, out.end());
  llvm::append_range(loops, places);
  llvm::append_range(columnSizes, places);
  loops.append({t.indexAttr(offsetGroups), taps});
  columnSizes.append({taps, channels});
  Value columns = forEach(t, loops, t.empty(columnSizes, element), [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
    ComputeBuilder n(nested, loc);
    ScalarBuilder s(nested, loc, false, wide);
    auto position = at.slice(1, spatial);
    Value group = at[1 + spatial], tap = at[2 + spatial];
    OpFoldResult row = n.add(n.mul(group, taps), tap);
    auto field = [&](Value v, OpFoldResult channel) {
      SmallVector<Value> place = {at[0], n.value(channel)};
      llvm::append_range(place, position);
      return s.cast(n.extract(v, place), wide, false, false);
    };
    SmallVector<Value> point;
    for (int64_t d = 0; d < spatial; ++d) {
      OpFoldResult k = n.mod(n.floorDiv(tap, n.product(kernel.drop_front(d + 1))), kernel[d]);
      OpFoldResult start = n.sub(n.mul(position[d], n.indexAttr(entry(op.getStrides(), d, 1))), n.indexAttr(entry(op.getPads(), d, 0)));
      Value grid = n.value(n.add(start, n.mul(k, n.indexAttr(entry(op.getDilations(), d, 1)))));
      Value offset = field(adaptor.getOffset(), n.add(n.mul(row, n.indexAttr(spatial)), n.indexAttr(d)));
      point.push_back(s.add(s.cast(n.fromIndex(grid, nested.getI64Type()), wide, false, false), offset));
    }
    OpFoldResult first = n.mul(group, share);
    Gatherer gatherer{n, image, wide, spatial};
    Value run = gatherer.read(at[0], point, mask ? field(mask, row) : Value(), first, share);
    Dims offsets = {at[0]}, sizes(2 + spatial, one);
    for (Value p : position)
      offsets.push_back(p);
    offsets.append({tap, first});
    sizes.push_back(share);
    return {n.insert(run, carried[0], offsets, sizes)};
  })[0];

  // Taps are the last dimension of a convolution over the columns, with as many taps as it is long.
  SmallVector<ReassociationIndices> toRows(1);
  for (int64_t i = 0; i < 1 + spatial; ++i)
    toRows[0].push_back(i);
  toRows.append({{1 + spatial}, {2 + spatial}});
  Value rows = t.collapse(columns, toRows);
  SmallVector<ReassociationIndices> joinTaps = {{0}, {1}, {}};
  for (int64_t i = 0; i < spatial; ++i)
    joinTaps[2].push_back(2 + i);
  Value filters = t.collapse(adaptor.getW(), joinTaps), y;
  OpFoldResult outChannels = weights[0];
  if (cast<RankedTensorType>(filters.getType()).hasStaticShape()) {
    ContractSpec spec;
    spec.strides = spec.dilations = {1};
    spec.groups = groups;
    y = contract(t, rows, contractWeights(t, filters, groups), {t.dim(rows, 0), one, outChannels}, element, spec);
  } else {
    y = convolveDynamic(t, rows, filters, DynamicWindow{{1}, {1}}, groups, {t.dim(rows, 0), one, outChannels}, element);
  }
  y = t.removeUnitDim(y, 1);
  Dims lastSizes = {batch};
  llvm::append_range(lastSizes, places);
  lastSizes.push_back(outChannels);
  SmallVector<ReassociationIndices> fromRows = {toRows[0], {1 + spatial}};
  y = t.expand(y, fromRows, lastSizes);
  if (!isAbsent(op.getB())) {
    t.checkEqual(t.dim(adaptor.getB(), 0), outChannels, "expected one bias for each channel of the result");
    AffineMap maps[] = {b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})};
    y = t.mapWide({y, adaptor.getB()}, maps, lastSizes, element, [](ScalarBuilder &s, ValueRange x) { return s.add(x[0], x[1]); });
  }
  b.replaceOp(op, t.castTo(t.transpose(y, toFirst), type));
  return success();
}

void ingot::populateDeformableConvolutionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<DeformConvLowering>(types, context);
}
