//===- Reduction.cpp - every row of the reduction table, by one pattern --------------===//
//
// acc = init; acc = combine(acc, x) for every element; result = finish(acc, count).  Narrow floats accumulate in f32.  Axes that only
// the run knows give a loop nest over (result dimension, reduced dimension) pairs of which one has size 1.
//===-----------------------------------------------------------------------------===//
#include "RuntimeAxes.h"
#include "ScalarBody.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

namespace {

struct ReductionLowering : OpInterfaceConversionPattern<onnx::ReductionInterface> {
  ReductionLowering(const TypeConverter &types, LoweringContext &context)
      : OpInterfaceConversionPattern(types, context.shapes.getContext()), context(context) {}
  LogicalResult matchAndRewrite(onnx::ReductionInterface op, ArrayRef<Value> operands, ConversionPatternRewriter &b) const override;

private:
  Value reduceKnown(onnx::ReductionInterface op, Value input, ArrayRef<int64_t> axes, bool keepDims, TensorBuilder &t) const;
  Value reduceUnknown(onnx::ReductionInterface op, Value input, Value axes, bool keepDims, int64_t resultRank, TensorBuilder &t) const;
  Value finish(onnx::ReductionInterface op, Value accumulated, OpFoldResult count, TensorBuilder &t) const;
  Value init(onnx::ReductionInterface op, Value input, TensorBuilder &t) const {
    ScalarBuilder s(t.b, t.loc, isUnsigned(op->getOperand(0)), computeType(elementType(input)));
    return op.buildInit(s);
  }

  LoweringContext &context;
};

} // namespace

static int64_t integerAttr(Operation *op, StringRef name, int64_t otherwise) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : otherwise;
}

/// finish() over the accumulators, and back to the stored type.
Value ReductionLowering::finish(onnx::ReductionInterface op, Value accumulated, OpFoldResult count, TensorBuilder &t) const {
  Type stored = elementType(op->getResult(0));
  if (stored.isInteger())
    stored = t.b.getIntegerType(stored.getIntOrFloatBitWidth());
  bool isUnsigned = ingot::isUnsigned(op->getOperand(0));
  Type computed = elementType(accumulated);
  // The count as a scalar of the element type, outside of the loops.
  Value n = t.fromIndex(t.value(count), t.b.getI64Type());
  ScalarBuilder outer(t.b, t.loc, isUnsigned, computed);
  Value scalarCount = computed.isInteger(1) ? Value() : outer.cast(n, computed, false, isUnsigned);
  return t.map(accumulated, {}, t.dims(accumulated), stored, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
    ScalarBuilder s(nested, loc, isUnsigned, computed);
    return narrow(s, op.buildFinish(s, args[0], scalarCount), stored);
  });
}

Value ReductionLowering::reduceKnown(onnx::ReductionInterface op, Value input, ArrayRef<int64_t> axes, bool keepDims,
                                     TensorBuilder &t) const {
  bool isUnsigned = ingot::isUnsigned(op->getOperand(0));
  Value start = init(op, input, t);
  Value acc = t.reduce(input, axes, start, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
    ScalarBuilder s(nested, loc, isUnsigned, start.getType());
    return op.buildCombine(s, args[1], widen(s, args[0]));
  });
  Dims reduced;
  for (int64_t a : axes)
    reduced.push_back(t.dim(input, a));
  Value result = finish(op, acc, t.product(reduced), t);
  return keepDims ? t.insertUnits(result, axes) : result;
}

