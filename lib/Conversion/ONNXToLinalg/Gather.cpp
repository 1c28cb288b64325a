//===- Gather.cpp - elements and slices by index -------------------------------------===//
//
// Indices are checked before; the loops that gather are unguarded.
//===-----------------------------------------------------------------------------===//
#include "Normalization.h"
#include "Families.h"
#include "Indices.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// Whether all indices are known and in range, so that no check is needed.
static bool areKnownInRange(const onnx::ShapeAnalysis &shapes, Value indices, OpFoldResult limit) {
  auto contents = shapes.constantContents(indices);
  auto bound = getConstantIntValue(limit);
  return contents && bound && llvm::all_of(*contents, [&](int64_t i) { return i >= -*bound && i < *bound; });
}

namespace {

/// result[a.., i.., c..] = data[a.., indices[i..], c..]
struct GatherLowering : ONNXLowering<onnx::GatherOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GatherOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    auto indicesType = dyn_cast<RankedTensorType>(adaptor.getIndices().getType());
    if (!type || !indicesType)
      return b.notifyMatchFailure(op, "expected ranked tensors");
    int64_t rank = type.getRank(), axis = fromFront(op.getAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    Dims dims = t.dims(data), inner = t.dims(indices);
    OpFoldResult limit = dims[axis];
    bool known = areKnownInRange(shapes, op.getIndices(), limit);
    if (known && inner.empty()) {
      int64_t i = shapes.constantContents(op.getIndices())->front();
      Dims offsets(rank, t.indexAttr(0)), sizes = dims;
      offsets[axis] = t.indexAttr(i < 0 ? i + *getConstantIntValue(limit) : i);
      sizes[axis] = t.indexAttr(1);
      b.replaceOp(op, t.dropUnits(t.slice(data, offsets, sizes), {axis}));
      return success();
    }
    if (!known)
      checkIndices(t, indices, limit);
    Value limitValue = t.value(limit);
    Dims result(dims.begin(), dims.begin() + axis);
    result.append(inner);
    result.append(dims.begin() + axis + 1, dims.end());
    SmallVector<AffineExpr> read;
    for (size_t i = 0; i < inner.size(); ++i)
      read.push_back(b.getAffineDimExpr(axis + i));
    AffineMap map = AffineMap::get(result.size(), 0, read, b.getContext());
    b.replaceOp(op, t.map(indices, map, result, type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      SmallVector<Value> at;
      for (int64_t i = 0; i < rank; ++i) {
        if (i == axis)
          at.push_back(wrapIndex(nested, loc, args[0], limitValue));
        else
          at.push_back(linalg::IndexOp::create(nested, loc, i < axis ? i : i - 1 + static_cast<int64_t>(inner.size())));
      }
      return tensor::ExtractOp::create(nested, loc, data, at);
    }));
    return success();
  }
};

/// result[i..] = data[i.., with indices[i..] at the axis]
struct GatherElementsLowering : ONNXLowering<onnx::GatherElementsOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GatherElementsOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    if (!type || !isa<RankedTensorType>(adaptor.getIndices().getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    int64_t rank = type.getRank(), axis = fromFront(op.getAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    checkIndices(t, indices, t.dim(data, axis));
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis && shapes.dim(op.getData(), i) != shapes.dim(op.getIndices(), i))
        t.check(t.compare(arith::CmpIPredicate::sle, t.value(t.dim(indices, i)), t.value(t.dim(data, i))),
                "dimension " + Twine(i) + " of the indices exceeds that of the data");
    Value limit = t.value(t.dim(data, axis));
    b.replaceOp(op, t.map(indices, {}, t.dims(indices), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      SmallVector<Value> at;
      for (int64_t i = 0; i < rank; ++i)
        at.push_back(i == axis ? wrapIndex(nested, loc, args[0], limit) : linalg::IndexOp::create(nested, loc, i).getResult());
      return tensor::ExtractOp::create(nested, loc, data, at);
    }));
    return success();
  }
};

