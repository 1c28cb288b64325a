//===- BeamSearch.cpp - generation of text by a decoder, as a loop -------------------------------===//
//
// One iteration runs the decoder on the tokens that are new, extends each of the beams by the best tokens, and keeps finished sequences apart, as
// many as there are beams. Sequences are [batch * beams, longest], filled up with padding. A greedy search and a sampling have one beam, and padding
// from the end of a sequence on, as long as another goes on; behind the longest they have zeros, as in ONNX Runtime.
//
// With an encoder (T5) the prompt goes through it once, for all beams, and sequences begin with a token of their own.
//===-----------------------------------------------------------------------------===//
#include "TextSearch.h"

using namespace mlir;
using namespace ingot;

static constexpr double kNever = -1e9;
using Search = TextSearch;
using State = SearchState;

Value TextSearch::padded(Value ids, int64_t fill) {
  Value missing = c.sub(longest, c.dim(ids, 1));
  return c.op("Pad", {ids, c.join({c.ints({0, 0, 0}), missing}), c.like(ids, fill)});
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
  for (Value present : presents) next.pasts.push_back(c.gather(present, lanes, s.laneAxis()));
  return next;
}

static State singleStep(Search &s, const State &now, Value scores, Value iteration, ArrayRef<Value> presents) {
  Chain &c = s.c;
  State filtering = now;
  Value best;
  if (s.kind == SearchKind::Sampled) {
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

/// What the decoder gives for the newest tokens: logits and a present for each past.
static LogicalResult decode(Search &s, const State &now, StringRef graph, SmallVectorImpl<Value> &outputs) {
  Chain &c = s.c;
  SmallVector<Value> inputs = {s.takesWholeSequence ? c.slice(now.sequences, c.ints(0), now.length, 1) : now.ids};
  if (s.hasEncoder) llvm::append_range(inputs, s.encoded);
  else inputs.append({now.positions, now.mask});
  llvm::append_range(inputs, now.pasts);
  llvm::append_range(inputs, s.cross);
  if (failed(c.r.inlineGraph(graph, inputs, outputs))) return failure();
  if (outputs.size() == now.pasts.size() + 1) return success();
  return c.r.error() << "the decoder has " << outputs.size() << " outputs, expected logits and one for each of the " << now.pasts.size() << " pasts";
}

static State step(Search &s, const State &now, Value logits, Value iteration, ArrayRef<Value> presents) {
  Value scores = s.tokenScores(logits, now.sequences, now.length, iteration);
  return s.kind == SearchKind::Beams ? beamStep(s, now, scores, presents) : singleStep(s, now, scores, iteration, presents);
}

static Value anyOpen(Chain &c, const State &state) { return c.reduce("ReduceMax", c.cast(c.op("Not", state.done), c.i32), int64_t(0), false); }

/// Runs the decoder until all sequences are done or as long as may be; `begun` iterations are done already.
static FailureOr<State> runLoop(Search &s, const State &start, int64_t begun) {
  Chain &c = s.c;
  bool failedInside = false;
  Value count = c.squeeze(c.sub(s.longest, start.length), 0);
  if (begun) count = c.mul(count, c.cast(anyOpen(c, start), c.i64));
  SmallVector<Value> last = c.loop(count, start.all(), [&](Value iteration, ArrayRef<Value> carried, Value &goesOn) {
    State now = State::of(carried);
    SmallVector<Value> outputs;
    failedInside = failed(decode(s, now, "decoder", outputs));
    if (failedInside) return SmallVector<Value>(carried.size());
    if (begun) iteration = c.add(iteration, double(begun));
    State next = step(s, now, outputs[0], iteration, ArrayRef(outputs).drop_front());
    goesOn = c.cast(anyOpen(c, next), c.i1);
    return next.all();
  });
  if (failedInside || !c.ok) return failure();
  return State::of(last);
}

/// The pasts of the first iteration have length 0; their other sizes come from the decoder's inputs.
static FailureOr<SmallVector<Value>> emptyPasts(Search &s, ArrayRef<Type> types) {
  Rewriter &r = s.c.r;
  SmallVector<Value> pasts;
  int64_t rank = s.hasEncoder ? 4 : 5;
  for (Type type : types) {
    auto past = dyn_cast_if_present<RankedTensorType>(type);
    if (!past || past.getRank() != rank || past.isDynamicDim(rank - 3) || past.isDynamicDim(rank - 1))
      return r.error() << "a past of the decoder has no known number of heads and size; expected [" << (s.hasEncoder ? "" : "2, ") << "batch, heads, length, size]";
    Value sizes = s.c.join({s.lanes, s.c.ints({past.getDimSize(rank - 3), 0, past.getDimSize(rank - 1)})});
    if (!s.hasEncoder) sizes = s.c.join({s.c.ints(2), sizes});
    Attribute zero = r.b.getZeroAttr(past.getElementType());
    pasts.push_back(s.c.op("ConstantOfShape", sizes, r.attr("value", DenseElementsAttr::get(RankedTensorType::get(1, past.getElementType()), zero)), past.getElementType()));
  }
  return pasts;
}

/// Runs the encoder, sets what the decoder takes of it, and the pasts. An older kind of encoder has run the decoder on the first token, too: `logits`
/// are what it gave for it, null otherwise.
static LogicalResult encode(Search &s, Value ids, Value mask, Value firstTokens, State &start, Value &logits) {
  Rewriter &r = s.c.r;
  SmallVector<Type> encoderTypes, types;
  if (failed(r.graphInputs("encoder", encoderTypes)) || failed(r.graphInputs("decoder", types))) return failure();
  bool hasRun = encoderTypes.size() == 3;
  if (encoderTypes.size() != 2 && !hasRun)
    return r.error() << "the encoder has " << encoderTypes.size() << " inputs, expected encoder_input_ids, encoder_attention_mask and maybe decoder_input_ids";
  auto third = types.size() > 2 ? dyn_cast_if_present<RankedTensorType>(types[2]) : RankedTensorType();
  bool takesHidden = third && third.getRank() == 3;
  size_t before = takesHidden ? 3 : 2;
  if (types.size() < before + 4 || (types.size() - before) % 4 || (takesHidden && !hasRun))
    return r.error() << "the decoder has " << types.size() << " inputs, expected input_ids, encoder_attention_mask, what the encoder gives, and four pasts for each layer";
  size_t half = (types.size() - before) / 2;
  auto tokens = dyn_cast_if_present<RankedTensorType>(types[0]);
  s.takesWholeSequence = !tokens || tokens.getRank() != 2 || tokens.getDimSize(1) != 1;

  SmallVector<Value> inputs = {ids, mask}, outputs;
  if (hasRun) inputs.push_back(firstTokens);
  if (failed(r.inlineGraph("encoder", inputs, outputs))) return failure();
  size_t expected = hasRun ? 2 + 2 * half : half;
  if (outputs.size() != expected) return r.error() << "the encoder has " << outputs.size() << " outputs, expected " << expected << " for this decoder";
  for (Value &v : outputs) v = s.perBeam(v);
  s.encoded = {s.perBeam(mask)};
  if (takesHidden) s.encoded.push_back(outputs[1]);
  s.cross.assign(outputs.end() - half, outputs.end());
  if (hasRun) {
    logits = outputs[0];
    start.pasts.assign(outputs.begin() + 2, outputs.begin() + 2 + half);
    return success();
  }
  FailureOr<SmallVector<Value>> pasts = emptyPasts(s, ArrayRef(types).slice(before, half));
  if (failed(pasts)) return failure();
  start.pasts = *pasts;
  return success();
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
static LogicalResult generate(Rewriter &r, SearchKind kind) {
  Chain c{r};
  Search s(c, kind);
  bool isSingle = kind != SearchKind::Beams;
  SmallVector<unsigned> required = isSingle ? SmallVector<unsigned>{0, 1} : SmallVector<unsigned>{0, 1, 3, 4};
  if (failed(c.require(required))) return failure();
  int64_t model = r.takeInt("model_type", 0), first = r.takeInt("decoder_start_token_id", -1);
  if (model != 0 && (model != 1 || isSingle))
    return r.error() << "attribute 'model_type' is " << model << ", which is not supported; expected 0 (GPT)" << (isSingle ? "" : " or 1 (T5)");
  s.hasEncoder = model == 1;
  for (unsigned i = kind == SearchKind::Beams ? 10 : kind == SearchKind::Greedy ? 7 : 9; i < r.node.operands.size(); ++i)
    if (r.operand(i)) return r.error() << "input " << i << " is not supported; expected the inputs before it only";
  bool hasFirst = false;
  for (auto &[name, graph] : r.node.graphs) {
    if (name != "decoder" && name != (s.hasEncoder ? "encoder" : "init_decoder"))
      return r.error() << "has the graph '" << name << "', which is not supported; expected 'decoder' and " << (s.hasEncoder ? "'encoder'" : "maybe 'init_decoder'");
    hasFirst |= name == "init_decoder";
  }
  s.end = r.takeInt("eos_token_id", -1), s.padding = r.takeInt("pad_token_id", -1);
  s.stopsEarly = r.takeInt("early_stopping", 0) != 0;
  s.longestRepeated = r.takeInt("no_repeat_ngram_size", 0);
  if (s.longestRepeated < 0) return r.error() << "expected 'no_repeat_ngram_size' of 0 or more, got " << s.longestRepeated;
  r.takeInt("vocab_size", -1);
  if (kind == SearchKind::Sampled) takeDrawing(s);
  s.givesFiltered = kind == SearchKind::Sampled && r.node.wanted.size() > 1 && r.node.wanted[1];
  auto size = [&](unsigned i) { return r.operand(i) ? c.reshape(c.cast(r.operand(i), c.i64), {1}) : Value(); };
  auto number = [&](unsigned i) { return r.operand(i) ? c.reshape(c.cast(r.operand(i), c.f32), {1}) : Value(); };
  unsigned rest = isSingle ? 3 : 6;
  Value ids = c.cast(r.operand(0), c.i32);
  s.longest = size(1), s.shortest = size(2);
  s.beams = isSingle ? c.ints(1) : size(3);
  s.lengthPenalty = isSingle ? Value() : number(5);
  s.repetitionPenalty = number(rest), s.vocabularyMask = r.operand(rest + 1), s.prefixMask = r.operand(rest + 2);
  s.batch = c.dim(ids, 0), s.lanes = c.mul(s.batch, s.beams);

  // Padding stands in front; positions count the tokens that are none.
  State start;
  Value mask = r.operand(rest + 3) ? c.cast(r.operand(rest + 3), c.i32) : c.sub(c.like(ids, 1), c.cast(c.compare("Equal", ids, double(s.padding)), c.i32));
  Value logits, prompt = s.hasEncoder ? c.expand(c.like(ids, first), c.join({s.batch, c.ints(1)})) : ids;
  if (s.hasEncoder) {
    // An end may be the token of padding, so that only what stands in front is masked.
    if (!r.operand(rest + 3) && c.ok) mask = c.op("Min", {c.op("CumSum", {mask, r.scalar(1)}), c.like(mask, 1)});
    if (failed(encode(s, ids, mask, prompt, start, logits))) return failure();
    mask = c.expand(c.like(prompt, 1), c.join({s.batch, c.ints(1)}));
  } else {
    SmallVector<Type> types;
    if (failed(r.graphInputs("decoder", types))) return failure();
    if (types.size() < 4) return r.error() << "the decoder has " << types.size() << " inputs, expected input_ids, position_ids, attention_mask and pasts";
    FailureOr<SmallVector<Value>> pasts = emptyPasts(s, ArrayRef(types).drop_front(3));
    if (failed(pasts)) return failure();
    start.pasts = *pasts;
  }
  Value counted = c.ok ? c.op("CumSum", {mask, r.scalar(1)}) : Value();
  start.ids = s.perBeam(prompt);
  start.mask = s.perBeam(mask);
  start.positions = s.perBeam(c.op("Max", {c.sub(counted, 1.0), c.like(counted, 0)}));
  start.sequences = s.perBeam(s.padded(prompt, isSingle ? 0 : s.padding));
  start.length = c.dim(prompt, 1);
  Value isFirst = c.compare("Equal", c.unsqueeze(c.iota(s.beams), {0}), 0.0), zero = r.floats(0.0f), never = r.floats(float(kNever));
  start.scores = c.expand(c.where(isFirst, zero, never), c.join({s.batch, s.beams}));
  start.done = c.cast(c.expand(c.ints(0), s.batch), c.i1);
  start.finishedScores = c.expand(never, c.join({s.batch, s.beams}));
  start.finished = c.expand(c.like(ids, s.padding), c.join({s.batch, s.beams, s.longest}));
  start.filtered = c.expand(zero, c.join({s.lanes, c.ints(0)}));
  if (hasFirst) {
    // The first run has a graph of its own.
    SmallVector<Value> outputs;
    if (failed(decode(s, start, "init_decoder", outputs))) return failure();
    logits = outputs[0];
    start.pasts.assign(outputs.begin() + 1, outputs.end());
  }
  if (logits) start = step(s, start, logits, c.ints(0), SmallVector<Value>(start.pasts));
  FailureOr<State> last = runLoop(s, start, logits ? 1 : 0);
  if (failed(last)) return failure();
  r.node.graphs.clear();
  if (kind == SearchKind::Greedy) return c.replace(last->sequences);
  if (kind == SearchKind::Sampled) return c.replace({last->sequences, s.givesFiltered ? last->filtered : Value()});

  // Beams that are still open count as they are.
  Value open = c.where(c.unsqueeze(last->done, {1}), never, c.div(last->scores, s.lengthPower(last->length)));
  keepBest(s, *last, open, c.reshape(last->sequences, c.join({s.batch, s.beams, s.longest})));
  Value wanted = size(4);
  return c.replace({c.slice(last->finished, c.ints(0), wanted, 1), c.slice(last->finishedScores, c.ints(0), wanted, 1)});
}

static LogicalResult beamSearch(Rewriter &r) { return generate(r, SearchKind::Beams); }
static LogicalResult greedySearch(Rewriter &r) { return generate(r, SearchKind::Greedy); }
static LogicalResult sampling(Rewriter &r) { return generate(r, SearchKind::Sampled); }

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "BeamSearch", kAnyVersion, beamSearch},
    {"com.microsoft", "GreedySearch", kAnyVersion, greedySearch},
    {"com.microsoft", "Sampling", kAnyVersion, sampling},
};
ArrayRef<OpsetRow> ingot::beamSearchRows() { return kRows; }
