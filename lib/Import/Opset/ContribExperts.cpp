//===- ContribExperts.cpp - mixtures of experts ---------------------------------------------------===//
//
// Every token goes through every expert, in one batched product, and those that are not chosen weigh 0. That wastes the share of the experts that
// are not chosen, but keeps all sizes known.
//===-----------------------------------------------------------------------------===//
#include "ContribBlocks.h"

using namespace mlir;
using namespace ingot;

namespace {
/// What both operators have: the layers of the experts as functions of tokens [experts or 1, tokens, features].
struct Experts {
  std::string activation;
  int64_t chosen, fusion;
  double alpha, beta, limit;
  bool normalized;
};
} // namespace

static FailureOr<Experts> takeExperts(Chain &c) {
  Rewriter &r = c.r;
  Experts e;
  e.activation = r.takeString("activation_type", "relu");
  e.chosen = r.takeInt("k", 1);
  e.fusion = r.takeInt("swiglu_fusion", 0);
  e.alpha = r.takeFloat("activation_alpha", 1.0);
  e.beta = r.takeFloat("activation_beta", 0.0);
  e.limit = r.takeFloat("swiglu_limit", 0.0);
  e.normalized = r.takeInt("normalize_routing_weights", 0) != 0;
  if (failed(c.requireInt("use_sparse_mixer", 0))) return failure();
  static const StringRef known[] = {"relu", "gelu", "silu", "swiglu", "identity"};
  if (!llvm::is_contained(known, StringRef(e.activation)))
    return r.error() << "attribute 'activation_type' is '" << e.activation << "'; expected relu, gelu, silu, swiglu or identity";
  if (e.chosen < 1) return r.error() << "expected 'k' of 1 or more, got " << e.chosen;
  return e;
}

/// Weights of the experts [experts, tokens, 1]: softmax over all, the k largest kept, rescaled to a sum of 1 where asked for.
static Value routing(Chain &c, const Experts &e, Value logits, Value weights) {
  Value p = c.op("Softmax", c.cast(logits, c.f32), c.r.attr("axis", -1));
  Value largest = c.op("TopK", {p, c.ints(e.chosen)}, c.r.attr("axis", 1));
  Value indices = c.result(largest, 1, c.i64), values = largest;
  if (weights) {
    // Chosen by one tensor, weighed by another.
    values = c.op("GatherElements", {c.cast(weights, c.f32), indices}, c.r.attr("axis", 1));
  }
  if (e.normalized) values = c.div(values, c.reduce("ReduceSum", values, -1));
  Value none = c.mul(p, 0.0);
  Value dense = c.op("ScatterElements", {none, indices, values}, c.r.attr("axis", 1));
  return c.unsqueeze(c.transpose(dense, {1, 0}), {2});
}

static Value activated(Chain &c, const Experts &e, Value x, Value linear) {
  if (e.activation == "relu") x = c.op("Relu", x);
  if (e.activation == "gelu") x = c.op("Gelu", x, c.r.attr("approximate", c.r.b.getStringAttr("tanh")));
  if (e.activation == "silu") x = c.op("Swish", x);
  if (e.activation != "swiglu") return linear ? c.mul(x, linear) : x;
  if (!linear) {
    // Gate and linear part of one product, element by element or half by half.
    if (e.fusion == 1) {
      Value pairs = c.reshape(x, c.join({c.slice(c.shape(x), 0, 2, 0), c.ints({-1, 2})}));
      x = c.at(pairs, 0, 3);
      linear = c.at(pairs, 1, 3);
    } else {
      Value width = c.dim(x, -1), half = c.op("Div", {width, c.ints(2)}, {}, c.i64), whole = x;
      x = c.slice(whole, c.ints(0), half, -1);
      linear = c.slice(whole, half, width, -1);
    }
  }
  if (e.limit > 0) {
    x = c.op("Min", {x, c.like(x, e.limit)});
    linear = c.op("Clip", {linear, c.like(linear, -e.limit), c.like(linear, e.limit)});
  }
  return c.mul(c.mul(x, c.op("Sigmoid", c.mul(x, e.alpha))), c.add(linear, e.beta));
}