/// result[n.., i.., c..] = data[n.., indices[n.., i.., 0], ..., indices[n.., i.., k-1], c..]
struct GatherNDLowering : ONNXLowering<onnx::GatherNDOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GatherNDOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    auto indicesType = dyn_cast<RankedTensorType>(adaptor.getIndices().getType());
    if (!type || !indicesType || indicesType.getRank() < 1 || indicesType.isDynamicDim(indicesType.getRank() - 1))
      return b.notifyMatchFailure(op, "expected ranked tensors and index tuples of known length");
    int64_t batch = op.getBatchDims(), prefix = indicesType.getRank() - 1, tuple = indicesType.getDimSize(prefix);
    if (batch + tuple > type.getRank() || batch > prefix)
      return b.notifyMatchFailure(op, "expected index tuples no longer than the rank of the data");
    TensorBuilder t(b, op.getLoc());
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    Dims dims = t.dims(data), result = t.dims(indices);
    result.pop_back();
    result.append(dims.begin() + batch + tuple, dims.end());
    SmallVector<Value> limits;
    for (int64_t j = 0; j < tuple; ++j)
      limits.push_back(t.value(dims[batch + j]));
    if (tuple > 0)
      checkIndices(t, indices, ArrayRef<OpFoldResult>(dims).slice(batch, tuple));
    b.replaceOp(op, t.compute(result, type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      SmallVector<Value> from(at.take_front(batch)), tupleAt(at.take_front(prefix));
      tupleAt.push_back({});
      for (int64_t j = 0; j < tuple; ++j) {
        tupleAt.back() = arith::ConstantIndexOp::create(nested, loc, j);
        from.push_back(wrapIndex(nested, loc, tensor::ExtractOp::create(nested, loc, indices, tupleAt), limits[j]));
      }
      llvm::append_range(from, at.drop_front(prefix));
      return tensor::ExtractOp::create(nested, loc, data, from);
    }));
    return success();
  }
};

/// result[.., j, ..] = on value where indices[..] is j (negative ones count from the end), else off value
struct OneHotLowering : ONNXLowering<onnx::OneHotOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::OneHotOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getIndices().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected ranked tensors");
    int64_t rank = type.getRank() + 1, axis = fromFront(op.getAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    ScalarBuilder s(b, op.getLoc(), false, b.getI64Type());
    bool unsignedIndices = isUnsigned(op.getIndices());
    Value depth = s.cast(t.scalarOf(adaptor.getDepth()), b.getI64Type(), isUnsigned(op.getDepth()), false);
    Dims result = t.dims(adaptor.getIndices());
    OpFoldResult size = t.toIndex(depth);
    if (lowering.isKnown(op.getResult(), axis))
      size = lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), axis));
    t.check(t.compare(arith::CmpIPredicate::sge, t.value(size), t.index(0)), "the depth is negative");
    result.insert(result.begin() + axis, size);
    Value off = t.extract(adaptor.getValues(), t.index(0)), on = t.extract(adaptor.getValues(), t.index(1));
    SmallVector<AffineExpr> read;
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        read.push_back(b.getAffineDimExpr(i));
    AffineMap map = AffineMap::get(rank, 0, read, b.getContext());
    b.replaceOp(op, t.map(adaptor.getIndices(), map, result, off.getType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder inner(nested, loc, false, nested.getI64Type());
      Value index = inner.cast(args[0], nested.getI64Type(), unsignedIndices, false);
      Value negative = inner.lt(index, inner.like(index, 0));
      index = inner.select(negative, inner.add(index, depth), index);
      Value here = arith::IndexCastOp::create(nested, loc, nested.getI64Type(), linalg::IndexOp::create(nested, loc, axis));
      return inner.select(inner.eq(index, here), on, off);
    }));
    return success();
  }
};

} // namespace

void ingot::populateGatherLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<GatherLowering, GatherElementsLowering, GatherNDLowering, OneHotLowering>(types, context);
}
