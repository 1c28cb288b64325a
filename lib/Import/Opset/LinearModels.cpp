//===- LinearModels.cpp - linear models and support vector machines as products ----------------===//
//
// A support vector machine is two products: kernels of all support vectors, and a constant matrix from kernels to the decisions between pairs
// of classes. Votes are a third, from decisions to classes.
//===-----------------------------------------------------------------------------===//
#include "Scores.h"

#include <cmath>

using namespace mlir;
using namespace ingot;

static Value matrix(Rewriter &r, ArrayRef<float> values, int64_t rows, int64_t columns) {
  return r.emitter.constant(r.node.loc, DenseElementsAttr::get(RankedTensorType::get({rows, columns}, r.b.getF32Type()), values));
}

// X as a matrix of floats; a vector is one row.
static Value rowsOf(Chain &c) {
  Value x = c.cast(c.r.operand(0), c.f32);
  return c.r.emitter.rank(c.r.operand(0)) == 1 ? c.unsqueeze(x, {0}) : x;
}

static Value timesTransposed(Chain &c, Value x, Value w, Value bias = {}) {
  return c.op("Gemm", {x, w, bias}, c.r.attr("transB", 1));
}

// X coefficients' + intercepts, with a row of coefficients for each target
static FailureOr<Value> linearScores(Chain &c, int64_t targets) {
  Rewriter &r = c.r;
  auto coefficients = r.takeFloats("coefficients"), intercepts = r.takeFloats("intercepts");
  if (!coefficients || coefficients->empty() || targets < 1 || coefficients->size() % targets != 0)
    return r.error() << "'coefficients' has " << (coefficients ? coefficients->size() : 0) << " values, expected a row for each of " << targets << " targets";
  bool shifted = intercepts && !intercepts->empty();
  if (shifted && (int64_t)intercepts->size() != targets)
    return r.error() << "'intercepts' has " << intercepts->size() << " values, expected " << targets;
  Value weights = matrix(r, *coefficients, targets, coefficients->size() / targets);
  return timesTransposed(c, rowsOf(c), weights, shifted ? r.floats(*intercepts) : Value());
}

static LogicalResult linearRegressor(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  if (failed(transform) || failed(c.require({0}))) return failure();
  FailureOr<Value> scores = linearScores(c, r.takeInt("targets", 1));
  return failed(scores) ? failure() : c.replace(postTransform(c, *scores, *transform));
}

static LogicalResult linearClassifier(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  Value labels = failed(transform) ? Value() : takeLabels(r, "classlabels_ints", "classlabels_strings");
  if (!labels || failed(c.require({0}))) return failure();
  // One against the rest or all at once: the scores are the same.
  r.takeInt("multi_class", 0);
  int64_t classes = cast<RankedTensorType>(labels.getType()).getDimSize(0);
  auto intercepts = dyn_cast_if_present<DenseF32ArrayAttr>(r.node.attributes.get("intercepts"));
  int64_t targets = intercepts && !intercepts.empty() ? intercepts.size() : classes;
  FailureOr<Value> scores = linearScores(c, targets);
  if (failed(scores)) return failure();
  if (targets != classes && !(targets == 1 && classes == 2))
    return r.error() << "has " << targets << " scores for " << classes << " labels; expected as many, or one score for two labels";
  if (targets == classes) return replaceLargest(c, *scores, labels, *transform);
  // One score for two labels: its sign decides, and what it becomes is the share of the second.
  Value second = c.squeeze(c.cast(c.compare("Greater", *scores, 0.0), c.i64), {1}), share = postTransform(c, *scores, *transform);
  return c.replace({c.gather(labels, second, 0), c.concat({c.sub(c.like(share, 1), share), share}, 1)});
}

