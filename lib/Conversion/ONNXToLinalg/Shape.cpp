//===- Shape.cpp - operators that rename or measure dimensions -----------------------===//
#include "Normalization.h"
#include "Broadcast.h"
#include "CallBuilder.h"
#include "Families.h"
#include "Reshaping.h"
#include "RuntimeAxes.h"
#include "ScalarBody.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// An op whose result has the elements of its first operand in the order they have; sizes() tells the dimensions of the result where the
/// analysis does not know them.
template <class OpT> struct ReshapingLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  using Adaptor = typename OpT::Adaptor;

  virtual FailureOr<Dims> sizes(OpT op, Adaptor adaptor, TensorBuilder &t) const = 0;

  LogicalResult matchAndRewrite(OpT op, Adaptor adaptor, ConversionPatternRewriter &b) const override {
    Value original = op->getOperand(0), result = op->getResult(0), input = adaptor.getOperands()[0];
    auto type = dyn_cast_or_null<RankedTensorType>(this->typeConverter->convertType(result.getType()));
    if (!type || !isa<RankedTensorType>(input.getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    TensorBuilder t(b, op.getLoc());
    if (this->lowering.areKnown(result)) {
      Dims to = this->lowering.dims(b, op.getLoc(), result);
      requireEqualCounts(t, t.dims(input), to, this->shapes.dims(original), this->shapes.dims(result));
      b.replaceOp(op, reshapeSymbolic(t, input, this->shapes.dims(original), this->shapes.dims(result), to));
      return success();
    }
    FailureOr<Dims> to = sizes(op, adaptor, t);
    if (failed(to))
      return b.notifyMatchFailure(op, "expected a shape of known length");
    // The users take the shape rule at its word, also where the run finds a 0 that would copy another size.
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (this->lowering.isKnown(result, i))
        (*to)[i] = this->lowering.materialize(b, op.getLoc(), this->shapes.dim(result, i));
    requireEqualCounts(t, t.dims(input), *to, {}, {});
    b.replaceOp(op, t.castTo(t.reshape(input, *to), type));
    return success();
  }

private:
  static void requireEqualCounts(TensorBuilder &t, Dims from, Dims to, ArrayRef<onnx::Dim> fromDims, ArrayRef<onnx::Dim> toDims) {
    if (!fromDims.empty() && !toDims.empty() && haveEqualCounts(fromDims, toDims))
      return;
    OpFoldResult x = t.product(from), y = t.product(to);
    if (getConstantIntValue(x) && getConstantIntValue(y))
      return; // the shape rule has compared them
    // In floats: sizes that come as data may have a product that wraps around to the right one. Numbers of elements that exist are exact.
    Type real = t.b.getF64Type();
    auto toReal = [&](OpFoldResult d) -> Value { return arith::SIToFPOp::create(t.b, t.loc, real, t.fromIndex(t.value(d), t.b.getI64Type())); };
    Value count = t.number(real, 1);
    for (OpFoldResult d : to)
      count = arith::MulFOp::create(t.b, t.loc, count, toReal(d));
    t.check(arith::CmpFOp::create(t.b, t.loc, arith::CmpFPredicate::OEQ, toReal(x), count), "the number of elements changes, expected a shape of as many elements");
  }
};

/// Reshape: 0 copies a dimension (unless allowzero), -1 takes what is left.
struct ReshapeLowering : ReshapingLowering<onnx::ReshapeOp> {
  using ReshapingLowering::ReshapingLowering;
  FailureOr<Dims> sizes(onnx::ReshapeOp op, OpAdaptor adaptor, TensorBuilder &t) const override {
    auto shapeType = dyn_cast<RankedTensorType>(adaptor.getShape().getType());
    if (!shapeType || shapeType.getRank() != 1 || shapeType.isDynamicDim(0))
      return failure();
    Dims from = t.dims(adaptor.getData());
    Value zero = t.index(0), minusOne = t.index(-1), one = t.index(1);
    SmallVector<Value> wanted;
    Value others = one;
    for (int64_t i = 0; i < shapeType.getDimSize(0); ++i) {
      Value d = t.toIndex(t.extract(adaptor.getShape(), t.index(i)));
      if (op.getAllowzero() == 0) {
        Value isZero = t.compare(arith::CmpIPredicate::eq, d, zero);
        if (i < static_cast<int64_t>(from.size()))
          d = t.select(isZero, t.value(from[i]), d);
      }
      t.check(t.compare(arith::CmpIPredicate::sge, d, minusOne), "a dimension of the shape is less than -1");
      wanted.push_back(d);
      others = arith::MulIOp::create(t.b, t.loc, others, t.select(t.compare(arith::CmpIPredicate::eq, d, minusOne), one, d));
    }
    Value divisor = t.value(t.max(others, t.indexAttr(1)));
    Value left = arith::DivUIOp::create(t.b, t.loc, t.value(t.product(from)), divisor);
    Dims result;
    for (Value d : wanted)
      result.push_back(t.select(t.compare(arith::CmpIPredicate::eq, d, minusOne), left, d));
    return result;
  }
};

struct FlattenLowering : ReshapingLowering<onnx::FlattenOp> {
  using ReshapingLowering::ReshapingLowering;
  FailureOr<Dims> sizes(onnx::FlattenOp op, OpAdaptor adaptor, TensorBuilder &t) const override {
    Dims from = t.dims(adaptor.getInput());
    int64_t axis = fromFront(op.getAxis(), from.size());
    ArrayRef<OpFoldResult> all(from);
    return Dims{t.product(all.take_front(axis)), t.product(all.drop_front(axis))};
  }
};

struct SqueezeLowering : ReshapingLowering<onnx::SqueezeOp> {
  using ReshapingLowering::ReshapingLowering;
  FailureOr<Dims> sizes(onnx::SqueezeOp op, OpAdaptor adaptor, TensorBuilder &t) const override {
    auto resultType = cast<RankedTensorType>(op.getType());
    auto axes = dyn_cast<RankedTensorType>(adaptor.getAxes().getType());
    if (!axes || axes.getRank() != 1 || axes.isDynamicDim(0))
      return failure();
    Dims from = t.dims(adaptor.getData());
    return unflaggedDims(t, from, axisFlags(t, adaptor.getAxes(), from.size()), resultType.getRank());
  }
};

struct UnsqueezeLowering : ReshapingLowering<onnx::UnsqueezeOp> {
  using ReshapingLowering::ReshapingLowering;
  FailureOr<Dims> sizes(onnx::UnsqueezeOp op, OpAdaptor adaptor, TensorBuilder &t) const override {
    auto resultType = cast<RankedTensorType>(op.getType());
    auto axes = cast<RankedTensorType>(adaptor.getAxes().getType());
    if (axes.getRank() > 1 || !axes.hasStaticShape())
      return failure();
    Value list = axes.getRank() == 1 ? adaptor.getAxes() : t.insertUnits(adaptor.getAxes(), {0});
    return insertUnitDims(t, t.dims(adaptor.getData()), axisFlags(t, list, resultType.getRank()));
  }
};

/// result = data with dimension i from perm[i]
struct TransposeLowering : ONNXLowering<onnx::TransposeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::TransposeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    auto perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, type.getRank())));
    if (auto given = op.getPerm())
      perm.assign(given->begin(), given->end());
    if (llvm::equal(perm, llvm::seq<int64_t>(0, type.getRank())))
      b.replaceOp(op, adaptor.getData());
    else
      b.replaceOp(op, TensorBuilder(b, op.getLoc()).transpose(adaptor.getData(), perm));
    return success();
  }
};

