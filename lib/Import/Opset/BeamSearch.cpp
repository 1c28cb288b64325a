//===- BeamSearch.cpp - generation of text by a decoder, as a loop -------------------------------===//
//
// One iteration runs the decoder on the tokens that are new, extends each of the beams by the best tokens, and keeps finished sequences apart, as
// many as there are beams. Sequences are [batch * beams, longest], filled up with padding. A greedy search and a sampling have one beam, and padding
// from the end of a sequence on, as long as another goes on; behind the longest they have zeros, as in ONNX Runtime.
//===-----------------------------------------------------------------------------===//
#include "Chain.h"
#include "DrawTokens.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr double kNever = -1e9, kLowest = -3.4028234663852886e38;

enum class Kind { Beams, Greedy, Sampled };

/// What the search knows from the start; sizes are [1] i64, settings [1].
struct Search {
  Chain &c;
  Kind kind;
  int64_t end = 0, padding = 0, longestRepeated = 0;
  bool stopsEarly = false, givesFiltered = false;
  Value batch, beams, length, longest, lanes; // lanes: batch * beams
  Value shortest, lengthPenalty, repetitionPenalty, vocabularyMask, prefixMask; // null where absent
  Drawing drawing;

  Search(Chain &c, Kind kind) : c(c), kind(kind) {}
  Value padded(Value ids, int64_t fill);
  Value marked(Value columns, Value vocabulary);
  Value endsOfRepeats(Value sequences, Value length, Value vocabulary);
  Value tokenScores(Value logits, Value sequences, Value length, Value iteration);
  Value lengthPower(Value length);
};

/// Carried from one iteration to the next.
struct State {
  Value ids, positions, mask;      // [lanes, new], [lanes, new], [lanes, seen]
  Value sequences, length;         // [lanes, longest], [1]
  Value scores, done;              // [batch, beams], [batch]
  Value finishedScores, finished;  // [batch, beams], [batch, beams, longest]
  Value filtered;                  // [lanes, vocabulary] that a token was drawn from, without columns before the first iteration
  SmallVector<Value> pasts;        // [2, lanes, heads, seen, size]

  SmallVector<Value> all() const {
    SmallVector<Value> v = {ids, positions, mask, sequences, length, scores, done, finishedScores, finished, filtered};
    v.append(pasts);
    return v;
  }
  static State of(ValueRange v) {
    State s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], {}};
    s.pasts.append(v.begin() + 10, v.end());
    return s;
  }
};

} // namespace

/// Each sequence once for every beam: [batch, n] to [batch * beams, n].
static Value perBeam(Search &s, Value v) {
  Chain &c = s.c;
  Value width = c.dim(v, 1);
  return c.reshape(c.expand(c.unsqueeze(v, {1}), c.join({s.batch, s.beams, width})), c.join({s.lanes, width}));
}

Value Search::padded(Value ids, int64_t fill) {
  Value missing = c.sub(longest, c.dim(ids, 1));
  return c.op("Pad", {ids, c.join({c.ints({0, 0, 0}), missing}), c.like(ids, fill)});
}

/// length ^ lengthPenalty
Value Search::lengthPower(Value length) {
  Value real = c.cast(length, c.f32);
  return lengthPenalty ? c.op("Pow", {real, lengthPenalty}) : real;
}

/// Whether a token is among the `columns` [lanes, any] of its lane: [lanes, vocabulary]. A column behind the vocabulary is none.
Value Search::marked(Value columns, Value vocabulary) {
  Value none = c.expand(c.r.floats(0.0f), c.join({lanes, c.add(vocabulary, 1)}));
  Value ones = c.expand(c.r.floats(1.0f), c.shape(columns));
  Value marks = c.op("ScatterElements", {none, columns, ones}, c.r.attr("axis", 1));
  return c.compare("Greater", c.slice(marks, c.ints(0), vocabulary, 1), 0.0);
}

