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

template <class OpT> struct CompareWithConstant : OpRewritePattern<OpT> {
  arith::CmpFPredicate predicate;
  CompareWithConstant(MLIRContext *context, arith::CmpFPredicate predicate) : OpRewritePattern<OpT>(context), predicate(predicate) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), bound = op.getRhs();
    if (!isNumber(bound)) std::swap(x, bound);
    if (!isNumber(bound)) return rewriter.notifyMatchFailure(op, "expected a constant that is a number");
    Value taken = arith::CmpFOp::create(rewriter, op.getLoc(), predicate, bound, x);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, taken, bound, x);
    return success();
  }

  static bool isNumber(Value v) {
    if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) v = broadcast.getSource();
    APFloat value(0.0);
    return matchPattern(v, m_ConstantFloat(&value)) && !value.isNaN();
  }
};

/// The same where a NaN gives way to the constant.
template <class OpT> struct CompareNumberWithConstant : OpRewritePattern<OpT> {
  arith::CmpFPredicate predicate;
  CompareNumberWithConstant(MLIRContext *context, arith::CmpFPredicate predicate) : OpRewritePattern<OpT>(context), predicate(predicate) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), bound = op.getRhs();
    if (!CompareWithConstant<OpT>::isNumber(bound)) std::swap(x, bound);
    if (!CompareWithConstant<OpT>::isNumber(bound)) return rewriter.notifyMatchFailure(op, "expected a constant that is a number");
    Value taken = arith::CmpFOp::create(rewriter, op.getLoc(), predicate, x, bound);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, taken, x, bound);
    return success();
  }
};

} // namespace

void ingot::populateSimplifyExtrema(RewritePatternSet &patterns) {
  patterns.add<CompareWithConstant<arith::MaximumFOp>>(patterns.getContext(), arith::CmpFPredicate::OGT);
  patterns.add<CompareWithConstant<arith::MinimumFOp>>(patterns.getContext(), arith::CmpFPredicate::OLT);
  patterns.add<CompareNumberWithConstant<arith::MaxNumFOp>>(patterns.getContext(), arith::CmpFPredicate::OGT);
  patterns.add<CompareNumberWithConstant<arith::MinNumFOp>>(patterns.getContext(), arith::CmpFPredicate::OLT);
}
