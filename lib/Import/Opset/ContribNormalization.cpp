//===- ContribNormalization.cpp - normalisations that ONNX Runtime's optimiser fuses -----------------===//
#include "Chain.h"

using namespace mlir;
using namespace ingot;

static Value layerNorm(Chain &c, Value x, Value gamma, Value beta, double epsilon) {
  NamedAttribute attributes[] = {c.r.attr("axis", -1), c.r.attr("epsilon", c.r.b.getF32FloatAttr(epsilon))};
  return c.op("LayerNormalization", {x, gamma, beta}, attributes);
}

/// sum = input + skip + bias; y = LayerNormalization(sum)
static LogicalResult skipLayerNorm(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  Value sum = c.add(c.add(r.operand(0), r.operand(1)), r.operand(4));
  Value y = layerNorm(c, sum, r.operand(2), r.operand(3), r.takeFloat("epsilon", 1e-12));
  return c.replace({y, c.result(y, 1), c.result(y, 2), sum});
}

static LogicalResult skipSimplifiedLayerNorm(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  Value sum = c.add(c.add(r.operand(0), r.operand(1)), r.operand(3));
  NamedAttribute attributes[] = {r.attr("axis", -1), r.attr("epsilon", r.b.getF32FloatAttr(r.takeFloat("epsilon", 1e-12)))};
  return c.replace({c.op("RMSNormalization", {sum, r.operand(2)}, attributes), Value(), Value(), sum});
}

static LogicalResult simplifiedLayerNorm(Rewriter &r) {
  r.node.domain = "";
  r.node.opType = "RMSNormalization";
  return success();
}

namespace {
/// Tables of embeddings, as floats or as integers with scale and zero point.
struct Tables {
  Value word, position, segment, gamma, beta;
  Value scales[5], zeros[5]; // null: floats
};
} // namespace

/// sum = word[ids] + position[positions] + segment[segments]; y = LayerNormalization(sum); mask index = tokens that count
static LogicalResult embedLayerNorm(Chain &c, const Tables &t, Value mask, Value positions) {
  Rewriter &r = c.r;
  Value ids = r.operand(0);
  if (!positions) positions = c.iota(c.dim(ids, 1));
  auto real = [&](Value v, unsigned i) {
    return v && t.scales[i] ? c.op("DequantizeLinear", {v, t.scales[i], t.zeros[i]}, {}, c.elementOf(t.scales[i])) : v;
  };
  auto rows = [&](Value table, Value indices, unsigned i) { return real(c.gather(table, indices, 0), i); };
  Value sum = c.add(rows(t.word, ids, 0), rows(t.position, positions, 1));
  if (r.operand(1) && t.segment) sum = c.add(sum, rows(t.segment, r.operand(1), 2));
  Value y = layerNorm(c, sum, real(t.gamma, 3), real(t.beta, 4), r.takeFloat("epsilon", 1e-12));
  Value counts;
  if (r.node.wanted.size() > 1 && r.node.wanted[1]) {
    // Without a mask the result is one zero for each sequence.
    Value kept = c.cast(mask ? mask : ids, c.i32);
    if (!mask) kept = c.mul(kept, 0.0);
    counts = c.reduce("ReduceSum", kept, 1, /*keepdims=*/false);
  }
  return c.replace({y, counts, sum});
}

static LogicalResult embedLayerNormalization(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 2, 3, 5}))) return failure();
  r.takeInt("mask_index_type", 0);
  return embedLayerNorm(c, {r.operand(2), r.operand(3), r.operand(4), r.operand(5), r.operand(6)}, r.operand(7), r.operand(8));
}

static LogicalResult qEmbedLayerNormalization(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 2, 3, 5, 6, 8, 9, 11, 12, 13, 14, 16, 17}))) return failure();
  Tables t = {r.operand(2), r.operand(3), r.operand(4), r.operand(5), r.operand(6)};
  for (unsigned i = 0; i < 5; ++i) t.scales[i] = r.operand(8 + i), t.zeros[i] = r.operand(13 + i);
  return embedLayerNorm(c, t, r.operand(7), {});
}

/// Channels last or first; statistics in f32; SiLU where asked for.
static LogicalResult groupNorm(Chain &c, Value x, Value gamma, Value beta, SmallVector<Value> more) {
  Rewriter &r = c.r;
  int64_t activation = r.takeInt("activation", 0), groups = r.takeInt("groups", 0);
  bool channelsLast = r.takeInt("channels_last", 1) != 0;
  if (activation != 0 && activation != 1) return r.error() << "attribute 'activation' is " << activation << "; expected 0 (none) or 1 (SiLU)";
  NamedAttribute attributes[] = {r.attr("num_groups", groups), r.attr("epsilon", r.b.getF32FloatAttr(r.takeFloat("epsilon", 1e-5)))};
  Value wide = c.cast(x, c.f32);
  if (channelsLast) wide = c.transpose(wide, {0, 3, 1, 2});
  Value y = c.op("GroupNormalization", {wide, c.cast(gamma, c.f32), c.cast(beta, c.f32)}, attributes);
  if (channelsLast) y = c.transpose(y, {0, 2, 3, 1});
  if (activation == 1) y = c.op("Swish", y);
  SmallVector<Value> results = {c.castLike(y, x)};
  results.append(more);
  return c.replace(results);
}

static LogicalResult groupNormalization(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  return groupNorm(c, r.operand(0), r.operand(1), r.operand(2), {});
}

/// The skip may be per sample and channel.
static LogicalResult skipGroupNormalization(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3}))) return failure();
  Value skip = r.operand(3);
  if (r.emitter.rank(skip) == 2) skip = c.unsqueeze(skip, {1, 2});
  Value sum = c.add(c.add(r.operand(0), skip), r.operand(4));
  return groupNorm(c, sum, r.operand(1), r.operand(2), {sum});
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "SkipLayerNormalization", kAnyVersion, skipLayerNorm},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", kAnyVersion, skipSimplifiedLayerNorm},
    {"", "SimplifiedLayerNormalization", kAnyVersion, simplifiedLayerNorm},
    {"com.microsoft", "SimplifiedLayerNormalization", kAnyVersion, simplifiedLayerNorm},
    {"com.microsoft", "EmbedLayerNormalization", kAnyVersion, embedLayerNormalization},
    {"com.microsoft", "QEmbedLayerNormalization", kAnyVersion, qEmbedLayerNormalization},
    {"com.microsoft", "GroupNorm", kAnyVersion, groupNormalization},
    {"com.microsoft", "SkipGroupNorm", kAnyVersion, skipGroupNormalization},
};
ArrayRef<OpsetRow> ingot::contribNormalizationRows() { return kRows; }
