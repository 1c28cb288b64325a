//===- Attention.cpp - shape rules of attention and its neighbours -----------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// A tensor of heads [batch, heads, length, size], read off [batch, length, heads * size] where it has rank 3.
static FailureOr<SmallVector<Dim>> headDims(Operation *op, ShapeAnalysis &shapes, Value v, std::optional<int64_t> heads) {
  if (failed(expectRank(op, shapes, v, 3, 4))) return failure();
  if (!shapes.hasRank(v)) return SmallVector<Dim>(4);
  ArrayRef<Dim> d = shapes.dims(v);
  if (d.size() == 4) return SmallVector<Dim>(d);
  if (!heads || *heads < 1) return op->emitOpError("expected 'q_num_heads' and 'kv_num_heads' of 1 or more for operands of rank 3");
  auto width = ShapeAnalysis::asConstant(d[2]);
  if (width && *width % *heads != 0) return op->emitOpError("expected a multiple of ") << *heads << " features, one share for each head, got " << *width;
  return SmallVector<Dim>{d[0], shapes.constant(*heads), d[1], divideExactly(d[2], shapes.constant(*heads))};
}

LogicalResult AttentionOp::infer(ShapeAnalysis &shapes) {
  FailureOr<SmallVector<Dim>> q = headDims(*this, shapes, getQ(), getQNumHeads()), k = headDims(*this, shapes, getK(), getKvNumHeads()),
                              v = headDims(*this, shapes, getV(), getKvNumHeads());
  if (failed(q) || failed(k) || failed(v)) return failure();
  auto same = [&](Dim a, Dim b, StringRef what) { return requireSame(*this, shapes, a, b, what); };
  // Of a width that only the run knows, a head has its share.
  auto headSize = [&](Value v, ArrayRef<Dim> dims, std::optional<int64_t> heads) -> Dim {
    return dims[3] || !shapes.hasRank(v) || !heads ? dims[3] : shapes.dim(v, 2).floorDiv(*heads);
  };
  if (failed(same(headSize(getQ(), *q, getQNumHeads()), headSize(getK(), *k, getKvNumHeads()), "the features of Q and K"))) return failure();
  if (failed(same((*k)[2], (*v)[2], "the lengths of K and V"))) return failure();
  if (failed(same((*q)[0], (*k)[0], "the batches of Q and K"))) return failure();
  for (int i : {0, 1})
    if (failed(same((*k)[i], (*v)[i], i ? "the heads of K and V" : "the batches of K and V"))) return failure();
  auto qHeads = ShapeAnalysis::asConstant((*q)[1]), kvHeads = ShapeAnalysis::asConstant((*k)[1]);
  if (qHeads && kvHeads && (*kvHeads == 0 ? *qHeads != 0 : *qHeads % *kvHeads != 0))
    return emitOpError("expected a multiple of the heads of K and V for Q, got ") << *qHeads << " and " << *kvHeads;
  Type element = shapes.elementType(getQ()), valueElement = shapes.elementType(getV());
  if (!shapes.hasRank(getQ()))
    shapes.setUnranked(getY(), element);
  else if (shapes.rank(getQ()) == 4)
    shapes.set(getY(), element, {(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
  else
    shapes.set(getY(), element, {(*q)[0], (*q)[2], (*v)[3] ? (*q)[1] * (*v)[3] : Dim()});

  Dim total = (*k)[2];
  if (isPresent(getPastKey())) {
    if (failed(expectRank(*this, shapes, getPastKey(), 4, 4))) return failure();
    total = total && shapes.hasRank(getPastKey()) ? normalize(shapes.dim(getPastKey(), 2) + total) : Dim();
  }
  if (isPresent(getPastKey()) != isPresent(getPastValue()))
    return emitOpError("expected both 'past_key' and 'past_value', or neither");
  if (isPresent(getPastValue())) {
    if (failed(expectRank(*this, shapes, getPastValue(), 4, 4))) return failure();
    Dim key = shapes.hasRank(getPastKey()) ? shapes.dim(getPastKey(), 2) : Dim(), value = shapes.hasRank(getPastValue()) ? shapes.dim(getPastValue(), 2) : Dim();
    if (failed(same(key, value, "the lengths of 'past_key' and 'past_value'"))) return failure();
  }
  if (Value lengths = getNonpadKvSeqlen(); shapes.hasRank(lengths) && shapes.rank(lengths) == 1 &&
      failed(same((*q)[0], shapes.dim(lengths, 0), "the batches of Q and 'nonpad_kv_seqlen'")))
    return failure();
  shapes.set(getPresentKey(), element, {(*k)[0], (*k)[1], total, (*k)[3]});
  shapes.set(getPresentValue(), valueElement, {(*v)[0], (*v)[1], total, (*v)[3]});
  shapes.set(getQkMatmulOutput(), element, {(*q)[0], (*q)[1], (*q)[2], total});
  return success();
}

LogicalResult RotaryEmbeddingOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 3, 4))) return failure();
  shapes.setLike(getY(), getX());
  return success();
}

LogicalResult LinearAttentionOp::infer(ShapeAnalysis &shapes) {
  for (Value v : {getQuery(), getKey(), getValue()})
    if (failed(expectRank(*this, shapes, v, 3, 3))) return failure();
  FailureOr<SmallVector<Dim>> q = headDims(*this, shapes, getQuery(), getQNumHeads()), k = headDims(*this, shapes, getKey(), getKvNumHeads()),
                              v = headDims(*this, shapes, getValue(), getKvNumHeads());
  if (failed(q) || failed(k) || failed(v)) return failure();
  if ((*q)[3] && (*k)[3] && !sameDim(*this, (*q)[3], (*k)[3], "the features of query and key")) return failure();
  for (int i : {0, 2})
    for (auto *other : {&*k, &*v})
      if ((*q)[i] && (*other)[i] && !sameDim(*this, (*q)[i], (*other)[i], i ? "the lengths of query, key and value" : "the batches of query, key and value"))
        return failure();
  shapes.set(getOutput(), shapes.elementType(getQuery()), {(*q)[0], (*q)[2], (*v)[3] && (*q)[1] ? (*q)[1] * (*v)[3] : Dim()});
  Type state = isPresent(getPastState()) ? shapes.elementType(getPastState()) : shapes.elementType(getQuery());
  shapes.set(getPresentState(), state, {(*k)[0], shapes.constant(getKvNumHeads()), (*k)[3], (*v)[3]});
  return success();
}
