//===- LinearAttention.cpp - recurrent attention with a matrix as its state --------------===//
//
// One loop over time carries S [batch, kv head, key, value] in wide floats, updated in place; the inner loops run along the values.
//===-----------------------------------------------------------------------------===//
#include "Broadcast.h"
#include "ComputeBuilder.h"
#include "Families.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// S = exp(g) S + k x beta (v - exp(g) S' k), with the parts that the rule has; o = scale q' S
struct LinearAttentionLowering : ONNXLowering<onnx::LinearAttentionOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LinearAttentionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// One step; loops are (batch, head, key, value), for results (batch, head, group, key, value).
struct Step {
  ComputeBuilder &t;
  Type wide;
  OpFoldResult batch, heads, group, keys, values;
  Value scale;

  AffineMap matrix() { return t.b.getMultiDimIdentityMap(4); }
  AffineMap byKey() { return t.select(4, {0, 1, 2}); }
  AffineMap byValue() { return t.select(4, {0, 1, 3}); }

  /// sum over keys of state * k
  Value recall(Value state, Value k) {
    AffineMap maps[] = {matrix(), byKey()};
    return t.fold({state, k}, maps, t.full({batch, heads, values}, t.number(wide, 0)), byValue(),
                  [](ScalarBuilder &s, ValueRange v) { return s.add(v[2], s.mul(v[0], v[1])); });
  }
  /// state = decay * state + k x v
  Value update(Value state, Value decay, Value k, Value v) {
    SmallVector<Value> in = {k, v};
    SmallVector<AffineMap> maps = {byKey(), byValue()};
    if (decay) {
      in.push_back(decay);
      maps.push_back(byKey());
    }
    return t.fold(in, maps, state, matrix(), [&](ScalarBuilder &s, ValueRange x) {
      Value kept = decay ? s.mul(x[2], x.back()) : x.back();
      return s.add(kept, s.mul(x[0], x[1]));
    });
  }
  Value read(Value state, Value q, Type element) {
    AffineMap maps[] = {t.select(5, {0, 1, 3, 4}), t.select(5, {0, 1, 2, 3})};
    Value sums = t.fold({state, q}, maps, t.full({batch, heads, group, values}, t.number(wide, 0)), t.select(5, {0, 1, 2, 4}),
                        [](ScalarBuilder &s, ValueRange v) { return s.add(v[2], s.mul(v[0], v[1])); });
    return t.mapWide(sums, {}, t.dims(sums), element, [&](ScalarBuilder &s, ValueRange v) { return s.mul(v[0], scale); });
  }
};

} // namespace

/// Row `time` of [batch, length, ...].
static Value at(ComputeBuilder &t, Value v, Value time) {
  Dims sizes = t.dims(v), offsets(sizes.size(), t.indexAttr(0));
  offsets[1] = time;
  sizes[1] = t.indexAttr(1);
  return t.removeUnitDim(t.slice(v, offsets, sizes), 1);
}

