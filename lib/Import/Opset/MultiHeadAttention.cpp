//===- MultiHeadAttention.cpp - attentions of com.microsoft with as many keys' heads as queries' ------------===//
#include "ContribAttention.h"

#include <cmath>

using namespace mlir;
using namespace ingot;

/// The bias of the projections [q + k + v] added to its parts, as far as they are [batch, length, width].
static void addProjectionBias(Chain &c, Value bias, AttentionParts &p, bool keysToo) {
  if (!bias) return;
  Value width = c.dim(p.query, -1), twice = c.mul(width, c.ints(2));
  p.query = c.add(p.query, c.slice(bias, c.ints(0), width, 0));
  if (!keysToo) return;
  p.key = c.add(p.key, c.slice(bias, width, twice, 0));
  p.value = c.add(p.value, c.slice(bias, twice, c.dim(bias, 0), 0));
}

/// One of several parts that lie side by side in the dimension `axis` of a tensor of rank 5.
static Value unpack(Chain &c, Value packed, int64_t part) { return c.reshape(c.at(packed, part, 3), {0, 0, -1}); }

static LogicalResult multiHeadAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  if (r.operand(9)) return r.error() << "input 9 (cache_indirection) is not supported; expected none";
  AttentionParts p;
  p.heads = p.keyHeads = r.takeInt("num_heads", 0);
  if (p.heads < 1) return r.error() << "expected 'num_heads' of 1 or more, got " << p.heads;
  p.scale = r.takeFloat("scale", 0.0);
  p.causal = r.takeInt("unidirectional", 0) != 0;
  double filter = r.takeFloat("mask_filter_value", -10000.0);
  bool keysHaveHeads = false;
  if (!r.operand(1)) {
    p.query = unpack(c, r.operand(0), 0), p.key = unpack(c, r.operand(0), 1), p.value = unpack(c, r.operand(0), 2);
  } else if (!r.operand(2)) {
    p.query = r.operand(0), p.key = unpack(c, r.operand(1), 0), p.value = unpack(c, r.operand(1), 1);
  } else {
    p.query = r.operand(0), p.key = r.operand(1), p.value = r.operand(2);
    keysHaveHeads = r.emitter.rank(p.key) == 4;
  }
  addProjectionBias(c, r.operand(3), p, !keysHaveHeads);
  p.query = splitHeads(c, p.query, p.heads);
  if (!keysHaveHeads) p.key = splitHeads(c, p.key, p.heads), p.value = splitHeads(c, p.value, p.heads);
  Value queries = c.dim(p.query, 2), keys = c.dim(p.key, 2), begin;
  if (r.operand(6) && r.operand(7)) {
    if (r.operand(8)) {
      // The cache is longer than what it holds: new entries go behind those.
      Value past = c.reshape(c.cast(r.operand(8), c.i64), {1});
      begin = c.expand(past, c.dim(p.query, 0));
      keys = c.add(past, keys);
    } else {
      p.pastKey = r.operand(6), p.pastValue = r.operand(7);
      keys = c.add(c.dim(p.pastKey, 2), keys);
    }
  }
  FailureOr<Value> bias = maskBias(c, 4, c.dim(p.query, 0), queries, keys, filter);
  if (failed(bias)) return failure();
  p.bias = r.operand(5) ? c.add(*bias, c.cast(r.operand(5), c.f32)) : *bias;
  if (begin) {
    p.key = writeCache(c, r.operand(6), p.key, begin, keys);
    p.value = writeCache(c, r.operand(7), p.value, begin, keys);
    p.validKeys = c.add(begin, queries);
  }
  AttentionResults results = emitAttention(c, p);
  return c.replace({joinHeads(c, results.output), results.presentKey, results.presentValue});
}

/// One new token, its key and value written into a cache behind the past ones.
static LogicalResult decoderMaskedMultiHeadAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  if (failed(c.requireInt("output_qk", 0))) return failure();
  r.takeInt("past_present_share_buffer", 0);
  if (r.operand(8) || r.operand(9)) return r.error() << "inputs 8 and 9 (beam_width, cache_indirection) are not supported; expected none";
  // The order of the inputs is another: mask and bias of the scores, past, length, then the bias of the projections.
  SmallVector<Value> operands = {r.operand(0), r.operand(1), r.operand(2), r.operand(10), r.operand(3), r.operand(4), r.operand(5), r.operand(6), r.operand(7)};
  r.node.operands = operands;
  return multiHeadAttention(r);
}

/// Angles of rotary positions, position / 10000^(2 i / size): cosines and sines [batch, length, size / 2].
static std::pair<Value, Value> rotaryTables(Chain &c, Value positions, Value size) {
  Value half = c.op("Div", {size, c.ints(2)}, {}, c.i64);
  Value exponent = c.div(c.cast(c.iota(half), c.f32), c.cast(half, c.f32));
  Value angles = c.mul(c.cast(c.unsqueeze(positions, {2}), c.f32), c.op("Exp", c.mul(exponent, -std::log(10000.0))));
  return {c.op("Cos", angles), c.op("Sin", angles)};
}

