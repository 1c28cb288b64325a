//===- GroupQueryAttention.cpp - attention of decoders with a cache, rotary positions and sinks ------------===//
//
// New keys and values are written into the cache behind those that each sequence has; a query looks at keys up to its own position. The cache
// that comes out has the length of the one that came in, or of all tokens if that is more.
//===-----------------------------------------------------------------------------===//
#include "ContribAttention.h"

#include <limits>

using namespace mlir;
using namespace ingot;

namespace {
struct GroupQuery {
  Chain &c;
  AttentionParts parts;
  Value queries, past, total; // [1]; [batch] tokens before these; [1] tokens in the longest sequence
  Value attentionBias, sink;  // sink [heads]: a key of its own that takes a share of the attention
  bool interleaved = false;
};
} // namespace

/// With a sink every mask is in the bias, and a key of zeros in front has the sink as its score.
static void addSink(GroupQuery &g) {
  Chain &c = g.c;
  AttentionParts &p = g.parts;
  Value keys = c.dim(p.key, 2);
  Value position = c.unsqueeze(positionsFrom(c, g.past, g.queries), {1, 3}); // [batch, 1, queries, 1]
  Value key = c.unsqueeze(c.iota(keys), {0, 1, 2});
  Value keep = c.compare("LessOrEqual", key, position);
  if (p.window >= 0) keep = c.both(keep, c.compare("GreaterOrEqual", key, c.sub(position, c.ints(p.window))));
  Value zero = c.r.floats(0.0f);
  Value bias = c.where(keep, zero, c.like(zero, -std::numeric_limits<double>::infinity()));
  if (g.attentionBias) {
    // It may be shorter than the cache.
    Value missing = c.op("Max", {c.sub(keys, c.dim(g.attentionBias, 3)), c.ints(0)});
    bias = c.add(bias, c.op("Pad", {g.attentionBias, c.join({c.ints({0, 0, 0, 0, 0, 0, 0}), missing})}));
  }
  Value sink = c.reshape(g.sink ? c.cast(g.sink, c.f32) : zero, {1, -1, 1, 1});
  Value batch = c.dim(p.query, 0), heads = c.ints(p.heads);
  bias = c.expand(bias, c.join({batch, heads, c.ints({1, 1})}));
  p.bias = c.concat({c.expand(sink, c.join({batch, heads, g.queries, c.ints(1)})), bias}, 3);
  auto prepend = [&](Value v) { return c.op("Pad", {v, c.ints({0, 0, 1, 0, 0, 0, 0, 0})}); };
  p.key = prepend(p.key);
  p.value = prepend(p.value);
  p.causal = false;
  p.window = -1;
  p.validKeys = {};
}

static LogicalResult groupQueryAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 5, 6}))) return failure();
  for (StringRef name : {"qk_output", "kv_cache_bit_width"})
    if (failed(c.requireInt(name, 0))) return failure();
  for (StringRef name : {"k_quant_type", "v_quant_type"})
    if (std::string type = r.takeString(name, "NONE"); type != "NONE")
      return r.error() << "attribute '" << name << "' is '" << type << "', which is not supported; expected NONE";
  for (unsigned i = 12; i < r.node.operands.size(); ++i)
    if (r.operand(i)) return r.error() << "input " << i << " is not supported; expected inputs 0 to 11 only";
  GroupQuery g{c, {}};
  AttentionParts &p = g.parts;
  p.heads = r.takeInt("num_heads", 0);
  p.keyHeads = r.takeInt("kv_num_heads", 0);
  if (p.heads < 1 || p.keyHeads < 1 || p.heads % p.keyHeads)
    return r.error() << "expected 'num_heads' to be a multiple of 'kv_num_heads', got " << p.heads << " and " << p.keyHeads;
  p.scale = r.takeFloat("scale", 0.0);
  p.softcap = r.takeFloat("softcap", 0.0);
  p.causal = true;
  int64_t window = r.takeInt("local_window_size", -1);
  p.window = window > 0 ? window - 1 : -1;
  bool rotary = r.takeInt("do_rotary", 0) != 0, smooth = r.takeInt("smooth_softmax", 0) == 1;
  g.interleaved = r.takeInt("rotary_interleaved", 0) != 0;
  g.sink = r.operand(11);
  if (rotary && failed(c.require({7, 8}))) return failure();

  if (!r.operand(1)) splitPacked(c, r.operand(0), p);
  else if (failed(c.require({2}))) return failure();
  else p.query = r.operand(0), p.key = r.operand(1), p.value = r.operand(2);

  // Tokens before these: none in a prompt, else those that the sequence has without the new ones.
  g.queries = c.dim(p.query, 1);
  g.total = c.reshape(c.cast(r.operand(6), c.i64), {1});
  Value lengths = c.add(c.reshape(c.cast(r.operand(5), c.i64), {-1}), 1);
  Value before = c.sub(lengths, g.queries);
  g.past = c.where(c.compare("Equal", g.queries, g.total), c.like(before, 0), before);
  if (rotary) {
    Value positions = r.operand(9) ? c.cast(r.operand(9), c.i64) : positionsFrom(c, g.past, g.queries);
    auto shape = r.emitter.shape(r.operand(7));
    int64_t rotated = shape && shape->size() == 2 && !ShapedType::isDynamic(shape->back()) ? 2 * shape->back() : 0;
    p.query = rotate(c, p.query, r.operand(7), r.operand(8), positions, p.heads, g.interleaved, rotated);
    p.key = rotate(c, p.key, r.operand(7), r.operand(8), positions, p.keyHeads, g.interleaved, rotated);
  }
  p.key = splitHeads(c, p.key, p.keyHeads);
  p.value = splitHeads(c, p.value, p.keyHeads);
  if (r.operand(3) && r.operand(4)) {
    p.key = writeCache(c, r.operand(3), p.key, g.past, g.total);
    p.value = writeCache(c, r.operand(4), p.value, g.past, g.total);
  }
  Value presentKey = p.key, presentValue = p.value;
  p.query = splitHeads(c, p.query, p.heads);
  p.validKeys = c.add(g.past, g.queries);
  if (r.operand(10)) g.attentionBias = c.cast(r.operand(10), c.f32);
  p.bias = g.attentionBias;
  if (g.sink || smooth) addSink(g);
  return c.replace({joinHeads(c, emitAttention(c, p).output), presentKey, presentValue});
}

static constexpr OpsetRow kRows[] = {{"com.microsoft", "GroupQueryAttention", kAnyVersion, groupQueryAttention}};
ArrayRef<OpsetRow> ingot::groupQueryAttentionRows() { return kRows; }