Value ReductionLowering::reduceUnknown(onnx::ReductionInterface op, Value input, Value axes, bool keepDims, int64_t resultRank,
                                       TensorBuilder &t) const {
  Dims dims = t.dims(input);
  int64_t rank = dims.size();
  OpBuilder &b = t.b;
  Value one = t.index(1);
  SmallVector<Value> reduced = axisFlags(t, axes, rank);
  // No axes are all of them, unless the operator says otherwise.
  if (cast<RankedTensorType>(axes.getType()).isDynamicDim(0) && integerAttr(op, "noop_with_empty_axes", 0) == 0) {
    Value none = t.compare(arith::CmpIPredicate::eq, t.value(t.dim(axes, 0)), t.index(0));
    for (Value &flag : reduced)
      flag = arith::OrIOp::create(b, t.loc, flag, none);
  }
  // Loops: one per result dimension (size 1 where reduced), one per reduced dimension (size 1 where kept); their sum is the index of
  // the element.
  Dims resultDims, loopDims;
  for (int64_t i = 0; i < rank; ++i) {
    resultDims.push_back(t.select(reduced[i], one, t.value(dims[i])));
    loopDims.push_back(t.select(reduced[i], t.value(dims[i]), one));
  }
  Value start = init(op, input, t);
  Value loops = t.empty(loopDims, b.getI1Type());
  Value out = t.full(resultDims, start);
  SmallVector<AffineExpr> outer, inner;
  for (int64_t i = 0; i < rank; ++i) {
    outer.push_back(b.getAffineDimExpr(i));
    inner.push_back(b.getAffineDimExpr(rank + i));
  }
  AffineMap maps[] = {AffineMap::get(2 * rank, 0, inner, b.getContext()), AffineMap::get(2 * rank, 0, outer, b.getContext())};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(rank, utils::IteratorType::reduction);
  bool isUnsigned = ingot::isUnsigned(op->getOperand(0));
  Value acc = linalg::GenericOp::create(b, t.loc, out.getType(), loops, out, maps, iterators, [&](OpBuilder &nested, Location loc, ValueRange args) {
                ScalarBuilder s(nested, loc, isUnsigned, start.getType());
                SmallVector<Value> at;
                for (int64_t i = 0; i < rank; ++i) {
                  Value o = linalg::IndexOp::create(nested, loc, i), r = linalg::IndexOp::create(nested, loc, rank + i);
                  at.push_back(arith::AddIOp::create(nested, loc, o, r));
                }
                Value x = widen(s, tensor::ExtractOp::create(nested, loc, input, at));
                linalg::YieldOp::create(nested, loc, op.buildCombine(s, args[1], x));
              }).getResult(0);
  Value result = finish(op, acc, t.product(loopDims), t);
  if (keepDims)
    return result;
  return t.reshape(result, unflaggedDims(t, dims, reduced, resultRank));
}

LogicalResult ReductionLowering::matchAndRewrite(onnx::ReductionInterface op, ArrayRef<Value> operands, ConversionPatternRewriter &b) const {
  Value input = operands[0];
  if (!isNumberTensor(input) || !isa<RankedTensorType>(op->getResult(0).getType()))
    return b.notifyMatchFailure(op, "expected ranked tensors of numbers");
  bool keepDims = integerAttr(op, "keepdims", 1) != 0, noop = integerAttr(op, "noop_with_empty_axes", 0) != 0;
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  TensorBuilder t(b, op.getLoc());
  auto resultType = cast<RankedTensorType>(typeConverter->convertType(op->getResult(0).getType()));

  std::optional<SmallVector<int64_t>> axes = SmallVector<int64_t>{};
  auto axesShape = dyn_cast<RankedTensorType>(operands[1].getType());
  if (axesShape && !(axesShape.hasStaticShape() && axesShape.getNumElements() == 0))
    axes = context.shapes.constantContents(op->getOperand(1));
  if (!axes) {
    if (axesShape.getRank() != 1)
      return b.notifyMatchFailure(op, "expected a list of axes");
    b.replaceOp(op, t.castTo(reduceUnknown(op, input, operands[1], keepDims, resultType.getRank(), t), resultType));
    return success();
  }
  for (int64_t &a : *axes)
    a = a < 0 ? a + rank : a;
  if (axes->empty() && !noop)
    llvm::append_range(*axes, llvm::seq<int64_t>(0, rank));
  if (llvm::any_of(*axes, [&](int64_t a) { return a < 0 || a >= rank; }))
    return b.notifyMatchFailure(op, "expected axes in range");
  llvm::sort(*axes);
  axes->erase(llvm::unique(*axes), axes->end());
  b.replaceOp(op, t.castTo(reduceKnown(op, input, *axes, keepDims, t), resultType));
  return success();
}

void ingot::populateReductionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ReductionLowering>(types, context);
}
