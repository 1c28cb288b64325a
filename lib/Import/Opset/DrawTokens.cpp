//===- DrawTokens.cpp - random choice among the likely tokens ----------------------===//
//
// Random numbers are those of RandomUniform (lib/Conversion/ONNXToLinalg/Random.cpp), a hash of seed and position, written as operators because
// the seed is an input of the model. A token is where the running sum of probabilities passes such a number.
//===-----------------------------------------------------------------------------===//
#include "DrawTokens.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace ingot;

Sorted ingot::filterTokens(Chain &c, const Drawing &d, Value scores) {
  Rewriter &r = c.r;
  if (d.temperature != 1) scores = c.div(scores, d.temperature);
  // Of as many elements as the scores, or the reshape ends the run.
  if (d.presence && d.presencePenalty != 0)
    scores = c.sub(scores, c.mul(c.reshape(c.cast(d.presence, c.f32), c.shape(scores)), d.presencePenalty));
  Value vocabulary = c.dim(scores, 1);
  NamedAttribute order[] = {r.attr("axis", 1), r.attr("largest", int64_t(d.fromMostProbable))};
  Value sorted = c.op("TopK", {scores, vocabulary}, order), tokens = c.result(sorted, 1, c.i64);
  // Without the token itself from the most probable one down, with it from the least probable one up.
  NamedAttribute exclusive = r.attr("exclusive", int64_t(d.fromMostProbable));
  Value sum = c.ok ? c.op("CumSum", {c.op("Softmax", sorted, r.attr("axis", -1)), r.scalar(1)}, exclusive) : Value();
  Value goes = d.fromMostProbable ? c.compare("Greater", sum, d.topP) : c.compare("LessOrEqual", sum, 1 - d.topP);
  if (!d.fromMostProbable) {
    Value place = c.unsqueeze(c.iota(vocabulary), {0});
    goes = c.both(goes, c.compare("Less", place, c.sub(vocabulary, c.ints(d.fewest))));
  }
  return {c.where(goes, c.like(sorted, d.filterValue), sorted), tokens};
}

/// Numbers in [0, 1) with 24 random bits, one for each lane.
static Value uniform(Chain &c, Value seed, Value iteration, Value lanes) {
  if (!c.ok) return {};
  Rewriter &r = c.r;
  Type ui64 = r.b.getIntegerType(64, /*isSigned=*/false);
  auto number = [&](uint64_t v) {
    return r.emitter.constant(r.node.loc, DenseElementsAttr::get(RankedTensorType::get({1}, ui64), ArrayRef<uint64_t>{v}));
  };
  auto shifted = [&](Value v, uint64_t by) { return c.op("BitShift", {v, number(by)}, r.attr("direction", r.b.getStringAttr("RIGHT"))); };
  auto mixed = [&](Value z, uint64_t by, uint64_t factor) { return c.mul(c.op("BitwiseXor", {z, shifted(z, by)}), number(factor)); };
  Value start = seed ? c.cast(c.reshape(seed, {1}), ui64) : number(llvm::xxh3_64bits(r.node.what));
  Value counter = c.cast(c.add(c.mul(c.reshape(iteration, {1}), lanes), c.iota(lanes)), ui64);
  Value z = c.add(c.mul(counter, number(0x9E3779B97F4A7C15)), start);
  z = mixed(mixed(z, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB);
  z = shifted(c.op("BitwiseXor", {z, shifted(z, 31)}), 40);
  return c.mul(c.cast(z, c.f32), 0x1p-24);
}

Value ingot::drawTokens(Chain &c, const Drawing &d, const Sorted &sorted, Value iteration) {
  if (!c.ok) return {};
  Rewriter &r = c.r;
  Value sums = c.op("CumSum", {c.op("Softmax", sorted.scores, r.attr("axis", -1)), r.scalar(1)});
  // Times what is the whole after rounding, so that no token without probability is behind the last sum.
  Value bound = c.mul(c.unsqueeze(uniform(c, d.seed, iteration, c.dim(sorted.scores, 0)), {1}), c.slice(sums, -1, INT64_MAX, 1));
  Value place = c.reduce("ReduceSum", c.cast(c.compare("LessOrEqual", sums, bound), c.i64), 1);
  return c.squeeze(c.op("GatherElements", {sorted.tokens, place}, r.attr("axis", 1)), 1);
}
