//===- BoxStrips.cpp - taken boxes where those that may overlap lie side by side --------------===//
//
// Detectors that suppress all classes at once shift each class to a place of its own, so that most pairs of boxes have nothing in common. The
// strips spare those comparisons; the comparisons that are made are exact, and which of them come first does not matter.
//===-----------------------------------------------------------------------------===//
#include "BoxStrips.h"

#include "ingot/Dialect/ONNX/ScalarBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace ingot;

/// Taken boxes looked at between two questions whether one overlapped: long enough for vectors, short enough to stop early.
constexpr int64_t kComparedAtOnce = 64;
/// Fewer boxes in a strip are not worth its bookkeeping; more strips would cost more to prepare than they spare.
constexpr int64_t kBoxesPerStrip = 64, kMostStrips = 1024;

SmallVector<Value> ingot::forLoop(TensorBuilder &t, Value from, Value end, ValueRange carried, CountedBody body) {
  return scf::ForOp::create(t.b, t.loc, from, end, t.index(1), carried, [&](OpBuilder &, Location, Value i, ValueRange args) {
           scf::YieldOp::create(t.b, t.loc, body(i, args));
         }).getResults();
}

SmallVector<Value> ingot::whileLoop(TensorBuilder &t, ValueRange carried, llvm::function_ref<Value(ValueRange)> goesOn,
                                    llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
  return scf::WhileOp::create(
             t.b, t.loc, carried.getTypes(), carried,
             [&](OpBuilder &, Location, ValueRange args) { scf::ConditionOp::create(t.b, t.loc, goesOn(args), args); },
             [&](OpBuilder &, Location, ValueRange args) { scf::YieldOp::create(t.b, t.loc, body(args)); })
      .getResults();
}

static Value plus(TensorBuilder &t, Value x, Value y) { return arith::AddIOp::create(t.b, t.loc, x, y); }
static Value both(TensorBuilder &t, Value x, Value y) { return arith::AndIOp::create(t.b, t.loc, x, y); }
/// The greater and the lesser number; `y` if one is no number: one instruction each.
static Value greater(ScalarBuilder &s, Value x, Value y) { return s.select(s.gt(x, y), x, y); }
static Value lesser(ScalarBuilder &s, Value x, Value y) { return s.select(s.lt(x, y), x, y); }

/// Area of the intersection over area of the union; nothing for boxes that are no numbers.
static Value overlap(TensorBuilder &t, ArrayRef<Value> p, ArrayRef<Value> q) {
  ScalarBuilder s(t.b, t.loc, false, t.b.getF32Type());
  Value zero = s.like(p[0], 0);
  auto extent = [&](int64_t low, int64_t high) {
    return greater(s, s.sub(lesser(s, p[high], q[high]), greater(s, p[low], q[low])), zero);
  };
  Value common = s.mul(extent(0, 2), extent(1, 3));
  Value all = s.sub(s.add(p[4], q[4]), common);
  return s.select(s.le(all, zero), zero, s.div(common, all));
}

BoxStrips::BoxStrips(TensorBuilder &t, Value measures, Value count, Value threshold) : t(t), count(count), threshold(threshold) {
  ScalarBuilder s(t.b, t.loc, false, t.b.getF32Type());
  Type f32 = t.b.getF32Type();
  Value negative = s.lt(threshold, s.like(threshold, 0)), one = t.index(1), zero = t.index(0);
  Value wanted = t.value(t.min(t.max(t.floorDiv(count, t.indexAttr(kBoxesPerStrip)), t.indexAttr(1)), t.indexAttr(kMostStrips)));
  strips = t.select(negative, one, wanted);
  auto edges = forLoop(t, zero, count, {s.highest(f32), s.lowest(f32)}, [&](Value i, ValueRange seen) -> SmallVector<Value> {
    Value x = t.extract(measures, {zero, i});
    return {lesser(s, x, seen[0]), greater(s, x, seen[1])};
  });
  left = edges[0];
  // A width that is no finite number above zero makes all strips one.
  Value width = s.sub(edges[1], edges[0]), number = arith::SIToFPOp::create(t.b, t.loc, f32, t.fromIndex(strips, t.b.getI32Type()));
  Value usable = s.bitAnd(s.gt(width, s.like(width, 0)), s.lt(width, s.highest(f32)));
  Value perUnit = s.div(number, width);
  usable = s.bitAnd(usable, s.lt(perUnit, s.highest(f32)));
  scale = s.select(usable, perUnit, s.like(width, 0));
  planStrips(measures);
}

/// Never decreases as `x` grows; zero for what is no number.
Value BoxStrips::stripOf(Value x) const {
  ScalarBuilder s(t.b, t.loc, false, t.b.getF32Type());
  Type i32 = t.b.getI32Type();
  Value last = arith::SIToFPOp::create(t.b, t.loc, x.getType(), t.fromIndex(t.value(t.sub(strips, t.indexAttr(1))), i32));
  Value at = lesser(s, greater(s, s.mul(s.sub(x, left), scale), s.like(x, 0)), last);
  return t.toIndex(arith::FPToSIOp::create(t.b, t.loc, i32, at));
}

