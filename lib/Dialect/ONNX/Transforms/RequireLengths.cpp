//===- RequireLengths.cpp - lengths that follow from the rank of a result ------------------===//
//
// How many dimensions a Reshape gives is the length of its second operand. Where a model says the rank of the result but not that length, the
// length follows from the rank: the operand is reshaped to it, which is checked in the run. All lowerings find ranks and lengths known then.
//===--------------------------------------------------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Transforms/Passes.h"
#include "LayoutRewrites.h"
#include "RequireLengths.h"
#include "mlir/IR/Iterators.h"

namespace ingot {
#define GEN_PASS_DEF_REQUIRELENGTHS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

Value ingot::onnx::withLength(OpBuilder &b, Location loc, Value operand, int64_t length) {
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<int64_t> sizes(type.getShape()), shape(type.getRank(), 0);
  sizes.back() = shape.back() = length;
  auto reshape = ReshapeOp::create(b, loc, TypeRange(RankedTensorType::get(sizes, type.getElementType())), ValueRange{operand, indexConstant(b, loc, shape)});
  // Zeros keep what is there; a length of zero is no zero of that kind.
  if (length == 0) reshape->setAttr("allowzero", b.getI64IntegerAttr(1));
  return reshape->getResult(0);
}

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
  // A result of the data's rank can come of a shorter list, too, which is made longer.
  if (isa<ExpandOp>(op)) return Requirement{1, *result};
  if (isa<UnsqueezeOp>(op)) return Requirement{1, *result - *data};
  if (isa<SqueezeOp>(op)) return Requirement{1, *data - *result};
  // The first two dimensions are the batch and the channels.
  if (isa<Col2ImOp>(op)) return Requirement{1, *result - 2};
  if (auto gather = dyn_cast<GatherNDOp>(op))
    if (auto indices = rankOf(gather.getIndices())) return Requirement{1, *data + *indices - 1 - static_cast<int64_t>(gather.getBatchDims()) - *result};
  if (auto scatter = dyn_cast<ScatterNDOp>(op)) {
    auto indices = rankOf(scatter.getIndices()), updates = rankOf(scatter.getUpdates());
    if (indices && updates) return Requirement{1, *data + *indices - 1 - *updates};
  }
  // Axes that are kept leave the rank as it was, and an empty list may mean all of them.
  if (isa<ReductionInterface>(op) && op->getNumOperands() == 2 && *result < *data) return Requirement{1, *data - *result};
  return std::nullopt;
}

/// A shape with ones before it, so that there are `length` entries: for Expand they mean the same.
Value withOnesBefore(OpBuilder &b, Location loc, Value shape, int64_t length) {
  auto vector = [&](int64_t size) { return RankedTensorType::get({size}, b.getI64Type()); };
  Value count = ShapeOp::create(b, loc, TypeRange(vector(1)), ValueRange(shape));
  Value missing = SubOp::create(b, loc, TypeRange(vector(1)), ValueRange{indexConstant(b, loc, length), count});
  Value added = MaxOp::create(b, loc, TypeRange(vector(1)), ValueRange{missing, indexConstant(b, loc, 0)});
  auto pads = ConcatOp::create(b, loc, TypeRange(vector(2)), ValueRange{added, indexConstant(b, loc, 0)}, b.getNamedAttr("axis", b.getI64IntegerAttr(0)));
  Value none = NoValueOp::create(b, loc, b.getNoneType(), b.getUnitAttr());
  Value one = ConstantOp::create(b, loc, RankedTensorType::get({}, b.getI64Type()), DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), int64_t(1)));
  return PadOp::create(b, loc, TypeRange(vector(ShapedType::kDynamic)), ValueRange{shape, pads->getResult(0), one, none})->getResult(0);
}

/// The rank of the first operand, where it follows from the result's or from an attribute.
std::optional<int64_t> rankOfOperand(Operation *op) {
  if (auto transpose = dyn_cast<TransposeOp>(op); transpose && transpose.getPerm()) return transpose.getPerm()->size();
  if (isa<IdentityOp, CastOp, CastLikeOp, TransposeOp>(op) || (isa<ElementwiseInterface>(op) && op->getNumOperands() == 1)) return rankOf(op->getResult(0));
  return std::nullopt;
}

/// Ranks of results, back to operands that have none: models say more of their outputs than of what lies before them.
void propagateRanksBack(func::FuncOp function) {
  function.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    auto rank = rankOfOperand(op);
    if (!rank) return;
    Value operand = op->getOperand(0);
    auto type = dyn_cast<UnrankedTensorType>(operand.getType());
    // What an If or Loop gives must fit its regions.
    if (!type || !operand.getDefiningOp() || operand.getDefiningOp()->getNumRegions()) return;
    operand.setType(RankedTensorType::get(SmallVector<int64_t>(*rank, ShapedType::kDynamic), type.getElementType()));
  });
}

struct RequireLengths : ingot::impl::RequireLengthsBase<RequireLengths> {
  using RequireLengthsBase::RequireLengthsBase;
  void runOnOperation() override {
    propagateRanksBack(getOperation());
    getOperation().walk([](Operation *op) {
      std::optional<Requirement> required = requirementOf(op);
      if (!required || required->length < 0 || required->operand >= op->getNumOperands()) return;
      Value operand = op->getOperand(required->operand);
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      if (!type || type.getRank() == 0 || !type.isDynamicDim(type.getRank() - 1)) return;
      if (required->length == 0 && type.getRank() > 1) return;
      OpBuilder b(op);
      if (isa<ExpandOp>(op) && rankOf(op->getOperand(0)) == required->length) operand = withOnesBefore(b, op->getLoc(), operand, required->length);
      op->setOperand(required->operand, withLength(b, op->getLoc(), operand, required->length));
    });
  }
};

} // namespace
