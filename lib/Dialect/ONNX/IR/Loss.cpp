//===- Loss.cpp - shape rules of training losses ----------------------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// One loss for each target, or one number.
static LogicalResult inferLoss(Operation *op, Value scores, Value target, Value weights, Value loss, StringRef reduction, ShapeAnalysis &shapes) {
  if (failed(expectRank(op, shapes, scores, 2))) return failure();
  if (shapes.hasRank(scores) && failed(expectRank(op, shapes, target, shapes.rank(scores) - 1, shapes.rank(scores) - 1))) return failure();
  if (shapes.hasRank(scores) && shapes.hasRank(weights) && shapes.rank(weights) == 1 &&
      failed(requireSame(op, shapes, shapes.dim(weights, 0), shapes.dim(scores, 1), "the weights and classes")))
    return failure();
  Type element = shapes.elementType(scores);
  if (!llvm::is_contained({"none", "mean", "sum"}, reduction))
    return op->emitOpError("expected 'reduction' to be none, mean or sum, got '") << reduction << "'";
  if (reduction != "none")
    shapes.set(loss, element, {});
  else if (shapes.hasRank(target))
    shapes.set(loss, element, SmallVector<Dim>(shapes.dims(target)));
  else
    shapes.setUnranked(loss, element);
  return success();
}

LogicalResult NegativeLogLikelihoodLossOp::infer(ShapeAnalysis &shapes) {
  return inferLoss(*this, getInput(), getTarget(), getWeight(), getLoss(), getReduction(), shapes);
}
LogicalResult SoftmaxCrossEntropyLossOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getLogProb(), getScores());
  return inferLoss(*this, getScores(), getLabels(), getWeights(), getOutput(), getReduction(), shapes);
}
