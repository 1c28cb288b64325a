//===- DrawTokens.h - random choice among the likely tokens ------------------------===//
#ifndef INGOT_LIB_IMPORT_OPSET_DRAWTOKENS_H
#define INGOT_LIB_IMPORT_OPSET_DRAWTOKENS_H

#include "Chain.h"

namespace ingot {

/// How a token is drawn from scores [lanes, vocabulary].
struct Drawing {
  double temperature = 1;         // scores are divided by it
  double presencePenalty = 0;     // taken off where `presence` is 1
  mlir::Value presence;           // [lanes, vocabulary]; null: nowhere
  double topP = 0;                // the probability that the tokens have together which are not filtered
  double filterValue = -1e20;     // the score of those that are
  int64_t fewest = 0;             // so many of the most probable are never filtered
  bool fromMostProbable = false;  // counted from the most probable token down, or else from the least probable one up
  mlir::Value seed;               // one integer; null: a hash of the node's name
};

/// Scores by rising or falling probability, and which token each belongs to: both [lanes, vocabulary].
struct Sorted {
  mlir::Value scores, tokens;
};
Sorted filterTokens(Chain &c, const Drawing &d, mlir::Value scores);

/// A token for each lane, [lanes] i64; other ones in each iteration of a loop.
mlir::Value drawTokens(Chain &c, const Drawing &d, const Sorted &sorted, mlir::Value iteration);

} // namespace ingot

#endif
