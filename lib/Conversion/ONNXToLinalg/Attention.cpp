//===- Attention.cpp - scaled dot-product attention --------------------------------------===//
//
// Heads that share keys and values are rows of one product, so nothing is repeated: with q heads [batch, kv head, group, row], scores are
// [batch * kv head, group * row, key].
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Normalization.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <limits>

using namespace mlir;
using namespace ingot;

namespace {

struct AttentionLowering : ONNXLowering<onnx::AttentionOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::AttentionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// What decides whether a row may look at a key, and what is added to its score.
struct Bias {
  Value mask;                  // [.., row, key], i1 or float; null if absent
  Value valid;                 // [batch] number of keys that count; null if all
  Value pastLength;            // index
  Value rows;                  // index
  bool causal = false;
  int64_t left = -1, right = -1;
};

} // namespace

/// [batch, length, heads * size] as [batch, heads, length, size]; tensors of rank 4 are so already.
static Value splitHeads(ComputeBuilder &t, Value v, int64_t heads) {
  if (cast<RankedTensorType>(v.getType()).getRank() == 4)
    return v;
  Dims d = t.dims(v);
  OpFoldResult count = t.indexAttr(heads);
  t.checkEqual(t.mul(t.floorDiv(d[2], count), count), d[2], "expected a multiple of " + Twine(heads) + " features, one share for each head");
  Value split = t.expand(v, {{0}, {1}, {2, 3}}, {d[0], d[1], count, t.floorDiv(d[2], count)});
  return t.transpose(split, {0, 2, 1, 3});
}

/// Each dimension of a mask but the last is 1 or that of the scores [batch, head, row, key].
static void checkMask(ComputeBuilder &t, Value mask, ArrayRef<OpFoldResult> scores) {
  Dims sizes = t.dims(mask);
  for (int64_t i = 0, n = sizes.size(); i < n - 1; ++i) {
    OpFoldResult wanted = scores[4 - n + i];
    if (isConstantIntValue(sizes[i], 1))
      continue;
    Value isOne = t.compare(arith::CmpIPredicate::eq, t.value(sizes[i]), t.index(1));
    Value isEqual = t.compare(arith::CmpIPredicate::eq, t.value(sizes[i]), t.value(wanted));
    if (getConstantIntValue(wanted) && getConstantIntValue(wanted) == getConstantIntValue(sizes[i]))
      continue;
    t.check(arith::OrIOp::create(t.b, t.loc, isOne, isEqual), "dimension " + Twine(i) + " of the mask fits neither 1 nor the scores");
  }
  if (!getConstantIntValue(sizes.back()).value_or(0))
    t.check(t.compare(arith::CmpIPredicate::sge, t.value(sizes.back()), t.index(1)), "the mask has no keys");
}

/// Past and new entries along the length.
static Value appendToPast(ComputeBuilder &t, Value past, Value v) {
  if (!past)
    return v;
  Dims before = t.dims(past), now = t.dims(v), sizes = now, zeros(4, t.indexAttr(0)), offsets = zeros;
  for (int64_t i : {0, 1, 3})
    t.checkEqual(before[i], now[i], "dimension " + Twine(i) + " of past entries differs from that of new ones");
  sizes[2] = t.add(before[2], now[2]);
  offsets[2] = before[2];
  Value all = t.insert(past, t.empty(sizes, elementType(v)), zeros, before);
  return t.insert(v, all, offsets, now);
}

