//===- Scatter.cpp - copies with elements replaced by index --------------------------===//
//
// Updates are applied one after another, in their order, so that repeated indices have one meaning.
//===-----------------------------------------------------------------------------===//
#include "Normalization.h"
#include "Families.h"
#include "Indices.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

/// The element after an update: the update itself, or combined with what is there.
static Value combine(OpBuilder &b, Location loc, StringRef reduction, bool isUnsigned, Value old, Value update) {
  if (reduction == "none")
    return update;
  ScalarBuilder s(b, loc, isUnsigned, old.getType());
  Value x = widen(s, old), y = widen(s, update);
  Value z = reduction == "add" ? s.add(x, y) : reduction == "mul" ? s.mul(x, y) : reduction == "max" ? s.max(x, y) : s.min(x, y);
  return narrow(s, z, old.getType());
}

static bool isReduction(StringRef name) { return llvm::is_contained({"none", "add", "mul", "max", "min"}, name); }

/// One update: into[at] = combine(into[at], update).
static SmallVector<Value> place(OpBuilder &b, Location loc, StringRef reduction, bool isUnsigned, Value update, Value into, ValueRange at) {
  Value old = reduction == "none" ? Value() : tensor::ExtractOp::create(b, loc, into, at).getResult();
  return {tensor::InsertOp::create(b, loc, combine(b, loc, reduction, isUnsigned, old, update), into, at)};
}

namespace {

/// result = data; result[i.., with indices[i..] at the axis] op= updates[i..]
struct ScatterElementsLowering : ONNXLowering<onnx::ScatterElementsOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ScatterElementsOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    if (!type || !isa<RankedTensorType>(adaptor.getIndices().getType()) || !isReduction(op.getReduction()))
      return b.notifyMatchFailure(op, "expected ranked tensors and the reduction 'none', 'add', 'mul', 'max' or 'min'");
    int64_t rank = type.getRank(), axis = fromFront(op.getAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    Value indices = adaptor.getIndices(), updates = adaptor.getUpdates();
    checkIndices(t, indices, t.dim(adaptor.getData(), axis));
    for (int64_t i = 0; i < rank; ++i) {
      if (i != axis && shapes.dim(op.getData(), i) != shapes.dim(op.getIndices(), i))
        t.check(t.compare(arith::CmpIPredicate::sle, t.value(t.dim(indices, i)), t.value(t.dim(adaptor.getData(), i))),
                "dimension " + Twine(i) + " of the indices exceeds that of the data");
      if (shapes.dim(op.getUpdates(), i) != shapes.dim(op.getIndices(), i))
        t.check(t.compare(arith::CmpIPredicate::eq, t.value(t.dim(indices, i)), t.value(t.dim(updates, i))),
                "indices and updates differ in dimension " + Twine(i));
    }
    Value limit = t.value(t.dim(adaptor.getData(), axis));
    b.replaceOp(op, forEach(t, t.dims(indices), adaptor.getData(), [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) {
      SmallVector<Value> to(at);
      to[axis] = wrapIndex(nested, loc, tensor::ExtractOp::create(nested, loc, indices, at), limit);
      Value update = tensor::ExtractOp::create(nested, loc, updates, at);
      return place(nested, loc, op.getReduction(), isUnsigned(op.getData()), update, carried[0], to);
    }));
    return success();
  }
};