// Kernels of all rows with all vectors: x s', (gamma x s' + c)^d, tanh(gamma x s' + c), exp(-gamma |x - s|^2).
static FailureOr<Value> kernels(Chain &c, Value x, ArrayRef<float> vectors, int64_t count) {
  Rewriter &r = c.r;
  std::string type = r.takeString("kernel_type", "LINEAR");
  SmallVector<float> parameters = r.takeFloats("kernel_params").value_or(SmallVector<float>());
  parameters.resize(3);
  double gamma = parameters[0], constant = parameters[1], degree = parameters[2];
  int64_t features = vectors.size() / count;
  Value support = matrix(r, vectors, count, features), product = timesTransposed(c, x, support);
  auto affine = [&] { return c.add(c.mul(product, gamma), constant); };
  if (type == "LINEAR") return product;
  if (type == "POLY") {
    Value base = affine();
    return c.op("Pow", {base, c.like(base, degree)});
  }
  if (type == "SIGMOID") return c.op("Tanh", affine());
  if (type != "RBF") return r.error() << "attribute 'kernel_type' is '" << type << "'; expected LINEAR, POLY, RBF or SIGMOID";
  SmallVector<float> squares(count);
  for (int64_t i = 0; i < count; ++i)
    for (float v : vectors.slice(i * features, features)) squares[i] += v * v;
  Value distance = c.sub(c.add(c.reduce("ReduceSumSquare", x, -1), r.floats(squares)), c.mul(product, 2));
  return c.op("Exp", c.mul(c.op("Max", {distance, c.like(distance, 0)}), -gamma));
}

static LogicalResult svmRegressor(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  if (failed(transform) || failed(c.require({0}))) return failure();
  auto coefficients = r.takeFloats("coefficients"), rho = r.takeFloats("rho"), vectors = r.takeFloats("support_vectors");
  int64_t count = r.takeInt("n_supports", 0);
  bool oneClass = r.takeInt("one_class", 0) != 0;
  if (!coefficients || coefficients->empty() || !rho || rho->empty()) return r.error() << "expected the attributes 'coefficients' and 'rho'";
  Value x = rowsOf(c), scores;
  if (count > 0) {
    if (!vectors || vectors->size() % count != 0 || vectors->empty() || (int64_t)coefficients->size() != count)
      return r.error() << "has " << (vectors ? vectors->size() : 0) << " 'support_vectors' and " << coefficients->size()
                       << " 'coefficients', expected " << count << " vectors and coefficients ('n_supports')";
    FailureOr<Value> k = kernels(c, x, *vectors, count);
    if (failed(k)) return failure();
    scores = timesTransposed(c, *k, matrix(r, *coefficients, 1, count), r.floats(rho->front()));
  } else {
    // Without support vectors the coefficients are those of a plane.
    r.node.attributes.erase("kernel_type"), r.node.attributes.erase("kernel_params");
    scores = timesTransposed(c, x, matrix(r, *coefficients, 1, coefficients->size()), r.floats(rho->front()));
  }
  if (oneClass) scores = c.where(c.compare("Greater", scores, 0.0), c.like(scores, 1), c.like(scores, -1));
  return c.replace(postTransform(c, scores, *transform));
}

namespace {
/// Decisions between pairs of classes: which coefficients count, and who gets the vote.
struct Pairs {
  SmallVector<float> fromKernels, toFirst, toSecond; // [vectors, pairs], [pairs, classes] twice
  int64_t count = 0;
};
} // namespace

/// Coefficients are [classes - 1, vectors]: against class j, those of class i are in row j - 1 if i < j, else in row j.
static Pairs pairsOf(ArrayRef<float> coefficients, ArrayRef<int64_t> perClass, int64_t vectors) {
  Pairs p;
  int64_t classes = perClass.size();
  SmallVector<int64_t> begin(classes + 1);
  for (int64_t i = 0; i < classes; ++i) begin[i + 1] = begin[i] + perClass[i];
  p.count = classes * (classes - 1) / 2;
  p.fromKernels.resize(vectors * p.count);
  p.toFirst.resize(p.count * classes);
  p.toSecond.resize(p.count * classes);
  int64_t pair = 0;
  for (int64_t i = 0; i < classes; ++i)
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      for (int64_t v = begin[i]; v < begin[i + 1]; ++v) p.fromKernels[v * p.count + pair] = coefficients[(j - 1) * vectors + v];
      for (int64_t v = begin[j]; v < begin[j + 1]; ++v) p.fromKernels[v * p.count + pair] = coefficients[i * vectors + v];
      p.toFirst[pair * classes + i] = 1;
      p.toSecond[pair * classes + j] = 1;
    }
  return p;
}