/// tokens [1 or experts, tokens, in] times weights [experts, out, in], plus bias [experts, out]
static Value layer(Chain &c, Value x, Value weights, Value bias) {
  Value y = c.matMul(x, c.transpose(weights, {0, 2, 1}));
  return bias ? c.add(y, c.unsqueeze(bias, {1})) : y;
}

static LogicalResult mix(Chain &c, const Experts &e, Value routerWeights, Value fc1, Value bias1, Value fc2, Value bias2, Value fc3, Value bias3) {
  Value input = c.r.operand(0);
  Value x = c.cast(c.unsqueeze(c.reshape(input, c.join({c.ints(-1), c.dim(input, -1)})), {0}), c.f32);
  Value hidden = activated(c, e, layer(c, x, fc1, bias1), fc3 ? layer(c, x, fc3, bias3) : Value());
  Value y = layer(c, hidden, fc2, bias2);
  Value sum = c.reduce("ReduceSum", c.mul(y, routing(c, e, c.r.operand(1), routerWeights)), int64_t(0), /*keepdims=*/false);
  return c.replace(c.castLike(c.reshape(sum, c.shape(input)), input));
}

static Value wide(Chain &c, Value v) { return v ? c.cast(v, c.f32) : Value(); }

static LogicalResult mixtureOfExperts(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 4}))) return failure();
  FailureOr<Experts> e = takeExperts(c);
  if (failed(e)) return failure();
  return mix(c, *e, {}, wide(c, r.operand(2)), wide(c, r.operand(3)), wide(c, r.operand(4)), wide(c, r.operand(5)), wide(c, r.operand(6)), wide(c, r.operand(7)));
}

/// Weights [experts, out, in / (8 / bits)] of bytes with several numbers each, or one; a scale for each row or block of a row.
static LogicalResult quantizedMixtureOfExperts(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3, 5, 6}))) return failure();
  FailureOr<Experts> e = takeExperts(c);
  int64_t bits = r.takeInt("expert_weight_bits", 4), block = r.takeInt("block_size", 0);
  if (failed(e)) return failure();
  if (bits != 2 && bits != 4 && bits != 8) return r.error() << "attribute 'expert_weight_bits' is " << bits << "; expected 2, 4 or 8";
  if (std::string type = r.takeString("quant_type", "int"); type != "int")
    return r.error() << "attribute 'quant_type' is '" << type << "', which is not supported; expected int";
  for (unsigned i = 15; i < r.node.operands.size(); ++i)
    if (r.operand(i)) return r.error() << "input " << i << " is not supported; expected the inputs before it only";
  // What these say is of execution providers: how exact sums are, and whether weights were rearranged.
  r.takeInt("accuracy_level", 0);
  if (int64_t prepacked = r.takeInt("weights_prepacked", -1); prepacked == 1)
    return r.error() << "attribute 'weights_prepacked' is 1, which is not supported; expected -1 or 0";
  auto fields = [&](Value bytes) { return c.cast(unpackBits(c, bytes, bits), c.f32); };
  auto weights = [&](unsigned i, unsigned scale, unsigned zero) -> Value {
    if (!r.operand(i)) return {};
    Value q = fields(r.operand(i)), s = c.cast(r.operand(scale), c.f32), shape = c.shape(q);
    Value z = r.operand(zero) ? fields(r.operand(zero)) : c.like(q, 1 << (bits - 1));
    if (block == 0) {
      s = c.reshape(s, {0, 0, 1});
      if (r.operand(zero)) z = c.unsqueeze(z, {-1});
      return c.mul(c.sub(q, z), s);
    }
    Value blocks = c.reshape(q, {0, 0, -1, block});
    if (r.operand(zero)) z = c.unsqueeze(c.slice(z, c.ints(0), c.dim(s, -1), -1), {-1});
    return c.reshape(c.mul(c.sub(blocks, z), c.unsqueeze(s, {-1})), shape);
  };
  return mix(c, *e, r.operand(14), weights(2, 3, 11), wide(c, r.operand(4)), weights(5, 6, 12), wide(c, r.operand(7)), weights(8, 9, 13), wide(c, r.operand(10)));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "MoE", kAnyVersion, mixtureOfExperts},
    {"com.microsoft", "QMoE", kAnyVersion, quantizedMixtureOfExperts},
};
ArrayRef<OpsetRow> ingot::contribExpertRows() { return kRows; }
