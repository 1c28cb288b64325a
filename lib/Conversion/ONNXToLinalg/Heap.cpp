//===- Heap.cpp - the first of many, one after another ---------------------------------------===//
//
// An index sinks to a leaf first, one comparison a level, and then rises to its place, which is near the leaves most of the time (R. W. Floyd's
// way, in D. E. Knuth, The Art of Computer Programming, volume 3, section 5.2.3, exercise 18).
//===-----------------------------------------------------------------------------===//
#include "Heap.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace ingot;

static Value plus(TensorBuilder &t, Value x, Value y) { return arith::AddIOp::create(t.b, t.loc, x, y); }
static Value less(TensorBuilder &t, Value x, Value y) { return t.compare(arith::CmpIPredicate::slt, x, y); }

/// while goesOn(heap, place): (heap, place) = body(heap, place)
static std::pair<Value, Value> walk(TensorBuilder &t, Value heap, Value place, llvm::function_ref<Value(Value, Value)> goesOn,
                                    llvm::function_ref<std::pair<Value, Value>(Value, Value)> body) {
  Value carried[] = {heap, place};
  auto loop = scf::WhileOp::create(
      t.b, t.loc, TypeRange(ValueRange(carried)), carried,
      [&](OpBuilder &, Location, ValueRange args) { scf::ConditionOp::create(t.b, t.loc, goesOn(args[0], args[1]), args); },
      [&](OpBuilder &, Location, ValueRange args) {
        auto [next, at] = body(args[0], args[1]);
        scf::YieldOp::create(t.b, t.loc, ValueRange{next, at});
      });
  return {loop.getResult(0), loop.getResult(1)};
}

/// One call of `before`: the later index is first only if it is truly before the other one.
Value Heap::comesBefore(Value x, Value y) const {
  if (lastFirst) std::swap(x, y);
  Value earlier = arith::MinSIOp::create(t.b, t.loc, x, y), later = arith::MaxSIOp::create(t.b, t.loc, x, y);
  return arith::XOrIOp::create(t.b, t.loc, less(t, x, y), before(t.b, t.loc, later, earlier));
}

/// Puts `x` into the part of the heap below `from`, whose own place is free.
Value Heap::sink(Value heap, Value size, Value from, Value x) const {
  Value one = t.index(1), last = arith::SubIOp::create(t.b, t.loc, size, one);
  auto leftChild = [&](Value place) { return plus(t, plus(t, place, place), one); };
  auto parent = [&](Value place) { return arith::ShRUIOp::create(t.b, t.loc, arith::SubIOp::create(t.b, t.loc, place, one), one).getResult(); };
  auto [sunk, leaf] = walk(
      t, heap, from, [&](Value, Value place) { return less(t, leftChild(place), size); },
      [&](Value h, Value place) -> std::pair<Value, Value> {
        Value left = leftChild(place), right = arith::MinSIOp::create(t.b, t.loc, plus(t, left, one), last);
        Value ofLeft = t.extract(h, left), ofRight = t.extract(h, right);
        Value rightFirst = comesBefore(ofRight, ofLeft);
        Value next = tensor::InsertOp::create(t.b, t.loc, t.select(rightFirst, ofRight, ofLeft), h, place);
        return {next, t.select(rightFirst, right, left)};
      });
  auto [risen, place] = walk(
      t, sunk, leaf,
      [&](Value h, Value place) {
        // Above the first place there is none; what is read for it is not used.
        Value below = less(t, from, place), up = t.select(below, parent(place), place);
        return arith::AndIOp::create(t.b, t.loc, below, comesBefore(x, t.extract(h, up))).getResult();
      },
      [&](Value h, Value place) -> std::pair<Value, Value> {
        Value up = parent(place);
        return {tensor::InsertOp::create(t.b, t.loc, t.extract(h, up), h, place), up};
      });
  return tensor::InsertOp::create(t.b, t.loc, x, risen, place);
}

Heap::Heap(TensorBuilder &t, Value count, Before before, bool lastFirst) : t(t), count(count), before(before), lastFirst(lastFirst) {
  Value indices = t.compute(OpFoldResult(count), t.b.getIndexType(), [](OpBuilder &, Location, ValueRange at) { return at[0]; });
  Value one = t.index(1), inner = arith::ShRUIOp::create(t.b, t.loc, count, one);
  whole = scf::ForOp::create(t.b, t.loc, t.index(0), inner, one, indices, [&](OpBuilder &, Location, Value i, ValueRange args) {
            Value place = arith::SubIOp::create(t.b, t.loc, arith::SubIOp::create(t.b, t.loc, inner, one), i);
            scf::YieldOp::create(t.b, t.loc, sink(args[0], count, place, t.extract(args[0], place)));
          }).getResult(0);
}

Value Heap::first(Value heap) const { return t.extract(heap, t.index(0)); }

Value Heap::withoutFirst(Value heap, Value size) const {
  Value rest = arith::SubIOp::create(t.b, t.loc, size, t.index(1));
  return sink(heap, rest, t.index(0), t.extract(heap, rest));
}

Value Heap::firstOf(TensorBuilder &t, Value count, Value k, Before before) {
  Heap best(t, k, before, /*lastFirst=*/true);
  Value zero = t.index(0), one = t.index(1);
  Value end = t.select(t.compare(arith::CmpIPredicate::eq, k, zero), zero, count);
  Value heap = scf::ForOp::create(t.b, t.loc, k, end, one, best.all(), [&](OpBuilder &, Location, Value i, ValueRange args) {
                 Value belongs = best.comesBefore(best.first(args[0]), i);
                 auto branch = scf::IfOp::create(
                     t.b, t.loc, belongs,
                     [&](OpBuilder &, Location) { scf::YieldOp::create(t.b, t.loc, best.sink(args[0], k, zero, i)); },
                     [&](OpBuilder &, Location) { scf::YieldOp::create(t.b, t.loc, args[0]); });
                 scf::YieldOp::create(t.b, t.loc, branch.getResults());
               }).getResult(0);
  Value none = t.empty(OpFoldResult(k), t.b.getIndexType());
  Value carried[] = {none, heap, k};
  return scf::ForOp::create(t.b, t.loc, zero, k, one, carried, [&](OpBuilder &, Location, Value, ValueRange args) {
           Value rest = arith::SubIOp::create(t.b, t.loc, args[2], one);
           Value taken = tensor::InsertOp::create(t.b, t.loc, best.first(args[1]), args[0], rest);
           scf::YieldOp::create(t.b, t.loc, ValueRange{taken, best.withoutFirst(args[1], args[2]), rest});
         }).getResult(0);
}
