//===- TextSearch.h - what searches for text know and carry -----------------------------===//
#ifndef INGOT_LIB_IMPORT_OPSET_TEXTSEARCH_H
#define INGOT_LIB_IMPORT_OPSET_TEXTSEARCH_H

#include "DrawTokens.h"

namespace ingot {

using mlir::Value;

constexpr double kLowest = -3.4028234663852886e38;

enum class SearchKind { Beams, Greedy, Sampled };

/// What the search knows from the start; sizes are [1] i64, settings [1].
struct TextSearch {
  Chain &c;
  SearchKind kind;
  int64_t end = 0, padding = 0, longestRepeated = 0;
  bool stopsEarly = false, givesFiltered = false;
  Value batch, beams, longest, lanes; // lanes: batch * beams
  Value shortest, lengthPenalty, repetitionPenalty, vocabularyMask, prefixMask; // null where absent
  Drawing drawing;
  // With an encoder: what each run of the decoder takes before the pasts and behind them, [lanes, ...].
  bool hasEncoder = false, takesWholeSequence = false;
  llvm::SmallVector<Value> encoded, cross;
  int64_t laneAxis() const { return hasEncoder ? 0 : 1; } // of pasts

  TextSearch(Chain &c, SearchKind kind) : c(c), kind(kind) {}
  /// Each element of a batch once for every beam: [batch, ...] to [batch * beams, ...].
  Value perBeam(Value v);
  Value padded(Value ids, int64_t fill);
  /// Scores of the tokens that may come next, [lanes, vocabulary].
  Value tokenScores(Value logits, Value sequences, Value length, Value iteration);
  /// length ^ lengthPenalty
  Value lengthPower(Value length);

private:
  Value marked(Value columns, Value vocabulary);
  Value endsOfRepeats(Value sequences, Value length, Value vocabulary);
};

/// Carried from one iteration to the next.
struct SearchState {
  Value ids, positions, mask;      // [lanes, new], [lanes, new], [lanes, seen]
  Value sequences, length;         // [lanes, longest], [1]
  Value scores, done;              // [batch, beams], [batch]
  Value finishedScores, finished;  // [batch, beams], [batch, beams, longest]
  Value filtered;                  // [lanes, vocabulary] that a token was drawn from, without columns before the first iteration
  llvm::SmallVector<Value> pasts;  // [2, lanes, heads, seen, size]; with an encoder [lanes, heads, seen, size]

  llvm::SmallVector<Value> all() const {
    llvm::SmallVector<Value> v = {ids, positions, mask, sequences, length, scores, done, finishedScores, finished, filtered};
    v.append(pasts);
    return v;
  }
  static SearchState of(mlir::ValueRange v) {
    SearchState s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], {}};
    s.pasts.append(v.begin() + 10, v.end());
    return s;
  }
};

} // namespace ingot

#endif
