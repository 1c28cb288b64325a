//===- ContribQuantized.cpp - operators on quantised tensors: dequantise, compute, quantise ------------------===//
#include "Chain.h"

using namespace mlir;
using namespace ingot;

/// Operands i, i + 1 and i + 2 as tensor, scale and zero point.
static Value dequantized(Chain &c, unsigned i) {
  return c.op("DequantizeLinear", {c.r.operand(i), c.r.operand(i + 1), c.r.operand(i + 2)}, {}, c.f32);
}
/// Quantised by the scale and zero point in operands i and i + 1, to the element type of operand `like`.
static Value quantized(Chain &c, Value y, unsigned i, unsigned like) {
  return c.op("QuantizeLinear", {y, c.r.operand(i), c.r.operand(i + 1)}, {}, c.ok ? c.elementOf(c.r.operand(like)) : Type());
}

static LogicalResult quantizedBinary(Rewriter &r, StringRef opType) {
  Chain c{r};
  if (failed(c.require({0, 1, 3, 4, 6}))) return failure();
  return c.replace(quantized(c, c.op(opType, {dequantized(c, 0), dequantized(c, 3)}), 6, 0));
}
static LogicalResult qlinearAdd(Rewriter &r) { return quantizedBinary(r, "Add"); }
static LogicalResult qlinearMul(Rewriter &r) { return quantizedBinary(r, "Mul"); }

static LogicalResult qlinearSigmoid(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 3}))) return failure();
  return c.replace(quantized(c, c.op("Sigmoid", dequantized(c, 0)), 3, 0));
}

static LogicalResult qlinearLeakyRelu(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 3}))) return failure();
  NamedAttribute alpha = r.attr("alpha", r.b.getF32FloatAttr(r.takeFloat("alpha", 0.01)));
  return c.replace(quantized(c, c.op("LeakyRelu", dequantized(c, 0), alpha), 3, 0));
}

/// A pool over the spatial dimensions, channels first or last.
static LogicalResult qlinearPool(Rewriter &r, StringRef opType) {
  Chain c{r};
  if (failed(c.require({0, 1, 3}))) return failure();
  bool channelsLast = r.takeInt("channels_last", 0) != 0;
  SmallVector<NamedAttribute> attributes(r.node.attributes.begin(), r.node.attributes.end());
  r.node.attributes.clear();
  FailureOr<int64_t> rank = channelsLast ? c.rankOf(0) : 3;
  if (failed(rank)) return failure();
  SmallVector<int64_t> first = {0, *rank - 1}, last = {0};
  for (int64_t i = 1; i + 1 < *rank; ++i) first.push_back(i), last.push_back(i + 1);
  last.push_back(1);
  Value x = dequantized(c, 0);
  if (channelsLast) x = c.transpose(x, first);
  Value y = c.op(opType, x, attributes);
  if (channelsLast) y = c.transpose(y, last);
  return c.replace(quantized(c, y, 3, 0));
}
static LogicalResult qlinearAveragePool(Rewriter &r) { return qlinearPool(r, "AveragePool"); }
static LogicalResult qlinearGlobalAveragePool(Rewriter &r) { return qlinearPool(r, "GlobalAveragePool"); }

static LogicalResult qlinearConcat(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3, 4}))) return failure();
  if (r.node.operands.size() % 3 != 2) return r.error() << "has " << r.node.operands.size() << " inputs, expected 2 and three for each tensor";
  SmallVector<Value> parts;
  for (unsigned i = 2; i < r.node.operands.size(); i += 3) parts.push_back(dequantized(c, i));
  return c.replace(quantized(c, c.concat(parts, r.takeInt("axis", 0)), 0, 2));
}

static LogicalResult qlinearSoftmax(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 3, 4}))) return failure();
  int64_t axis = r.takeInt("axis", -1), opset = r.takeInt("opset", 13);
  Value x = dequantized(c, 0), y;
  if (opset >= 13) {
    y = c.op("Softmax", x, r.attr("axis", axis));
  } else {
    // Dimensions from `axis` on are one.
    y = c.op("Softmax", c.op("Flatten", x, r.attr("axis", axis)), r.attr("axis", -1));
    y = c.reshape(y, c.shape(x));
  }
  return c.replace(quantized(c, y, 3, 0));
}

static LogicalResult qlinearWhere(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 4, 5, 7}))) return failure();
  return c.replace(quantized(c, c.where(r.operand(0), dequantized(c, 1), dequantized(c, 4)), 7, 1));
}

static LogicalResult qlinearReduceMean(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 3}))) return failure();
  auto axes = r.takeInts("axes");
  bool keepdims = r.takeInt("keepdims", 1) != 0;
  Value x = dequantized(c, 0);
  Value y = c.op("ReduceMean", {x, axes ? c.ints(*axes) : Value()}, r.attr("keepdims", int64_t(keepdims)));
  return c.replace(quantized(c, y, 3, 0));
}

//===---------------------------------- products ----------------------------------===//

