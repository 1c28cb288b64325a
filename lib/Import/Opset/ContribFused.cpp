//===- ContribFused.cpp - products and activations that ONNX Runtime's optimiser fuses ------------------===//
#include "Chain.h"

using namespace mlir;
using namespace ingot;

/// An activation by name; `parameters` are its attributes in the order of the operator's documentation.
static FailureOr<Value> activate(Chain &c, Value x, StringRef name, ArrayRef<float> parameters) {
  Rewriter &r = c.r;
  auto parameter = [&](size_t i, double otherwise) { return i < parameters.size() ? parameters[i] : otherwise; };
  auto attribute = [&](StringRef n, double v) { return r.attr(n, r.b.getF32FloatAttr(v)); };
  if (name.empty()) return x;
  if (name == "Relu" || name == "Tanh" || name == "Sigmoid" || name == "HardSwish" || name == "Softplus" || name == "Softsign") return c.op(name, x);
  if (name == "LeakyRelu") return c.op(name, x, attribute("alpha", parameter(0, 0.01)));
  if (name == "Elu") return c.op(name, x, attribute("alpha", parameter(0, 1.0)));
  if (name == "ThresholdedRelu") return c.op(name, x, attribute("alpha", parameter(0, 1.0)));
  if (name == "HardSigmoid") return c.op(name, x, {attribute("alpha", parameter(0, 0.2)), attribute("beta", parameter(1, 0.5))});
  if (name == "Clip") return c.op(name, {x, c.like(x, parameter(0, -3.4028234e38)), c.like(x, parameter(1, 3.4028234e38))});
  return r.error() << "attribute 'activation' is '" << name
                   << "', which is not supported; expected Relu, Tanh, Sigmoid, HardSwish, Softplus, Softsign, LeakyRelu, Elu, ThresholdedRelu, HardSigmoid or Clip";
}

static void takeAll(Rewriter &r, SmallVectorImpl<NamedAttribute> &attributes) {
  attributes.append(r.node.attributes.begin(), r.node.attributes.end());
  r.node.attributes.clear();
}

/// activation(Conv(x, w, b) + z)
static LogicalResult fusedConv(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  std::string name = r.takeString("activation", "");
  SmallVector<float> parameters = r.takeFloats("activation_params").value_or(SmallVector<float>());
  SmallVector<NamedAttribute> attributes;
  takeAll(r, attributes);
  Value y = c.add(c.op("Conv", {r.operand(0), r.operand(1), r.operand(2)}, attributes), r.operand(3));
  if (!c.ok) return failure();
  FailureOr<Value> activated = activate(c, y, name, parameters);
  return failed(activated) ? failure() : c.replace(*activated);
}

/// Channels last, weights as Conv has them.
static LogicalResult nhwcConv(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  SmallVector<NamedAttribute> attributes;
  takeAll(r, attributes);
  Value y = c.op("Conv", {c.transpose(r.operand(0), {0, 3, 1, 2}), r.operand(1), r.operand(2)}, attributes);
  return c.replace(c.transpose(y, {0, 2, 3, 1}));
}

/// activation(Gemm(a, b, c))
static LogicalResult fusedGemm(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  std::string name = r.takeString("activation", "");
  SmallVector<float> parameters;
  for (StringRef parameter : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (r.node.attributes.get(parameter)) parameters.push_back(r.takeFloat(parameter, 0));
  SmallVector<NamedAttribute> attributes;
  takeAll(r, attributes);
  Value y = c.op("Gemm", {r.operand(0), r.operand(1), r.operand(2)}, attributes);
  if (!c.ok) return failure();
  FailureOr<Value> activated = activate(c, y, name, parameters);
  return failed(activated) ? failure() : c.replace(*activated);
}

/// An operand of FusedMatMul as MatMul takes it: the first dimension behind the batch, and the last two exchanged.
static FailureOr<Value> untransposed(Chain &c, unsigned i, bool transposed, bool batchTransposed) {
  Value v = c.r.operand(i);
  if (!transposed && !batchTransposed) return v;
  FailureOr<int64_t> rank = c.rankOf(i);
  if (failed(rank)) return failure();
  // A vector stays, as in ONNX Runtime.
  if (*rank < 2) return v;
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, *rank));
  if (batchTransposed) std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (transposed) std::swap(order[*rank - 2], order[*rank - 1]);
  return c.transpose(v, order);
}

