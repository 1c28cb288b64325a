//===- ContribAttention.h - pieces shared by the attentions of com.microsoft ---------===//
#ifndef INGOT_LIB_IMPORT_OPSET_CONTRIBATTENTION_H
#define INGOT_LIB_IMPORT_OPSET_CONTRIBATTENTION_H

#include "Chain.h"

namespace ingot {

using mlir::Value;

/// What an Attention of the default domain takes.  Queries, keys and values are [batch, length, heads * size] or [batch, heads, length, size].
struct AttentionParts {
  Value query, key, value;
  Value bias;                // added to the scores, [batch or 1, heads or 1, queries, keys]; null: none
  Value pastKey, pastValue;  // [batch, heads, length, size]; null: none
  Value validKeys;           // [batch] i64: how many keys count; null: all
  int64_t heads = 0, keyHeads = 0;
  int64_t window = -1;       // keys before its own that a query looks at; -1: all
  bool causal = false;
  double scale = 0, softcap = 0; // 0: 1 / sqrt(size), none
};
/// The op's results: attention, keys and values with those of the past in front.
struct AttentionResults {
  Value output, presentKey, presentValue;
};
AttentionResults emitAttention(Chain &c, const AttentionParts &parts);

/// Where a mask of 0 and 1 forbids a key, `filter`, else 0, as f32 [batch, 1, queries or 1, keys].  Ranks: 1 has lengths of the sequences and
/// maybe their beginnings behind them; 2 is [batch, keys]; 3 [batch, queries, keys]; 4 [batch, 1, positions, positions].
mlir::FailureOr<Value> maskBias(Chain &c, unsigned operand, Value batch, Value queries, Value keys, double filter);

/// Rows of `update` [batch, heads, length, size] written into the cache at `begin` [batch], the cache first made `length` long.
Value writeCache(Chain &c, Value cache, Value update, Value begin, Value length);

/// Sets queries, keys and values from one tensor that has them side by side, by the numbers of heads.
void splitPacked(Chain &c, Value packed, AttentionParts &parts);

/// [batch, length, heads * size] as [batch, heads, length, size], and back.
Value splitHeads(Chain &c, Value v, int64_t heads);
Value joinHeads(Chain &c, Value v);

/// Positions 0, 1, ... of each row from `begin` [batch] on: [batch, length].
Value positionsFrom(Chain &c, Value begin, Value length);
Value rotate(Chain &c, Value x, Value cosines, Value sines, Value positions, int64_t heads, bool interleaved, int64_t rotated = 0);

} // namespace ingot

#endif
