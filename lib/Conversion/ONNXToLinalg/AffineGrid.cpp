//===- AffineGrid.cpp - sampling grids of affine maps --------------------------------------===//
#include "ComputeBuilder.h"
#include "Families.h"

using namespace mlir;
using namespace ingot;

namespace {

/// grid[n, (d,) h, w, i] = theta[n, i, :] * (x, y, (z,) 1), the coordinates from -1 to 1
struct AffineGridLowering : ONNXLowering<onnx::AffineGridOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::AffineGridOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    auto thetaType = dyn_cast<RankedTensorType>(adaptor.getTheta().getType());
    if (!type || !thetaType || thetaType.getRank() != 3)
      return b.notifyMatchFailure(op, "expected a size of known length and matrices");
    int64_t spatial = type.getRank() - 2;
    ComputeBuilder t(b, op.getLoc());
    Type element = type.getElementType(), wide = wideType(element);
    Dims sizes = lowering.dims(b, op.getLoc(), op.getGrid());
    for (OpFoldResult d : sizes)
      t.check(t.compare(arith::CmpIPredicate::sge, t.value(d), t.index(0)), "expected sizes of 0 or more");
    t.checkEqual(t.dim(adaptor.getTheta(), 0), sizes[0], "expected one matrix for each sample");
    t.checkEqual(t.dim(adaptor.getTheta(), 1), t.indexAttr(spatial), "expected matrices of " + Twine(spatial) + " rows");
    t.checkEqual(t.dim(adaptor.getTheta(), 2), t.indexAttr(spatial + 1), "expected matrices of " + Twine(spatial + 1) + " columns");

    int64_t rank = spatial + 2;
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    AffineExpr n = t.loop(0), i = t.loop(rank - 1);
    for (int64_t k = 0; k <= spatial; ++k) {
      inputs.push_back(adaptor.getTheta());
      maps.push_back(t.mapOf(rank, {n, i, b.getAffineConstantExpr(k)}));
    }
    // x belongs to the last dimension.
    for (int64_t k = 0; k < spatial; ++k) {
      inputs.push_back(coordinates(t, sizes[spatial - k], op.getAlignCorners() != 0, wide));
      maps.push_back(t.select(rank, {spatial - k}));
    }
    Value grid = t.mapWide(inputs, maps, sizes, element, [&](ScalarBuilder &s, ValueRange x) {
      Value v = x[spatial];
      for (int64_t k = spatial - 1; k >= 0; --k)
        v = s.add(s.mul(x[k], x[spatial + 1 + k]), v);
      return v;
    });
    b.replaceOp(op, t.castTo(grid, type));
    return success();
  }

private:
  /// Points from -1 to 1, at the corners or the centres of the outer pixels; one pixel alone is at the first corner.
  static Value coordinates(ComputeBuilder &t, OpFoldResult size, bool corners, Type wide) {
    Type i64 = t.b.getI64Type();
    Value n = arith::SIToFPOp::create(t.b, t.loc, wide, t.fromIndex(t.value(size), i64));
    return t.compute(size, wide, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
      ScalarBuilder s(b, loc, false, wide);
      Value p = arith::SIToFPOp::create(b, loc, wide, arith::IndexCastOp::create(b, loc, i64, at[0])), one = s.like(n, 1);
      Value twice = s.add(p, p);
      if (!corners)
        return s.sub(s.div(s.add(twice, one), n), one);
      return s.sub(s.div(twice, s.max(s.sub(n, one), one)), one);
    });
  }
};

} // namespace

void ingot::populateAffineGridLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<AffineGridLowering>(types, context);
}