void BoxStrips::planStrips(Value measures) {
  ScalarBuilder s(t.b, t.loc, false, t.b.getF32Type());
  Value zero = t.index(0), one = t.index(1), two = t.index(2), lowest = s.lowest(t.b.getF32Type());
  Value alwaysReached = s.select(s.lt(threshold, s.like(threshold, 0)), s.highest(t.b.getF32Type()), lowest);
  auto counted = forLoop(t, zero, count, {t.full(OpFoldResult(strips), zero), t.full(OpFoldResult(strips), alwaysReached)},
                         [&](Value i, ValueRange of) -> SmallVector<Value> {
                           Value strip = stripOf(t.extract(measures, {zero, i})), right = t.extract(measures, {two, i});
                           Value boxes = tensor::InsertOp::create(t.b, t.loc, plus(t, t.extract(of[0], strip), one), of[0], strip);
                           Value furthest = greater(s, right, t.extract(of[1], strip));
                           return {boxes, tensor::InsertOp::create(t.b, t.loc, furthest, of[1], strip)};
                         });
  auto summed = forLoop(t, zero, strips, {counted[0], counted[1], zero, lowest}, [&](Value i, ValueRange of) -> SmallVector<Value> {
    Value next = plus(t, of[2], t.extract(of[0], i)), furthest = greater(s, t.extract(of[1], i), of[3]);
    return {tensor::InsertOp::create(t.b, t.loc, of[2], of[0], i), tensor::InsertOp::create(t.b, t.loc, furthest, of[1], i), next, furthest};
  });
  begins = summed[0];
  reach = summed[1];
}

Value BoxStrips::room() const { return t.empty({t.indexAttr(kMeasures), count}, t.b.getF32Type()); }

std::pair<Value, Value> BoxStrips::take(Value ends, Value kept, ArrayRef<Value> box) const {
  Value strip = stripOf(box[0]), place = t.extract(ends, strip);
  for (auto [i, measure] : llvm::enumerate(box))
    kept = tensor::InsertOp::create(t.b, t.loc, measure, kept, ValueRange{t.index(i), place});
  ends = tensor::InsertOp::create(t.b, t.loc, plus(t, place, t.index(1)), ends, strip);
  return {ends, kept};
}

Value BoxStrips::isSuppressed(Value ends, Value kept, ArrayRef<Value> box) const {
  Value no = t.boolean(false), one = t.index(1), zero = t.index(0);
  // Carried: strips that are left to search, the next box of the last of them, whether one overlapped.
  auto inStrip = [&](Value strip) {
    Value end = t.extract(ends, strip);
    return whileLoop(
        t, {t.extract(begins, strip), no},
        [&](ValueRange args) { return both(t, t.compare(arith::CmpIPredicate::slt, args[0], end), t.compare(arith::CmpIPredicate::eq, args[1], no)); },
        [&](ValueRange args) -> SmallVector<Value> {
          Value stop = arith::MinSIOp::create(t.b, t.loc, plus(t, args[0], t.index(kComparedAtOnce)), end);
          Value hit = forLoop(t, args[0], stop, args[1], [&](Value i, ValueRange inner) -> SmallVector<Value> {
            Measures other;
            for (int64_t m = 0; m < kMeasures; ++m)
              other.push_back(t.extract(kept, {t.index(m), i}));
            Value much = arith::CmpFOp::create(t.b, t.loc, arith::CmpFPredicate::OGT, overlap(t, box, other), threshold);
            return {arith::OrIOp::create(t.b, t.loc, inner[0], much)};
          })[0];
          return {stop, hit};
        })[1];
  };
  auto search = whileLoop(
      t, {plus(t, stripOf(box[2]), one), no, t.boolean(true)}, [&](ValueRange args) { return args[2]; },
      [&](ValueRange args) -> SmallVector<Value> {
        Value strip = t.value(t.sub(args[0], t.indexAttr(1)));
        Value reached = arith::CmpFOp::create(t.b, t.loc, arith::CmpFPredicate::OGT, t.extract(reach, strip), box[0]);
        auto found = scf::IfOp::create(
            t.b, t.loc, reached, [&](OpBuilder &, Location) { scf::YieldOp::create(t.b, t.loc, inStrip(strip)); },
            [&](OpBuilder &, Location) { scf::YieldOp::create(t.b, t.loc, no); });
        Value hit = found.getResult(0);
        Value goesOn = both(t, both(t, reached, t.compare(arith::CmpIPredicate::eq, hit, no)), t.compare(arith::CmpIPredicate::slt, zero, strip));
        return {strip, hit, goesOn};
      });
  return search[1];
}
