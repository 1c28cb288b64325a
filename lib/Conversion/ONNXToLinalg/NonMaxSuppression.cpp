//===- NonMaxSuppression.cpp - boxes that survive better ones ------------------------------===//
//
// For each batch and class the best box that is left is taken and those that overlap it too much are struck off, until none is left or enough
// are taken. Results go to a buffer of the most rows there can be; its used part is the result.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace ingot;

namespace ingot {
void populateNonMaxSuppressionLowering(RewritePatternSet &, const TypeConverter &, LoweringContext &);
} // namespace ingot

namespace {

/// Left, top, right and bottom of a box.
struct Corners {
  Value x1, y1, x2, y2;
};

struct NonMaxSuppressionLowering : ONNXLowering<onnx::NonMaxSuppressionOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::NonMaxSuppressionOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

Corners cornersOf(OpBuilder &b, Location loc, Value boxes, Value batch, Value box, bool byCenter) {
  TensorBuilder n(b, loc);
  ScalarBuilder s(b, loc, false, b.getF32Type());
  Value c[4];
  for (int64_t i = 0; i < 4; ++i)
    c[i] = n.extract(boxes, {batch, box, n.index(i)});
  if (byCenter) {
    Value halfWidth = s.mul(c[2], s.like(c[2], 0.5)), halfHeight = s.mul(c[3], s.like(c[3], 0.5));
    return {s.sub(c[0], halfWidth), s.sub(c[1], halfHeight), s.add(c[0], halfWidth), s.add(c[1], halfHeight)};
  }
  // Any two opposite corners, y first.
  return {s.min(c[1], c[3]), s.min(c[0], c[2]), s.max(c[1], c[3]), s.max(c[0], c[2])};
}

/// Area of the intersection over area of the union.
Value overlap(OpBuilder &b, Location loc, const Corners &p, const Corners &q) {
  ScalarBuilder s(b, loc, false, b.getF32Type());
  Value zero = s.like(p.x1, 0);
  auto area = [&](Value x1, Value y1, Value x2, Value y2) { return s.mul(s.max(s.sub(x2, x1), zero), s.max(s.sub(y2, y1), zero)); };
  Value common = area(s.max(p.x1, q.x1), s.max(p.y1, q.y1), s.min(p.x2, q.x2), s.min(p.y2, q.y2));
  Value all = s.sub(s.add(area(p.x1, p.y1, p.x2, p.y2), area(q.x1, q.y1, q.x2, q.y2)), common);
  return s.select(s.le(all, zero), zero, s.div(common, all));
}

} // namespace

