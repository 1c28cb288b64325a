//===- RequireLengths.cpp - lengths that follow from the rank of a result ------------------===//
//
// How many dimensions a Reshape gives is the length of its second operand. Where a model says the rank of the result but not that length, the
// length follows from the rank: the operand is reshaped to it, which is checked in the run. All lowerings find ranks and lengths known then.
//===--------------------------------------------------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Transforms/Passes.h"
#include "LayoutRewrites.h"
#include "llvm/ADT/TypeSwitch.h"

namespace ingot {
#define GEN_PASS_DEF_REQUIRELENGTHS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

namespace {

/// The last dimension of an operand is `length`; an axis list may say less than nothing, which is no length.
struct Requirement {
  unsigned operand;
  int64_t length;
};

std::optional<int64_t> rankOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type ? std::optional<int64_t>(type.getRank()) : std::nullopt;
}

/// What `op` requires of one operand, where the ranks of the others and of the result are known.
std::optional<Requirement> requirementOf(Operation *op) {
  auto result = op->getNumResults() ? rankOf(op->getResult(0)) : std::nullopt;
  if (!result) return std::nullopt;
  if (isa<ConstantOfShapeOp>(op)) return Requirement{0, *result};
  if (isa<ReshapeOp, AffineGridOp>(op)) return Requirement{1, *result};
  auto data = op->getNumOperands() ? rankOf(op->getOperand(0)) : std::nullopt;
  if (!data) return std::nullopt;
  // A result of the data's rank can come of a shorter list, too.
  if (isa<ExpandOp>(op) && *result > *data) return Requirement{1, *result};
  if (isa<UnsqueezeOp>(op)) return Requirement{1, *result - *data};
  if (isa<SqueezeOp>(op)) return Requirement{1, *data - *result};
  // The first two dimensions are the batch and the channels.
  if (isa<Col2ImOp>(op)) return Requirement{1, *result - 2};
  if (auto gather = dyn_cast<GatherNDOp>(op))
    if (auto indices = rankOf(gather.getIndices())) return Requirement{1, *data + *indices - 1 - static_cast<int64_t>(gather.getBatchDims()) - *result};
  // Axes that are kept leave the rank as it was, and an empty list may mean all of them.
  if (isa<ReductionInterface>(op) && op->getNumOperands() == 2 && *result < *data) return Requirement{1, *data - *result};
  return std::nullopt;
}

struct RequireLengths : ingot::impl::RequireLengthsBase<RequireLengths> {
  using RequireLengthsBase::RequireLengthsBase;
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      std::optional<Requirement> required = requirementOf(op);
      if (!required || required->length < 0 || required->operand >= op->getNumOperands()) return;
      Value operand = op->getOperand(required->operand);
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      if (!type || type.getRank() == 0 || !type.isDynamicDim(type.getRank() - 1)) return;
      OpBuilder b(op);
      SmallVector<int64_t> sizes(type.getShape()), shape(type.getRank(), 0);
      sizes.back() = shape.back() = required->length;
      // Zeros keep what is there; a length of zero is no zero of that kind.
      bool isEmpty = required->length == 0;
      if (isEmpty && type.getRank() > 1) return;
      auto reshape = ReshapeOp::create(b, op->getLoc(), TypeRange(RankedTensorType::get(sizes, type.getElementType())),
                                       ValueRange{operand, indexConstant(b, op->getLoc(), shape)});
      if (isEmpty) reshape->setAttr("allowzero", b.getI64IntegerAttr(1));
      op->setOperand(required->operand, reshape->getResult(0));
    });
  }
};

} // namespace