/// The additive bias of every score, in f32: [batch, kv head, group, row, key]; -inf where the row may not look.
static Value biasOf(ComputeBuilder &t, const Bias &bias, ArrayRef<OpFoldResult> sizes, Type wide) {
  return t.compute(sizes, wide, [&](OpBuilder &nested, Location l, ValueRange at) {
    TensorBuilder n(nested, l);
    ScalarBuilder s(nested, l, false, wide);
    Value minusInfinity = n.number(wide, -std::numeric_limits<double>::infinity()), zero = n.number(wide, 0);
    Value result = zero;
    Value row = at[3], key = at[4];
    auto forbid = [&](Value condition) { result = n.select(condition, minusInfinity, result); };
    auto add = [&](Value x, Value y) -> Value { return arith::AddIOp::create(nested, l, x, y); };
    auto sub = [&](Value x, Value y) -> Value { return arith::SubIOp::create(nested, l, x, y); };
    if (bias.mask) {
      auto type = cast<RankedTensorType>(bias.mask.getType());
      int64_t rank = type.getRank();
      Value head = add(arith::MulIOp::create(nested, l, at[1], n.value(sizes[2])), at[2]);
      Value all[] = {at[0], head, row, key};
      SmallVector<Value> index;
      Value beyond;
      for (int64_t i = 0; i < rank; ++i) {
        Value here = all[4 - rank + i];
        Value size = n.value(n.dim(bias.mask, i));
        if (i == rank - 1) {
          // A mask that is shorter than the keys forbids the rest.
          beyond = n.compare(arith::CmpIPredicate::sge, here, size);
          index.push_back(n.select(beyond, n.index(0), here));
        } else {
          index.push_back(n.select(n.compare(arith::CmpIPredicate::eq, size, n.index(1)), n.index(0), here));
        }
      }
      Value m = n.extract(bias.mask, index);
      if (m.getType().isInteger(1))
        result = n.select(m, zero, minusInfinity);
      else
        result = s.cast(m, wide, false, false);
      forbid(beyond);
    }
    Value valid = bias.valid ? n.toIndex(n.extract(bias.valid, at[0])) : Value();
    Value position = add(row, valid ? sub(valid, bias.rows) : bias.pastLength);
    if (bias.causal)
      forbid(n.compare(arith::CmpIPredicate::slt, position, key));
    if (bias.left >= 0)
      forbid(n.compare(arith::CmpIPredicate::slt, key, sub(position, n.index(bias.left))));
    if (bias.right >= 0)
      forbid(n.compare(arith::CmpIPredicate::slt, add(position, n.index(bias.right)), key));
    if (valid)
      forbid(n.compare(arith::CmpIPredicate::sge, key, valid));
    return result;
  });
}

/// Probabilities along the last dimension; rows in which the bias forbids every key get zeros.
static Value maskedSoftmax(ComputeBuilder &t, Value scores, Value bias, Type element) {
  Value p = softmax(t, scores, 2, wideType(element));
  if (!bias)
    return t.convertElements(p, element);
  Type wide = elementType(bias);
  Value minusInfinity = t.number(wide, -std::numeric_limits<double>::infinity());
  Value best = t.reduceWide(bias, {2}, minusInfinity, [](ScalarBuilder &s, ValueRange v) { return s.max(v[1], v[0]); });
  return t.mapWide({p, best}, {t.b.getMultiDimIdentityMap(3), t.select(3, {0, 1})}, t.dims(p), element, [&](ScalarBuilder &s, ValueRange v) {
    Value forbidden = s.eq(v[1], s.like(v[1], -std::numeric_limits<double>::infinity()));
    return s.select(forbidden, s.like(v[0], 0), v[0]);
  });
}

