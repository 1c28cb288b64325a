//===- StructuredAttention.cpp - attentions whose mask has a structure ------------------------------===//
//
// Blocks of a sparse matrix, or sequences that lie one behind the other without padding. The mask becomes a bias of all scores.
//===-----------------------------------------------------------------------------===//
#include "ContribAttention.h"

#include <limits>

using namespace mlir;
using namespace ingot;

static Value forbidden(Chain &c, Value keep) {
  Value zero = c.r.floats(0.0f);
  return c.where(keep, zero, c.like(zero, -std::numeric_limits<double>::infinity()));
}

/// Which blocks of keys a block of queries looks at, as 0 and 1 [layouts, blocks, blocks], of a sparse matrix by rows: entry e is in the row whose
/// range has it.
static Value denseBlocks(Chain &c, Value rowEnds, Value columns) {
  Value blocks = c.sub(c.dim(rowEnds, 1), 1.0), count = c.dim(columns, 1), all = c.add(blocks, 1.0);
  Value entry = c.unsqueeze(c.iota(count), {0, 1}); // [1, 1, entries]
  Value begun = c.compare("LessOrEqual", c.unsqueeze(c.slice(rowEnds, c.ints(1), all, 1), {2}), entry);
  Value row = c.reduce("ReduceSum", c.cast(begun, c.i64), 1, false); // [layouts, entries]; entries behind the last are in no row
  Value number = c.unsqueeze(c.iota(blocks), {0, 1});
  auto oneHot = [&](Value v) { return c.cast(c.compare("Equal", c.unsqueeze(v, {2}), number), c.f32); };
  return c.matMul(c.transpose(oneHot(row), {0, 2, 1}), oneHot(columns));
}

/// Keys and values written behind those in the cache; heads take the layouts in turn.
static LogicalResult sparseAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 3, 4, 5, 6, 7, 8}))) return failure();
  AttentionParts p;
  p.heads = r.takeInt("num_heads", 0);
  p.keyHeads = r.takeInt("kv_num_heads", 0);
  p.scale = r.takeFloat("scale", 0.0);
  int64_t block = r.takeInt("sparse_block_size", 0);
  bool rotary = r.takeInt("do_rotary", 0) != 0, interleaved = r.takeInt("rotary_interleaved", 0) != 0;
  if (p.heads < 1 || p.keyHeads < 1 || p.heads % p.keyHeads)
    return r.error() << "expected 'num_heads' to be a multiple of 'kv_num_heads', got " << p.heads << " and " << p.keyHeads;
  if (block < 1) return r.error() << "expected 'sparse_block_size' of 1 or more, got " << block;
  if (rotary && failed(c.require({9, 10}))) return failure();
  if (!r.operand(1)) splitPacked(c, r.operand(0), p);
  else if (failed(c.require({2}))) return failure();
  else p.query = r.operand(0), p.key = r.operand(1), p.value = r.operand(2);

  Value queries = c.dim(p.query, 1), total = c.reshape(c.cast(r.operand(7), c.i64), {1});
  Value before = c.sub(c.reshape(c.cast(r.operand(8), c.i64), {-1}), queries);
  // In a prompt shorter sequences are filled up at the end.
  Value past = c.where(c.compare("Equal", queries, total), c.like(before, 0), before);
  Value positions = positionsFrom(c, past, queries); // [batch, queries]
  if (rotary) {
    p.query = rotate(c, p.query, r.operand(9), r.operand(10), positions, p.heads, interleaved);
    p.key = rotate(c, p.key, r.operand(9), r.operand(10), positions, p.keyHeads, interleaved);
  }
  p.query = splitHeads(c, p.query, p.heads);
  p.key = writeCache(c, r.operand(3), splitHeads(c, p.key, p.keyHeads), past, total);
  p.value = writeCache(c, r.operand(4), splitHeads(c, p.value, p.keyHeads), past, total);
  Value presentKey = p.key, presentValue = p.value;
  // Only the keys that are there, so that all of them are in a block.
  p.key = c.slice(p.key, c.ints(0), total, 2);
  p.value = c.slice(p.value, c.ints(0), total, 2);

  Value blocks = denseBlocks(c, c.cast(r.operand(5), c.i64), c.cast(r.operand(6), c.i64));
  Value keys = c.iota(total);
  Value rows = c.gather(blocks, c.op("Div", {positions, c.ints(block)}, {}, c.i64), 1);        // [layouts, batch, queries, blocks]
  Value cells = c.gather(rows, c.op("Div", {keys, c.ints(block)}, {}, c.i64), 3);              // [layouts, batch, queries, keys]
  Value layout = c.op("Mod", {c.iota(c.ints(p.heads)), c.dim(blocks, 0)}, {}, c.i64);
  Value chosen = c.transpose(c.gather(cells, layout, 0), {1, 0, 2, 3});
  Value causal = c.compare("LessOrEqual", c.unsqueeze(keys, {0, 1, 2}), c.unsqueeze(positions, {1, 3}));
  p.bias = forbidden(c, c.both(c.compare("Greater", chosen, 0.0), causal));
  return c.replace({joinHeads(c, emitAttention(c, p).output), presentKey, presentValue});
}

/// Tokens of all sequences one behind the other; each looks at those of its own.
static LogicalResult packedAttention(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 4}))) return failure();
  if (r.operand(5)) return r.error() << "input 5 (attention_bias) is not supported; expected none";
  AttentionParts p;
  p.heads = p.keyHeads = r.takeInt("num_heads", 0);
  if (p.heads < 1) return r.error() << "expected 'num_heads' of 1 or more, got " << p.heads;
  p.scale = r.takeFloat("scale", 0.0);
  auto sizes = r.takeInts("qkv_hidden_sizes");
  if (sizes && !sizes->empty() && sizes->size() != 3) return r.error() << "'qkv_hidden_sizes' has " << sizes->size() << " numbers, expected 3";
  Value joined = c.unsqueeze(c.add(c.matMul(r.operand(0), r.operand(1)), r.operand(2)), {0});
  Value third = c.op("Div", {c.dim(joined, -1), c.ints(3)}, {}, c.i64), first = third, second = c.mul(third, c.ints(2));
  if (sizes && !sizes->empty()) first = c.ints((*sizes)[0]), second = c.ints((*sizes)[0] + (*sizes)[1]);
  p.query = splitHeads(c, c.slice(joined, c.ints(0), first, -1), p.heads);
  p.key = splitHeads(c, c.slice(joined, first, second, -1), p.heads);
  p.value = splitHeads(c, c.slice(joined, second, c.dim(joined, -1), -1), p.heads);
  // The number of sequences that end before a token.
  Value tokens = c.iota(c.dim(joined, 1)), ends = c.slice(c.cast(r.operand(4), c.i64), 1, INT64_MAX, 0);
  Value ended = c.compare("LessOrEqual", c.unsqueeze(ends, {1}), c.unsqueeze(tokens, {0}));
  Value sequence = c.reduce("ReduceSum", c.cast(ended, c.i64), int64_t(0), false);
  p.bias = forbidden(c, c.compare("Equal", c.unsqueeze(sequence, {0, 1, 3}), c.unsqueeze(sequence, {0, 1, 2})));
  return c.replace(c.squeeze(joinHeads(c, emitAttention(c, p).output), {0}));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "SparseAttention", kAnyVersion, sparseAttention},
    {"com.microsoft", "PackedAttention", kAnyVersion, packedAttention},
};
ArrayRef<OpsetRow> ingot::structuredAttentionRows() { return kRows; }
