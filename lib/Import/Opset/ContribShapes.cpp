//===- ContribShapes.cpp - operators of com.microsoft that move, sample and transform ----------------------===//
#include "Chain.h"

#include <cmath>

using namespace mlir;
using namespace ingot;

/// The same operator exists in ONNX.
static LogicalResult toDefaultDomain(Rewriter &r) {
  r.node.domain = "";
  return success();
}

/// Modes have the names of their second version.
static LogicalResult gridSample(Rewriter &r) {
  std::string mode = r.takeString("mode", "bilinear");
  if (mode != "bilinear" && mode != "nearest" && mode != "bicubic")
    return r.error() << "attribute 'mode' is '" << mode << "'; expected bilinear, nearest or bicubic";
  r.node.attributes.set("mode", r.b.getStringAttr(mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode));
  return toDefaultDomain(r);
}

/// The step may be absent.
static LogicalResult range(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  auto scalar = [&](Value v) { return c.reshape(v, SmallVector<int64_t>()); };
  Value start = scalar(r.operand(0));
  return c.replace(c.op("Range", {start, scalar(r.operand(1)), r.operand(2) ? scalar(r.operand(2)) : c.like(start, 1)}));
}

static LogicalResult expandDims(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  return c.replace(c.op("Unsqueeze", {r.operand(0), c.reshape(c.cast(r.operand(1), c.i64), {1})}));
}

/// Distinct elements in the order of their first occurrence, the number of each element's, and counts.
static LogicalResult unique(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  Value y = c.op("Unique", r.operand(0), r.attr("sorted", int64_t(0)));
  return c.replace({y, c.result(y, 2, c.i64), c.result(y, 3, c.i64)});
}

/// Elements whose mask is 0 do not count.
static LogicalResult maxpoolWithMask(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  SmallVector<NamedAttribute> attributes(r.node.attributes.begin(), r.node.attributes.end());
  r.node.attributes.clear();
  Value x = r.operand(0), masked = c.where(c.cast(r.operand(1), c.i1), x, c.like(x, -3.4028234663852886e38));
  return c.replace(c.op("MaxPool", masked, attributes));
}

/// Boxes [count, (y1, x1, y2, x2)] in units of the picture, sampled at crop_size points from edge to edge.
static LogicalResult cropAndResize(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3}))) return failure();
  std::string mode = r.takeString("mode", "bilinear");
  double outside = r.takeFloat("extrapolation_value", 0.0);
  if (mode != "bilinear" && mode != "nearest") return r.error() << "attribute 'mode' is '" << mode << "'; expected bilinear or nearest";
  Value boxes = c.cast(r.operand(1), c.f32), sizes = c.cast(r.operand(3), c.i64);
  // Positions along one side: begin + i (end - begin) / (n - 1); the middle where n is 1.
  auto positions = [&](int64_t side) {
    Value count = c.slice(sizes, side, side + 1, 0);
    Value begin = c.slice(boxes, side, side + 1, 1), end = c.slice(boxes, side + 2, side + 3, 1);
    Value single = c.compare("Equal", count, c.ints(1));
    Value steps = c.cast(c.sub(c.op("Max", {count, c.ints(2)}), 1), c.f32);
    Value i = c.cast(c.unsqueeze(c.iota(count), {0}), c.f32);
    Value spread = c.add(begin, c.mul(c.div(c.sub(end, begin), steps), i));
    return c.where(single, c.mul(c.add(begin, end), 0.5), spread);
  };
  Value y = c.unsqueeze(positions(0), {2}), x = c.unsqueeze(positions(1), {1}); // [count, h, 1], [count, 1, w]
  auto within = [&](Value v) { return c.both(c.compare("GreaterOrEqual", v, 0.0), c.compare("LessOrEqual", v, 1.0)); };
  Value inside = c.both(within(y), within(x)); // [count, h, w]
  Value zeros = c.mul(c.cast(inside, c.f32), 0.0);
  Value grid = c.concat({c.unsqueeze(c.add(zeros, x), {3}), c.unsqueeze(c.add(zeros, y), {3})}, 3);
  NamedAttribute attributes[] = {r.attr("align_corners", 1), r.attr("mode", r.b.getStringAttr(mode == "nearest" ? "nearest" : "linear")),
                                 r.attr("padding_mode", r.b.getStringAttr("border"))};
  Value pictures = c.gather(r.operand(0), r.operand(2), 0);
  Value sampled = c.op("GridSample", {pictures, c.castLike(c.sub(c.mul(grid, 2), 1), pictures)}, attributes);
  return c.replace(c.where(c.unsqueeze(inside, {1}), sampled, c.like(sampled, outside)));
}

/// [..., n] to [..., n / 2 + 1, 2]
static LogicalResult rfft(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0})) || failed(c.requireInt("normalized", 0)) || failed(c.requireInt("onesided", 1)) || failed(c.requireInt("signal_ndim", 1)))
    return failure();
  Value x = c.unsqueeze(r.operand(0), {-1});
  return c.replace(c.op("DFT", {x, Value(), r.scalar(-2)}, r.attr("onesided", 1)));
}

