//===- FuseEpilogue.cpp - elementwise consumers move into the contraction that feeds them ----------------===//
//
//   %c = ingot.contract ins(%x, %w) ... { yield %acc }            %r = ingot.contract ins(%x, %w) extras(%bias)
//   %r = linalg.generic ins(%c, %bias) { max(%c + %bias, 0) }  =>      { yield max(%acc + %bias, 0) }
//
// A bias, an activation, a residual or a scale then costs no pass over memory, also where dimensions of size 1 are dropped in between.
// Not done when the product has another user, or when the consumer reads it in another order than it is made.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace ingot {
#define GEN_PASS_DEF_FUSEEPILOGUE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

/// For each dimension of the result of a collapse the one of its operand that is not of size 1; nothing where several are.
static std::optional<SmallVector<unsigned>> keptDims(tensor::CollapseShapeOp collapse) {
  SmallVector<unsigned> kept;
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
    auto isReal = [&](int64_t d) { return shape[d] != 1; };
    if (llvm::count_if(group, isReal) > 1) return std::nullopt;
    auto real = llvm::find_if(group, isReal);
    kept.push_back(real == group.end() ? group.front() : *real);
  }
  return kept;
}

namespace {

struct FuseIntoContract : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops())
      return rewriter.notifyMatchFailure(op, "expected an elementwise op with one result");
    if (!op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
      return rewriter.notifyMatchFailure(op, "expected the result in the order of the loops");
    if (op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) || op.hasIndexSemantics())
      return rewriter.notifyMatchFailure(op, "expected a body that reads inputs only");
    for (Operation &inner : op.getBody()->without_terminator())
      if (!isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()))
        return rewriter.notifyMatchFailure(op, "expected a body of scalar arithmetic");
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto collapse = input->get().getDefiningOp<tensor::CollapseShapeOp>();
      auto contract = (collapse ? collapse.getSrc() : input->get()).getDefiningOp<ContractOp>();
      if (!contract || !isOnlyUser(op, input->get()) || (collapse && !contract->hasOneUse())) continue;
      if (succeeded(fuse(op, input->get(), contract, collapse, rewriter))) return success();
    }
    return rewriter.notifyMatchFailure(op, "expected a product of which this is the only user");
  }

  /// The value of all elements of a constant, such as a bound of Clip; null where they differ.
  static TypedAttr constantScalar(Value v) {
    DenseElementsAttr elements;
    if (!matchPattern(v, m_Constant(&elements)) || !elements.isSplat()) return {};
    return dyn_cast<TypedAttr>(elements.getSplatValue<Attribute>());
  }

  /// Whether the op alone uses the product, as one operand or several (x * sigmoid(x)), in the order in which it is made.
  static bool isOnlyUser(linalg::GenericOp op, Value product) {
    return llvm::all_of(product.getUses(), [&](OpOperand &use) {
      return use.getOwner() == op && op.isDpsInput(&use) && op.getMatchingIndexingMap(&use).isIdentity();
    });
  }

  static LogicalResult fuse(linalg::GenericOp op, Value product, ContractOp contract, tensor::CollapseShapeOp collapse,
                            PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(contract.getResult().getType());
    std::optional<SmallVector<unsigned>> kept;
    if (collapse && !(kept = keptDims(collapse))) return rewriter.notifyMatchFailure(op, "expected to lose dimensions of size 1 only");
    SmallVector<AffineExpr> loops;
    for (unsigned i = 0; i < op.getNumLoops(); ++i) loops.push_back(rewriter.getAffineDimExpr(kept ? (*kept)[i] : i));
    SmallVector<Value> extras(contract.getExtras());
    SmallVector<AffineMap> maps(contract.getExtraMaps().getAsValueRange<AffineMapAttr>());
    SmallVector<OpOperand *> inputs, constants;
    for (OpOperand *input : op.getDpsInputOperands()) {
      if (input->get() == product) continue;
      if (constantScalar(input->get())) {
        constants.push_back(input);
        continue;
      }
      AffineMap map = op.getMatchingIndexingMap(input);
      if (isa<RankedTensorType>(input->get().getType()) && !map.isProjectedPermutation(/*allowZeroInResults=*/true))
        return rewriter.notifyMatchFailure(op, "expected operands read by projections of the index");
      if (!isa<RankedTensorType>(input->get().getType())) return rewriter.notifyMatchFailure(op, "expected tensors");
      extras.push_back(input->get());
      maps.push_back(map.replaceDimsAndSymbols(loops, {}, type.getRank(), 0));
      inputs.push_back(input);
    }
    // All of the operands are computed before the consumer: the fused op takes its place.
    rewriter.setInsertionPoint(op);
    Value out = op.getDpsInits().front();
    if (collapse)
      out = tensor::EmptyOp::create(rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), contract.getOut()),
                                    getElementTypeOrSelf(out.getType()));
    auto fused = ContractOp::create(rewriter, op.getLoc(), out.getType(), contract.getInput(), contract.getWeights(), extras, out,
                                    contract.getStridesAttr(), contract.getDilationsAttr(),
                                    contract.getGroupsAttr(), contract.getBatchedWeightsAttr(), contract.getUnsignedInputAttr(),
                                    contract.getUnsignedWeightsAttr(), rewriter.getAffineMapArrayAttr(maps),
                                    contract.getPadsAttr(), contract.getDepthwiseAttr(), contract.getWinogradAttr());
    fused->setLoc(rewriter.getFusedLoc({contract.getLoc(), op.getLoc()}));
    Block &body = contract.getEpilogue().front();
    Block *newBody = rewriter.createBlock(&fused.getEpilogue());
    IRMapping map;
    for (BlockArgument arg : body.getArguments()) map.map(arg, newBody->addArgument(arg.getType(), arg.getLoc()));
    for (OpOperand *input : inputs) {
      BlockArgument arg = op.getMatchingBlockArgument(input);
      map.map(arg, newBody->addArgument(arg.getType(), arg.getLoc()));
    }
    rewriter.setInsertionPointToStart(newBody);
    for (OpOperand *input : constants)
      map.map(op.getMatchingBlockArgument(input), arith::ConstantOp::create(rewriter, op.getLoc(), constantScalar(input->get())).getResult());
    for (Operation &inner : body.without_terminator()) rewriter.clone(inner, map);
    for (OpOperand *input : op.getDpsInputOperands())
      if (input->get() == product)
        map.map(op.getMatchingBlockArgument(input), map.lookupOrDefault(body.getTerminator()->getOperand(0)));
    for (Operation &inner : op.getBody()->without_terminator()) rewriter.clone(inner, map);
    YieldOp::create(rewriter, op.getLoc(), map.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0)));
    if (collapse) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, op->getResultTypes().front(), fused.getResult(), collapse.getReassociationIndices());
      rewriter.eraseOp(collapse);
    } else {
      rewriter.replaceOp(op, fused->getResults());
    }
    rewriter.eraseOp(contract);
    return success();
  }
};

struct FuseEpiloguePass : ingot::impl::FuseEpilogueBase<FuseEpiloguePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseIntoContract>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};
} // namespace