struct IdentityLowering : ONNXLowering<onnx::IdentityOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::IdentityOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    TensorBuilder t(b, op.getLoc());
    b.replaceOp(op, adapt(t, adaptor.getInput(), op.getInput().getType(), typeConverter->convertType(op.getType())));
    return success();
  }
};

struct ShapeLowering : ONNXLowering<onnx::ShapeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ShapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getData().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    int64_t rank = type.getRank();
    auto clamped = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
    int64_t start = clamped(op.getStart()), end = clamped(op.getEnd().value_or(rank));
    TensorBuilder t(b, op.getLoc());
    SmallVector<Value> elements;
    for (int64_t i = start; i < end; ++i)
      elements.push_back(t.fromIndex(t.value(t.dim(adaptor.getData(), i)), b.getI64Type()));
    auto resultType = RankedTensorType::get({std::max<int64_t>(end - start, 0)}, b.getI64Type());
    if (elements.empty())
      b.replaceOp(op, t.empty(t.indexAttr(0), b.getI64Type()));
    else
      b.replaceOp(op, tensor::FromElementsOp::create(b, op.getLoc(), resultType, elements).getResult());
    return success();
  }
};

struct SizeLowering : ONNXLowering<onnx::SizeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SizeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (!isa<RankedTensorType>(adaptor.getData().getType()))
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    TensorBuilder t(b, op.getLoc());
    Value count = t.value(t.product(t.dims(adaptor.getData())));
    b.replaceOp(op, t.fromScalar(t.fromIndex(count, b.getI64Type())));
    return success();
  }
};