static LogicalResult svmClassifier(Rewriter &r) {
  Chain c{r};
  FailureOr<std::string> transform = takePostTransform(r);
  Value labels = failed(transform) ? Value() : takeLabels(r, "classlabels_ints", "classlabels_strings");
  if (!labels || failed(c.require({0}))) return failure();
  int64_t classes = cast<RankedTensorType>(labels.getType()).getDimSize(0);
  auto coefficients = r.takeFloats("coefficients"), rho = r.takeFloats("rho"), vectors = r.takeFloats("support_vectors");
  auto probA = r.takeFloats("prob_a"), probB = r.takeFloats("prob_b");
  auto perClass = r.takeInts("vectors_per_class");
  if (!coefficients || coefficients->empty() || !rho || rho->empty()) return r.error() << "expected the attributes 'coefficients' and 'rho'";
  int64_t count = 0;
  for (int64_t n : perClass.value_or(SmallVector<int64_t>())) count += n < 0 ? 0 : n;
  Value x = rowsOf(c);
  if (count == 0) {
    if (coefficients->size() % classes) return r.error() << "'coefficients' has " << coefficients->size() << " values, expected a row for each of " << classes << " classes";
    r.node.attributes.erase("kernel_type"), r.node.attributes.erase("kernel_params");
    Value scores = c.add(timesTransposed(c, x, matrix(r, *coefficients, classes, coefficients->size() / classes)), rho->front());
    return replaceLargest(c, scores, labels, *transform);
  }
  int64_t pairCount = classes * (classes - 1) / 2;
  if (classes < 2 || (int64_t)perClass->size() != classes || !vectors || vectors->empty() || vectors->size() % count ||
      (int64_t)coefficients->size() != (classes - 1) * count || (int64_t)rho->size() < pairCount)
    return r.error() << "the attributes do not fit: expected 'vectors_per_class' for " << classes << " classes, " << count << " 'support_vectors', "
                     << (classes - 1) * count << " 'coefficients' and " << pairCount << " numbers in 'rho'";
  FailureOr<Value> k = kernels(c, x, *vectors, count);
  if (failed(k)) return failure();
  Pairs pairs = pairsOf(*coefficients, *perClass, count);
  Value decisions = c.add(c.matMul(*k, matrix(r, pairs.fromKernels, count, pairs.count)), r.floats(ArrayRef(*rho).take_front(pairCount)));
  Value first = c.cast(c.compare("Greater", decisions, 0.0), c.f32);
  Value votes = c.add(c.matMul(first, matrix(r, pairs.toFirst, pairs.count, classes)),
                      c.matMul(c.sub(c.like(first, 1), first), matrix(r, pairs.toSecond, pairs.count, classes)));
  NamedAttribute argMax[] = {r.attr("axis", 1), r.attr("keepdims", int64_t(0))};
  Value label = c.gather(labels, c.op("ArgMax", votes, argMax, c.i64), 0);
  if (probA && !probA->empty()) {
    if (!probB || (int64_t)probA->size() != pairCount || (int64_t)probB->size() != pairCount)
      return r.error() << "'prob_a' has " << probA->size() << " numbers and 'prob_b' " << (probB ? probB->size() : 0) << ", expected " << pairCount << " of each";
    // Platt's sigmoid for each pair, kept off 0 and 1.
    Value p = c.op("Sigmoid", c.op("Neg", c.add(c.mul(decisions, r.floats(*probA)), r.floats(*probB))));
    p = c.op("Clip", {p, c.like(p, 1e-7), c.like(p, 1 - 1e-7)});
    return c.replace({label, postTransform(c, coupleProbabilities(c, p, classes), *transform)});
  }
  if (classes == 2) decisions = c.concat({c.op("Neg", decisions), decisions}, 1);
  return c.replace({label, postTransform(c, decisions, *transform)});
}

static constexpr OpsetRow kRows[] = {
    {"ai.onnx.ml", "LinearRegressor", kAnyVersion, linearRegressor},
    {"ai.onnx.ml", "LinearClassifier", kAnyVersion, linearClassifier},
    {"ai.onnx.ml", "SVMRegressor", kAnyVersion, svmRegressor},
    {"ai.onnx.ml", "SVMClassifier", kAnyVersion, svmClassifier},
};
ArrayRef<OpsetRow> ingot::linearModelRows() { return kRows; }