LogicalResult LinearAttentionLowering::matchAndRewrite(onnx::LinearAttentionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  StringRef rule = op.getUpdateRule();
  bool decays = rule.starts_with("gated"), corrects = rule.ends_with("delta");
  if (!llvm::is_contained({"linear", "gated", "delta", "gated_delta"}, rule))
    return emitError(op.getLoc()) << "expected the update rule 'linear', 'gated', 'delta' or 'gated_delta', got '" << rule << "'";
  if (decays == isAbsent(op.getDecay()) || corrects == isAbsent(op.getBeta()))
    return emitError(op.getLoc()) << "expected 'decay' for the gated and 'beta' for the delta rules only, got the rule '" << rule << "'";
  int64_t qHeads = op.getQNumHeads(), kvHeads = op.getKvNumHeads();
  if (kvHeads < 1 || qHeads < 1 || qHeads % kvHeads != 0)
    return emitError(op.getLoc()) << "expected 'q_num_heads' to be a multiple of 'kv_num_heads', got " << qHeads << " and " << kvHeads;

  ComputeBuilder t(b, op.getLoc());
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getOutput().getType()));
  Type element = type.getElementType(), wide = wideType(element);
  OpFoldResult heads = t.indexAttr(kvHeads), group = t.indexAttr(qHeads / kvHeads), one = t.indexAttr(1);
  Dims qd = t.dims(adaptor.getQuery()), kd = t.dims(adaptor.getKey()), vd = t.dims(adaptor.getValue());
  OpFoldResult batch = qd[0], length = qd[1], keys = t.floorDiv(kd[2], heads), values = t.floorDiv(vd[2], heads);
  // All operands have one row for each time of each sequence.
  auto checkRows = [&](Value v, StringRef name) {
    t.checkEqual(t.dim(v, 0), batch, "expected '" + name + "' and 'query' of one batch size");
    t.checkEqual(t.dim(v, 1), length, "expected '" + name + "' and 'query' of one length");
  };
  checkRows(adaptor.getKey(), "key");
  checkRows(adaptor.getValue(), "value");
  t.checkEqual(qd[2], t.mul(keys, t.indexAttr(qHeads)), "expected heads of 'query' and 'key' of one size");
  t.checkEqual(kd[2], t.mul(keys, heads), "expected the width of 'key' to be a multiple of the heads");
  t.checkEqual(vd[2], t.mul(values, heads), "expected the width of 'value' to be a multiple of the heads");
  SmallVector<ReassociationIndices> byHead = {{0}, {1}, {2, 3}};
  Value q = t.expand(adaptor.getQuery(), {{0}, {1}, {2, 3, 4}}, {batch, length, heads, group, keys});
  Value k = t.expand(adaptor.getKey(), byHead, {batch, length, heads, keys});
  Value v = t.expand(adaptor.getValue(), byHead, {batch, length, heads, values});

  // exp(decay), one number for each key or each head; beta for each head or one.
  Value decay, beta;
  if (decays) {
    checkRows(adaptor.getDecay(), "decay");
    OpFoldResult width = t.dim(adaptor.getDecay(), 2);
    auto known = getConstantIntValue(width);
    bool perHead = known == kvHeads && getConstantIntValue(kd[2]) != kvHeads;
    if (known && !perHead)
      t.checkEqual(width, kd[2], "expected 'decay' as wide as 'key', or of one number for each head");
    OpFoldResult each = t.floorDiv(width, heads);
    t.checkEqual(t.mul(each, heads), width, "expected 'decay' as wide as 'key', or of one number for each head");
    Value factors = t.mapWide(adaptor.getDecay(), {}, t.dims(adaptor.getDecay()), wide, [](ScalarBuilder &s, ValueRange x) { return s.exp(x[0]); });
    decay = perHead ? t.mapWide(factors, t.select(4, {0, 1, 2}), {batch, length, heads, keys}, wide, [](ScalarBuilder &, ValueRange x) { return x[0]; })
                    : t.expand(factors, byHead, {batch, length, heads, each});
    // Only the run may know which of both it is.
    if (!known)
      decay = expandTo(t, decay, {batch, length, heads, keys});
  }
  if (corrects) {
    beta = adaptor.getBeta();
    checkRows(beta, "beta");
    OpFoldResult width = t.dim(beta, 2);
    if (!getConstantIntValue(width))
      beta = expandTo(t, beta, {batch, length, heads});
    else if (getConstantIntValue(width) != 1)
      t.checkEqual(width, heads, "expected 'beta' of one number for each head, or one for all");
  }
  Step step{t, wide, batch, heads, group, keys, values, Value()};
  double scale = op.getScale().convertToDouble();
  if (scale != 0) {
    step.scale = t.number(wide, scale);
  } else {
    Value size = arith::SIToFPOp::create(b, op.getLoc(), wide, t.fromIndex(t.value(keys), b.getI64Type()));
    step.scale = arith::DivFOp::create(b, op.getLoc(), t.number(wide, 1), math::SqrtOp::create(b, op.getLoc(), size));
  }

  Value state;
  if (isAbsent(op.getPastState())) {
    state = t.full({batch, heads, keys, values}, t.number(wide, 0));
  } else {
    OpFoldResult wanted[] = {batch, heads, keys, values};
    for (int64_t i = 0; i < 4; ++i)
      t.checkEqual(t.dim(adaptor.getPastState(), i), wanted[i], "dimension " + Twine(i) + " of 'past_state' does not fit");
    state = t.convertElements(adaptor.getPastState(), wide);
    // The loop updates it in place; the operand stays as it is.
    Value own = t.empty({batch, heads, keys, values}, wide);
    state = t.castTo(state, own.getType());
    if (wide == element)
      state = t.insert(state, own, Dims(4, t.indexAttr(0)), {batch, heads, keys, values});
  }
  Value output = t.empty({batch, length, heads, group, values}, element);
  auto loop = scf::ForOp::create(b, op.getLoc(), t.index(0), t.value(length), t.index(1), ValueRange{state, output});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value time = loop.getInductionVar(), now = loop.getRegionIterArgs()[0], all = loop.getRegionIterArgs()[1];
    Value kNow = at(t, k, time), vNow = at(t, v, time), decayNow = decay ? at(t, decay, time) : Value();
    if (corrects) {
      Value faded = kNow;
      if (decay)
        faded = t.mapWide({kNow, decayNow}, {}, {batch, heads, keys}, wide, [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); });
      Value recalled = step.recall(now, faded), betaNow = at(t, beta, time);
      AffineMap identity = b.getMultiDimIdentityMap(3);
      bool isShared = cast<RankedTensorType>(betaNow.getType()).getDimSize(1) == 1;
      AffineMap betaMap = isShared ? t.mapOf(3, {t.loop(0), t.zero()}) : t.select(3, {0, 1});
      vNow = t.mapWide({vNow, recalled, betaNow}, {identity, identity, betaMap}, {batch, heads, values}, wide,
                       [](ScalarBuilder &s, ValueRange x) { return s.mul(x[2], s.sub(x[0], x[1])); });
    }
    Value next = step.update(now, decayNow, kNow, vNow);
    Value row = step.read(next, at(t, q, time), element);
    OpFoldResult zero = t.indexAttr(0);
    Value written = t.insert(row, all, {zero, time, zero, zero, zero}, {batch, one, heads, group, values});
    scf::YieldOp::create(b, op.getLoc(), ValueRange{next, written});
  }
  auto stateType = cast<RankedTensorType>(typeConverter->convertType(op.getPresentState().getType()));
  Value y = t.collapse(loop.getResult(1), {{0}, {1}, {2, 3, 4}});
  Value present = t.convertElements(loop.getResult(0), stateType.getElementType());
  b.replaceOp(op, {t.castTo(y, type), t.castTo(present, stateType)});
  return success();
}

void ingot::populateLinearAttentionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<LinearAttentionLowering>(types, context);
}
