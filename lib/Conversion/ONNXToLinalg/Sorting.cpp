//===- Sorting.cpp - TopK and Unique over indices in a stable order -------------===//
#include "Heap.h"
#include "Normalization.h"

#include "Families.h"
#include "Reshaping.h"
#include "ScalarBody.h"

using namespace mlir;
using namespace ingot;

static Value add(OpBuilder &b, Location loc, Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
static Value least(OpBuilder &b, Location loc, Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
static Value compare(OpBuilder &b, Location loc, arith::CmpIPredicate p, Value x, Value y) { return arith::CmpIOp::create(b, loc, p, x, y); }
static Value both(OpBuilder &b, Location loc, Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
/// Numbers in their order; what is no number comes behind all of them, and is equal to its like.
static Value precedes(ScalarBuilder &s, Value x, Value y) {
  if (!isa<FloatType>(x.getType()))
    return s.lt(x, y);
  return s.bitOr(s.lt(x, y), s.bitAnd(s.isNaN(y), s.bitNot(s.isNaN(x))));
}
static Value negated(OpBuilder &b, Location loc, Value x) {
  return arith::XOrIOp::create(b, loc, x, arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
}

/// Merges the runs [low, middle) and [middle, high) of row `from` into row 1 - from; `rows` is tensor<2x?xindex>.
static Value mergeRuns(OpBuilder &b, Location loc, Value rows, Value from, Value low, Value middle, Value high, Before before) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value to = arith::SubIOp::create(b, loc, one, from);
  auto loop = scf::ForOp::create(b, loc, low, high, one, ValueRange{rows, low, middle}, [&](OpBuilder &n, Location l, Value k, ValueRange carried) {
    Value i = carried[1], j = carried[2];
    Value leftRuns = compare(n, l, arith::CmpIPredicate::slt, i, middle), rightRuns = compare(n, l, arith::CmpIPredicate::slt, j, high);
    // Positions are clamped where a run is used up; what is read there is not used.
    Value last = arith::SubIOp::create(n, l, high, one);
    Value x = tensor::ExtractOp::create(n, l, carried[0], ValueRange{from, least(n, l, i, last)});
    Value y = tensor::ExtractOp::create(n, l, carried[0], ValueRange{from, least(n, l, j, last)});
    Value rightFirst = both(n, l, rightRuns, before(n, l, y, x));
    Value takeLeft = both(n, l, leftRuns, negated(n, l, rightFirst));
    Value next = tensor::InsertOp::create(n, l, arith::SelectOp::create(n, l, takeLeft, x, y), carried[0], ValueRange{to, k});
    Value nextI = arith::SelectOp::create(n, l, takeLeft, add(n, l, i, one), i);
    Value nextJ = arith::SelectOp::create(n, l, takeLeft, j, add(n, l, j, one));
    scf::YieldOp::create(n, l, ValueRange{next, nextI, nextJ});
  });
  return loop.getResult(0);
}

Value ingot::sortedIndices(TensorBuilder &t, Value count, Before before) {
  OpBuilder &b = t.b;
  Location loc = t.loc;
  Value zero = t.index(0), one = t.index(1);
  Value rows = t.compute({t.indexAttr(2), count}, b.getIndexType(), [](OpBuilder &, Location, ValueRange at) { return at[1]; });
  // Carried: the two rows, the row that holds the runs, the length of a run.
  SmallVector<Value> init = {rows, zero, one};
  SmallVector<Type> types = {rows.getType(), b.getIndexType(), b.getIndexType()};
  auto loop = scf::WhileOp::create(b, loc, types, init, [&](OpBuilder &n, Location l, ValueRange carried) {
    scf::ConditionOp::create(n, l, compare(n, l, arith::CmpIPredicate::slt, carried[2], count), carried);
  }, [&](OpBuilder &n, Location l, ValueRange carried) {
    Value from = carried[1], width = carried[2], pair = add(n, l, width, width);
    auto pass = scf::ForOp::create(n, l, zero, count, pair, carried[0], [&](OpBuilder &m, Location k, Value low, ValueRange inner) {
      Value middle = least(m, k, add(m, k, low, width), count), high = least(m, k, add(m, k, low, pair), count);
      scf::YieldOp::create(m, k, mergeRuns(m, k, inner[0], from, low, middle, high, before));
    });
    scf::YieldOp::create(n, l, ValueRange{pass.getResult(0), arith::SubIOp::create(n, l, one, from), pair});
  });
  Value sorted = loop.getResult(0), row = loop.getResult(1);
  return t.compute(OpFoldResult(count), b.getIndexType(), [&](OpBuilder &n, Location l, ValueRange at) -> Value {
    return tensor::ExtractOp::create(n, l, sorted, ValueRange{row, at[0]});
  });
}

namespace {

/// The first k of each row along the axis, sorted by value and then index; by a heap, unless most of the row is wanted.
struct TopKLowering : ONNXLowering<onnx::TopKOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::TopKOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// The distinct slices along the axis (elements without one), in order or in that of their first occurrence.
struct UniqueLowering : ONNXLowering<onnx::UniqueOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::UniqueOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

} // namespace

LogicalResult TopKLowering::matchAndRewrite(onnx::TopKOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  Value input = adaptor.getX();
  if (!isNumberTensor(input))
    return b.notifyMatchFailure(op, "expected a ranked tensor of numbers");
  Dims dims;
  TensorBuilder t(b, op.getLoc());
  dims = t.dims(input);
  int64_t rank = dims.size(), axis = fromFront(op.getAxis(), rank);
  bool isUnsigned = ingot::isUnsigned(op.getX()), largest = op.getLargest() != 0;
  Value size = t.value(dims[axis]);
  OpFoldResult k = lowering.isKnown(op.getValues(), axis) ? lowering.materialize(b, op.getLoc(), shapes.dim(op.getValues(), axis))
                                                          : OpFoldResult(t.toIndex(t.scalarOf(adaptor.getK())));
  if (!getConstantIntValue(k) || !getConstantIntValue(dims[axis]))
    t.check(t.compare(arith::CmpIPredicate::ule, t.value(k), size), "k is out of range, expected at most dimension " + Twine(axis));
  Dims result = dims, outer = dims;
  result[axis] = k;
  outer[axis] = t.indexAttr(1);
  Type i64 = b.getI64Type();
  Value kValue = t.value(k);
  auto kKnown = getConstantIntValue(k), sizeKnown = getConstantIntValue(dims[axis]);
  bool wantsMost = kKnown && sizeKnown && *kKnown > *sizeKnown / 2;
  Value indices = forEach(t, outer, t.empty(result, i64), [&](OpBuilder &n, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
    TensorBuilder inner(n, loc);
    auto before = [&](OpBuilder &m, Location l, Value x, Value y) -> Value {
      ScalarBuilder s(m, l, isUnsigned, elementType(input));
      SmallVector<Value> xAt(at), yAt(at);
      xAt[axis] = x;
      yAt[axis] = y;
      Value vx = widen(s, tensor::ExtractOp::create(m, l, input, xAt)), vy = widen(s, tensor::ExtractOp::create(m, l, input, yAt));
      return largest ? precedes(s, vy, vx) : precedes(s, vx, vy);
    };
    Value order = wantsMost ? sortedIndices(inner, size, before) : Heap::firstOf(inner, size, kValue, before);
    Value zero = inner.index(0), one = inner.index(1);
    auto copy = scf::ForOp::create(n, loc, zero, kValue, one, carried[0], [&](OpBuilder &m, Location l, Value i, ValueRange row) {
      SmallVector<Value> to(at);
      to[axis] = i;
      Value index = arith::IndexCastOp::create(m, l, i64, tensor::ExtractOp::create(m, l, order, i));
      scf::YieldOp::create(m, l, tensor::InsertOp::create(m, l, index, row[0], to).getResult());
    });
    return {copy.getResult(0)};
  }).front();
  Value values = t.map(indices, {}, result, elementType(input), [&](OpBuilder &n, Location loc, ValueRange args) -> Value {
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(i == axis ? arith::IndexCastOp::create(n, loc, n.getIndexType(), args[0]).getResult() : linalg::IndexOp::create(n, loc, i).getResult());
    return tensor::ExtractOp::create(n, loc, input, at);
  });
  b.replaceOp(op, {t.castTo(values, typeConverter->convertType(op.getValues().getType())),
                   t.castTo(indices, typeConverter->convertType(op.getIndices().getType()))});
  return success();
}

LogicalResult UniqueLowering::matchAndRewrite(onnx::UniqueOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  Value input = adaptor.getX();
  if (!isNumberTensor(input))
    return b.notifyMatchFailure(op, "expected a ranked tensor of numbers");
  TensorBuilder t(b, op.getLoc());
  bool isUnsigned = ingot::isUnsigned(op.getX());
  Dims dims = t.dims(input);
  int64_t rank = dims.size(), axis = op.getAxis().value_or(0);
  axis = axis < 0 ? axis + rank : axis;
  // Items are the rows of a matrix: slices along the axis, or single elements.
  SmallVector<int64_t> toFront, back(rank);
  Dims front;
  Value items;
  if (op.getAxis()) {
    toFront.push_back(axis);
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        toFront.push_back(i);
    for (auto [i, p] : llvm::enumerate(toFront)) {
      back[p] = i;
      front.push_back(dims[p]);
    }
    items = t.reshape(t.transpose(input, toFront), {front[0], t.product(ArrayRef<OpFoldResult>(front).drop_front())});
  } else {
    items = t.reshape(input, {t.product(dims), t.indexAttr(1)});
  }
  Value count = t.value(t.dim(items, 0)), width = t.value(t.dim(items, 1)), zero = t.index(0), one = t.index(1);
  // -1, 0 or 1 as row x is before, equal to or after row y at the first element where they differ.
  auto order = [&](OpBuilder &m, Location l, Value x, Value y) -> Value {
    auto loop = scf::ForOp::create(m, l, zero, width, one, zero, [&](OpBuilder &n, Location k, Value i, ValueRange carried) {
      ScalarBuilder s(n, k, isUnsigned, elementType(items));
      Value vx = widen(s, tensor::ExtractOp::create(n, k, items, ValueRange{x, i})), vy = widen(s, tensor::ExtractOp::create(n, k, items, ValueRange{y, i}));
      Value here = s.select(precedes(s, vx, vy), s.like(x, -1), s.select(precedes(s, vy, vx), one, zero));
      scf::YieldOp::create(n, k, s.select(s.eq(carried[0], zero), here, carried[0]));
    });
    return loop.getResult(0);
  };
  Value sorted = sortedIndices(t, count, [&](OpBuilder &m, Location l, Value x, Value y) {
    return compare(m, l, arith::CmpIPredicate::slt, order(m, l, x, y), zero);
  });
  // Walk the sorted rows: groupOf[row], firstOf[group] (rows of a group come in their order) and the number of groups.
  Type index = b.getIndexType(), i64 = b.getI64Type();
  Value groupOf = t.empty(OpFoldResult(count), index), firstOf = t.empty(OpFoldResult(count), index);
  auto groups = forEach(t, OpFoldResult(count), {groupOf, firstOf, zero}, [&](OpBuilder &m, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
    Value row = tensor::ExtractOp::create(m, l, sorted, at);
    Value isFirst = compare(m, l, arith::CmpIPredicate::eq, at[0], zero);
    Value before = arith::SelectOp::create(m, l, isFirst, zero, arith::SubIOp::create(m, l, at[0], one));
    Value differs = compare(m, l, arith::CmpIPredicate::ne, order(m, l, tensor::ExtractOp::create(m, l, sorted, before), row), zero);
    Value opens = arith::OrIOp::create(m, l, isFirst, differs);
    auto branch = scf::IfOp::create(m, l, opens, [&](OpBuilder &n, Location k) {
      Value first = tensor::InsertOp::create(n, k, row, carried[1], carried[2]);
      scf::YieldOp::create(n, k, ValueRange{first, add(n, k, carried[2], one)});
    }, [&](OpBuilder &n, Location k) { scf::YieldOp::create(n, k, ValueRange{carried[1], carried[2]}); });
    Value group = arith::SubIOp::create(m, l, branch.getResult(1), one);
    return {tensor::InsertOp::create(m, l, group, carried[0], row), branch.getResult(0), branch.getResult(1)};
  });
  groupOf = groups[0];
  firstOf = groups[1];
  Value unique = groups[2];
  Value place = t.compute(OpFoldResult(unique), index, [](OpBuilder &, Location, ValueRange at) { return at[0]; });
  if (!op.getSorted()) {
    // place[group]: by first occurrence.
    auto placed = forEach(t, OpFoldResult(count), {place, zero}, [&](OpBuilder &m, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      Value group = tensor::ExtractOp::create(m, l, groupOf, at);
      Value opens = compare(m, l, arith::CmpIPredicate::eq, tensor::ExtractOp::create(m, l, firstOf, group), at[0]);
      auto branch = scf::IfOp::create(m, l, opens, [&](OpBuilder &n, Location k) {
        Value next = tensor::InsertOp::create(n, k, carried[1], carried[0], group);
        scf::YieldOp::create(n, k, ValueRange{next, add(n, k, carried[1], one)});
      }, [&](OpBuilder &n, Location k) { scf::YieldOp::create(n, k, ValueRange{carried[0], carried[1]}); });
      return SmallVector<Value>(branch.getResults());
    });
    place = placed[0];
  }
  Value inverse = t.map(groupOf, {}, OpFoldResult(count), i64, [&](OpBuilder &m, Location l, ValueRange args) -> Value {
    return arith::IndexCastOp::create(m, l, i64, tensor::ExtractOp::create(m, l, place, args[0]));
  });
  Value indices = forEach(t, OpFoldResult(unique), t.empty(OpFoldResult(unique), i64), [&](OpBuilder &m, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
    Value first = arith::IndexCastOp::create(m, l, i64, tensor::ExtractOp::create(m, l, firstOf, at));
    return {tensor::InsertOp::create(m, l, first, carried[0], ValueRange{tensor::ExtractOp::create(m, l, place, at)})};
  }).front();
  Value counts = forEach(t, OpFoldResult(count), t.full(OpFoldResult(unique), t.number(i64, 0)), [&](OpBuilder &m, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
    Value to = arith::IndexCastOp::create(m, l, index, tensor::ExtractOp::create(m, l, inverse, at));
    Value old = tensor::ExtractOp::create(m, l, carried[0], to), i64One = arith::ConstantOp::create(m, l, m.getI64IntegerAttr(1));
    return {tensor::InsertOp::create(m, l, add(m, l, old, i64One), carried[0], to)};
  }).front();
  Value rows = t.compute({unique, t.dim(items, 1)}, elementType(items), [&](OpBuilder &m, Location l, ValueRange at) -> Value {
    Value row = arith::IndexCastOp::create(m, l, index, tensor::ExtractOp::create(m, l, indices, at[0]));
    return tensor::ExtractOp::create(m, l, items, ValueRange{row, at[1]});
  });
  Value result;
  if (op.getAxis()) {
    front[0] = unique;
    result = t.transpose(t.reshape(rows, front), back);
  } else {
    result = t.reshape(rows, OpFoldResult(unique));
  }
  SmallVector<Value> results = {result, indices, inverse, counts};
  for (auto [value, type] : llvm::zip(results, op->getResultTypes()))
    value = t.castTo(value, typeConverter->convertType(type));
  b.replaceOp(op, results);
  return success();
}

void ingot::populateSortingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<TopKLowering, UniqueLowering>(types, context);
}
