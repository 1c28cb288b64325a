//===- Text.cpp - shape rules of strings and n-grams ----------------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

LogicalResult StringConcatOp::infer(ShapeAnalysis &shapes) { return inferElementwise(*this, shapes, 0); }

LogicalResult RegexFullMatchOp::infer(ShapeAnalysis &shapes) { return inferElementwise(*this, shapes, -1); }

LogicalResult StringSplitOp::infer(ShapeAnalysis &shapes) {
  Type string = shapes.elementType(getX()), i64 = IntegerType::get(getContext(), 64);
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getY(), string);
    shapes.setUnranked(getZ(), i64);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()));
  shapes.set(getZ(), i64, dims);
  // As many columns as the string with the most parts.
  dims.push_back({});
  shapes.set(getY(), string, dims);
  return success();
}

LogicalResult StringNormalizerOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 1, 2))) return failure();
  Type string = shapes.elementType(getX());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getY(), string);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()));
  if (getStopwords() && !getStopwords()->empty()) dims.back() = {};
  shapes.set(getY(), string, dims);
  return success();
}

LogicalResult TfIdfVectorizerOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 1, 2))) return failure();
  int64_t columns = 0;
  for (int64_t index : getNgramIndexes()) {
    if (index < 0 || index >= INT32_MAX) return emitOpError("expected indices of 0 or more in 'ngram_indexes', got ") << index;
    columns = std::max(columns, index + 1);
  }
  Type f32 = Float32Type::get(getContext());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getY(), f32);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()).drop_back());
  dims.push_back(shapes.constant(columns));
  shapes.set(getY(), f32, dims);
  return success();
}

LogicalResult MsMurmurHash3Op::infer(ShapeAnalysis &shapes) {
  Type element = IntegerType::get(getContext(), 32, getPositive() ? IntegerType::Unsigned : IntegerType::Signless);
  if (!shapes.hasRank(getX())) shapes.setUnranked(getY(), element);
  else shapes.set(getY(), element, shapes.dims(getX()));
  return success();
}

LogicalResult MsTokenizerOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 1, 2))) return failure();
  Type string = shapes.elementType(getX());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getY(), string);
    return success();
  }
  // One row of tokens for each string, filled up to the longest.
  SmallVector<Dim> dims(shapes.dims(getX()));
  dims.push_back({});
  shapes.set(getY(), string, dims);
  return success();
}