/// alpha a' b'
static LogicalResult fusedMatMul(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  auto flag = [&](StringRef name) { return r.takeInt(name, 0) != 0; };
  double alpha = r.takeFloat("alpha", 1.0);
  bool transA = flag("transA"), transB = flag("transB"), batchA = flag("transBatchA"), batchB = flag("transBatchB");
  FailureOr<Value> a = untransposed(c, 0, transA, batchA), b = untransposed(c, 1, transB, batchB);
  if (failed(a) || failed(b)) return failure();
  Value y = c.matMul(*a, *b);
  return c.replace(alpha == 1.0 ? y : c.mul(y, alpha));
}

static LogicalResult biasGelu(Rewriter &r, StringRef approximate) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  Value x = c.add(r.operand(0), r.operand(1));
  return c.replace(c.op("Gelu", x, r.attr("approximate", r.b.getStringAttr(approximate))));
}
static LogicalResult fastGelu(Rewriter &r) { return biasGelu(r, "tanh"); }
static LogicalResult exactGelu(Rewriter &r) { return biasGelu(r, "none"); }

/// FastGelu(x w + bias)
static LogicalResult gemmFastGelu(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  Value y = c.add(c.matMul(r.operand(0), r.operand(1)), r.operand(2));
  return c.replace(c.op("Gelu", y, r.attr("approximate", r.b.getStringAttr("tanh"))));
}

/// x * sigmoid(alpha * x)
static LogicalResult quickGelu(Rewriter &r) {
  r.node.domain = "";
  r.node.opType = "Swish";
  if (!r.node.attributes.get("alpha")) r.node.attributes.set("alpha", r.b.getF32FloatAttr(1.702f));
  return success();
}

/// x + bias + skip
static LogicalResult biasAdd(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  return c.replace(c.add(c.add(r.operand(0), r.operand(1)), r.operand(2)));
}

/// softmax(x + bias), the bias repeated along the dimensions it lacks: those in front, or those between its first ones and `axis`
static LogicalResult biasSoftmax(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  int64_t axis = r.takeInt("axis", 1);
  bool inner = r.takeInt("is_inner_broadcast", 1) != 0;
  Value bias = r.operand(1);
  FailureOr<int64_t> rank = c.rankOf(0), biasRank = c.rankOf(1);
  if (failed(rank) || failed(biasRank)) return failure();
  if (axis < 0) axis += *rank;
  if (inner && *biasRank < *rank) {
    SmallVector<int64_t> missing;
    for (int64_t i = axis - (*rank - *biasRank); i < axis; ++i) missing.push_back(i);
    bias = c.unsqueeze(bias, missing);
  }
  Value x = c.add(r.operand(0), bias);
  if (axis == *rank - 1) return c.replace(c.op("Softmax", x, r.attr("axis", -1)));
  // Dimensions from `axis` on are one.
  Value flat = c.op("Softmax", c.op("Flatten", x, r.attr("axis", axis)), r.attr("axis", -1));
  return c.replace(c.reshape(flat, c.shape(x)));
}

/// With x + bias in halves: left * gelu(right)
static LogicalResult biasSplitGelu(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  Value x = c.add(r.operand(0), r.operand(1)), width = c.dim(x, -1), half = c.op("Div", {width, c.ints(2)}, {}, c.i64);
  return c.replace(c.mul(c.slice(x, c.ints(0), half, -1), c.op("Gelu", c.slice(x, half, width, -1))));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "FusedConv", kAnyVersion, fusedConv},
    {"com.microsoft", "NhwcConv", kAnyVersion, nhwcConv},
    {"com.microsoft", "FusedGemm", kAnyVersion, fusedGemm},
    {"com.microsoft", "FusedMatMul", kAnyVersion, fusedMatMul},
    {"com.microsoft", "TransposeMatMul", kAnyVersion, fusedMatMul},
    {"com.microsoft", "GemmFastGelu", kAnyVersion, gemmFastGelu},
    {"com.microsoft", "FastGelu", kAnyVersion, fastGelu},
    {"com.microsoft", "BiasGelu", kAnyVersion, exactGelu},
    {"com.microsoft", "Gelu", kAnyVersion, exactGelu},
    {"com.microsoft", "QuickGelu", kAnyVersion, quickGelu},
    {"com.microsoft", "BiasAdd", kAnyVersion, biasAdd},
    {"com.microsoft", "BiasSoftmax", kAnyVersion, biasSoftmax},
    {"com.microsoft", "BiasSplitGelu", kAnyVersion, biasSplitGelu},
};
ArrayRef<OpsetRow> ingot::contribFusedRows() { return kRows; }
