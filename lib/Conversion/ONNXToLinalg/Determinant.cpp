//===- Determinant.cpp - determinants by elimination ----------------------------------------===//
#include "ComputeBuilder.h"
#include "Families.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// The row from `k` on whose element in column `k` is largest.
static Value pivotRow(ComputeBuilder &t, Value matrix, Value k, Value n, Type wide) {
  Value first = arith::AddIOp::create(t.b, t.loc, k, t.index(1));
  Value start = math::AbsFOp::create(t.b, t.loc, t.extract(matrix, {k, k}));
  auto search = scf::ForOp::create(t.b, t.loc, first, n, t.index(1), ValueRange{k, start},
                                   [&](OpBuilder &b, Location loc, Value row, ValueRange best) {
                                     ScalarBuilder s(b, loc, false, wide);
                                     Value size = s.abs(tensor::ExtractOp::create(b, loc, matrix, ValueRange{row, k}));
                                     Value larger = s.gt(size, best[1]);
                                     scf::YieldOp::create(b, loc, ValueRange{s.select(larger, row, best[0]), s.select(larger, size, best[1])});
                                   });
  return search.getResult(0);
}

static Value rowOf(ComputeBuilder &t, Value matrix, Value row, OpFoldResult n) {
  return t.dropUnits(t.slice(matrix, {row, t.indexAttr(0)}, {t.indexAttr(1), n}), {0});
}

/// Clears column `k` below the diagonal; what is left of the columns before is not read again.  Returns the matrix and the pivot.
static std::pair<Value, Value> eliminate(ComputeBuilder &t, Value matrix, Value k, OpFoldResult n, Type wide) {
  OpFoldResult one = t.indexAttr(1), zero = t.indexAttr(0);
  Value p = pivotRow(t, matrix, k, t.value(n), wide);
  auto copy = [&](Value v) { return t.mapWide(v, {}, n, wide, [](ScalarBuilder &, ValueRange x) { return x[0]; }); };
  Value chosen = copy(rowOf(t, matrix, p, n)), displaced = copy(rowOf(t, matrix, k, n));
  Value pivot = t.extract(chosen, k);
  Value exchanged = t.insert(displaced, matrix, {p, zero}, {one, n});

  // Of a column of zeros nothing need be subtracted, and the determinant is 0.
  ScalarBuilder scalars(t.b, t.loc, false, wide);
  Value isZero = scalars.eq(pivot, scalars.like(pivot, 0)), divisor = scalars.select(isZero, scalars.like(pivot, 1), pivot);
  OpFoldResult next = t.add(k, one), left = t.sub(n, next);
  Value column = t.dropUnits(t.slice(exchanged, {next, k}, {left, one}), {1});
  Value factors = t.mapWide(column, {}, left, wide, [&](ScalarBuilder &s, ValueRange x) { return s.div(x[0], divisor); });
  Value rest = t.slice(chosen, {next}, {left}), block = t.slice(exchanged, {next, next}, {left, left});
  AffineMap maps[] = {t.select(2, {0}), t.select(2, {1})};
  Value cleared = t.fold({factors, rest}, maps, block, t.b.getMultiDimIdentityMap(2),
                         [](ScalarBuilder &s, ValueRange x) { return s.sub(x[2], s.mul(x[0], x[1])); });
  Value moved = t.compare(arith::CmpIPredicate::ne, p, k);
  return {t.insert(cleared, exchanged, {next, next}, {left, left}), scalars.select(moved, scalars.neg(pivot), pivot)};
}

namespace {

/// The product of the pivots of Gauss's elimination, rows exchanged for the largest pivot in each column
struct DetLowering : ONNXLowering<onnx::DetOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DetOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims in = t.dims(adaptor.getX()), outer(in.begin(), in.end() - 2);
    OpFoldResult n = getConstantIntValue(in.back()) ? in.back() : in[in.size() - 2];
    t.checkEqual(in.back(), in[in.size() - 2], "expected square matrices");
    Type wide = wideType(type.getElementType());
    Value x = t.reshape(t.convertElements(adaptor.getX(), wide), {t.product(outer), n, n});
    Value results = t.empty({t.product(outer)}, wide), zero = t.index(0), one = t.index(1);
    auto batch = scf::ForOp::create(b, op.getLoc(), zero, t.value(t.product(outer)), one, ValueRange{results});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(batch.getBody());
      Value i = batch.getInductionVar();
      Value slice = t.dropUnits(t.slice(x, {i, t.indexAttr(0), t.indexAttr(0)}, {t.indexAttr(1), n, n}), {0});
      Value matrix = t.mapWide(slice, {}, {n, n}, wide, [](ScalarBuilder &, ValueRange v) { return v[0]; });
      auto columns = scf::ForOp::create(b, op.getLoc(), zero, t.value(n), one, ValueRange{matrix, t.number(wide, 1)});
      {
        OpBuilder::InsertionGuard inner(b);
        b.setInsertionPointToStart(columns.getBody());
        auto [next, pivot] = eliminate(t, columns.getRegionIterArgs()[0], columns.getInductionVar(), n, wide);
        Value product = arith::MulFOp::create(b, op.getLoc(), columns.getRegionIterArgs()[1], pivot);
        scf::YieldOp::create(b, op.getLoc(), ValueRange{next, product});
      }
      Value written = tensor::InsertOp::create(b, op.getLoc(), columns.getResult(1), batch.getRegionIterArgs()[0], i);
      scf::YieldOp::create(b, op.getLoc(), written);
    }
    Value y = t.convertElements(t.reshape(batch.getResult(0), outer), type.getElementType());
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateDeterminantLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<DetLowering>(types, context);
}
