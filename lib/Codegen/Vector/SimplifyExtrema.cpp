//===- SimplifyExtrema.cpp - maxima and minima with constants -----------------------------------------===//
//
//   maximumf(x, c)  ->  c > x ? c : x        maxnumf(x, c)  ->  x > c ? x : c
//
// which let a NaN of x through as maximumf does, or not as maxnumf does, and are one instruction on x86, where the others take five and three. The sign of
// a zero may differ.
//===--------------------------------------------------------------------------------------------------===//
#include "MathApproximation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace {

/// `keepsNaN`: of x, else the constant is taken.
template <class OpT, bool keepsNaN> struct CompareWithConstant : OpRewritePattern<OpT> {
  arith::CmpFPredicate predicate;
  CompareWithConstant(MLIRContext *context, arith::CmpFPredicate predicate) : OpRewritePattern<OpT>(context), predicate(predicate) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), bound = op.getRhs();
    if (!isNumber(bound)) std::swap(x, bound);
    if (!isNumber(bound)) return rewriter.notifyMatchFailure(op, "expected a constant that is a number");
    Value first = keepsNaN ? bound : x, second = keepsNaN ? x : bound;
    Value taken = arith::CmpFOp::create(rewriter, op.getLoc(), predicate, first, second);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, taken, first, second);
    return success();
  }

  static bool isNumber(Value v) {
    if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) v = broadcast.getSource();
    APFloat value(0.0);
    return matchPattern(v, m_ConstantFloat(&value)) && !value.isNaN();
  }
};

} // namespace

void ingot::populateSimplifyExtrema(RewritePatternSet &patterns) {
  using Predicate = arith::CmpFPredicate;
  patterns.add<CompareWithConstant<arith::MaximumFOp, true>, CompareWithConstant<arith::MaxNumFOp, false>>(patterns.getContext(), Predicate::OGT);
  patterns.add<CompareWithConstant<arith::MinimumFOp, true>, CompareWithConstant<arith::MinNumFOp, false>>(patterns.getContext(), Predicate::OLT);
}
