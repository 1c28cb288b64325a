//===- Reduction.cpp - the shape rule of reductions ------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// The dimensions that remain after `axes` were reduced.
static SmallVector<Dim> reducedDims(ArrayRef<Dim> dims, ArrayRef<int64_t> axes, bool keepdims, ShapeAnalysis &shapes) {
  SmallVector<Dim> kept;
  for (auto [i, d] : llvm::enumerate(dims)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      kept.push_back(d);
    else if (keepdims)
      kept.push_back(shapes.constant(1));
  }
  return kept;
}

/// Sums and products of sizes.
static void reduceContents(Operation *op, ShapeAnalysis &shapes) {
  auto contents = shapes.contents(op->getOperand(0));
  auto n = shapes.length(op->getResult(0));
  if (!contents || contents->empty() || n != 1 || shapes.rank(op->getOperand(0)) != 1) return;
  if (llvm::is_contained(*contents, Dim())) return;
  Dim acc = shapes.constant(isa<ReduceProdOp>(op) ? 1 : 0);
  for (Dim d : *contents) acc = isa<ReduceProdOp>(op) ? acc * d : acc + d;
  if (isa<ReduceProdOp, ReduceSumOp>(op) || (contents->size() == 1 && isa<ReduceMaxOp, ReduceMinOp>(op)))
    shapes.setContents(op->getResult(0), {acc});
}

LogicalResult ingot::onnx::inferReduction(Operation *op, ShapeAnalysis &shapes) {
  Value data = op->getOperand(0), axesOperand = op->getOperand(1), result = op->getResult(0);
  Type element = shapes.elementType(data);
  auto flag = [&](StringRef name, bool otherwise) {
    auto attribute = op->getAttrOfType<IntegerAttr>(name);
    return attribute ? attribute.getInt() != 0 : otherwise;
  };
  bool keepdims = flag("keepdims", true);
  std::optional<int64_t> numAxes = isPresent(axesOperand) ? shapes.length(axesOperand) : std::optional<int64_t>(0);
  if (!shapes.hasRank(data)) {
    if (!keepdims && numAxes == 0 && !flag("noop_with_empty_axes", false))
      shapes.set(result, element, {});
    else
      shapes.setUnranked(result, element);
    return success();
  }
  ArrayRef<Dim> dims = shapes.dims(data);
  if (numAxes == 0) {
    if (flag("noop_with_empty_axes", false)) {
      shapes.setLike(result, data);
      return success();
    }
    shapes.set(result, element, reducedDims(dims, llvm::to_vector(llvm::seq<int64_t>(0, dims.size())), keepdims, shapes));
  } else if (auto given = shapes.constantContents(axesOperand)) {
    FailureOr<SmallVector<int64_t>> axes = axesOf(op, *given, dims.size());
    if (failed(axes)) return failure();
    shapes.set(result, element, reducedDims(dims, *axes, keepdims, shapes));
  } else if (keepdims) {
    shapes.set(result, element, SmallVector<Dim>(dims.size()));
  } else if (numAxes && *numAxes <= static_cast<int64_t>(dims.size())) {
    shapes.set(result, element, SmallVector<Dim>(dims.size() - *numAxes));
  } else {
    shapes.setUnranked(result, element);
  }
  reduceContents(op, shapes);
  return success();
}

template <class OpT> static LogicalResult inferArg(OpT op, ShapeAnalysis &shapes) {
  Type i64 = IntegerType::get(op.getContext(), 64);
  if (!shapes.hasRank(op.getData())) {
    shapes.setUnranked(op.getReduced(), i64);
    return success();
  }
  FailureOr<int64_t> axis = axisOf(op, op.getAxis(), shapes.rank(op.getData()));
  if (failed(axis)) return failure();
  shapes.set(op.getReduced(), i64, reducedDims(shapes.dims(op.getData()), {*axis}, op.getKeepdims() != 0, shapes));
  return success();
}
LogicalResult ArgMaxOp::infer(ShapeAnalysis &shapes) { return inferArg(*this, shapes); }
LogicalResult ArgMinOp::infer(ShapeAnalysis &shapes) { return inferArg(*this, shapes); }