/// [..., n / 2 + 1, 2] to [..., n], n even: the other half of the spectrum is the conjugate of this one
static LogicalResult irfft(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0})) || failed(c.requireInt("normalized", 0)) || failed(c.requireInt("onesided", 1)) || failed(c.requireInt("signal_ndim", 1)))
    return failure();
  Value x = r.operand(0);
  Value reversed = c.op("Slice", {x, c.ints(-2), c.ints(0), c.ints(-2), c.ints(-1)});
  Value sign = c.castLike(r.floats({1.0f, -1.0f}), x);
  Value whole = c.concat({x, c.mul(reversed, sign)}, -2);
  Value y = c.op("DFT", {whole, Value(), r.scalar(-2)}, r.attr("inverse", 1));
  return c.replace(c.squeeze(c.slice(y, 0, 1, -1), {-1}));
}

/// T5's buckets of distances: half of them exact, the others logarithmic up to the largest distance.
static LogicalResult relativePositionBias(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  int64_t furthest = r.takeInt("max_distance", 0);
  bool bothWays = r.takeInt("is_bidirectional", 0) != 0;
  if (furthest < 1) return r.error() << "expected 'max_distance' of 1 or more, got " << furthest;
  Value table = r.operand(0), buckets = c.dim(table, 0);
  if (bothWays) buckets = c.op("Div", {buckets, c.ints(2)}, {}, c.i64);
  auto length = [&](unsigned i) { return c.reshape(c.cast(r.operand(i), c.i64), {1}); };
  Value query = c.unsqueeze(c.iota(length(1)), {1}), key = c.unsqueeze(c.iota(length(2)), {0});
  Value back = c.sub(query, key), base;
  if (bothWays) {
    base = c.mul(c.cast(c.compare("Less", back, 0.0), c.i64), buckets);
    back = c.op("Abs", back);
  } else {
    back = c.op("Max", {back, c.like(back, 0)});
  }
  Value exact = c.op("Div", {buckets, c.ints(2)}, {}, c.i64), exactReal = c.cast(exact, c.f32);
  Value ratio = c.div(c.op("Log", c.div(c.cast(c.op("Max", {back, c.ints(1)}), c.f32), exactReal)),
                      c.op("Log", c.div(c.op("Cast", c.ints(furthest), r.attr("to", 1), c.f32), exactReal)));
  Value large = c.add(exact, c.cast(c.mul(ratio, c.cast(c.sub(buckets, exact), c.f32)), c.i64));
  large = c.op("Min", {large, c.sub(buckets, 1)});
  Value bucket = c.add(c.where(c.compare("Less", back, exact), back, large), base);
  return c.replace(c.unsqueeze(c.transpose(c.gather(table, bucket, 0), {2, 0, 1}), {0}));
}

/// r = sigmoid of two sums of projections of the query: position bias * (r0 (r1 eco_a - 1) + 2)
static LogicalResult gatedRelativePositionBias(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3, 4, 5}))) return failure();
  if (r.operand(6)) return r.error() << "input 6 (token_offset) is not supported; expected none";
  int64_t heads = r.takeInt("num_heads", 0);
  if (heads < 1) return r.error() << "expected 'num_heads' of 1 or more, got " << heads;
  Value query = c.transpose(c.reshape(c.add(r.operand(0), r.operand(1)), {0, 0, heads, -1}), {0, 2, 1, 3});
  Value projected = c.add(c.matMul(query, r.operand(3)), r.operand(4));
  Value gates = c.op("Sigmoid", c.reduce("ReduceSum", c.reshape(projected, {0, 0, 0, 2, -1}), -1, false));
  Value first = c.slice(gates, 0, 1, 3), second = c.slice(gates, 1, 2, 3);
  Value gate = c.add(c.mul(first, c.sub(c.mul(second, r.operand(5)), 1)), 2.0);
  return c.replace(c.mul(gate, r.operand(2)));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "Trilu", kAnyVersion, toDefaultDomain},
    {"com.microsoft", "Pad", kAnyVersion, toDefaultDomain},
    {"com.microsoft", "GridSample", kAnyVersion, gridSample},
    {"com.microsoft", "Range", kAnyVersion, range},
    {"com.microsoft", "ExpandDims", kAnyVersion, expandDims},
    {"com.microsoft", "Unique", kAnyVersion, unique},
    {"com.microsoft", "MaxpoolWithMask", kAnyVersion, maxpoolWithMask},
    {"com.microsoft", "CropAndResize", kAnyVersion, cropAndResize},
    {"com.microsoft", "Rfft", kAnyVersion, rfft},
    {"com.microsoft", "Irfft", kAnyVersion, irfft},
    {"com.microsoft", "RelativePositionBias", kAnyVersion, relativePositionBias},
    {"com.microsoft", "GatedRelativePositionBias", kAnyVersion, gatedRelativePositionBias},
};
ArrayRef<OpsetRow> ingot::contribShapeRows() { return kRows; }
