//===- Scanning.cpp - positions of extremes, running sums and products ---------------===//
#include "Normalization.h"
#include "Families.h"
#include "Indices.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

namespace {

/// (value, index) pairs reduced along the axis: the better value wins, on ties the first (or last) index.
template <class OpT, bool isMax> struct ArgLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getData();
    if (!isNumberTensor(input))
      return b.notifyMatchFailure(op, "expected a ranked tensor of numbers");
    int64_t rank = cast<RankedTensorType>(input.getType()).getRank(), axis = fromFront(op.getAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    bool isUnsigned = ingot::isUnsigned(op.getData()), last = op.getSelectLastIndex() != 0;
    Type element = computeType(elementType(input)), i64 = b.getI64Type();
    ScalarBuilder outer(b, op.getLoc(), isUnsigned, element);
    Dims kept;
    SmallVector<AffineExpr> results;
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    loops[axis] = utils::IteratorType::reduction;
    for (int64_t i = 0; i < rank; ++i) {
      if (i == axis)
        continue;
      kept.push_back(t.dim(input, i));
      results.push_back(b.getAffineDimExpr(i));
    }
    Value values = t.full(kept, isMax ? outer.lowest(element) : outer.highest(element));
    Value indices = t.full(kept, t.number(i64, 0));
    AffineMap in = b.getMultiDimIdentityMap(rank), out = AffineMap::get(rank, 0, results, b.getContext());
    Value found = linalg::GenericOp::create(b, op.getLoc(), TypeRange{values.getType(), indices.getType()}, input, ValueRange{values, indices},
                                            ArrayRef<AffineMap>{in, out, out}, loops, [&](OpBuilder &nested, Location loc, ValueRange args) {
      ScalarBuilder s(nested, loc, isUnsigned, element);
      Value x = widen(s, args[0]), best = args[1];
      Value better = isMax ? (last ? s.ge(x, best) : s.gt(x, best)) : (last ? s.le(x, best) : s.lt(x, best));
      Value here = arith::IndexCastOp::create(nested, loc, i64, linalg::IndexOp::create(nested, loc, axis));
      linalg::YieldOp::create(nested, loc, ValueRange{s.select(better, x, best), s.select(better, here, args[2])});
    }).getResult(1);
    b.replaceOp(op, op.getKeepdims() ? t.insertUnits(found, {axis}) : found);
    return success();
  }
};

/// y[i] = y[i - 1] op x[i] along an axis that may be known at run time only; exclusive: y[i] = y[i - 1] op x[i - 1], y[0] neutral.
template <class OpT, bool isSum> struct CumulativeLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    Value input = adaptor.getX();
    if (!isNumberTensor(input))
      return b.notifyMatchFailure(op, "expected a ranked tensor of numbers");
    TensorBuilder t(b, op.getLoc());
    Dims dims = t.dims(input);
    int64_t rank = dims.size();
    Type stored = elementType(input), element = computeType(stored);
    Value one = t.index(1), zero = t.index(0), rankValue = t.index(rank);
    Value axis = t.toIndex(t.scalarOf(adaptor.getAxis()));
    axis = t.select(t.compare(arith::CmpIPredicate::slt, axis, zero), arith::AddIOp::create(b, op.getLoc(), axis, rankValue), axis);
    t.check(t.compare(arith::CmpIPredicate::ult, axis, rankValue), "the axis is out of range, expected less than " + Twine(rank));
    SmallVector<Value> isAxis, last;
    for (int64_t i = 0; i < rank; ++i) {
      isAxis.push_back(t.compare(arith::CmpIPredicate::eq, axis, t.index(i)));
      last.push_back(t.value(t.sub(dims[i], t.indexAttr(1))));
    }
    Value neutral = t.number(element, isSum ? 0 : 1);
    bool reverse = op.getReverse() != 0, exclusive = op.getExclusive() != 0, isUnsigned = ingot::isUnsigned(op.getX());
    Value sums = forEach(t, dims, t.empty(dims, element), [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      ScalarBuilder s(nested, loc, isUnsigned, element);
      SmallVector<Value> here(at), before;
      Value first = arith::ConstantOp::create(nested, loc, nested.getBoolAttr(false));
      for (int64_t i = 0; i < rank; ++i) {
        if (reverse)
          here[i] = s.select(isAxis[i], arith::SubIOp::create(nested, loc, last[i], at[i]), at[i]);
        // The neighbour, or the element itself at the start, where it is not used.
        Value step = reverse ? arith::AddIOp::create(nested, loc, here[i], one).getResult() : arith::SubIOp::create(nested, loc, here[i], one).getResult();
        Value atStart = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq, at[i], zero);
        atStart = arith::AndIOp::create(nested, loc, atStart, isAxis[i]);
        first = arith::OrIOp::create(nested, loc, first, atStart);
        Value moved = s.select(isAxis[i], step, here[i]);
        before.push_back(s.select(atStart, here[i], moved));
      }
      Value x = widen(s, tensor::ExtractOp::create(nested, loc, input, exclusive ? before : here));
      Value previous = tensor::ExtractOp::create(nested, loc, carried[0], before);
      Value sum = isSum ? s.add(previous, x) : s.mul(previous, x);
      sum = s.select(first, exclusive ? neutral : x, sum);
      return {tensor::InsertOp::create(nested, loc, sum, carried[0], here)};
    }).front();
    if (element != stored)
      sums = t.map(sums, {}, dims, stored, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
        ScalarBuilder s(nested, loc, isUnsigned, element);
        return narrow(s, args[0], stored);
      });
    b.replaceOp(op, sums);
    return success();
  }
};

} // namespace

void ingot::populateScanningLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ArgLowering<onnx::ArgMaxOp, true>, ArgLowering<onnx::ArgMinOp, false>, CumulativeLowering<onnx::CumSumOp, true>,
               CumulativeLowering<onnx::CumProdOp, false>>(types, context);
}
