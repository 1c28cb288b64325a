//===- Contrib.cpp - operators of com.microsoft as those of ONNX ------------------------------===//
//
// ONNX Runtime's optimiser writes these for groups of ONNX operators; here they become such groups again.
//===-----------------------------------------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

namespace {
/// Builds ops one from another and stops at the first that fails.
struct Chain {
  Rewriter &r;
  bool ok = true;

  Value op(StringRef opType, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes = {}, Type element = {}) {
    if (!ok) return {};
    Value v = r.op(opType, operands, attributes, element);
    ok = v != nullptr;
    return v;
  }
  Value add(Value x, Value y) { return !x ? y : !y ? x : op("Add", {x, y}); }
  Value result(Value first, unsigned i) { return ok ? cast<OpResult>(first).getOwner()->getResult(i) : Value(); }
  /// Gives the node's outputs; absent ones are null.
  LogicalResult replace(ArrayRef<Value> values) {
    if (!ok) return failure();
    for (size_t i = 0; i < r.node.wanted.size(); ++i) {
      bool given = i < values.size() && values[i];
      if (r.node.wanted[i] && !given) return r.error() << "output " << i << " is not supported; expected the first outputs only";
      r.node.replacements.push_back(given ? values[i] : r.emitter.noValue());
    }
    return success();
  }
};
} // namespace

static LogicalResult requireOperands(Rewriter &r, ArrayRef<unsigned> indices) {
  for (unsigned i : indices)
    if (!r.operand(i)) return r.error() << "expected input " << i;
  return success();
}

static Value layerNorm(Chain &c, Value x, Value gamma, Value beta, double epsilon) {
  NamedAttribute attributes[] = {c.r.attr("axis", -1), c.r.attr("epsilon", c.r.b.getF32FloatAttr(epsilon))};
  return c.op("LayerNormalization", {x, gamma, beta}, attributes);
}

/// sum = input + skip + bias; y = LayerNormalization(sum)
static LogicalResult skipLayerNorm(Rewriter &r) {
  if (failed(requireOperands(r, {0, 1, 2}))) return failure();
  Chain c{r};
  Value sum = c.add(c.op("Add", {r.operand(0), r.operand(1)}), r.operand(4));
  Value y = layerNorm(c, sum, r.operand(2), r.operand(3), r.takeFloat("epsilon", 1e-12));
  return c.replace({y, c.result(y, 1), c.result(y, 2), sum});
}

static LogicalResult skipSimplifiedLayerNorm(Rewriter &r) {
  if (failed(requireOperands(r, {0, 1, 2}))) return failure();
  Chain c{r};
  Value sum = c.add(c.op("Add", {r.operand(0), r.operand(1)}), r.operand(3));
  NamedAttribute attributes[] = {r.attr("axis", -1), r.attr("epsilon", r.b.getF32FloatAttr(r.takeFloat("epsilon", 1e-12)))};
  return c.replace({c.op("RMSNormalization", {sum, r.operand(2)}, attributes), Value(), Value(), sum});
}

