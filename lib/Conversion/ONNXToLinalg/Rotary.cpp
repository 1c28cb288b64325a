//===- Rotary.cpp - rotary position embedding --------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// The first or second features of all pairs of [.., .., .., features]: one half of them, or every other one.
struct Halves {
  ComputeBuilder &t;
  Dims sizes;
  OpFoldResult pairs;
  bool interleaved;

  Value take(Value x, int64_t i) {
    auto [offsets, part, strides] = place(i);
    return t.slice(x, offsets, part, strides);
  }
  Value put(Value x, Value into, int64_t i) {
    auto [offsets, part, strides] = place(i);
    return t.insert(x, into, offsets, part, strides);
  }

private:
  std::tuple<Dims, Dims, Dims> place(int64_t i) {
    Dims offsets(4, t.indexAttr(0)), part = sizes, strides(4, t.indexAttr(1));
    offsets[3] = interleaved ? t.indexAttr(i) : t.mul(pairs, t.indexAttr(i));
    strides[3] = t.indexAttr(interleaved ? 2 : 1);
    part[3] = pairs;
    return {offsets, part, strides};
  }
};

/// Pairs (x, y) of features become (x cos - y sin, x sin + y cos); the angle depends on the position and the pair.
struct RotaryEmbeddingLowering : ONNXLowering<onnx::RotaryEmbeddingOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RotaryEmbeddingOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    Type element = type.getElementType();
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    bool is3D = type.getRank() == 3;
    // [batch, length, heads, size] or [batch, heads, length, size]
    if (is3D) {
      int64_t heads = op.getNumHeads().value_or(0);
      if (heads < 1)
        return emitError(op.getLoc()) << "expected 'num_heads' of 1 or more for an operand of rank 3, got " << heads;
      Dims d = t.dims(x);
      t.checkEqual(t.mul(t.floorDiv(d[2], t.indexAttr(heads)), t.indexAttr(heads)), d[2], "expected a multiple of " + Twine(heads) + " features, one share for each head");
      x = t.expand(x, {{0}, {1}, {2, 3}}, {d[0], d[1], t.indexAttr(heads), t.floorDiv(d[2], t.indexAttr(heads))});
    }
    Dims sizes = t.dims(x);
    int64_t lengthDim = is3D ? 1 : 2;
    OpFoldResult rotated = op.getRotaryEmbeddingDim() ? t.indexAttr(op.getRotaryEmbeddingDim()) : sizes[3];
    bool byIds = !isAbsent(op.getPositionIds());
    OpFoldResult pairs = t.floorDiv(rotated, t.indexAttr(2));
    checkTables(t, op, adaptor, sizes, lengthDim, pairs, byIds);
    Value cosine = adaptor.getCosCache(), sine = adaptor.getSinCache();
    if (byIds) {
      cosine = rowsAt(t, cosine, adaptor.getPositionIds(), pairs);
      sine = rowsAt(t, sine, adaptor.getPositionIds(), pairs);
    }

    // Both features of all pairs, turned in loops along the pairs; features beyond the rotated ones stay.
    Halves halves{t, sizes, pairs, op.getInterleaved() != 0};
    Value first = halves.take(x, 0), second = halves.take(x, 1);
    AffineMap identity = b.getMultiDimIdentityMap(4), angle = t.select(4, {0, lengthDim, 3});
    AffineMap maps[] = {identity, identity, angle, angle};
    Dims half = sizes;
    half[3] = pairs;
    Value turnedFirst = t.mapWide({first, second, cosine, sine}, maps, half, element,
                                  [](ScalarBuilder &s, ValueRange v) { return s.sub(s.mul(v[0], v[2]), s.mul(v[1], v[3])); });
    Value turnedSecond = t.mapWide({first, second, cosine, sine}, maps, half, element,
                                   [](ScalarBuilder &s, ValueRange v) { return s.add(s.mul(v[0], v[3]), s.mul(v[1], v[2])); });
    Value y = halves.put(turnedSecond, halves.put(turnedFirst, t.empty(sizes, element), 0), 1);
    OpFoldResult turned = t.mul(pairs, t.indexAttr(2)), left = t.sub(sizes[3], turned);
    if (getConstantIntValue(left) != 0) {
      Dims offsets(4, t.indexAttr(0)), rest = sizes;
      offsets[3] = turned;
      rest[3] = left;
      y = t.insert(t.slice(x, offsets, rest), y, offsets, rest);
    }
    if (is3D)
      y = t.collapse(y, {{0}, {1}, {2, 3}});
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }

private:
  /// The rows of a table that the position ids name, [batch, length, pair].
  static Value rowsAt(ComputeBuilder &t, Value table, Value ids, OpFoldResult pairs) {
    Dims sizes = t.dims(ids);
    sizes.push_back(pairs);
    return t.map(ids, t.select(3, {0, 1}), sizes, elementType(table), [&](OpBuilder &nested, Location loc, ValueRange v) -> Value {
      Value row = arith::IndexCastOp::create(nested, loc, nested.getIndexType(), v[0]);
      return tensor::ExtractOp::create(nested, loc, table, ValueRange{row, linalg::IndexOp::create(nested, loc, 2)});
    });
  }

  /// The tables have an angle for every pair at every position that is read.
  static void checkTables(ComputeBuilder &t, onnx::RotaryEmbeddingOp op, OpAdaptor adaptor, ArrayRef<OpFoldResult> sizes, int64_t lengthDim,
                          OpFoldResult pairs, bool byIds) {
    Value rotated = t.value(t.mul(pairs, t.indexAttr(2)));
    t.check(t.compare(arith::CmpIPredicate::sle, rotated, t.value(sizes[3])), "expected no more rotated features than a head has");
    for (Value table : {adaptor.getCosCache(), adaptor.getSinCache()}) {
      int64_t last = cast<RankedTensorType>(table.getType()).getRank() - 1;
      t.checkEqual(t.dim(table, last), pairs, "expected tables of one angle for each pair of features");
      if (!byIds) {
        t.checkEqual(t.dim(table, 0), sizes[0], "expected tables of the batch size");
        t.checkEqual(t.dim(table, 1), sizes[lengthDim], "expected tables of the length of the sequence");
      }
    }
    if (!byIds)
      return;
    t.checkEqual(t.dim(adaptor.getPositionIds(), 0), sizes[0], "expected position ids of the batch size");
    t.checkEqual(t.dim(adaptor.getPositionIds(), 1), sizes[lengthDim], "expected position ids of the length of the sequence");
    Value limit = t.fromIndex(t.value(t.min(t.dim(adaptor.getCosCache(), 0), t.dim(adaptor.getSinCache(), 0))), t.b.getI64Type());
    Value fine = t.reduce(adaptor.getPositionIds(), {0, 1}, t.boolean(true), [&](OpBuilder &nested, Location loc, ValueRange v) -> Value {
      Value inside = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::ult, v[0], limit);
      return arith::AndIOp::create(nested, loc, v[1], inside);
    });
    t.check(t.extract(fine), "a position is out of range, expected one that the tables have");
  }
};

} // namespace

void ingot::populateRotaryLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<RotaryEmbeddingLowering>(types, context);
}
