//===- RuntimeAxes.cpp - axes that only the run knows --------------------------------===//
#include "RuntimeAxes.h"

#include "Indices.h"

using namespace mlir;
using namespace ingot;

/// The same where also the number of axes is known at run time only: for each dimension a search through the list.
static SmallVector<Value> searchAxes(TensorBuilder &t, Value axes, int64_t rank) {
  checkIndices(t, axes, t.indexAttr(rank));
  Type i64 = t.b.getI64Type();
  SmallVector<Value> flags;
  for (int64_t i = 0; i < rank; ++i) {
    Value found = t.reduce(axes, {0}, t.number(i64, 0), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
      auto is = [&](int64_t v) -> Value {
        Value c = arith::ConstantOp::create(b, loc, b.getIntegerAttr(args[0].getType(), v));
        return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, args[0], c);
      };
      Value either = arith::OrIOp::create(b, loc, is(i), is(i - rank));
      return arith::OrIOp::create(b, loc, args[1], arith::ExtUIOp::create(b, loc, i64, either));
    });
    flags.push_back(t.compare(arith::CmpIPredicate::ne, t.extract(found), t.number(i64, 0)));
  }
  return flags;
}

SmallVector<Value> ingot::axisFlags(TensorBuilder &t, Value axes, int64_t rank) {
  if (cast<RankedTensorType>(axes.getType()).isDynamicDim(0))
    return searchAxes(t, axes, rank);
  SmallVector<Value> flags(rank, t.boolean(false));
  Value rankValue = t.index(rank);
  for (int64_t a = 0, n = cast<RankedTensorType>(axes.getType()).getDimSize(0); a < n; ++a) {
    Value axis = t.toIndex(t.extract(axes, t.index(a)));
    Value negative = t.compare(arith::CmpIPredicate::slt, axis, t.index(0));
    axis = t.select(negative, arith::AddIOp::create(t.b, t.loc, axis, rankValue), axis);
    t.check(t.compare(arith::CmpIPredicate::ult, axis, rankValue),
            "an axis is out of range, expected -" + Twine(rank) + " to " + Twine(rank - 1));
    for (int64_t i = 0; i < rank; ++i)
      flags[i] = arith::OrIOp::create(t.b, t.loc, flags[i], t.compare(arith::CmpIPredicate::eq, axis, t.index(i)));
  }
  return flags;
}

Dims ingot::unflaggedDims(TensorBuilder &t, ArrayRef<OpFoldResult> dims, ArrayRef<Value> flags, int64_t count) {
  Value one = t.index(1), before = t.index(0);
  SmallVector<Value> kept(count, one);
  // Kept dimension number q is the one before which q others are kept.
  for (auto [d, flag] : llvm::zip(dims, flags)) {
    Value keep = arith::XOrIOp::create(t.b, t.loc, flag, t.boolean(true));
    for (int64_t q = 0; q < count; ++q) {
      Value here = arith::AndIOp::create(t.b, t.loc, keep, t.compare(arith::CmpIPredicate::eq, before, t.index(q)));
      kept[q] = t.select(here, t.value(d), kept[q]);
    }
    before = t.select(flag, before, arith::AddIOp::create(t.b, t.loc, before, one));
  }
  return getAsOpFoldResult(kept);
}

Dims ingot::insertUnitDims(TensorBuilder &t, ArrayRef<OpFoldResult> dims, ArrayRef<Value> flags) {
  Value one = t.index(1), used = t.index(0);
  Dims result;
  for (Value flag : flags) {
    Value next = one;
    for (auto [i, d] : llvm::enumerate(dims))
      next = t.select(t.compare(arith::CmpIPredicate::eq, used, t.index(i)), t.value(d), next);
    result.push_back(t.select(flag, one, next));
    used = t.select(flag, used, arith::AddIOp::create(t.b, t.loc, used, one));
  }
  return result;
}
