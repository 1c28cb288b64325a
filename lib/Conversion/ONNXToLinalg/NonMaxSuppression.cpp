//===- NonMaxSuppression.cpp - boxes that survive better ones ------------------------------===//
//
// For each batch and class: boxes whose score passes the threshold are taken one after another, the best first, unless one that is taken
// already overlaps them too much, until enough are taken. A box is so compared with taken boxes only, and of these with neighbours only. Results
// go to a buffer of the most rows there can be; its used part is the result.
//===-----------------------------------------------------------------------------===//
#include "BoxStrips.h"
#include "ComputeBuilder.h"
#include "Heap.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace ingot;

namespace ingot {
void populateNonMaxSuppressionLowering(RewritePatternSet &, const TypeConverter &, LoweringContext &);
} // namespace ingot

namespace {

struct NonMaxSuppressionLowering : ONNXLowering<onnx::NonMaxSuppressionOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::NonMaxSuppressionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

Value area(ScalarBuilder &s, Value x1, Value y1, Value x2, Value y2) {
  Value zero = s.like(x1, 0);
  return s.mul(s.max(s.sub(x2, x1), zero), s.max(s.sub(y2, y1), zero));
}

Measures measure(TensorBuilder &t, Value boxes, Value batch, Value box, bool byCenter) {
  ScalarBuilder s(t.b, t.loc, false, t.b.getF32Type());
  Value c[4];
  for (int64_t i = 0; i < 4; ++i)
    c[i] = t.extract(boxes, {batch, box, t.index(i)});
  Measures m;
  if (byCenter) {
    Value halfWidth = s.mul(c[2], s.like(c[2], 0.5)), halfHeight = s.mul(c[3], s.like(c[3], 0.5));
    m = {s.sub(c[0], halfWidth), s.sub(c[1], halfHeight), s.add(c[0], halfWidth), s.add(c[1], halfHeight)};
  } else {
    // Any two opposite corners, y first.
    m = {s.min(c[1], c[3]), s.min(c[0], c[2]), s.max(c[1], c[3]), s.max(c[0], c[2])};
  }
  m.push_back(area(s, m[0], m[1], m[2], m[3]));
  return m;
}

Value less(TensorBuilder &t, Value x, Value y) { return t.compare(arith::CmpIPredicate::slt, x, y); }
Value plus(TensorBuilder &t, Value x, Value y) { return arith::AddIOp::create(t.b, t.loc, x, y); }
Value both(TensorBuilder &t, Value x, Value y) { return arith::AndIOp::create(t.b, t.loc, x, y); }

} // namespace

