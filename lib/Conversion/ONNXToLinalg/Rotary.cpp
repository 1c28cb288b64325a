//===- Rotary.cpp - rotary position embedding --------------------------------------------===//
#include "Contraction.h"

using namespace mlir;
using namespace ingot;

namespace {

/// Pairs (x, y) of features become (x cos - y sin, x sin + y cos); the angle depends on the position and the pair.
struct RotaryEmbeddingLowering : ONNXLowering<onnx::RotaryEmbeddingOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::RotaryEmbeddingOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    Type element = type.getElementType(), wide = wideType(element);
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    bool is3D = type.getRank() == 3;
    // [batch, length, heads, size] or [batch, heads, length, size]
    if (is3D) {
      int64_t heads = op.getNumHeads().value_or(0);
      if (heads < 1)
        return emitError(op.getLoc()) << "expected 'num_heads' of 1 or more for an operand of rank 3, got " << heads;
      Dims d = t.dims(x);
      x = t.expand(x, {{0}, {1}, {2, 3}}, {d[0], d[1], t.indexAttr(heads), t.floorDiv(d[2], t.indexAttr(heads))});
    }
    Dims sizes = t.dims(x);
    int64_t lengthDim = is3D ? 1 : 2;
    OpFoldResult rotated = op.getRotaryEmbeddingDim() ? t.indexAttr(op.getRotaryEmbeddingDim()) : sizes[3];
    Value count = t.value(rotated), half = t.value(t.floorDiv(rotated, t.indexAttr(2)));
    bool byIds = !isAbsent(op.getPositionIds());
    Value y = t.compute(sizes, element, [&](OpBuilder &nested, Location l, ValueRange at) -> Value {
      TensorBuilder n(nested, l);
      ScalarBuilder s(nested, l, false, wide);
      auto add = [&](Value p, Value q) -> Value { return arith::AddIOp::create(nested, l, p, q); };
      auto sub = [&](Value p, Value q) -> Value { return arith::SubIOp::create(nested, l, p, q); };
      Value d = at[3], zero = n.index(0), one = n.index(1);
      Value isFirst, pair, partner;
      if (op.getInterleaved()) {
        Value two = n.index(2);
        pair = arith::DivUIOp::create(nested, l, d, two);
        isFirst = n.compare(arith::CmpIPredicate::eq, arith::RemUIOp::create(nested, l, d, two), zero);
        partner = n.select(isFirst, add(d, one), sub(d, one));
      } else {
        isFirst = n.compare(arith::CmpIPredicate::ult, d, half);
        pair = n.select(isFirst, d, sub(d, half));
        partner = n.select(isFirst, add(d, half), sub(d, half));
      }
      // Features beyond the rotated ones are read in place, with any valid pair.
      Value inside = n.compare(arith::CmpIPredicate::ult, d, count);
      pair = n.select(inside, pair, zero);
      partner = n.select(inside, partner, d);
      Value position = at[lengthDim];
      SmallVector<Value> place = {at[0], position, pair};
      if (byIds) {
        Value id = n.toIndex(n.extract(adaptor.getPositionIds(), {at[0], position}));
        place = {id, pair};
      }
      Value cosine = s.cast(n.extract(adaptor.getCosCache(), place), wide, false, false);
      Value sine = s.cast(n.extract(adaptor.getSinCache(), place), wide, false, false);
      SmallVector<Value> here(at), there(at);
      there[3] = partner;
      Value own = s.cast(n.extract(x, here), wide, false, false), other = s.cast(n.extract(x, there), wide, false, false);
      Value term = s.mul(other, sine);
      Value turned = s.add(s.mul(own, cosine), s.select(isFirst, s.neg(term), term));
      return s.cast(s.select(inside, turned, own), element, false, false);
    });
    if (is3D)
      y = t.collapse(y, {{0}, {1}, {2, 3}});
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateRotaryLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<RotaryEmbeddingLowering>(types, context);
}