/// Heads attend in a projection of queries, keys and values side by side.  Mask, past (keys and values in one tensor) and bias of the scores
/// are operands of these numbers.
static LogicalResult attend(Chain &c, Value joined, unsigned mask, unsigned pastOperand, unsigned biasOperand) {
  Rewriter &r = c.r;
  AttentionParts p;
  p.heads = p.keyHeads = r.takeInt("num_heads", 0);
  if (p.heads < 1) return r.error() << "expected 'num_heads' of 1 or more, got " << p.heads;
  p.scale = r.takeFloat("scale", 0.0);
  p.causal = r.takeInt("unidirectional", 0) != 0;
  double filter = r.takeFloat("mask_filter_value", -10000.0);
  bool rotary = r.takeInt("do_rotary", 0) != 0;
  int64_t rotated = r.takeInt("rotary_embedding_dim", 0);
  auto sizes = r.takeInts("qkv_hidden_sizes");
  if (sizes && !sizes->empty() && sizes->size() != 3) return r.error() << "'qkv_hidden_sizes' has " << sizes->size() << " numbers, expected 3";

  Value third = c.op("Div", {c.dim(joined, -1), c.ints(3)}, {}, c.i64);
  auto part = [&](int64_t i) {
    if (!sizes || sizes->empty()) return c.slice(joined, c.mul(third, c.ints(i)), c.mul(third, c.ints(i + 1)), -1);
    int64_t begin = 0;
    for (int64_t j = 0; j < i; ++j) begin += (*sizes)[j];
    return c.slice(joined, begin, begin + (*sizes)[i], -1);
  };
  p.query = splitHeads(c, part(0), p.heads);
  p.key = splitHeads(c, part(1), p.heads);
  p.value = splitHeads(c, part(2), p.heads);
  Value batch = c.dim(p.query, 0), queries = c.dim(p.query, 2), keys = queries, before = c.ints(0);
  if (Value past = r.operand(pastOperand)) {
    p.pastKey = c.at(past, 0, 0);
    p.pastValue = c.at(past, 1, 0);
    before = c.dim(p.pastKey, 2);
    keys = c.add(before, queries);
  }
  if (rotary) {
    Value positions = positionsFrom(c, c.expand(before, batch), queries);
    auto [cosines, sines] = rotaryTables(c, positions, rotated ? c.ints(rotated) : c.dim(p.query, 3));
    p.query = rotate(c, p.query, c.castLike(cosines, p.query), c.castLike(sines, p.query), {}, 0, false, rotated);
    p.key = rotate(c, p.key, c.castLike(cosines, p.key), c.castLike(sines, p.key), {}, 0, false, rotated);
  }
  FailureOr<Value> bias = maskBias(c, mask, batch, queries, keys, filter);
  if (failed(bias)) return failure();
  p.bias = r.operand(biasOperand) ? c.add(*bias, c.cast(r.operand(biasOperand), c.f32)) : *bias;
  AttentionResults results = emitAttention(c, p);
  Value present;
  if (r.node.wanted.size() > 1 && r.node.wanted[1])
    present = c.concat({c.unsqueeze(results.presentKey, {0}), c.unsqueeze(results.presentValue, {0})}, 0);
  return c.replace({joinHeads(c, results.output), present});
}

static LogicalResult attention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1})) || failed(c.requireInt("past_present_share_buffer", 0))) return failure();
  if (r.operand(6)) return r.error() << "input 6 (past_sequence_length) is not supported; expected none";
  return attend(c, c.add(c.matMul(r.operand(0), r.operand(1)), r.operand(2)), 3, 4, 5);
}

/// Input and weights are integers with scales and zero points.
static LogicalResult qAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3, 4})) || failed(c.requireInt("past_present_share_buffer", 0))) return failure();
  Value product = c.op("MatMulInteger", {r.operand(0), r.operand(1), r.operand(6), r.operand(7)}, {}, c.i32);
  Value joined = c.mul(c.cast(product, c.f32), c.mul(r.operand(3), r.operand(4)));
  return attend(c, c.add(joined, r.operand(2)), 5, 8, 9);
}

/// Positions are [batch, length], or one number to start from.
static LogicalResult rotaryEmbedding(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3})) || failed(c.requireInt("is_packed_batching", 0))) return failure();
  if (double scale = r.takeFloat("scale", 1.0); scale != 1.0) return r.error() << "attribute 'scale' is " << scale << ", which is not supported; expected 1";
  int64_t heads = r.takeInt("num_heads", 0), rotated = r.takeInt("rotary_embedding_dim", 0);
  bool interleaved = r.takeInt("interleaved", 0) != 0;
  Value x = r.operand(0), positions = c.cast(r.operand(1), c.i64);
  FailureOr<int64_t> rank = c.rankOf(0), positionRank = c.rankOf(1);
  if (failed(rank) || failed(positionRank)) return failure();
  bool hasHeads = *rank == 4;
  if (!hasHeads) {
    // Without a number of heads the tables tell their size.
    Value size = c.join({c.ints({0, 0, -1}), c.mul(c.dim(r.operand(2), 1), c.ints(2))});
    x = heads ? splitHeads(c, x, heads) : c.transpose(c.reshape(x, size), {0, 2, 1, 3});
  }
  if (*positionRank < 2) positions = positionsFrom(c, c.expand(c.reshape(positions, {1}), c.dim(x, 0)), c.dim(x, 2));
  Value y = rotate(c, x, r.operand(2), r.operand(3), positions, 0, interleaved, rotated);
  return c.replace(hasHeads ? y : joinHeads(c, y));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "Attention", kAnyVersion, attention},
    {"com.microsoft", "QAttention", kAnyVersion, qAttention},
    {"com.microsoft", "MultiHeadAttention", kAnyVersion, multiHeadAttention},
    {"com.microsoft", "DecoderMaskedMultiHeadAttention", kAnyVersion, decoderMaskedMultiHeadAttention},
    {"com.microsoft", "RotaryEmbedding", kAnyVersion, rotaryEmbedding},
};
ArrayRef<OpsetRow> ingot::multiHeadAttentionRows() { return kRows; }
