//===- ForwardCopies.cpp - what is copied into a larger buffer is made there ----------------------------===//
//
//   %a = memref.alloc()                                  %part = memref.subview %all[1, 0] [1, 4]
//   op outs(%a)                                          op outs(%part)
//   %part = memref.subview %all[1, 0] [1, 4]       =>
//   memref.copy %a, %part                                op ins(%part)
//   op ins(%a)
//
// Bufferization writes into the place of insertion what has no other user; the cache of an attention is stacked and read as well.
//===------------------------------------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace ingot {
#define GEN_PASS_DEF_FORWARDCOPIES
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// An op that reads or writes a buffer through some view of it.
struct Access {
  Operation *op;
  memref::SubViewOp part; // of the buffer; null: maybe all of it
  bool writes;
};

/// All accesses to a buffer; false if an op may do anything with it.
bool findAccesses(Value buffer, memref::SubViewOp part, SmallVectorImpl<Access> &accesses) {
  for (OpOperand &use : buffer.getUses()) {
    Operation *op = use.getOwner();
    if (isa<memref::DimOp>(op)) continue;
    if (isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp>(op)) {
      auto narrower = part ? part : dyn_cast<memref::SubViewOp>(op);
      if (!findAccesses(op->getResult(0), narrower, accesses)) return false;
      continue;
    }
    auto effects = dyn_cast<MemoryEffectOpInterface>(op);
    if (!effects || op->getNumResults() || op->getNumRegions() > 1) return false;
    SmallVector<MemoryEffects::EffectInstance> ofBuffer;
    effects.getEffectsOnValue(buffer, ofBuffer);
    bool writes = llvm::any_of(ofBuffer, [](auto &e) { return isa<MemoryEffects::Write>(e.getEffect()); });
    accesses.push_back({op, part, writes});
  }
  return true;
}

/// Whether two parts of a buffer have no element in common, as far as constants tell.
bool areApart(memref::SubViewOp x, memref::SubViewOp y) {
  if (!x || !y) return false;
  for (auto [i, unused] : llvm::enumerate(x.getStaticOffsets())) {
    int64_t from[] = {x.getStaticOffset(i), y.getStaticOffset(i)}, size[] = {x.getStaticSize(i), y.getStaticSize(i)};
    if (llvm::any_of(from, ShapedType::isDynamic) || llvm::any_of(size, ShapedType::isDynamic)) continue;
    if (x.getStaticStride(i) != 1 || y.getStaticStride(i) != 1) continue;
    if (from[0] + size[0] <= from[1] || from[1] + size[1] <= from[0]) return true;
  }
  return false;
}

/// Whether the part is one run of memory: single entries of the leading dimensions, all of the trailing ones.
bool isRun(memref::SubViewOp part, ValueRange dynamicSizes) {
  auto type = cast<MemRefType>(part.getSource().getType());
  bool leading = true;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (leading && part.getStaticSize(i) == 1) continue;
    if (leading) {
      leading = false; // any range of one dimension
      continue;
    }
    OpFoldResult size = part.getMixedSizes()[i];
    bool whole = type.isDynamicDim(i) ? dyn_cast<Value>(size) == dynamicSizes[type.getDynamicDimIndex(i)] : getConstantIntValue(size) == type.getDimSize(i);
    if (!whole || part.getStaticOffset(i) != 0 || part.getStaticStride(i) != 1) return false;
  }
  return true;
}

/// The type of a view whose source gets another layout; null if there is none.
MemRefType retyped(Operation *view, MemRefType source) {
  if (auto sub = dyn_cast<memref::SubViewOp>(view))
    return cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(sub.getType().getShape(), source, sub.getMixedOffsets(), sub.getMixedSizes(), sub.getMixedStrides()));
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(view)) {
    auto type = memref::ExpandShapeOp::computeExpandedType(source, expand.getResultType().getShape(), expand.getReassociationIndices());
    return succeeded(type) ? *type : MemRefType();
  }
  auto collapse = cast<memref::CollapseShapeOp>(view);
  if (!memref::CollapseShapeOp::isGuaranteedCollapsible(source, collapse.getReassociationIndices())) return {};
  return memref::CollapseShapeOp::computeCollapsedType(source, collapse.getReassociationIndices());
}

bool isView(Operation *op) { return isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp>(op); }

bool canRetype(Value buffer, MemRefType type) {
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    if (!isView(user)) return true;
    MemRefType result = retyped(user, type);
    return result && canRetype(user->getResult(0), result);
  });
}

