//===- ContribAttention.cpp - pieces shared by the attentions of com.microsoft ---------------===//
#include "ContribAttention.h"

using namespace mlir;
using namespace ingot;

AttentionResults ingot::emitAttention(Chain &c, const AttentionParts &p) {
  Rewriter &r = c.r;
  SmallVector<NamedAttribute> attributes = {r.attr("is_causal", int64_t(p.causal)), r.attr("q_num_heads", p.heads), r.attr("kv_num_heads", p.keyHeads)};
  if (p.scale != 0) attributes.push_back(r.attr("scale", r.b.getF32FloatAttr(p.scale)));
  if (p.softcap != 0) attributes.push_back(r.attr("softcap", r.b.getF32FloatAttr(p.softcap)));
  if (p.window >= 0) attributes.push_back(r.attr("left_window_size", p.window));
  Value y = c.op("Attention", {p.query, p.key, p.value, p.bias, p.pastKey, p.pastValue, p.validKeys}, attributes);
  return {y, c.result(y, 1), c.result(y, 2)};
}

FailureOr<Value> ingot::maskBias(Chain &c, unsigned operand, Value batch, Value queries, Value keys, double filter) {
  Value mask = c.r.operand(operand);
  if (!mask) return Value();
  FailureOr<int64_t> rank = c.rankOf(operand);
  if (failed(rank)) return failure();
  Value keep;
  if (*rank == 1) {
    // Ends, then beginnings: zeros where there are none.
    Value none = c.expand(c.r.emitter.constant(c.r.node.loc, c.r.b.getI64TensorAttr({0})), batch);
    Value all = c.concat({c.cast(mask, c.i64), none}, 0), position = c.unsqueeze(c.iota(keys), {0});
    Value ends = c.unsqueeze(c.slice(all, c.ints(0), batch, 0), {1});
    Value begins = c.unsqueeze(c.slice(all, batch, c.mul(batch, c.ints(2)), 0), {1});
    keep = c.unsqueeze(c.both(c.compare("Less", position, ends), c.compare("GreaterOrEqual", position, begins)), {1, 2});
  } else if (*rank <= 4) {
    keep = c.compare("Greater", c.cast(mask, c.i32), 0.0);
    if (*rank == 2) keep = c.unsqueeze(keep, {1, 2});
    if (*rank == 3) keep = c.unsqueeze(keep, {1});
    // A square for all positions: the rows of the queries are the last ones before the end of the keys.
    if (*rank == 4) keep = c.slice(c.slice(keep, c.sub(keys, queries), keys, 2), c.ints(0), keys, 3);
  } else {
    return c.r.error() << "input " << operand << " is a mask of rank " << *rank << "; expected rank 1 to 4";
  }
  Value zero = c.r.floats(0.0f);
  return c.where(keep, zero, c.like(zero, filter));
}

Value ingot::writeCache(Chain &c, Value cache, Value update, Value begin, Value length) {
  Value missing = c.op("Max", {c.sub(length, c.dim(cache, 2)), c.ints(0)});
  Value padded = c.op("Pad", {cache, c.join({c.ints({0, 0, 0, 0, 0, 0}), missing, c.ints(0)})});
  return c.op("TensorScatter", {padded, update, begin}, c.r.attr("axis", 2));
}

void ingot::splitPacked(Chain &c, Value packed, AttentionParts &parts) {
  int64_t keys = parts.heads + parts.keyHeads, all = keys + parts.keyHeads;
  Value size = c.op("Div", {c.dim(packed, -1), c.ints(all)}, {}, c.i64);
  auto part = [&](int64_t begin, int64_t end) { return c.slice(packed, c.mul(size, c.ints(begin)), c.mul(size, c.ints(end)), -1); };
  parts.query = part(0, parts.heads);
  parts.key = part(parts.heads, keys);
  parts.value = part(keys, all);
}

Value ingot::splitHeads(Chain &c, Value v, int64_t heads) { return c.transpose(c.reshape(v, {0, 0, heads, -1}), {0, 2, 1, 3}); }
Value ingot::joinHeads(Chain &c, Value v) { return c.reshape(c.transpose(v, {0, 2, 1, 3}), {0, 0, -1}); }

Value ingot::positionsFrom(Chain &c, Value begin, Value length) {
  return c.add(c.unsqueeze(begin, {1}), c.unsqueeze(c.iota(length), {0}));
}

Value ingot::rotate(Chain &c, Value x, Value cosines, Value sines, Value positions, int64_t heads, bool interleaved, int64_t rotated) {
  SmallVector<NamedAttribute> attributes = {c.r.attr("interleaved", int64_t(interleaved)), c.r.attr("rotary_embedding_dim", rotated)};
  if (heads) attributes.push_back(c.r.attr("num_heads", heads));
  return c.op("RotaryEmbedding", {x, cosines, sines, positions}, attributes);
}
