//===- Recurrent.cpp - shape rules of recurrent networks ---------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// X is [steps, batch, features], Y [steps, directions, batch, hidden] and the last states [directions, batch, hidden]; with layout 1
/// the batch comes first in all.
template <class OpT> static LogicalResult inferRecurrent(OpT op, ShapeAnalysis &shapes) {
  Value x = op.getX(), r = op.getR();
  if (failed(expectRank(op, shapes, x, 3, 3)) || failed(expectRank(op, shapes, op.getW(), 3, 3)) || failed(expectRank(op, shapes, r, 3, 3)))
    return failure();
  if (!llvm::is_contained({"forward", "reverse", "bidirectional"}, op.getDirection()))
    return op.emitOpError("expected 'direction' to be forward, reverse or bidirectional, got '") << op.getDirection() << "'";
  Dim steps, batch, hidden, directions = shapes.constant(op.getDirection() == "bidirectional" ? 2 : 1);
  bool batchFirst = op.getLayout() != 0;
  if (shapes.hasRank(x)) {
    steps = shapes.dim(x, batchFirst ? 1 : 0);
    batch = shapes.dim(x, batchFirst ? 0 : 1);
  }
  auto same = [&](Dim a, Dim b, StringRef what) { return requireSame(op, shapes, a, b, what); };
  if (shapes.hasRank(r)) {
    hidden = shapes.dim(r, 2);
    if (failed(same(directions, shapes.dim(r, 0), "the directions of 'direction' and R"))) return failure();
  }
  if (op.getHiddenSize()) {
    Dim given = shapes.constant(*op.getHiddenSize());
    if (failed(same(hidden, given, "'hidden_size' and R"))) return failure();
    hidden = given;
  }
  int64_t gates = isa<LSTMOp>(op) ? 4 : isa<GRUOp>(op) ? 3 : 1;
  if (hidden && shapes.hasRank(r) && failed(same(shapes.dim(r, 1), hidden * gates, "R and the gates of 'hidden_size'"))) return failure();
  if (Value w = op.getW(); shapes.hasRank(w)) {
    if (hidden && failed(same(shapes.dim(w, 1), hidden * gates, "W and the gates of 'hidden_size'"))) return failure();
    if (failed(same(directions, shapes.dim(w, 0), "the directions of 'direction' and W"))) return failure();
    if (shapes.hasRank(x) && failed(same(shapes.dim(x, 2), shapes.dim(w, 2), "the features of X and W"))) return failure();
  }
  if (shapes.hasRank(op.getB()) && shapes.rank(op.getB()) == 2 && hidden)
    if (failed(same(shapes.dim(op.getB(), 0), directions, "the directions of 'direction' and B")) ||
        failed(same(shapes.dim(op.getB(), 1), hidden * (2 * gates), "B and twice the gates of 'hidden_size'")))
      return failure();
  if (shapes.hasRank(op.getSequenceLens()) && shapes.rank(op.getSequenceLens()) == 1 &&
      failed(same(shapes.dim(op.getSequenceLens(), 0), batch, "the batches of X and 'sequence_lens'")))
    return failure();
  SmallVector<Value> states = {op.getInitialH()};
  if constexpr (std::is_same_v<OpT, LSTMOp>) {
    states.push_back(op.getInitialC());
    if (shapes.hasRank(op.getP()) && shapes.rank(op.getP()) == 2 && hidden &&
        (failed(same(shapes.dim(op.getP(), 0), directions, "the directions of 'direction' and P")) ||
         failed(same(shapes.dim(op.getP(), 1), hidden * 3, "P and the peepholes of 'hidden_size'"))))
      return failure();
  }
  for (Value state : states)
    if (shapes.hasRank(state) && shapes.rank(state) == 3 &&
        (failed(same(shapes.dim(state, batchFirst ? 1 : 0), directions, "the directions of 'direction' and an initial state")) ||
         failed(same(shapes.dim(state, batchFirst ? 0 : 1), batch, "the batches of X and an initial state")) ||
         failed(same(shapes.dim(state, 2), hidden, "'hidden_size' and an initial state"))))
      return failure();
  Type element = shapes.elementType(x);
  SmallVector<Dim> all{steps, directions, batch, hidden}, last{directions, batch, hidden};
  if (batchFirst) {
    all = {batch, steps, directions, hidden};
    last = {batch, directions, hidden};
  }
  shapes.set(op.getY(), element, all);
  for (Value state : op->getResults().drop_front()) shapes.set(state, element, last);
  return success();
}

LogicalResult RNNOp::infer(ShapeAnalysis &shapes) { return inferRecurrent(*this, shapes); }
LogicalResult GRUOp::infer(ShapeAnalysis &shapes) { return inferRecurrent(*this, shapes); }
LogicalResult LSTMOp::infer(ShapeAnalysis &shapes) { return inferRecurrent(*this, shapes); }
