//===- Inverse.cpp - inverses of matrices ---------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "Indices.h"
#include "OtherDomains.h"

using namespace mlir;
using namespace ingot;

namespace {

/// Gauss-Jordan elimination with the largest pivot of each column, a matrix beside the unit matrix: [A | I] becomes [I | A^-1].
struct InverseLowering : ONNXLowering<onnx::MSInverseOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MSInverseOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type) return b.notifyMatchFailure(op, "expected a result of known rank");
    Type element = type.getElementType(), wide = wideType(element);
    ComputeBuilder t(b, op.getLoc());
    Value x = adaptor.getX();
    Dims dims = t.dims(x);
    Value rows = t.value(dims[dims.size() - 2]), columns = t.value(dims.back());
    t.check(t.compare(arith::CmpIPredicate::eq, rows, columns), "the matrices are not square");
    OpFoldResult n = dims.back(), batch = t.product(ArrayRef(dims).drop_back(2)), twice = t.mul(n, t.indexAttr(2));
    Value matrices = t.reshape(x, {batch, n, n});
    Value augmented = t.compute({batch, n, twice}, wide, [&](OpBuilder &nested, Location l, ValueRange at) -> Value {
      TensorBuilder m(nested, l);
      ScalarBuilder s(nested, l, false, wide);
      Value inside = m.compare(arith::CmpIPredicate::ult, at[2], columns);
      Value own = s.cast(m.extract(matrices, {at[0], at[1], m.select(inside, at[2], m.index(0))}), wide, false, false);
      Value unit = m.compare(arith::CmpIPredicate::eq, at[2], arith::AddIOp::create(nested, l, at[1], columns));
      return m.select(inside, own, m.select(unit, m.number(wide, 1), m.number(wide, 0)));
    });
    Value reduced = forEach(t, {batch, n}, augmented, [&](OpBuilder &nested, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      return {eliminate(nested, l, carried[0], at[0], at[1], n, twice, wide)};
    }).front();
    Value right = t.slice(reduced, {t.indexAttr(0), t.indexAttr(0), n}, {batch, n, n});
    b.replaceOp(op, t.castTo(t.reshape(t.convertElements(right, element), dims), type));
    return success();
  }

  /// Makes column `c` of one matrix that of the unit matrix.
  static Value eliminate(OpBuilder &b, Location loc, Value m, Value batch, Value c, OpFoldResult n, OpFoldResult width, Type wide) {
    TensorBuilder t(b, loc);
    ScalarBuilder s(b, loc, false, wide);
    auto all = [&](OpFoldResult count, ValueRange carried, LoopBody body) { return forEach(t, count, carried, body); };
    auto get = [](OpBuilder &nested, Location l, Value from, ValueRange at) -> Value { return tensor::ExtractOp::create(nested, l, from, at); };
    auto put = [](OpBuilder &nested, Location l, Value v, Value into, ValueRange at) -> Value { return tensor::InsertOp::create(nested, l, v, into, at); };
    auto pivot = all(n, {c, t.number(wide, -1)}, [&](OpBuilder &nested, Location l, ValueRange at, ValueRange best) -> SmallVector<Value> {
      TensorBuilder in(nested, l);
      ScalarBuilder si(nested, l, false, wide);
      Value size = si.abs(get(nested, l, m, {batch, at[0], c}));
      Value candidate = in.compare(arith::CmpIPredicate::uge, at[0], c);
      Value better = arith::AndIOp::create(nested, l, candidate, si.gt(size, best[1]));
      return {in.select(better, at[0], best[0]), in.select(better, size, best[1])};
    });
    Value row = pivot[0], factor = s.div(t.number(wide, 1), get(b, loc, m, {batch, row, c}));
    // The pivot's row, scaled, changes places with row c.
    m = all(width, m, [&](OpBuilder &nested, Location l, ValueRange at, ValueRange now) -> SmallVector<Value> {
          ScalarBuilder si(nested, l, false, wide);
          Value chosen = si.mul(get(nested, l, now[0], {batch, row, at[0]}), factor), other = get(nested, l, now[0], {batch, c, at[0]});
          Value moved = put(nested, l, other, now[0], {batch, row, at[0]});
          return {put(nested, l, chosen, moved, {batch, c, at[0]})};
        }).front();
    return all(n, m, [&](OpBuilder &nested, Location l, ValueRange r, ValueRange now) -> SmallVector<Value> {
             TensorBuilder in(nested, l);
             Value times = get(nested, l, now[0], {batch, r[0], c});
             times = in.select(in.compare(arith::CmpIPredicate::eq, r[0], c), in.number(wide, 0), times);
             return forEach(in, width, now, [&](OpBuilder &deep, Location k, ValueRange at, ValueRange inner) -> SmallVector<Value> {
               ScalarBuilder si(deep, k, false, wide);
               Value v = si.sub(get(deep, k, inner[0], {batch, r[0], at[0]}), si.mul(times, get(deep, k, inner[0], {batch, c, at[0]})));
               return {put(deep, k, v, inner[0], {batch, r[0], at[0]})};
             });
           }).front();
  }
};

} // namespace

void ingot::populateInverseLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<InverseLowering>(types, context);
}