/// Of each run of `longestRepeated` tokens that begins with the newest tokens its last, which would repeat it; the vocabulary's size for other runs.
Value Search::endsOfRepeats(Value sequences, Value length, Value vocabulary) {
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
Value Search::tokenScores(Value logits, Value sequences, Value length, Value iteration) {
  Value last = c.cast(c.at(logits, -1, 1), c.f32);
  Value scores = kind == Kind::Beams ? c.op("LogSoftmax", last, c.r.attr("axis", -1)) : last;
  Value vocabulary = c.dim(scores, 1);
  if (repetitionPenalty) {
    Value isToken = c.compare("Less", c.unsqueeze(c.iota(longest), {0}), length);
    Value seen = marked(c.where(isToken, c.cast(sequences, c.i64), vocabulary), vocabulary);
    Value worse = c.where(c.compare("Less", scores, 0.0), c.mul(scores, repetitionPenalty), c.div(scores, repetitionPenalty));
    scores = c.where(seen, worse, scores);
  }
  Value never = c.like(scores, kLowest);
  if (longestRepeated) scores = c.where(marked(endsOfRepeats(sequences, length, vocabulary), vocabulary), never, scores);
  if (vocabularyMask) scores = c.where(c.compare("Equal", vocabularyMask, 0.0), never, scores);
  if (prefixMask) {
    Value isFirst = c.compare("Equal", iteration, 0.0);
    scores = c.where(c.both(isFirst, c.compare("Equal", perBeam(*this, prefixMask), 0.0)), never, scores);
  }
  if (shortest) {
    Value isEnd = c.compare("Equal", c.unsqueeze(c.iota(vocabulary), {0}), c.ints(end));
    scores = c.where(c.both(isEnd, c.compare("Less", length, shortest)), never, scores);
  }
  return scores;
}

/// What the next iteration starts from, given the lane that each beam goes on from and its next token, both [lanes].
static State extend(Search &s, const State &now, Value lanes, Value tokens, ArrayRef<Value> presents) {
  Chain &c = s.c;
  State next = now;
  auto pick = [&](Value v) { return c.gather(v, lanes, 0); };
  Value here = c.compare("Equal", c.unsqueeze(c.iota(s.longest), {0}), now.length);
  Value column = c.unsqueeze(c.cast(tokens, c.i32), {1});
  next.sequences = c.where(here, column, pick(now.sequences));
  next.ids = column;
  next.positions = c.add(c.slice(pick(now.positions), -1, INT64_MAX, 1), 1.0);
  next.mask = c.concat({pick(now.mask), c.expand(c.like(now.mask, 1), c.join({s.lanes, c.ints(1)}))}, 1);
  next.length = c.add(now.length, 1.0);
  next.pasts.clear();
  for (Value present : presents) next.pasts.push_back(c.gather(present, lanes, 1));
  return next;
}

static State singleStep(Search &s, const State &now, Value scores, Value iteration, ArrayRef<Value> presents) {
  Chain &c = s.c;
  State filtering = now;
  Value best;
  if (s.kind == Kind::Sampled) {
    Sorted sorted = filterTokens(c, s.drawing, scores);
    best = drawTokens(c, s.drawing, sorted, iteration);
    if (s.givesFiltered) filtering.filtered = c.op("ScatterElements", {scores, sorted.tokens, sorted.scores}, c.r.attr("axis", 1));
  } else {
    NamedAttribute argMax[] = {c.r.attr("axis", 1), c.r.attr("keepdims", int64_t(0))};
    best = c.op("ArgMax", scores, argMax, c.i64);
  }
  Value done = c.op("Or", {now.done, c.compare("Equal", best, double(s.end))});
  State next = extend(s, filtering, c.iota(s.lanes), c.where(done, c.like(best, s.padding), best), presents);
  next.done = done;
  return next;
}

/// The best of the finished sequences and of `more` of them, scores [batch, beams or n] and sequences [batch, n, longest].
static void keepBest(Search &s, State &state, Value scores, Value sequences) {
  Chain &c = s.c;
  Value all = c.concat({state.finishedScores, scores}, 1), rows = c.concat({state.finished, sequences}, 1);
  Value best = c.op("TopK", {all, s.beams}, c.r.attr("axis", 1));
  Value places = c.expand(c.unsqueeze(c.result(best, 1, c.i64), {2}), c.join({s.batch, s.beams, s.longest}));
  state.finishedScores = best;
  state.finished = c.op("GatherElements", {rows, places}, c.r.attr("axis", 1));
}

static State beamStep(Search &s, const State &now, Value scores, ArrayRef<Value> presents) {
  Chain &c = s.c;
  Value vocabulary = c.dim(scores, 1);
  Value sums = c.add(c.reshape(scores, c.join({s.batch, s.beams, vocabulary})), c.unsqueeze(now.scores, {2}));
  // Twice as many as there are beams, for those that end.
  Value best = c.op("TopK", {c.reshape(sums, c.join({s.batch, c.mul(s.beams, vocabulary)})), c.mul(s.beams, c.ints(2))}, c.r.attr("axis", 1));
  Value places = c.result(best, 1, c.i64), beam = c.div(places, vocabulary), token = c.sub(places, c.mul(beam, vocabulary));
  Value base = c.mul(c.unsqueeze(c.iota(s.batch), {1}), s.beams);
  Value ends = c.compare("Equal", token, double(s.end));
  auto firstOf = [&](Value v) { return c.slice(v, c.ints(0), s.beams, 1); };

  // Those of the best that end are finished.
  State next = now;
  Value power = s.lengthPower(now.length), never = c.r.floats(float(kNever));
  Value counts = c.both(firstOf(ends), c.unsqueeze(c.op("Not", now.done), {1}));
  Value candidates = c.where(counts, c.div(firstOf(best), power), never);
  Value rows = c.gather(now.sequences, c.add(firstOf(beam), base), 0);
  keepBest(s, next, candidates, rows);
  Value worst = c.reduce("ReduceMin", next.finishedScores, 1, false);
  Value isFull = c.compare("Greater", worst, kNever / 2);
  if (!s.stopsEarly) isFull = c.both(isFull, c.compare("GreaterOrEqual", worst, c.div(c.at(best, 0, 1), power)));

  // The others go on; a sequence that is done goes on with padding.
  Value open = c.op("TopK", {c.where(ends, c.like(best, kLowest), best), s.beams}, c.r.attr("axis", 1));
  auto chosen = [&](Value v) { return c.op("GatherElements", {v, c.result(open, 1, c.i64)}, c.r.attr("axis", 1)); };
  Value done = c.unsqueeze(now.done, {1}), tokens = chosen(token), from = chosen(beam);
  tokens = c.where(done, c.like(tokens, s.padding), tokens);
  next.scores = c.where(done, c.like(open, 0), open);
  Value lanes = c.reshape(c.add(c.where(done, c.like(from, 0), from), base), {-1});
  State extended = extend(s, next, lanes, c.reshape(tokens, {-1}), presents);
  extended.done = c.op("Or", {now.done, isFull});
  return extended;
}

/// Runs the decoder until all sequences are done or as long as may be.
static FailureOr<State> runLoop(Search &s, const State &start) {
  Chain &c = s.c;
  bool failedInside = false;
  SmallVector<Value> last = c.loop(c.squeeze(c.sub(s.longest, s.length), 0), start.all(), [&](Value iteration, ArrayRef<Value> carried, Value &goesOn) {
    State now = State::of(carried);
    SmallVector<Value> inputs = {now.ids, now.positions, now.mask}, outputs;
    inputs.append(now.pasts);
    failedInside = failed(c.r.inlineGraph("decoder", inputs, outputs));
    if (!failedInside && outputs.size() != now.pasts.size() + 1) {
      failedInside = true;
      c.r.error() << "the decoder has " << outputs.size() << " outputs, expected logits and one for each of the " << now.pasts.size() << " pasts";
    }
    if (failedInside) return SmallVector<Value>(carried.size());
    Value scores = s.tokenScores(outputs[0], now.sequences, now.length, iteration);
    ArrayRef<Value> presents = ArrayRef(outputs).drop_front();
    State next = s.kind == Kind::Beams ? beamStep(s, now, scores, presents) : singleStep(s, now, scores, iteration, presents);
    goesOn = c.cast(c.reduce("ReduceMax", c.cast(c.op("Not", next.done), c.i32), int64_t(0), false), c.i1);
    return next.all();
  });
  if (failedInside || !c.ok) return failure();
  return State::of(last);
}

/// The pasts of the first iteration have length 0; their sizes come from the decoder's inputs.
static FailureOr<SmallVector<Value>> emptyPasts(Search &s) {
  Rewriter &r = s.c.r;
  SmallVector<Type> types;
  if (failed(r.graphInputs("decoder", types))) return failure();
  if (types.size() < 4) return r.error() << "the decoder has " << types.size() << " inputs, expected input_ids, position_ids, attention_mask and pasts";
  SmallVector<Value> pasts;
  for (Type type : ArrayRef(types).drop_front(3)) {
    auto past = dyn_cast_if_present<RankedTensorType>(type);
    if (!past || past.getRank() != 5 || past.isDynamicDim(2) || past.isDynamicDim(4))
      return r.error() << "a past of the decoder has no known number of heads and size; expected [2, batch, heads, length, size]";
    Value sizes = s.c.join({s.c.ints(2), s.lanes, s.c.ints({past.getDimSize(2), 0, past.getDimSize(4)})});
    Attribute zero = r.b.getZeroAttr(past.getElementType());
    pasts.push_back(s.c.op("ConstantOfShape", sizes, r.attr("value", DenseElementsAttr::get(RankedTensorType::get(1, past.getElementType()), zero)), past.getElementType()));
  }
  return pasts;
}

/// Takes what says how a sampling draws.
static void takeDrawing(Search &s) {
  Rewriter &r = s.c.r;
  double temperature = r.takeFloat("temperature", 1.0);
  s.drawing.temperature = temperature > 0 ? temperature : 1.0;
  s.drawing.topP = r.takeFloat("top_p", 0.0);
  s.drawing.filterValue = r.takeFloat("filter_value", -1e20);
  s.drawing.fewest = r.takeInt("min_tokens_to_keep", 0);
  s.drawing.fromMostProbable = r.takeInt("custom", 0) != 0;
  s.drawing.presencePenalty = r.takeFloat("presence_penalty", 0.0);
  s.drawing.presence = r.operand(7);
  s.drawing.seed = r.operand(8);
}

/// Inputs: ids, most and least tokens, [beams, sequences to give, penalty on length], penalty on repetitions, masks of the vocabulary and of the
/// first token, attention mask, [tokens with a penalty of their own, seed].
static LogicalResult generate(Rewriter &r, Kind kind) {
  Chain c{r};
  Search s(c, kind);
  bool isSingle = kind != Kind::Beams;
  SmallVector<unsigned> required = isSingle ? SmallVector<unsigned>{0, 1} : SmallVector<unsigned>{0, 1, 3, 4};
  if (failed(c.require(required)) || failed(c.requireInt("model_type", 0))) return failure();
  for (unsigned i = kind == Kind::Beams ? 10 : kind == Kind::Greedy ? 7 : 9; i < r.node.operands.size(); ++i)
    if (r.operand(i)) return r.error() << "input " << i << " is not supported; expected the inputs before it only";
  for (auto &[name, graph] : r.node.graphs)
    if (name != "decoder") return r.error() << "has the graph '" << name << "', which is not supported; expected 'decoder' only";
  s.end = r.takeInt("eos_token_id", -1), s.padding = r.takeInt("pad_token_id", -1);
  s.stopsEarly = r.takeInt("early_stopping", 0) != 0;
  s.longestRepeated = r.takeInt("no_repeat_ngram_size", 0);
  if (s.longestRepeated < 0) return r.error() << "expected 'no_repeat_ngram_size' of 0 or more, got " << s.longestRepeated;
  r.takeInt("vocab_size", -1), r.takeInt("decoder_start_token_id", -1);
  if (kind == Kind::Sampled) takeDrawing(s);
  s.givesFiltered = kind == Kind::Sampled && r.node.wanted.size() > 1 && r.node.wanted[1];
  auto size = [&](unsigned i) { return r.operand(i) ? c.reshape(c.cast(r.operand(i), c.i64), {1}) : Value(); };
  auto number = [&](unsigned i) { return r.operand(i) ? c.reshape(c.cast(r.operand(i), c.f32), {1}) : Value(); };
  unsigned rest = isSingle ? 3 : 6;
  Value ids = c.cast(r.operand(0), c.i32);
  s.longest = size(1), s.shortest = size(2);
  s.beams = isSingle ? c.ints(1) : size(3);
  s.lengthPenalty = isSingle ? Value() : number(5);
  s.repetitionPenalty = number(rest), s.vocabularyMask = r.operand(rest + 1), s.prefixMask = r.operand(rest + 2);
  s.batch = c.dim(ids, 0), s.length = c.dim(ids, 1), s.lanes = c.mul(s.batch, s.beams);

  // Padding stands in front; positions count the tokens that are none.
  State start;
  Value mask = r.operand(rest + 3) ? c.cast(r.operand(rest + 3), c.i32) : c.sub(c.like(ids, 1), c.cast(c.compare("Equal", ids, double(s.padding)), c.i32));
  Value counted = c.ok ? c.op("CumSum", {mask, r.scalar(1)}) : Value();
  start.ids = perBeam(s, ids);
  start.mask = perBeam(s, mask);
  start.positions = perBeam(s, c.op("Max", {c.sub(counted, 1.0), c.like(counted, 0)}));
  start.sequences = perBeam(s, s.padded(ids, isSingle ? 0 : s.padding));
  start.length = s.length;
  Value isFirst = c.compare("Equal", c.unsqueeze(c.iota(s.beams), {0}), 0.0), zero = r.floats(0.0f), never = r.floats(float(kNever));
  start.scores = c.expand(c.where(isFirst, zero, never), c.join({s.batch, s.beams}));
  start.done = c.cast(c.expand(c.ints(0), s.batch), c.i1);
  start.finishedScores = c.expand(never, c.join({s.batch, s.beams}));
  start.finished = c.expand(c.like(ids, s.padding), c.join({s.batch, s.beams, s.longest}));
  start.filtered = c.expand(zero, c.join({s.lanes, c.ints(0)}));
  FailureOr<SmallVector<Value>> pasts = emptyPasts(s);
  if (failed(pasts)) return failure();
  start.pasts = *pasts;
  FailureOr<State> last = runLoop(s, start);
  if (failed(last)) return failure();
  r.node.graphs.clear();
  if (kind == Kind::Greedy) return c.replace(last->sequences);
  if (kind == Kind::Sampled) return c.replace({last->sequences, s.givesFiltered ? last->filtered : Value()});

  // Beams that are still open count as they are.
  Value open = c.where(c.unsqueeze(last->done, {1}), never, c.div(last->scores, s.lengthPower(last->length)));
  keepBest(s, *last, open, c.reshape(last->sequences, c.join({s.batch, s.beams, s.longest})));
  Value wanted = size(4);
  return c.replace({c.slice(last->finished, c.ints(0), wanted, 1), c.slice(last->finishedScores, c.ints(0), wanted, 1)});
}

static LogicalResult beamSearch(Rewriter &r) { return generate(r, Kind::Beams); }
static LogicalResult greedySearch(Rewriter &r) { return generate(r, Kind::Greedy); }
static LogicalResult sampling(Rewriter &r) { return generate(r, Kind::Sampled); }

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "BeamSearch", kAnyVersion, beamSearch},
    {"com.microsoft", "GreedySearch", kAnyVersion, greedySearch},
    {"com.microsoft", "Sampling", kAnyVersion, sampling},
};
ArrayRef<OpsetRow> ingot::beamSearchRows() { return kRows; }
