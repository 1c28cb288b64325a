//===- RequiredRanks.cpp - which branch of an If its users can take ----------------------------===//
//
// PyTorch exports x.squeeze() as an If on a size, with a branch of one rank less. What uses the result mostly accepts one of the ranks: a
// recurrent layer behind an Unsqueeze wants rank 2 before it. Ranks that a value may have, as far as its users say, are bits of a mask; a
// user in a branch counts for the runs that take the branch, so that the masks of both branches are united.
//===------------------------------------------------------------------------------------------===//
#include "RequiredRanks.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ingot::onnx;

using Ranks = uint32_t;
static constexpr Ranks kAnyRank = ~Ranks(0);
static constexpr unsigned kMostRank = 31, kDeepest = 64;

static Ranks requiredBy(OpOperand &use, unsigned depth);

/// What the uses in `block`, and below it, accept.
static Ranks requiredIn(Block *block, Value v, unsigned depth) {
  if (depth > kDeepest) return kAnyRank;
  Ranks ranks = kAnyRank;
  llvm::SmallSetVector<IfOp, 4> conditionals;
  for (OpOperand &use : v.getUses()) {
    Operation *inBlock = block->findAncestorOpInBlock(*use.getOwner());
    if (!inBlock) continue;
    if (inBlock == use.getOwner()) ranks &= requiredBy(use, depth + 1);
    else if (auto conditional = dyn_cast<IfOp>(inBlock)) conditionals.insert(conditional);
  }
  for (IfOp conditional : conditionals)
    ranks &= requiredIn(&conditional.getThenBranch().front(), v, depth + 1) | requiredIn(&conditional.getElseBranch().front(), v, depth + 1);
  return ranks;
}

static Ranks requiredOf(Value v, unsigned depth) { return requiredIn(v.getParentBlock(), v, depth); }

static std::optional<int64_t> rankOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type ? std::optional<int64_t>(type.getRank()) : std::nullopt;
}

/// How many axes an operand lists, if that is known and no more than a rank.
static std::optional<unsigned> countOf(Value axes) {
  auto type = dyn_cast<RankedTensorType>(axes.getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() > kMostRank) return std::nullopt;
  return type.getNumElements();
}

static Ranks requiredBy(OpOperand &use, unsigned depth) {
  Operation *op = use.getOwner();
  unsigned index = use.getOperandNumber();
  if (auto yield = dyn_cast<YieldOp>(op)) {
    auto conditional = dyn_cast<IfOp>(op->getParentOp());
    return conditional ? requiredOf(conditional->getResult(index), depth) : kAnyRank;
  }
  if (isa<LSTMOp, GRUOp, RNNOp>(op)) return index == 0 || index == 5 || (index == 6 && isa<LSTMOp>(op)) ? Ranks(1) << 3 : kAnyRank;
  if (index != 0) return kAnyRank;
  if (auto unsqueeze = dyn_cast<UnsqueezeOp>(op)) {
    auto count = countOf(unsqueeze.getAxes());
    return count ? requiredOf(unsqueeze->getResult(0), depth) >> *count : kAnyRank;
  }
  if (auto squeeze = dyn_cast<SqueezeOp>(op)) {
    auto count = countOf(squeeze.getAxes());
    // Ranks that are shifted in from below are too small to be squeezed.
    return count ? requiredOf(squeeze->getResult(0), depth) << *count : kAnyRank;
  }
  if (isa<ConvOp>(op)) {
    auto rank = rankOf(op->getOperand(1));
    return rank && *rank <= kMostRank ? Ranks(1) << *rank : kAnyRank;
  }
  if (isa<IdentityOp, CastOp>(op) || (isa<ElementwiseInterface>(op) && op->getNumOperands() == 1)) return requiredOf(op->getResult(0), depth);
  return kAnyRank;
}

std::optional<bool> ingot::onnx::branchByRequiredRank(IfOp op) {
  Operation *first = op.getThenBranch().front().getTerminator(), *second = op.getElseBranch().front().getTerminator();
  if (first->getNumOperands() != op->getNumResults() || second->getNumOperands() != op->getNumResults()) return std::nullopt;
  for (auto [result, a, b] : llvm::zip(op->getResults(), first->getOperands(), second->getOperands())) {
    auto rankA = rankOf(a), rankB = rankOf(b);
    if (!rankA || !rankB || *rankA == *rankB || *rankA > kMostRank || *rankB > kMostRank) continue;
    Ranks ranks = requiredOf(result, 0);
    bool acceptsA = ranks >> *rankA & 1, acceptsB = ranks >> *rankB & 1;
    if (acceptsA != acceptsB) return acceptsA;
  }
  return std::nullopt;
}
