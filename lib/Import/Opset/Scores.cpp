//===- Scores.cpp - from scores of classes to labels ------------------------------------------===//
#include "Scores.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include <limits>

using namespace mlir;
using namespace ingot;

FailureOr<std::string> ingot::takePostTransform(Rewriter &r) {
  std::string transform = r.takeString("post_transform", "NONE");
  if (llvm::is_contained({"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"}, StringRef(transform))) return transform;
  return r.error() << "attribute 'post_transform' is '" << transform << "'; expected NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT";
}

// sqrt(2) erfinv(2 p - 1), with Winitzki's approximation of erfinv and the constants that ONNX Runtime has.
static Value probit(Chain &c, Value p) {
  Value x = c.sub(c.mul(p, 2), 1);
  Value log = c.op("Log", c.mul(c.sub(c.like(x, 1), x), c.add(x, 1.0)));
  Value v = c.add(c.mul(log, 0.5), 2 / (3.14159 * 0.147));
  Value v2 = c.mul(log, 1 / 0.147);
  Value v3 = c.sub(c.op("Sqrt", c.sub(c.mul(v, v), v2)), v);
  Value root = c.op("Sqrt", v3);
  return c.mul(c.where(c.compare("Less", x, 0.0), c.op("Neg", root), root), 1.41421356);
}

// exp(x - max) over its sum, but values of 0 are scaled by exp(-max) and do not count.
static Value softmaxZero(Chain &c, Value x) {
  Value largest = c.reduce("ReduceMax", x, -1);
  Value counts = c.compare("Greater", c.op("Abs", x), 1e-7);
  Value e = c.op("Exp", c.sub(x, largest));
  Value sum = c.reduce("ReduceSum", c.where(counts, e, c.like(e, 0)), -1);
  return c.div(c.where(counts, e, c.mul(x, c.op("Exp", c.op("Neg", largest)))), sum);
}

Value ingot::postTransform(Chain &c, Value scores, StringRef transform) {
  if (transform == "LOGISTIC") return c.op("Sigmoid", scores);
  if (transform == "SOFTMAX") return c.op("Softmax", scores, c.r.attr("axis", -1));
  if (transform == "SOFTMAX_ZERO") return softmaxZero(c, scores);
  if (transform == "PROBIT") return probit(c, scores);
  return scores;
}

Value ingot::takeLabels(Rewriter &r, StringRef integers, StringRef strings) {
  auto numbers = r.takeInts(integers);
  auto texts = dyn_cast_if_present<ArrayAttr>(r.node.attributes.erase(strings));
  bool hasNumbers = numbers && !numbers->empty(), hasTexts = texts && !texts.empty();
  if (hasNumbers == hasTexts) {
    r.error() << "expected either '" << integers << "' or '" << strings << "'";
    return {};
  }
  if (hasNumbers) return r.ints(*numbers);
  auto all = llvm::map_to_vector(texts.getAsRange<StringAttr>(), [](StringAttr s) { return s.getValue(); });
  auto type = RankedTensorType::get(all.size(), onnx::StringType::get(r.b.getContext()));
  return r.emitter.constant(r.node.loc, DenseElementsAttr::get(type, ArrayRef<StringRef>(all)));
}

LogicalResult ingot::replaceBinary(Chain &c, Value score, Value labels, BinaryScore kind, StringRef transform) {
  double middle = kind == BinaryScore::Probability ? 0.5 : 0.0;
  Value second = c.squeeze(c.cast(c.compare("Greater", score, middle), c.i64), {1});
  Value label = c.gather(labels, second, 0), first;
  if (kind == BinaryScore::Probability) {
    first = c.sub(c.like(score, 1), score);
  } else {
    first = c.op("Neg", score);
    if (transform == "LOGISTIC") {
      first = c.op("Sigmoid", first);
      score = c.op("Sigmoid", score);
    }
  }
  return c.replace({label, c.concat({first, score}, 1)});
}

LogicalResult ingot::replaceLargest(Chain &c, Value scores, Value labels, StringRef transform, ArrayRef<bool> never) {
  NamedAttribute attributes[] = {c.r.attr("axis", 1), c.r.attr("keepdims", int64_t(0))};
  Value candidates = scores;
  if (llvm::is_contained(never, true)) {
    SmallVector<float> handicaps;
    for (bool n : never) handicaps.push_back(n ? -std::numeric_limits<float>::infinity() : 0.0f);
    candidates = c.add(scores, c.r.floats(handicaps));
  }
  Value best = c.op("ArgMax", candidates, attributes, c.i64);
  return c.replace({c.gather(labels, best, 0), postTransform(c, scores, transform)});
}
