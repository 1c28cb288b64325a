//===- PropagateLayout.cpp - channels-last convolution and pooling ------------------===//
//
// Every layout-sensitive operator is turned to channels last between two transposes; then transposes move down the graph until they
// meet their inverse (SinkTranspose.cpp). What is left are those at the borders of the graph and before flattening.
//===-----------------------------------------------------------------------------===//
#include "LayoutRewrites.h"

#include "ingot/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ingot {
#define GEN_PASS_DEF_PROPAGATELAYOUT
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

static constexpr llvm::StringLiteral kChannelsLast = "channels_last";

/// Operators that are defined on N, C, spatial...; all of them take the image as operand 0.
static bool isLayoutSensitive(Operation *op) {
  return isa<ConvOp, ConvTransposeOp, ConvIntegerOp, QLinearConvOp, MaxPoolOp, AveragePoolOp, LpPoolOp, GlobalAveragePoolOp,
             GlobalMaxPoolOp, GlobalLpPoolOp, InstanceNormalizationOp, GroupNormalizationOp, LRNOp>(op);
}

/// Puts transposes around an operator and marks it.
static void turn(OpBuilder &b, Operation *op) {
  int64_t rank = cast<RankedTensorType>(op->getOperand(0).getType()).getRank();
  Location loc = op->getLoc();
  b.setInsertionPoint(op);
  op->setOperand(0, transpose(b, loc, op->getOperand(0), toChannelsLast(rank)));
  op->setAttr(kChannelsLast, b.getUnitAttr());
  b.setInsertionPointAfter(op);
  for (OpResult result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || type.getRank() != rank)
      continue;
    result.setType(permuted(type, toChannelsLast(rank)));
    if (result.use_empty())
      continue;
    Value back = transpose(b, loc, result, toChannelsFirst(rank));
    result.replaceAllUsesExcept(back, back.getDefiningOp());
  }
}

static bool canTurn(Operation *op) {
  if (!isLayoutSensitive(op) || op->hasAttr(kChannelsLast))
    return false;
  auto input = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  auto output = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return input && output && input.getRank() >= 3 && input.getRank() == output.getRank();
}

/// One Transpose for all that transpose the same value alike.
static void shareTransposes(Operation *root) {
  llvm::DenseMap<std::pair<Value, Attribute>, TransposeOp> first;
  SmallVector<TransposeOp> redundant;
  root->walk<WalkOrder::PreOrder>([&](TransposeOp op) {
    auto key = std::make_pair(op.getData(), Attribute(DenseI64ArrayAttr::get(op.getContext(), permOf(op))));
    auto [it, isNew] = first.try_emplace(key, op);
    if (isNew)
      return;
    // The walk is in order, so one in the same block, or in an enclosing one, comes before.
    if (it->second->getParentRegion()->isAncestor(op->getParentRegion()) && it->second->getBlock()->findAncestorOpInBlock(*op)) {
      op.getTransposed().replaceAllUsesWith(it->second.getTransposed());
      redundant.push_back(op);
    } else {
      it->second = op;
    }
  });
  for (TransposeOp op : redundant)
    op.erase();
}

/// A Transpose that moves dimensions of size 1 only costs nothing as Squeeze and Unsqueeze.
static void reshapeInsteadOfTranspose(OpBuilder &b, TransposeOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getData().getType());
  Perm perm = permOf(op);
  if (!from || !movesUnitDimsOnly(from, perm))
    return;
  b.setInsertionPoint(op);
  SmallVector<int64_t> unitsBefore, unitsAfter, kept;
  for (int64_t i = 0; i < from.getRank(); ++i) {
    if (from.getDimSize(i) == 1)
      unitsBefore.push_back(i);
    else
      kept.push_back(from.getDimSize(i));
    if (from.getDimSize(perm[i]) == 1)
      unitsAfter.push_back(i);
  }
  Location loc = op.getLoc();
  Value squeezed = SqueezeOp::create(b, loc, RankedTensorType::get(kept, from.getElementType()), op.getData(),
                                     indexConstant(b, loc, unitsBefore));
  Value result = UnsqueezeOp::create(b, loc, permuted(from, perm), squeezed, indexConstant(b, loc, unitsAfter));
  op.getTransposed().replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct PropagateLayout : ingot::impl::PropagateLayoutBase<PropagateLayout> {
  void runOnOperation() override {
    Operation *root = getOperation();
    OpBuilder b(root->getContext());
    SmallVector<Operation *> turned;
    int64_t ops = 0;
    root->walk([&](Operation *op) {
      ++ops;
      if (canTurn(op))
        turned.push_back(op);
    });
    for (Operation *op : turned)
      turn(b, op);

    RewritePatternSet patterns(root->getContext());
    populateSinkTransposePatterns(patterns);
    GreedyRewriteConfig config;
    // Each rewrite leaves a valid graph: not reaching the fixpoint costs speed only, never an end.
    config.setUseTopDownTraversal(true).setMaxIterations(50).setMaxNumRewrites(1000 + 200 * ops);
    (void)applyPatternsGreedily(root, std::move(patterns), config);

    shareTransposes(root);
    SmallVector<TransposeOp> transposes;
    root->walk([&](TransposeOp op) { transposes.push_back(op); });
    for (TransposeOp op : transposes)
      reshapeInsteadOfTranspose(b, op);
  }
};
} // namespace
