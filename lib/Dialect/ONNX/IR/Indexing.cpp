//===- Indexing.cpp - shape rules of operators that select or place elements -----------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

static Type i64(Operation *op) { return IntegerType::get(op->getContext(), 64); }

LogicalResult GatherOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData()) || !shapes.hasRank(getIndices())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  ArrayRef<Dim> data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), data.size());
  if (failed(axis)) return failure();
  SmallVector<Dim> dims(data.take_front(*axis));
  dims.append(indices.begin(), indices.end());
  dims.append(data.begin() + *axis + 1, data.end());
  shapes.set(getOutput(), element, dims);

  auto contents = shapes.contents(getData());
  auto positions = shapes.constantContents(getIndices());
  if (!contents || !positions || data.size() != 1) return success();
  SmallVector<Dim> picked;
  for (int64_t p : *positions) {
    int64_t size = contents->size(), at = p < 0 ? p + size : p;
    if (at < 0 || at >= size) return emitOpError("expected indices from ") << -size << " to " << size - 1 << ", got " << p;
    picked.push_back((*contents)[at]);
  }
  shapes.setContents(getOutput(), picked);
  return success();
}

LogicalResult GatherElementsOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getIndices())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  int64_t rank = shapes.rank(getIndices());
  if (failed(expectRank(*this, shapes, getData(), rank, rank)) || failed(axisOf(*this, getAxis(), rank))) return failure();
  shapes.set(getOutput(), element, shapes.dims(getIndices()));
  return success();
}

LogicalResult GatherNDOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getData());
  if (!shapes.hasRank(getData()) || !shapes.hasRank(getIndices()) || shapes.rank(getIndices()) == 0) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  ArrayRef<Dim> data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  auto depth = ShapeAnalysis::asConstant(indices.back());
  if (!depth) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  int64_t batch = getBatchDims(), rank = data.size();
  if (batch < 0 || batch >= static_cast<int64_t>(indices.size()) || *depth < 1 || batch + *depth > rank)
    return emitOpError("expected indices of 1 to ") << rank - batch << " positions after " << batch << " batch dimensions, got " << *depth;
  for (int64_t i = 0; i < batch; ++i)
    if (failed(requireSame(*this, shapes, data[i], indices[i], "the batch dimension " + std::to_string(i) + " of data and indices"))) return failure();
  SmallVector<Dim> dims(indices.drop_back());
  dims.append(data.begin() + batch + *depth, data.end());
  shapes.set(getOutput(), element, dims);
  return success();
}

LogicalResult ScatterElementsOp::infer(ShapeAnalysis &shapes) {
  if (shapes.hasRank(getData())) {
    int64_t rank = shapes.rank(getData());
    if (failed(axisOf(*this, getAxis(), rank)) || failed(expectRank(*this, shapes, getIndices(), rank, rank)) ||
        failed(expectRank(*this, shapes, getUpdates(), rank, rank)))
      return failure();
  }
  shapes.setLike(getOutput(), getData());
  return success();
}
LogicalResult ScatterNDOp::infer(ShapeAnalysis &shapes) {
  if (shapes.hasRank(getData()) && shapes.hasRank(getIndices()))
    if (auto depth = ShapeAnalysis::asConstant(shapes.dims(getIndices()).back())) {
      int64_t rank = shapes.rank(getIndices()) - 1 + shapes.rank(getData()) - *depth;
      if (*depth > shapes.rank(getData())) return emitOpError("expected indices of at most ") << shapes.rank(getData()) << " positions, got " << *depth;
      if (failed(expectRank(*this, shapes, getUpdates(), rank, rank))) return failure();
    }
  shapes.setLike(getOutput(), getData());
  return success();
}
LogicalResult TensorScatterOp::infer(ShapeAnalysis &shapes) {
  if (shapes.hasRank(getPastCache()) &&
      failed(expectRank(*this, shapes, getUpdate(), shapes.rank(getPastCache()), shapes.rank(getPastCache()))))
    return failure();
  shapes.setLike(getPresentCache(), getPastCache());
  return success();
}
LogicalResult CumSumOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getY(), getX());
  return success();
}
LogicalResult CumProdOp::infer(ShapeAnalysis &shapes) {
  shapes.setLike(getY(), getX());
  return success();
}