/// Y = softmax(softcap(scale Q K') + bias) V
LogicalResult AttentionLowering::matchAndRewrite(onnx::AttentionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  ComputeBuilder t(b, op.getLoc());
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getY().getType()));
  Type element = type.getElementType(), wide = wideType(element);
  bool is3D = shapes.rank(op.getQ()) == 3;
  if (is3D && (!op.getQNumHeads() || !op.getKvNumHeads()))
    return b.notifyMatchFailure(op, "expected numbers of heads");
  auto heads = [&](std::optional<uint64_t> n) { return static_cast<int64_t>(n.value_or(0)); };
  Value q = splitHeads(t, adaptor.getQ(), heads(op.getQNumHeads()));
  auto given = [](Value original, Value lowered) { return isAbsent(original) ? Value() : lowered; };
  Value k = appendToPast(t, given(op.getPastKey(), adaptor.getPastKey()), splitHeads(t, adaptor.getK(), heads(op.getKvNumHeads())));
  Value v = appendToPast(t, given(op.getPastValue(), adaptor.getPastValue()), splitHeads(t, adaptor.getV(), heads(op.getKvNumHeads())));

  Dims qd = t.dims(q), kd = t.dims(k), vd = t.dims(v);
  OpFoldResult group = t.floorDiv(qd[1], t.max(kd[1], t.indexAttr(1)));
  t.checkEqual(t.mul(group, kd[1]), qd[1], "expected the heads of 'Q' to be a multiple of those of 'K'");
  OpFoldResult batch = t.mul(qd[0], kd[1]), rows = t.mul(group, qd[2]);
  SmallVector<ReassociationIndices> splitQ = {{0}, {1, 2}, {3}, {4}}, joinRows = {{0, 1}, {2, 3}, {4}}, joinBatch = {{0, 1}, {2}, {3}};
  Value q3 = t.collapse(t.expand(q, splitQ, {qd[0], kd[1], group, qd[2], qd[3]}), joinRows);
  Value k3 = t.transpose(t.collapse(k, joinBatch), {0, 2, 1});
  Value v3 = t.collapse(v, joinBatch);
  ContractSpec spec;
  spec.strides = spec.dilations = {1};
  spec.batched = true;
  Value products = contract(t, q3, t.insertUnitDim(k3, 1), {batch, rows, kd[2]}, wide, spec);

  Value scale;
  if (op.getScale()) {
    scale = t.number(wide, op.getScale()->convertToDouble());
  } else {
    Value size = arith::SIToFPOp::create(b, op.getLoc(), wide, t.fromIndex(t.value(qd[3]), b.getI64Type()));
    scale = arith::DivFOp::create(b, op.getLoc(), t.number(wide, 1), math::SqrtOp::create(b, op.getLoc(), size));
  }
  double softcap = op.getSoftcap().convertToFloat();
  Value raw = t.mapWide(products, {}, t.dims(products), wide, [&](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], scale); });
  Value capped = softcap == 0 ? raw : t.mapWide(raw, {}, t.dims(raw), wide, [&](ScalarBuilder &s, ValueRange x) {
    Value cap = s.like(x[0], softcap);
    return s.mul(cap, s.tanh(s.div(x[0], cap)));
  });

  Bias bias;
  bias.mask = given(op.getAttnMask(), adaptor.getAttnMask());
  bias.valid = given(op.getNonpadKvSeqlen(), adaptor.getNonpadKvSeqlen());
  if (bias.mask)
    checkMask(t, bias.mask, {qd[0], qd[1], qd[2], kd[2]});
  bias.pastLength = isAbsent(op.getPastKey()) ? t.index(0) : t.value(t.dim(adaptor.getPastKey(), 2));
  bias.rows = t.value(qd[2]);
  bias.causal = op.getIsCausal() != 0;
  bias.left = op.getLeftWindowSize();
  bias.right = op.getRightWindowSize();
  Value biases, scores = capped;
  if (bias.mask || bias.valid || bias.causal || bias.left >= 0 || bias.right >= 0) {
    biases = t.collapse(biasOf(t, bias, {qd[0], kd[1], group, qd[2], kd[2]}, wide), joinRows);
    scores = t.mapWide({capped, biases}, {}, t.dims(capped), wide, [](ScalarBuilder &s, ValueRange x) { return s.add(x[0], x[1]); });
  }
  Value probabilities = maskedSoftmax(t, scores, biases, element);
  Value y3 = contract(t, probabilities, t.insertUnitDim(v3, 1), {batch, rows, vd[3]}, element, spec);

  auto toHeads = [&](Value x, OpFoldResult last) {
    return t.collapse(t.expand(x, joinRows, {qd[0], kd[1], group, qd[2], last}), splitQ);
  };
  Value y = toHeads(y3, vd[3]);
  if (is3D)
    y = t.collapse(t.transpose(y, {0, 2, 1, 3}), {{0}, {1}, {2, 3}});
  Value details[] = {raw, capped, scores, probabilities};
  Value detail = toHeads(t.convertElements(details[std::min<int64_t>(op.getQkMatmulOutputMode(), 3)], element), kd[2]);
  auto as = [&](Value x, Value result) { return t.castTo(x, typeConverter->convertType(result.getType())); };
  b.replaceOp(op, {t.castTo(y, type), as(k, op.getPresentKey()), as(v, op.getPresentValue()), as(detail, op.getQkMatmulOutput())});
  return success();
}

void ingot::populateAttentionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<AttentionLowering>(types, context);
}