LogicalResult NonMaxSuppressionLowering::matchAndRewrite(onnx::NonMaxSuppressionOp op, OpAdaptor adaptor,
                                                         ConversionPatternRewriter &b) const {
  Location loc = op.getLoc();
  ComputeBuilder t(b, loc);
  Value boxes = adaptor.getBoxes(), scores = adaptor.getScores();
  Type f32 = b.getF32Type(), i64 = b.getI64Type();
  Value batches = t.value(t.dim(scores, 0)), classes = t.value(t.dim(scores, 1)), count = t.value(t.dim(boxes, 1));
  t.checkEqual(t.dim(boxes, 0), t.dim(scores, 0), "expected boxes and scores of one batch size");
  t.checkEqual(t.dim(boxes, 1), t.dim(scores, 2), "expected one score of each class for each box");
  t.checkEqual(t.dim(boxes, 2), t.indexAttr(4), "expected boxes of 4 numbers");
  auto scalar = [&](Value original, Value lowered, Value otherwise) { return isAbsent(original) ? otherwise : t.scalarOf(lowered); };
  Value wanted = scalar(op.getMaxOutputBoxesPerClass(), adaptor.getMaxOutputBoxesPerClass(), t.number(i64, 0));
  Value most = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, t.toIndex(wanted), count), t.index(0));
  Value iouThreshold = scalar(op.getIouThreshold(), adaptor.getIouThreshold(), t.number(f32, 0));
  Value scoreThreshold = scalar(op.getScoreThreshold(), adaptor.getScoreThreshold(), Value());
  bool byCenter = op.getCenterPointBox() != 0;

  // One row more: a slice of no rows must start inside, too.
  OpFoldResult rows = t.add(t.mul(t.mul(batches, classes), most), t.indexAttr(1)), three = t.indexAttr(3);
  Value zero = t.index(0), one = t.index(1);
  auto perClass = [&](Value batch, Value cls, Value out, Value used) -> SmallVector<Value> {
    auto scoreOf = [&](Value box) { return t.extract(scores, {batch, cls, box}); };
    Value unfilled = t.empty(OpFoldResult(count), b.getIndexType());
    auto passing = forLoop(t, zero, count, {unfilled, zero}, [&](Value box, ValueRange args) -> SmallVector<Value> {
      // What is no number has no place in the order.
      Value score = scoreOf(box);
      Value passes = scoreThreshold ? arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, score, scoreThreshold)
                                    : arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, score, score);
      // Written always: the next one that passes writes over one that does not.
      Value filled = tensor::InsertOp::create(b, loc, box, args[0], args[1]);
      return {filled, plus(t, args[1], t.select(passes, one, zero))};
    });
    Value candidates = passing[0], candidateCount = passing[1];
    auto isBetter = [&](OpBuilder &n, Location l, Value x, Value y) -> Value {
      auto score = [&](Value i) -> Value {
        Value box = tensor::ExtractOp::create(n, l, candidates, i);
        return tensor::ExtractOp::create(n, l, scores, ValueRange{batch, cls, box});
      };
      Value scoreX = score(x), scoreY = score(y);
      return arith::CmpFOp::create(n, l, arith::CmpFPredicate::OGT, scoreX, scoreY);
    };
    Heap order(t, candidateCount, isBetter);
    Value measures = forLoop(t, zero, candidateCount, t.empty({t.indexAttr(kMeasures), candidateCount}, f32),
                             [&](Value i, ValueRange args) -> SmallVector<Value> {
                               Value all = args[0];
                               for (auto [m, v] : llvm::enumerate(measure(t, boxes, batch, t.extract(candidates, i), byCenter)))
                                 all = tensor::InsertOp::create(b, loc, v, all, ValueRange{t.index(m), i});
                               return {all};
                             })[0];
    BoxStrips strips(t, measures, candidateCount, iouThreshold);
    // Carried: the number of candidates, of taken boxes, where they end in each strip, their measures, the result, the candidates.
    auto result = whileLoop(
        t, {candidateCount, zero, strips.noneTaken(), strips.room(), out, order.all()},
        [&](ValueRange args) { return both(t, less(t, zero, args[0]), less(t, args[1], most)); },
        [&](ValueRange args) -> SmallVector<Value> {
          Value taken = args[1], ends = args[2], kept = args[3], out = args[4];
          Value candidate = order.first(args[5]), others = order.withoutFirst(args[5], args[0]);
          Measures box;
          for (int64_t m = 0; m < kMeasures; ++m)
            box.push_back(t.extract(measures, {t.index(m), candidate}));
          auto branch = scf::IfOp::create(
              b, loc, strips.isSuppressed(ends, kept, box),
              [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, ValueRange{taken, ends, kept, out}); },
              [&](OpBuilder &, Location) {
                Value numbers[] = {batch, cls, t.extract(candidates, candidate)};
                Value nowOut = out, row = plus(t, used, taken);
                for (auto [i, number] : llvm::enumerate(numbers))
                  nowOut = tensor::InsertOp::create(b, loc, t.fromIndex(number, i64), nowOut, ValueRange{row, t.index(i)});
                auto [nowEnds, nowKept] = strips.take(ends, kept, box);
                scf::YieldOp::create(b, loc, ValueRange{plus(t, taken, one), nowEnds, nowKept, nowOut});
              });
          Value left = arith::SubIOp::create(b, loc, args[0], one);
          return {left, branch.getResult(0), branch.getResult(1), branch.getResult(2), branch.getResult(3), others};
        });
    return {result[4], plus(t, used, result[1])};
  };
  auto all = forLoop(t, zero, batches, {t.empty({rows, three}, i64), zero}, [&](Value batch, ValueRange args) {
    return forLoop(t, zero, classes, args, [&](Value cls, ValueRange inside) { return perClass(batch, cls, inside[0], inside[1]); });
  });
  Value used = t.slice(all[0], {t.indexAttr(0), t.indexAttr(0)}, {all[1], three});
  b.replaceOp(op, t.castTo(used, typeConverter->convertType(op.getType())));
  return success();
}

void ingot::populateNonMaxSuppressionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<NonMaxSuppressionLowering>(types, context);
}
