//===- ML.cpp - features of ai.onnx.ml as operators of the default domain --------------------===//
#include "Chain.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include <cmath>

using namespace mlir;
using namespace ingot;

// The last dimension by positions; a vector is one row of the result.
static LogicalResult arrayFeatureExtractor(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1}))) return failure();
  Value picked = c.gather(r.operand(0), c.reshape(r.operand(1), {-1}), -1);
  auto rank = r.emitter.rank(r.operand(0));
  if (rank == 1) picked = c.unsqueeze(picked, {0});
  // A shape of two ones adds what is missing, and nothing to what has two dimensions or more.
  if (!rank) picked = c.op("Expand", {picked, c.ints({1, 1})});
  return c.replace(picked);
}

// x > threshold ? 1 : 0
static LogicalResult binarizer(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  Value x = r.operand(0);
  double threshold = r.takeFloat("threshold", 0.0);
  Value compared = isa<FloatType>(c.elementOf(x)) ? x : c.cast(x, c.f32);
  return c.replace(c.castLike(c.compare("Greater", compared, threshold), x));
}

// Operands side by side as floats, each cut or filled with zeros to its number of columns.
static LogicalResult featureVectorizer(Rewriter &r) {
  Chain c{r};
  auto widths = r.takeInts("inputdimensions");
  if (widths && widths->size() != r.node.operands.size())
    return r.error() << "'inputdimensions' has " << widths->size() << " numbers, expected one for each of the " << r.node.operands.size() << " inputs";
  SmallVector<Value> parts;
  for (unsigned i = 0; i < r.node.operands.size(); ++i) {
    if (failed(c.require({i}))) return failure();
    FailureOr<int64_t> rank = c.rankOf(i);
    if (failed(rank)) return failure();
    Value part = c.cast(r.operand(i), c.f32);
    if (*rank == 1) part = c.unsqueeze(part, {0});
    if (*rank > 2) part = c.reshape(part, {0, -1});
    if (widths) {
      int64_t width = (*widths)[i];
      if (width < 0) return r.error() << "'inputdimensions' has " << width << ", expected numbers of 0 or more";
      part = c.slice(c.op("Pad", {part, c.ints({0, 0, 0, width})}), 0, width, 1);
    }
    parts.push_back(part);
  }
  return c.replace(c.concat(parts, 1));
}

// Values equal to the one replaced (NaN is equal to NaN) become those imputed, one or one per column.
static LogicalResult imputer(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  Value x = r.operand(0), imputed, missing;
  auto floats = r.takeFloats("imputed_value_floats");
  auto integers = r.takeInts("imputed_value_int64s");
  double replacedFloat = r.takeFloat("replaced_value_float", 0.0);
  int64_t replacedInt = r.takeInt("replaced_value_int64", 0);
  bool isFloat = isa<FloatType>(c.elementOf(x));
  if (isFloat ? !floats : !integers)
    return r.error() << "expected the attribute '" << (isFloat ? "imputed_value_floats" : "imputed_value_int64s") << "' for its element type";
  imputed = c.castLike(isFloat ? r.floats(*floats) : r.ints(*integers), x);
  if (isFloat && std::isnan(replacedFloat)) missing = c.op("IsNaN", x, {}, c.i1);
  else missing = c.compare("Equal", x, isFloat ? replacedFloat : double(replacedInt));
  return c.replace(c.where(missing, imputed, x));
}

// x over the largest, the sum of the absolute values or the root of the sum of squares of its row; rows of zeros stay.
static LogicalResult normalizer(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  std::string norm = r.takeString("norm", "MAX");
  Value x = c.cast(r.operand(0), c.f32), size;
  if (norm == "MAX") size = c.reduce("ReduceMax", x, -1);
  else if (norm == "L1") size = c.reduce("ReduceL1", x, -1);
  else if (norm == "L2") size = c.reduce("ReduceL2", x, -1);
  else return r.error() << "attribute 'norm' is '" << norm << "'; expected MAX, L1 or L2";
  Value divisor = c.where(c.compare("Equal", size, 0.0), c.like(size, 1), size);
  return c.replace(c.div(x, divisor));
}

// 1 at the position of the category, in a dimension of its own.
static LogicalResult oneHotEncoder(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0})) || failed(c.requireInt("zeros", 1))) return failure();
  Value x = r.operand(0), categories;
  auto strings = dyn_cast_if_present<ArrayAttr>(r.node.attributes.erase("cats_strings"));
  auto integers = r.takeInts("cats_int64s");
  bool isString = isa<onnx::StringType>(c.elementOf(x));
  if (isString ? !strings || strings.empty() : !integers || integers->empty())
    return r.error() << "expected the attribute '" << (isString ? "cats_strings" : "cats_int64s") << "' for its element type";
  if (isString) {
    auto texts = llvm::map_to_vector(strings.getAsRange<StringAttr>(), [](StringAttr s) { return s.getValue(); });
    categories = r.emitter.constant(r.node.loc, DenseElementsAttr::get(RankedTensorType::get(texts.size(), c.elementOf(x)), ArrayRef<StringRef>(texts)));
  } else {
    categories = r.ints(*integers);
    x = c.cast(x, c.i64);
  }
  return c.replace(c.cast(c.compare("Equal", c.unsqueeze(x, {-1}), categories), c.f32));
}

// (x - offset) * scale, one of each or one per column
static LogicalResult scaler(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0}))) return failure();
  Value x = c.cast(r.operand(0), c.f32);
  auto offset = r.takeFloats("offset"), scale = r.takeFloats("scale");
  if (offset && !offset->empty()) x = c.sub(x, r.floats(*offset));
  if (scale && !scale->empty()) x = c.mul(x, r.floats(*scale));
  return c.replace(x);
}

static constexpr OpsetRow kRows[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", kAnyVersion, arrayFeatureExtractor},
    {"ai.onnx.ml", "Binarizer", kAnyVersion, binarizer},
    {"ai.onnx.ml", "FeatureVectorizer", kAnyVersion, featureVectorizer},
    {"ai.onnx.ml", "Imputer", kAnyVersion, imputer},
    {"ai.onnx.ml", "Normalizer", kAnyVersion, normalizer},
    {"ai.onnx.ml", "OneHotEncoder", kAnyVersion, oneHotEncoder},
    {"ai.onnx.ml", "Scaler", kAnyVersion, scaler},
};
ArrayRef<OpsetRow> ingot::mlRows() { return kRows; }
