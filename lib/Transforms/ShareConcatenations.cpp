//===- ShareConcatenations.cpp - concatenations that grow share one tensor ----------------------------===//
//
// A densely connected network concatenates all results so far before each layer: every one is the beginning of the next. Made one by one they copy
// the square of the number of layers; as beginnings of the longest, each layer's result is written once, where all later ones read it.
//===----------------------------------------------------------------------------------------------===//
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {
#define GEN_PASS_DEF_SHARECONCATENATIONS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;

namespace {

/// Whether `shorter` is the beginning of `longer`.
bool isBeginning(tensor::ConcatOp shorter, tensor::ConcatOp longer) {
  size_t count = shorter.getInputs().size();
  return shorter->getBlock() == longer->getBlock() && shorter.getDim() == longer.getDim() && count < longer.getInputs().size() &&
         shorter.getInputs() == longer.getInputs().take_front(count);
}

/// Whether what reads the result, also through views, is done before `op`: then nobody sees that the tensor goes on.
bool isReadBefore(Value result, Operation *op) {
  return llvm::all_of(result.getUsers(), [&](Operation *user) {
    Operation *inBlock = op->getBlock()->findAncestorOpInBlock(*user);
    if (!inBlock || !inBlock->isBeforeInBlock(op)) return false;
    bool isView = isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(user);
    return !isView || isReadBefore(user->getResult(0), op);
  });
}

bool hasKnownLength(tensor::ConcatOp op) {
  return llvm::all_of(op.getInputs(), [&](Value v) { return !cast<RankedTensorType>(v.getType()).isDynamicDim(op.getDim()); });
}

/// `first` = the beginning of `whole`, for each of them in order; the operands are inserted where they are first wanted.
void shareTensor(ArrayRef<tensor::ConcatOp> chain) {
  tensor::ConcatOp first = chain.front(), last = chain.back();
  int64_t dim = last.getDim(), offset = 0;
  OpBuilder b(first);
  RankedTensorType type = last.getResultType();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, first.getLoc(), first.getInputs().front());
  sizes[dim] = b.getIndexAttr(type.getDimSize(dim));
  Value whole = tensor::EmptyOp::create(b, first.getLoc(), sizes, type.getElementType());
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)), strides(sizes.size(), b.getIndexAttr(1));
  size_t inserted = 0;
  for (tensor::ConcatOp op : chain) {
    b.setInsertionPoint(op);
    for (Value operand : op.getInputs().drop_front(inserted)) {
      int64_t length = cast<RankedTensorType>(operand.getType()).getDimSize(dim);
      offsets[dim] = b.getIndexAttr(offset);
      sizes[dim] = b.getIndexAttr(length);
      whole = tensor::InsertSliceOp::create(b, op.getLoc(), operand, whole, offsets, sizes, strides);
      offset += length;
    }
    inserted = op.getInputs().size();
    Value result = whole;
    if (op != last) {
      offsets[dim] = b.getIndexAttr(0);
      sizes[dim] = b.getIndexAttr(offset);
      result = tensor::ExtractSliceOp::create(b, op.getLoc(), whole, offsets, sizes, strides);
    }
    if (result.getType() != op.getType()) result = tensor::CastOp::create(b, op.getLoc(), op.getType(), result);
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }
}

struct ShareConcatenationsPass : ingot::impl::ShareConcatenationsBase<ShareConcatenationsPass> {
  void runOnOperation() override {
    // Each concatenation is asked once whether it continues the last one with the same first operand.
    SmallVector<SmallVector<tensor::ConcatOp>> chains;
    DenseMap<Value, size_t> open; // first operand to its chain
    getOperation()->walk([&](tensor::ConcatOp op) {
      if (!hasKnownLength(op)) return;
      auto [it, isNew] = open.try_emplace(op.getInputs().front(), chains.size());
      if (!isNew) {
        auto &chain = chains[it->second];
        if (isBeginning(chain.back(), op) && isReadBefore(chain.back().getResult(), op)) return chain.push_back(op);
        it->second = chains.size();
      }
      chains.push_back({op});
    });
    for (ArrayRef<tensor::ConcatOp> chain : chains)
      if (chain.size() > 1) shareTensor(chain);
  }
};

} // namespace