//===-------------------------- sizes that depend on the data --------------------------------===//

LogicalResult NonZeroOp::infer(ShapeAnalysis &shapes) {
  Dim rank;
  if (shapes.hasRank(getX())) rank = shapes.constant(std::max<int64_t>(shapes.rank(getX()), 1));
  shapes.set(getY(), i64(*this), {rank, shapes.fresh(getY(), 1)});
  return success();
}

LogicalResult CompressOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getInput());
  if (!getAxis()) {
    shapes.set(getOutput(), element, {Dim()});
    return success();
  }
  if (!shapes.hasRank(getInput())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getInput()));
  FailureOr<int64_t> axis = axisOf(*this, *getAxis(), dims.size());
  if (failed(axis)) return failure();
  dims[*axis] = {};
  shapes.set(getOutput(), element, dims);
  return success();
}

LogicalResult UniqueOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getX());
  Dim found, all;
  if (!getAxis()) {
    found = shapes.fresh(getY(), 0);
    if (shapes.hasRank(getX())) all = product(shapes.dims(getX()), getContext());
    shapes.set(getY(), element, {found});
  } else if (shapes.hasRank(getX())) {
    SmallVector<Dim> dims(shapes.dims(getX()));
    FailureOr<int64_t> axis = axisOf(*this, *getAxis(), dims.size());
    if (failed(axis)) return failure();
    all = dims[*axis];
    dims[*axis] = found = shapes.fresh(getY(), *axis);
    shapes.set(getY(), element, dims);
  } else {
    shapes.setUnranked(getY(), element);
  }
  shapes.set(getIndices(), i64(*this), {found});
  shapes.set(getInverseIndices(), i64(*this), {all});
  shapes.set(getCounts(), i64(*this), {found});
  return success();
}

//===---------------------------- sizes given by operands ------------------------------------===//

LogicalResult TopKOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getX());
  if (!shapes.hasRank(getX())) {
    shapes.setUnranked(getValues(), element);
    shapes.setUnranked(getIndices(), i64(*this));
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getX()));
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), dims.size());
  if (failed(axis)) return failure();
  Dim k = shapes.at(getK(), 0);
  auto count = ShapeAnalysis::asConstant(k), size = ShapeAnalysis::asConstant(dims[*axis]);
  if (count && (*count < 0 || (size && *count > *size)))
    return emitOpError("expected K from 0 to the size of dimension ") << *axis << ", " << shapes.str(dims[*axis]) << ", got " << *count;
  dims[*axis] = k;
  shapes.set(getValues(), element, dims);
  shapes.set(getIndices(), i64(*this), dims);
  return success();
}

LogicalResult OneHotOp::infer(ShapeAnalysis &shapes) {
  Type element = shapes.elementType(getValues());
  if (shapes.hasRank(getValues()) && shapes.rank(getValues()) == 1 &&
      failed(requireSame(*this, shapes, shapes.dim(getValues(), 0), shapes.constant(2), "'values' and the pair of off and on")))
    return failure();
  if (!shapes.hasRank(getIndices())) {
    shapes.setUnranked(getOutput(), element);
    return success();
  }
  SmallVector<Dim> dims(shapes.dims(getIndices()));
  FailureOr<int64_t> axis = axisOf(*this, getAxis(), dims.size() + 1);
  if (failed(axis)) return failure();
  Dim depth;
  if (auto c = shapes.contents(getDepth()); c && c->size() == 1) depth = c->front();
  if (!depth && isa_and_nonnull<IntegerType>(shapes.elementType(getDepth()))) depth = shapes.element(getDepth(), 0);
  dims.insert(dims.begin() + *axis, depth);
  shapes.set(getOutput(), element, dims);
  return success();
}