/// sum = word[ids] + position[positions] + segment[segments]; y = LayerNormalization(sum); mask index = tokens that count
static LogicalResult embedLayerNorm(Rewriter &r) {
  if (failed(requireOperands(r, {0, 2, 3, 5}))) return failure();
  Chain c{r};
  Type i64 = r.b.getI64Type(), i32 = r.b.getI32Type(), f32 = cast<TensorType>(r.operand(2).getType()).getElementType();
  Value ids = r.operand(0), positions = r.operand(8);
  if (!positions) {
    NamedAttribute range[] = {r.attr("end", 2), r.attr("start", 1)};
    Value length = c.op("Squeeze", {c.op("Shape", ids, range, i64), r.ints(0)}, {}, i64);
    positions = c.op("Range", {r.scalar(0), length, r.scalar(1)}, {}, i64);
  }
  auto rows = [&](Value table, Value indices) { return c.op("Gather", {table, indices}, r.attr("axis", int64_t(0)), f32); };
  Value sum = c.add(rows(r.operand(2), ids), rows(r.operand(3), positions));
  if (r.operand(1) && r.operand(4)) sum = c.add(sum, rows(r.operand(4), r.operand(1)));
  Value y = layerNorm(c, sum, r.operand(5), r.operand(6), r.takeFloat("epsilon", 1e-12));
  Value counts;
  if (r.node.wanted.size() > 1 && r.node.wanted[1]) {
    // Without a mask the result is one zero for each sequence.
    Value mask = c.op("Cast", r.operand(7) ? r.operand(7) : ids, r.attr("to", 6), i32);
    if (!r.operand(7) && mask) mask = c.op("Mul", {mask, r.scalarLike(mask, 0)}, {}, i32);
    counts = c.op("ReduceSum", {mask, r.ints(1)}, r.attr("keepdims", int64_t(0)), i32);
  }
  return c.replace({y, counts, sum});
}

/// Q, K, V = input W + bias; heads attend, with a mask of [batch, keys] and past keys and values in one tensor
static LogicalResult attention(Rewriter &r) {
  if (failed(requireOperands(r, {0, 1}))) return failure();
  if (r.node.attributes.get("qkv_hidden_sizes")) return r.error() << "attribute 'qkv_hidden_sizes' is not supported; expected equal sizes";
  if (r.takeInt("do_rotary", 0)) return r.error() << "attribute 'do_rotary' is not supported; expected 0";
  Chain c{r};
  Type i64 = r.b.getI64Type(), element = cast<TensorType>(r.operand(0).getType()).getElementType();
  int64_t heads = r.takeInt("num_heads", 0);
  double filter = r.takeFloat("mask_filter_value", -10000.0), scale = r.takeFloat("scale", 0.0);
  bool causal = r.takeInt("unidirectional", 0) != 0;

  Value joined = c.add(c.op("MatMul", {r.operand(0), r.operand(1)}), r.operand(2));
  // A third of the features each.
  Value width = c.op("Shape", joined, {r.attr("start", -1)}, i64);
  Value third = c.op("Div", {width, r.ints(3)}, {}, i64);
  auto part = [&](int64_t i) {
    Value begin = c.op("Mul", {third, r.ints(i)}, {}, i64), end = c.op("Mul", {third, r.ints(i + 1)}, {}, i64);
    return c.op("Slice", {joined, begin, end, r.ints(-1), Value()});
  };
  Value q = part(0), k = part(1), v = part(2), bias;
  if (Value mask = r.operand(3)) {
    std::optional<int64_t> rank = r.emitter.rank(mask);
    if (rank != 2) return r.error() << "expected a mask of rank 2, [batch, keys]";
    Value keep = c.op("Cast", mask, r.attr("to", 1), r.b.getF32Type());
    Value forbidden = c.op("Mul", {c.op("Sub", {r.scalarLike(keep, 1), keep}), r.scalarLike(keep, filter)});
    bias = c.op("Unsqueeze", {c.op("CastLike", {forbidden, q}, {}, element), r.ints({1, 2})});
  }
  bias = c.add(bias, r.operand(5));
  Value pastKey, pastValue;
  if (Value past = r.operand(4)) {
    pastKey = c.op("Gather", {past, r.scalar(0)}, r.attr("axis", int64_t(0)));
    pastValue = c.op("Gather", {past, r.scalar(1)}, r.attr("axis", int64_t(0)));
  }
  SmallVector<NamedAttribute> attributes = {r.attr("is_causal", int64_t(causal)), r.attr("q_num_heads", heads), r.attr("kv_num_heads", heads)};
  if (scale != 0) attributes.push_back(r.attr("scale", r.b.getF32FloatAttr(scale)));
  Value y = c.op("Attention", {q, k, v, bias, pastKey, pastValue}, attributes);
  Value present;
  if (r.node.wanted.size() > 1 && r.node.wanted[1]) {
    Value key = c.op("Unsqueeze", {c.result(y, 1), r.ints(0)}), value = c.op("Unsqueeze", {c.result(y, 2), r.ints(0)});
    present = c.op("Concat", {key, value}, r.attr("axis", int64_t(0)));
  }
  return c.replace({y, present});
}