LogicalResult NonMaxSuppressionLowering::matchAndRewrite(onnx::NonMaxSuppressionOp op, OpAdaptor adaptor,
                                                         ConversionPatternRewriter &b) const {
  Location loc = op.getLoc();
  ComputeBuilder t(b, loc);
  Value boxes = adaptor.getBoxes(), scores = adaptor.getScores();
  Type f32 = b.getF32Type(), i64 = b.getI64Type(), i1 = b.getI1Type();
  Value batches = t.value(t.dim(scores, 0)), classes = t.value(t.dim(scores, 1)), count = t.value(t.dim(boxes, 1));
  t.checkEqual(t.dim(boxes, 0), t.dim(scores, 0), "expected boxes and scores of one batch size");
  t.checkEqual(t.dim(boxes, 1), t.dim(scores, 2), "expected one score of each class for each box");
  t.checkEqual(t.dim(boxes, 2), t.indexAttr(4), "expected boxes of 4 numbers");
  auto scalar = [&](Value original, Value lowered, Value otherwise) { return isAbsent(original) ? otherwise : t.scalarOf(lowered); };
  Value wanted = scalar(op.getMaxOutputBoxesPerClass(), adaptor.getMaxOutputBoxesPerClass(), t.number(i64, 0));
  Value most = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, t.toIndex(wanted), count), t.index(0));
  Value iouThreshold = scalar(op.getIouThreshold(), adaptor.getIouThreshold(), t.number(f32, 0));
  Value minusInfinity = t.number(f32, -std::numeric_limits<double>::infinity());
  Value scoreThreshold = scalar(op.getScoreThreshold(), adaptor.getScoreThreshold(), minusInfinity);
  bool byCenter = op.getCenterPointBox() != 0;

  // One row more: a step that finds nothing writes past the end.
  OpFoldResult rows = t.add(t.mul(t.mul(batches, classes), most), t.indexAttr(1)), three = t.indexAttr(3), one = t.indexAttr(1);
  Value result = t.full({rows, three}, t.number(i64, 0));
  auto loop = [&](Value end, ValueRange carried, llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    return scf::ForOp::create(b, loc, t.index(0), end, t.index(1), carried, [&](OpBuilder &, Location, Value i, ValueRange args) {
             scf::YieldOp::create(b, loc, body(i, args));
           }).getResults();
  };
  OpFoldResult boxCount = t.dim(boxes, 1);
  auto perClass = [&](Value batch, Value cls, Value out, Value used) {
    Value alive = t.compute(boxCount, i1, [&](OpBuilder &nested, Location l, ValueRange at) -> Value {
      TensorBuilder n(nested, l);
      return arith::CmpFOp::create(nested, l, arith::CmpFPredicate::OGT, n.extract(scores, {batch, cls, at[0]}), scoreThreshold);
    });
    return loop(most, {alive, out, used}, [&](Value, ValueRange args) -> SmallVector<Value> {
      Value alive = args[0], out = args[1], used = args[2];
      AffineMap one1 = b.getMultiDimIdentityMap(1), none = t.mapOf(1, {});
      Value bestScore = t.full({}, minusInfinity), bestBox = t.full({}, t.number(i64, -1));
      auto best = linalg::GenericOp::create(
          b, loc, TypeRange{bestScore.getType(), bestBox.getType()}, ValueRange{alive}, ValueRange{bestScore, bestBox},
          ArrayRef<AffineMap>{one1, none, none}, ArrayRef<utils::IteratorType>{utils::IteratorType::reduction},
          [&](OpBuilder &nested, Location l, ValueRange v) {
            TensorBuilder n(nested, l);
            Value i = linalg::IndexOp::create(nested, l, 0);
            Value score = n.extract(scores, {batch, cls, i});
            Value first = n.compare(arith::CmpIPredicate::slt, v[2], n.number(i64, 0));
            Value higher = arith::CmpFOp::create(nested, l, arith::CmpFPredicate::OGT, score, v[1]);
            Value take = arith::AndIOp::create(nested, l, v[0], arith::OrIOp::create(nested, l, first, higher));
            linalg::YieldOp::create(nested, l, ValueRange{n.select(take, score, v[1]), n.select(take, n.fromIndex(i, i64), v[2])});
          });
      Value index = t.extract(best.getResult(1));
      Value found = t.compare(arith::CmpIPredicate::sge, index, t.number(i64, 0));
      Value box = t.select(found, t.toIndex(index), t.index(0));
      Value row = t.reshape(tensor::FromElementsOp::create(b, loc, RankedTensorType::get({3}, i64),
                                                           ValueRange{t.fromIndex(batch, i64), t.fromIndex(cls, i64), index}),
                            {one, three});
      out = t.insert(row, out, {used, t.indexAttr(0)}, {one, three});
      Corners chosen = cornersOf(b, loc, boxes, batch, box, byCenter);
      // Struck off in place, so that the loop needs one buffer.
      Value left = linalg::GenericOp::create(
                       b, loc, alive.getType(), ValueRange{}, alive, ArrayRef<AffineMap>{one1},
                       ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
                       [&](OpBuilder &nested, Location l, ValueRange v) {
                         TensorBuilder n(nested, l);
                         Value i = linalg::IndexOp::create(nested, l, 0);
                         Value iou = overlap(nested, l, chosen, cornersOf(nested, l, boxes, batch, i, byCenter));
                         Value apart = arith::CmpFOp::create(nested, l, arith::CmpFPredicate::OLE, iou, iouThreshold);
                         Value other = n.compare(arith::CmpIPredicate::ne, i, box);
                         Value keep = arith::AndIOp::create(nested, l, apart, other);
                         linalg::YieldOp::create(nested, l, arith::AndIOp::create(nested, l, v[0], keep).getResult());
                       })
                       .getResult(0);
      Value step = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), found);
      return {left, out, arith::AddIOp::create(b, loc, used, step)};
    });
  };
  auto all = loop(batches, {result, t.index(0)}, [&](Value batch, ValueRange args) -> SmallVector<Value> {
    auto inner = loop(classes, args, [&](Value cls, ValueRange inside) -> SmallVector<Value> {
      auto r = perClass(batch, cls, inside[0], inside[1]);
      return {r[1], r[2]};
    });
    return {inner[0], inner[1]};
  });
  Value used = t.slice(all[0], {t.indexAttr(0), t.indexAttr(0)}, {all[1], three});
  b.replaceOp(op, t.castTo(used, typeConverter->convertType(op.getType())));
  return success();
}

void ingot::populateNonMaxSuppressionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<NonMaxSuppressionLowering>(types, context);
}