/// result = data; result[indices[i.., 0], ..., indices[i.., k-1], c..] op= updates[i.., c..]
struct ScatterNDLowering : ONNXLowering<onnx::ScatterNDOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ScatterNDOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    auto indicesType = dyn_cast<RankedTensorType>(adaptor.getIndices().getType());
    if (!type || !indicesType || indicesType.getRank() < 1 || indicesType.isDynamicDim(indicesType.getRank() - 1) ||
        !isReduction(op.getReduction()))
      return b.notifyMatchFailure(op, "expected ranked tensors, index tuples of known length and a known reduction");
    int64_t prefix = indicesType.getRank() - 1, tuple = indicesType.getDimSize(prefix);
    if (tuple > type.getRank())
      return b.notifyMatchFailure(op, "expected index tuples no longer than the rank of the data");
    TensorBuilder t(b, op.getLoc());
    Value indices = adaptor.getIndices(), updates = adaptor.getUpdates();
    Dims dims = t.dims(adaptor.getData());
    SmallVector<Value> limits;
    for (int64_t j = 0; j < tuple; ++j)
      limits.push_back(t.value(dims[j]));
    if (tuple > 0)
      checkIndices(t, indices, ArrayRef<OpFoldResult>(dims).take_front(tuple));
    for (int64_t i = 0, n = prefix + type.getRank() - tuple; i < n; ++i) {
      bool inPrefix = i < prefix;
      Value other = inPrefix ? indices : adaptor.getData();
      int64_t at = inPrefix ? i : i - prefix + tuple;
      if (shapes.dim(op.getUpdates(), i) != shapes.dim(inPrefix ? op.getIndices() : op.getData(), at))
        t.check(t.compare(arith::CmpIPredicate::eq, t.value(t.dim(updates, i)), t.value(t.dim(other, at))),
                "dimension " + Twine(i) + " of the updates fits neither the indices nor the data");
    }
    b.replaceOp(op, forEach(t, t.dims(updates), adaptor.getData(), [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) {
      SmallVector<Value> to, tupleAt(at.take_front(prefix));
      tupleAt.push_back({});
      for (int64_t j = 0; j < tuple; ++j) {
        tupleAt.back() = arith::ConstantIndexOp::create(nested, loc, j);
        to.push_back(wrapIndex(nested, loc, tensor::ExtractOp::create(nested, loc, indices, tupleAt), limits[j]));
      }
      llvm::append_range(to, at.drop_front(prefix));
      Value update = tensor::ExtractOp::create(nested, loc, updates, at);
      return place(nested, loc, op.getReduction(), isUnsigned(op.getData()), update, carried[0], to);
    }));
    return success();
  }
};

/// result = cache; result[n, .., write_indices[n] + i, ..] = update[n, .., i, ..], modulo the size of the axis if circular
struct TensorScatterLowering : ONNXLowering<onnx::TensorScatterOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::TensorScatterOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getPastCache().getType());
    if (!type || !isa<RankedTensorType>(adaptor.getUpdate().getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    int64_t rank = type.getRank(), axis = fromFront(op.getAxis(), rank);
    bool circular = op.getMode() == "circular", placed = !isAbsent(op.getWriteIndices());
    TensorBuilder t(b, op.getLoc());
    Value update = adaptor.getUpdate(), writeIndices = adaptor.getWriteIndices();
    OpFoldResult size = t.dim(adaptor.getPastCache(), axis);
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        t.checkEqual(t.dim(update, i), t.dim(adaptor.getPastCache(), i), "dimension " + Twine(i) + " of the update differs from that of the cache");
    if (placed)
      t.checkEqual(t.dim(writeIndices, 0), t.dim(adaptor.getPastCache(), 0), "expected one write index for each sample");
    // Positions are within the cache; not circular, all rows of the update fit behind them.
    OpFoldResult room = circular ? size : t.sub(t.add(size, t.indexAttr(1)), t.dim(update, axis));
    if (placed) {
      Value bound = t.fromIndex(t.value(t.max(room, t.indexAttr(0))), b.getI64Type());
      Value fine = t.reduce(writeIndices, {0}, t.boolean(true), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        Value inside = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::ult, args[0], bound);
        return arith::AndIOp::create(nested, loc, args[1], inside);
      });
      t.check(t.extract(fine), "a write index is out of range for dimension " + Twine(axis) + " of the cache");
    } else {
      t.check(t.compare(arith::CmpIPredicate::sge, t.value(room), t.index(circular ? 0 : 1)), "the update is longer than the cache");
    }
    Value sizeValue = t.value(size);
    b.replaceOp(op, forEach(t, t.dims(update), adaptor.getPastCache(), [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) {
      SmallVector<Value> to(at);
      if (placed) {
        Value start = tensor::ExtractOp::create(nested, loc, writeIndices, at[0]);
        start = arith::IndexCastOp::create(nested, loc, nested.getIndexType(), start);
        to[axis] = arith::AddIOp::create(nested, loc, to[axis], start);
      }
      if (circular)
        to[axis] = arith::RemUIOp::create(nested, loc, to[axis], sizeValue);
      return place(nested, loc, "none", false, tensor::ExtractOp::create(nested, loc, update, at), carried[0], to);
    }));
    return success();
  }
};

} // namespace

void ingot::populateScatterLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ScatterElementsLowering, ScatterNDLowering, TensorScatterLowering>(types, context);
}