/// (a - a_zero)(b - b_zero) in i32, then times both scales as f32.
static Value scaledProduct(Chain &c, Value a, Value aScale, Value aZero, Value b, Value bScale, Value bZero, Value addend = {}) {
  Value product = c.op("MatMulInteger", {a, b, aZero, bZero}, {}, c.i32);
  return c.mul(c.cast(c.add(product, addend), c.f32), c.mul(c.cast(aScale, c.f32), c.cast(bScale, c.f32)));
}

/// alpha a' b' with the addend in units of both scales; quantised where there is a scale for the result
static LogicalResult qGemm(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3, 4, 5}))) return failure();
  double alpha = r.takeFloat("alpha", 1.0);
  Value a = r.operand(0), b = r.operand(3);
  if (r.takeInt("transA", 0)) a = c.transpose(a, {1, 0});
  if (r.takeInt("transB", 0)) b = c.transpose(b, {1, 0});
  Value y = scaledProduct(c, a, r.operand(1), r.operand(2), b, r.operand(4), r.operand(5), r.operand(6));
  if (alpha != 1.0) y = c.mul(y, alpha);
  return c.replace(r.operand(7) ? quantized(c, y, 7, 0) : y);
}

static LogicalResult dynamicQuantizeMatMul(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  Value a = c.op("DynamicQuantizeLinear", r.operand(0), {}, r.b.getIntegerType(8, false));
  return c.replace(c.add(scaledProduct(c, a, c.result(a, 1, c.f32), c.result(a, 2), r.operand(1), r.operand(2), r.operand(3)), r.operand(4)));
}

static LogicalResult matMulIntegerToFloat(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 3}))) return failure();
  Value y = scaledProduct(c, r.operand(0), r.operand(2), r.operand(4), r.operand(1), r.operand(3), r.operand(5));
  return c.replace(c.castLike(c.add(y, r.operand(6) ? c.cast(r.operand(6), c.f32) : Value()), r.operand(2)));
}

/// Weights [directions, columns, rows], one scale for each direction or each of its rows.  Computed in floats: the input is not rounded.
static LogicalResult dynamicQuantizeLSTM(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2, 8, 9, 10, 11}))) return failure();
  auto weights = [&](unsigned i, unsigned scale) {
    auto spread = [&](Value v) { return c.reshape(v, {0, 1, -1}); };
    FailureOr<int64_t> rank = c.rankOf(scale);
    if (failed(rank)) return Value();
    Value s = *rank == 1 ? c.reshape(r.operand(scale), {-1, 1, 1}) : spread(r.operand(scale));
    Value zero = *rank == 1 ? c.reshape(r.operand(scale + 1), {-1, 1, 1}) : spread(r.operand(scale + 1));
    Value w = c.mul(c.sub(c.cast(r.operand(i), c.f32), c.cast(zero, c.f32)), s);
    return c.transpose(w, {0, 2, 1});
  };
  Value w = weights(1, 8), recurrent = weights(2, 10);
  if (!w || !recurrent) return failure();
  SmallVector<NamedAttribute> attributes(r.node.attributes.begin(), r.node.attributes.end());
  r.node.attributes.clear();
  Value y = c.op("LSTM", {r.operand(0), w, recurrent, r.operand(3), r.operand(4), r.operand(5), r.operand(6), r.operand(7)}, attributes);
  return c.replace({y, c.result(y, 1), c.result(y, 2)});
}

/// The same operator exists in ONNX.
static LogicalResult toDefaultDomain(Rewriter &r) {
  r.node.domain = "";
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "QuantizeLinear", kAnyVersion, toDefaultDomain},
    {"com.microsoft", "DequantizeLinear", kAnyVersion, toDefaultDomain},
    {"com.microsoft", "QLinearAdd", kAnyVersion, qlinearAdd},
    {"com.microsoft", "QLinearMul", kAnyVersion, qlinearMul},
    {"com.microsoft", "QLinearSigmoid", kAnyVersion, qlinearSigmoid},
    {"com.microsoft", "QLinearLeakyRelu", kAnyVersion, qlinearLeakyRelu},
    {"com.microsoft", "QLinearAveragePool", kAnyVersion, qlinearAveragePool},
    {"com.microsoft", "QLinearGlobalAveragePool", kAnyVersion, qlinearGlobalAveragePool},
    {"com.microsoft", "QLinearConcat", kAnyVersion, qlinearConcat},
    {"com.microsoft", "QLinearSoftmax", kAnyVersion, qlinearSoftmax},
    {"com.microsoft", "QLinearWhere", kAnyVersion, qlinearWhere},
    {"com.microsoft", "QLinearReduceMean", kAnyVersion, qlinearReduceMean},
    {"com.microsoft", "QGemm", kAnyVersion, qGemm},
    {"com.microsoft", "DynamicQuantizeMatMul", kAnyVersion, dynamicQuantizeMatMul},
    {"com.microsoft", "MatMulIntegerToFloat", kAnyVersion, matMulIntegerToFloat},
    {"com.microsoft", "DynamicQuantizeLSTM", kAnyVersion, dynamicQuantizeLSTM},
};
ArrayRef<OpsetRow> ingot::contribQuantizedRows() { return kRows; }