/// result[i] = input[i where it is not of size 1]
struct ExpandLowering : ONNXLowering<onnx::ExpandOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ExpandOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type || !isa<RankedTensorType>(adaptor.getInput().getType()))
      return b.notifyMatchFailure(op, "expected ranked tensors");
    TensorBuilder t(b, op.getLoc());
    if (lowering.areKnown(op.getResult())) {
      auto parts = broadcastTogether(lowering, b, op.getLoc(), op.getResult(), op.getInput(), adaptor.getInput());
      b.replaceOp(op, t.map(parts.inputs, parts.maps, parts.dims, elementType(adaptor.getInput()),
                            [](OpBuilder &, Location, ValueRange args) { return args[0]; }));
      return success();
    }
    Dims from = t.dims(adaptor.getInput()), to;
    auto shapeType = cast<RankedTensorType>(adaptor.getShape().getType());
    if (shapeType.isDynamicDim(0))
      return b.notifyMatchFailure(op, "expected a shape of known length");
    int64_t rank = type.getRank(), shapeLength = shapeType.getDimSize(0);
    for (int64_t i = 0; i < rank; ++i) {
      int64_t inShape = i - (rank - shapeLength), inInput = i - (rank - static_cast<int64_t>(from.size()));
      Value wanted = inShape < 0 ? t.index(1) : t.toIndex(t.extract(adaptor.getShape(), t.index(inShape)));
      if (inInput >= 0) {
        Value isOne = t.compare(arith::CmpIPredicate::eq, wanted, t.index(1));
        wanted = t.select(isOne, t.value(from[inInput]), wanted);
      }
      t.check(t.compare(arith::CmpIPredicate::sge, wanted, t.index(0)), "a dimension of the shape is negative");
      to.push_back(lowering.isKnown(op.getResult(), i) ? lowering.materialize(b, op.getLoc(), shapes.dim(op.getResult(), i)) : wanted);
    }
    b.replaceOp(op, expandTo(t, adaptor.getInput(), to));
    return success();
  }
};

/// Tile: (d...) repeated as (r, d)... and collapsed to (r*d)...
struct TileLowering : ONNXLowering<onnx::TileOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::TileOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    TensorBuilder t(b, op.getLoc());
    Dims from = t.dims(adaptor.getInput()), interleaved, to;
    auto repeats = shapes.constantContents(op.getRepeats());
    SmallVector<ReshapeGroup> groups;
    SmallVector<AffineExpr> read;
    for (auto [i, d] : llvm::enumerate(from)) {
      OpFoldResult r = t.indexAttr(1);
      if (repeats) {
        r = t.indexAttr((*repeats)[i]);
      } else {
        Value v = t.toIndex(t.extract(adaptor.getRepeats(), t.index(i)));
        t.check(t.compare(arith::CmpIPredicate::sge, v, t.index(0)), "a repeat is negative");
        Value most = t.value(t.floorDiv(t.indexAttr(int64_t(1) << 48), t.max(d, t.indexAttr(1))));
        Value fits = t.compare(arith::CmpIPredicate::ule, v, most);
        t.check(fits, "a repeated dimension is beyond any memory");
        r = t.select(fits, v, t.index(0));
      }
      groups.push_back({{}, {static_cast<int64_t>(i)}});
      if (!isConstantIntValue(r, 1)) {
        groups.back().from.push_back(interleaved.size());
        interleaved.push_back(r);
      }
      groups.back().from.push_back(interleaved.size());
      read.push_back(b.getAffineDimExpr(interleaved.size()));
      interleaved.push_back(d);
      to.push_back(t.mul(r, d));
    }
    AffineMap map = AffineMap::get(interleaved.size(), 0, read, b.getContext());
    Value tiled = t.map(adaptor.getInput(), map, interleaved, type.getElementType(), [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    b.replaceOp(op, from.empty() ? tiled : reshapeByGroups(t, tiled, groups, to));
    return success();
  }
};

} // namespace

void ingot::populateShapeLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ReshapeLowering, FlattenLowering, SqueezeLowering, UnsqueezeLowering, TransposeLowering, IdentityLowering, ShapeLowering,
               SizeLowering, ExpandLowering, TileLowering>(types, context);
  populateSlicingLowering(patterns, types, context);
  populateRearrangingLowering(patterns, types, context);
}
