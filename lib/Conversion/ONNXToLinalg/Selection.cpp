//===- Selection.cpp - results whose size the data decide ----------------------------===//
//
// A first pass counts, a second one collects.
//===-----------------------------------------------------------------------------===//
#include "Families.h"
#include "Indices.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

/// True where the element is not zero.
static Value isSet(OpBuilder &b, Location loc, Value x) {
  ScalarBuilder s(b, loc, false, x.getType());
  return s.cast(widen(s, x), b.getI1Type(), false, false);
}

/// The number of elements that are not zero, as an index.
static Value countSet(TensorBuilder &t, Value tensor) {
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(tensor.getType()).getRank()));
  Type i64 = t.b.getI64Type();
  Value count = t.reduce(tensor, axes, t.number(i64, 0), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return arith::AddIOp::create(b, loc, args[1], arith::ExtUIOp::create(b, loc, i64, isSet(b, loc, args[0])));
  });
  return t.toIndex(t.extract(count));
}

namespace {

/// result[d, n] = dimension d of the index of the n-th element that is not zero
struct NonZeroLowering : ONNXLowering<onnx::NonZeroOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::NonZeroOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getX();
    if (!isNumberTensor(input))
      return b.notifyMatchFailure(op, "expected a ranked tensor of numbers");
    TensorBuilder t(b, op.getLoc());
    // A scalar is a list of one element.
    if (cast<RankedTensorType>(input.getType()).getRank() == 0)
      input = t.reshape(input, {t.indexAttr(1)});
    Dims dims = t.dims(input);
    Type i64 = b.getI64Type();
    Value count = countSet(t, input);
    Value out = t.empty({t.indexAttr(dims.size()), count}, i64);
    auto collected = forEach(t, dims, {out, t.index(0)}, [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      Value set = isSet(nested, loc, tensor::ExtractOp::create(nested, loc, input, at));
      auto branch = scf::IfOp::create(nested, loc, set, [&](OpBuilder &inner, Location l) {
        Value next = carried[0], position = carried[1];
        for (auto [d, i] : llvm::enumerate(at)) {
          Value row = arith::ConstantIndexOp::create(inner, l, d);
          next = tensor::InsertOp::create(inner, l, arith::IndexCastOp::create(inner, l, i64, i), next, ValueRange{row, position});
        }
        position = arith::AddIOp::create(inner, l, position, arith::ConstantIndexOp::create(inner, l, 1));
        scf::YieldOp::create(inner, l, ValueRange{next, position});
      }, [&](OpBuilder &inner, Location l) { scf::YieldOp::create(inner, l, ValueRange{carried[0], carried[1]}); });
      return SmallVector<Value>(branch.getResults());
    });
    b.replaceOp(op, t.castTo(collected.front(), typeConverter->convertType(op.getType())));
    return success();
  }
};

/// result[.., n, ..] = input[.., position of the n-th condition that holds, ..]
struct CompressLowering : ONNXLowering<onnx::CompressOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::CompressOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    TensorBuilder t(b, op.getLoc());
    Value input = adaptor.getInput(), condition = adaptor.getCondition();
    int64_t axis = op.getAxis().value_or(0), rank = type.getRank();
    if (!op.getAxis()) {
      input = t.reshape(input, t.product(t.dims(input)));
      rank = 1;
    }
    axis = axis < 0 ? axis + rank : axis;
    Dims dims = t.dims(input);
    Value length = t.value(t.dim(condition, 0));
    t.check(t.compare(arith::CmpIPredicate::sle, length, t.value(dims[axis])), "the condition is longer than dimension " + Twine(axis));
    Value count = countSet(t, condition), one = t.index(1);
    // positions[n]: where the n-th condition holds.
    Value positions = t.empty(OpFoldResult(count), b.getIndexType());
    positions = forEach(t, OpFoldResult(length), {positions, t.index(0)}, [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      Value set = tensor::ExtractOp::create(nested, loc, condition, at);
      auto branch = scf::IfOp::create(nested, loc, set, [&](OpBuilder &inner, Location l) {
        Value next = tensor::InsertOp::create(inner, l, at[0], carried[0], carried[1]);
        scf::YieldOp::create(inner, l, ValueRange{next, arith::AddIOp::create(inner, l, carried[1], one)});
      }, [&](OpBuilder &inner, Location l) { scf::YieldOp::create(inner, l, ValueRange{carried[0], carried[1]}); });
      return SmallVector<Value>(branch.getResults());
    }).front();
    dims[axis] = count;
    AffineMap read = AffineMap::get(rank, 0, b.getAffineDimExpr(axis), b.getContext());
    Value result = t.map(positions, read, dims, type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      SmallVector<Value> at;
      for (int64_t i = 0; i < rank; ++i)
        at.push_back(i == axis ? args[0] : linalg::IndexOp::create(nested, loc, i).getResult());
      return tensor::ExtractOp::create(nested, loc, input, at);
    });
    b.replaceOp(op, t.castTo(result, typeConverter->convertType(op.getType())));
    return success();
  }
};

} // namespace

void ingot::populateSelectionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<NonZeroLowering, CompressLowering>(types, context);
}
