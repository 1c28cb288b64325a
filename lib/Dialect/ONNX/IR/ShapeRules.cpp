//===- ShapeRules.cpp - checks and small steps that the shape rules share ------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

FailureOr<int64_t> ingot::onnx::axisOf(Operation *op, int64_t axis, int64_t rank, bool inclusive) {
  int64_t end = inclusive ? rank + 1 : rank;
  if (axis < -rank || axis >= end)
    return op->emitOpError("expected an axis from ") << -rank << " to " << end - 1 << " for an operand of rank " << rank << ", got " << axis;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> ingot::onnx::axesOf(Operation *op, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> a = axisOf(op, axis, rank);
    if (failed(a)) return failure();
    if (llvm::is_contained(result, *a)) return op->emitOpError("expected each axis once, got ") << axis << " again";
    result.push_back(*a);
  }
  return result;
}

LogicalResult ingot::onnx::expectRank(Operation *op, ShapeAnalysis &shapes, Value v, int64_t least, int64_t most) {
  if (!shapes.hasRank(v)) return success();
  int64_t rank = shapes.rank(v);
  if (rank >= least && rank <= most) return success();
  auto error = op->emitOpError("expected an operand of rank ") << least;
  if (most != least) most == INT64_MAX ? error << " or more" : error << " to " << most;
  return error << ", got " << shapes.str(shapes.dims(v));
}

Dim ingot::onnx::sameDim(Operation *op, Dim a, Dim b, StringRef what) {
  auto ca = ShapeAnalysis::asConstant(a), cb = ShapeAnalysis::asConstant(b);
  if (ca && cb && *ca != *cb) {
    op->emitOpError("expected equal sizes of ") << what << ", got " << *ca << " and " << *cb;
    return {};
  }
  return cb && !ca ? b : a;
}

LogicalResult ingot::onnx::requireSame(Operation *op, ShapeAnalysis &shapes, Dim a, Dim b, StringRef what) {
  if (!a || !b) return success();
  if (!sameDim(op, a, b, what)) return failure();
  shapes.require(op, a, b, what);
  return success();
}

FailureOr<SmallVector<Dim>> ingot::onnx::broadcastDims(Operation *op, ShapeAnalysis &shapes, ArrayRef<Dim> a, ArrayRef<Dim> b, Value result) {
  if (a.size() < b.size()) std::swap(a, b);
  SmallVector<Dim> out(a);
  size_t lead = a.size() - b.size();
  for (auto [i, d] : llvm::enumerate(b)) {
    out[lead + i] = shapes.broadcast(op, out[lead + i], d, result, lead + i);
    if (!out[lead + i]) return failure();
  }
  return out;
}