/// Lets the users of a buffer use another one of the same shape.
void replaceBuffer(OpBuilder &b, Value buffer, Value by) {
  for (OpOperand &use : llvm::make_early_inc_range(buffer.getUses())) {
    Operation *user = use.getOwner();
    if (!isView(user)) {
      use.set(by);
      continue;
    }
    b.setInsertionPoint(user);
    Value view;
    MemRefType type = retyped(user, cast<MemRefType>(by.getType()));
    if (auto sub = dyn_cast<memref::SubViewOp>(user))
      view = memref::SubViewOp::create(b, sub.getLoc(), type, by, sub.getMixedOffsets(), sub.getMixedSizes(), sub.getMixedStrides());
    else if (auto expand = dyn_cast<memref::ExpandShapeOp>(user))
      view = memref::ExpandShapeOp::create(b, expand.getLoc(), type, by, expand.getReassociationIndices(), expand.getMixedOutputShape());
    else
      view = memref::CollapseShapeOp::create(b, user->getLoc(), type, by, cast<memref::CollapseShapeOp>(user).getReassociationIndices());
    replaceBuffer(b, user->getResult(0), view);
    user->erase();
  }
}

/// Moves what a value needs in front of `place`; with `dry`, says whether that is possible.
bool hoist(Operation *op, Operation *place, bool dry) {
  if (!op || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place)) return true;
  if (dry && !isa<memref::AllocOp, memref::DimOp>(op) && (op->getNumRegions() || !isPure(op))) return false;
  for (Value v : op->getOperands())
    if (!hoist(v.getDefiningOp(), place, dry)) return false;
  if (!dry) op->moveBefore(place);
  return true;
}

struct ForwardCopiesPass : ingot::impl::ForwardCopiesBase<ForwardCopiesPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isDeclaration()) return;
    for (memref::CopyOp copy : llvm::to_vector(main.getBody().front().getOps<memref::CopyOp>())) forward(copy, main.getBody().front());
  }

  static void forward(memref::CopyOp copy, Block &entry) {
    Value source = copy.getSource();
    while (isa_and_nonnull<memref::ExpandShapeOp, memref::CollapseShapeOp>(source.getDefiningOp()))
      source = cast<ViewLikeOpInterface>(source.getDefiningOp()).getViewSource();
    auto alloc = source.getDefiningOp<memref::AllocOp>();
    auto part = copy.getTarget().getDefiningOp<memref::SubViewOp>();
    if (!alloc || !part || alloc->getBlock() != &entry || !alloc.getType().getLayout().isIdentity()) return;
    Operation *whole = part.getSource().getDefiningOp();
    if (!isa_and_nonnull<memref::AllocOp, OutputOp>(whole) || whole == alloc || whole->getBlock() != &entry || part->getBlock() != &entry) return;
    ValueRange sizes = isa<OutputOp>(whole) ? cast<OutputOp>(whole).getSizes() : cast<memref::AllocOp>(whole).getDynamicSizes();
    if (!isRun(part, sizes)) return;

    auto isAfter = [&](Operation *op) { return copy->isBeforeInBlock(entry.findAncestorOpInBlock(*op)); };
    SmallVector<Access> ofSource, ofWhole;
    if (!findAccesses(alloc, {}, ofSource) || !findAccesses(part.getSource(), {}, ofWhole)) return;
    for (const Access &access : ofSource)
      if (access.writes && isAfter(access.op)) return;
    for (const Access &access : ofWhole)
      if (access.op != copy && !areApart(access.part, part) && (access.writes || !isAfter(access.op))) return;

    // The place in the shape of what is copied: dimensions of size 1 are all that they may differ in.
    auto wholeType = cast<MemRefType>(part.getSource().getType());
    if (isRankReducedType(RankedTensorType::get(part.getType().getShape(), wholeType.getElementType()),
                          RankedTensorType::get(alloc.getType().getShape(), wholeType.getElementType())) != SliceVerificationResult::Success)
      return;
    auto type = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(alloc.getType().getShape(), wholeType, part.getMixedOffsets(), part.getMixedSizes(),
                                                                               part.getMixedStrides()));
    if (!canRetype(alloc, type) || !hoist(whole, alloc, true)) return;
    for (Value v : part->getOperands())
      if (!hoist(v.getDefiningOp(), alloc, true)) return;
    for (Value v : part->getOperands()) hoist(v.getDefiningOp(), alloc, false);
    OpBuilder b(alloc);
    Value place = memref::SubViewOp::create(b, part.getLoc(), type, part.getSource(), part.getMixedOffsets(), part.getMixedSizes(), part.getMixedStrides());
    copy.erase();
    replaceBuffer(b, alloc, place);
    alloc.erase();
  }
};

} // namespace