static LogicalResult biasGelu(Rewriter &r, StringRef approximate) {
  if (failed(requireOperands(r, {0}))) return failure();
  Chain c{r};
  Value x = c.add(r.operand(0), r.operand(1));
  return c.replace(c.op("Gelu", x, r.attr("approximate", r.b.getStringAttr(approximate))));
}
static LogicalResult fastGelu(Rewriter &r) { return biasGelu(r, "tanh"); }
static LogicalResult exactGelu(Rewriter &r) { return biasGelu(r, "none"); }

/// x * sigmoid(alpha * x)
static LogicalResult quickGelu(Rewriter &r) {
  r.node.domain = "";
  r.node.opType = "Swish";
  if (!r.node.attributes.get("alpha")) r.node.attributes.set("alpha", r.b.getF32FloatAttr(1.702f));
  return success();
}

/// The same operator exists in ONNX.
static LogicalResult toDefaultDomain(Rewriter &r) {
  r.node.domain = "";
  return success();
}

static LogicalResult simplifiedLayerNorm(Rewriter &r) {
  r.node.domain = "";
  r.node.opType = "RMSNormalization";
  return success();
}

/// Quantised elementwise operators: dequantise, compute, quantise.
static LogicalResult quantizedBinary(Rewriter &r, StringRef opType) {
  if (failed(requireOperands(r, {0, 1, 3, 4, 6}))) return failure();
  Chain c{r};
  Type f32 = r.b.getF32Type(), element = cast<TensorType>(r.operand(0).getType()).getElementType();
  Value a = c.op("DequantizeLinear", {r.operand(0), r.operand(1), r.operand(2)}, {}, f32);
  Value b = c.op("DequantizeLinear", {r.operand(3), r.operand(4), r.operand(5)}, {}, f32);
  return c.replace(c.op("QuantizeLinear", {c.op(opType, {a, b}), r.operand(6), r.operand(7)}, {}, element));
}
static LogicalResult qlinearAdd(Rewriter &r) { return quantizedBinary(r, "Add"); }
static LogicalResult qlinearMul(Rewriter &r) { return quantizedBinary(r, "Mul"); }

ArrayRef<OpsetRow> ingot::contribRows() {
  static const OpsetRow rows[] = {
      {"com.microsoft", "SkipLayerNormalization", kAnyVersion, skipLayerNorm},
      {"com.microsoft", "SkipSimplifiedLayerNormalization", kAnyVersion, skipSimplifiedLayerNorm},
      {"com.microsoft", "EmbedLayerNormalization", kAnyVersion, embedLayerNorm},
      {"com.microsoft", "Attention", kAnyVersion, attention},
      {"com.microsoft", "FastGelu", kAnyVersion, fastGelu},
      {"com.microsoft", "BiasGelu", kAnyVersion, exactGelu},
      {"com.microsoft", "Gelu", kAnyVersion, exactGelu},
      {"com.microsoft", "QuickGelu", kAnyVersion, quickGelu},
      {"com.microsoft", "QuantizeLinear", kAnyVersion, toDefaultDomain},
      {"com.microsoft", "DequantizeLinear", kAnyVersion, toDefaultDomain},
      {"com.microsoft", "QLinearAdd", kAnyVersion, qlinearAdd},
      {"com.microsoft", "QLinearMul", kAnyVersion, qlinearMul},
      {"", "SimplifiedLayerNormalization", kAnyVersion, simplifiedLayerNorm},
      {"com.microsoft", "SimplifiedLayerNormalization", kAnyVersion, simplifiedLayerNorm},
  };
  return rows;
}
