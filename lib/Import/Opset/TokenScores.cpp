//===- TokenScores.cpp - which tokens may come next, and how good they are ------------===//
#include "TextSearch.h"

using namespace mlir;
using namespace ingot;

Value TextSearch::perBeam(Value v) {
  Value rest = c.slice(c.shape(v), 1, INT64_MAX, 0);
  return c.reshape(c.expand(c.unsqueeze(v, {1}), c.join({batch, beams, rest})), c.join({lanes, rest}));
}

Value TextSearch::lengthPower(Value length) {
  Value real = c.cast(length, c.f32);
  return lengthPenalty ? c.op("Pow", {real, lengthPenalty}) : real;
}

/// Whether a token is among the `columns` [lanes, any] of its lane: [lanes, vocabulary]. A column behind the vocabulary is none.
Value TextSearch::marked(Value columns, Value vocabulary) {
  Value none = c.expand(c.r.floats(0.0f), c.join({lanes, c.add(vocabulary, 1)}));
  Value ones = c.expand(c.r.floats(1.0f), c.shape(columns));
  Value marks = c.op("ScatterElements", {none, columns, ones}, c.r.attr("axis", 1));
  return c.compare("Greater", c.slice(marks, c.ints(0), vocabulary, 1), 0.0);
}

/// Of each run of `longestRepeated` tokens that begins with the newest tokens its last, which would repeat it; the vocabulary's size for other runs.
Value TextSearch::endsOfRepeats(Value sequences, Value length, Value vocabulary) {
  int64_t before = longestRepeated - 1;
  Value runs = c.op("Max", {c.sub(longest, c.ints(before)), c.ints(0)});
  auto part = [&](int64_t offset) { return c.slice(sequences, c.ints(offset), c.add(runs, double(offset)), 1); };
  Value repeats = c.unsqueeze(c.compare("Less", c.add(c.iota(runs), double(before)), length), {0});
  for (int64_t i = 0; i < before; ++i) {
    Value newest = c.op("Max", {c.add(c.sub(length, c.ints(before)), double(i)), c.ints(0)});
    repeats = c.both(repeats, c.compare("Equal", part(i), c.gather(sequences, newest, 1)));
  }
  return c.where(repeats, c.cast(part(before), c.i64), vocabulary);
}

/// Scores of the tokens that may come next, [lanes, vocabulary]: logarithms of probabilities, of which repetitions and the end may be made worse.
Value TextSearch::tokenScores(Value logits, Value sequences, Value length, Value iteration) {
  Value last = c.cast(c.at(logits, -1, 1), c.f32);
  Value scores = kind == SearchKind::Beams ? c.op("LogSoftmax", last, c.r.attr("axis", -1)) : last;
  Value vocabulary = c.dim(scores, 1);
  if (repetitionPenalty) {
    Value isToken = c.compare("Less", c.unsqueeze(c.iota(longest), {0}), length);
    Value seen = marked(c.where(isToken, c.cast(sequences, c.i64), vocabulary), vocabulary);
    Value worse = c.where(c.compare("Less", scores, 0.0), c.mul(scores, repetitionPenalty), c.div(scores, repetitionPenalty));
    scores = c.where(seen, worse, scores);
  }
  Value never = c.like(scores, kLowest);
  if (longestRepeated) scores = c.where(marked(endsOfRepeats(sequences, length, vocabulary), vocabulary), never, scores);
  // Masks of as many elements as there are scores, or the reshape ends the run.
  if (vocabularyMask) scores = c.where(c.compare("Equal", c.reshape(vocabularyMask, c.join({c.ints(1), vocabulary})), 0.0), never, scores);
  if (prefixMask) {
    Value isFirst = c.compare("Equal", iteration, 0.0), mask = c.reshape(perBeam(prefixMask), c.shape(scores));
    scores = c.where(c.both(isFirst, c.compare("Equal", mask, 0.0)), never, scores);
  }
  if (shortest) {
    Value isEnd = c.compare("Equal", c.unsqueeze(c.iota(vocabulary), {0}), c.ints(end));
    scores = c.where(c.both(isEnd, c.compare("Less", length, shortest)), never, scores);
  }
  return scores;
}
