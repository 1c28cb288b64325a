//===- SinkTranspose.cpp - transposes move down until they meet their inverse -------===//
//
// op(Transpose(x)) = Transpose(op'(x)) for operators that treat dimensions alike (elementwise) or name them (axes). A transpose moves up
// only where that cancels another one, so the rewrites end.
//===-----------------------------------------------------------------------------===//
#include "LayoutRewrites.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ingot::onnx;

static RankedTensorType ranked(Value v) { return dyn_cast<RankedTensorType>(v.getType()); }

/// The transpose that defines `v`, if it changes anything.
static TransposeOp transposeOf(Value v) {
  auto op = v.getDefiningOp<TransposeOp>();
  if (!op || !ranked(op.getData()) || isIdentity(permOf(op)))
    return nullptr;
  return op;
}

/// Operators that compute each element from the elements at the same place, operands broadcast together.
static bool isPointwise(Operation *op) {
  return op->getNumResults() == 1 && isa<ElementwiseInterface, IdentityOp>(op) && op->getNumRegions() == 0;
}

static int64_t normalized(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

/// `op` again, with other operands and types of results.
static Operation *rebuild(PatternRewriter &b, Operation *op, ValueRange operands, TypeRange types) {
  OperationState state(op->getLoc(), op->getName(), operands, types, llvm::to_vector(op->getDiscardableAttrs()));
  state.propertiesAttr = op->getPropertiesAsAttribute();
  return b.create(state);
}

/// Replaces the results of `op` by those of `turned`, each transposed by `perm`.
static LogicalResult replaceTransposed(PatternRewriter &b, Operation *op, Operation *turned, ArrayRef<int64_t> perm) {
  SmallVector<Value> results;
  for (Value r : turned->getResults())
    results.push_back(isa<NoneType>(r.getType()) ? r : transpose(b, op->getLoc(), r, perm));
  b.replaceOp(op, results);
  return success();
}

/// Types of results before a transpose by `perm` gives the present ones.
static SmallVector<Type> typesBefore(Operation *op, ArrayRef<int64_t> perm) {
  Perm inv = inverse(perm);
  return llvm::map_to_vector(op->getResultTypes(), [&](Type t) -> Type {
    auto type = dyn_cast<RankedTensorType>(t);
    return type ? Type(permuted(type, inv)) : t;
  });
}

/// Brings an operand to full rank with leading dimensions of size 1.
static Value toRank(PatternRewriter &b, Location loc, Value v, int64_t rank) {
  auto type = ranked(v);
  int64_t missing = rank - type.getRank();
  if (missing == 0)
    return v;
  SmallVector<int64_t> shape(missing, 1), axes;
  llvm::append_range(shape, type.getShape());
  for (int64_t i = 0; i < missing; ++i)
    axes.push_back(i);
  return UnsqueezeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), v, indexConstant(b, loc, axes));
}

/// A constant, or one that was turned already: the evaluator makes it a constant again.
static bool isConstant(Value v) {
  Operation *op = v.getDefiningOp();
  return op && (isa<ConstantOp>(op) || (isa<TransposeOp, UnsqueezeOp>(op) && isConstant(op->getOperand(0))));
}

/// True if transposing this operand costs nothing: constants, single elements, and moves of unit dimensions.
static bool isFreeToTranspose(Value v, int64_t rank, ArrayRef<int64_t> perm) {
  auto type = ranked(v);
  if (isConstant(v) || !type)
    return true;
  SmallVector<int64_t> shape(rank - type.getRank(), 1);
  llvm::append_range(shape, type.getShape());
  return movesUnitDimsOnly(RankedTensorType::get(shape, type.getElementType()), perm);
}

/// The operand as it must be where the result is taken before the transpose; `inv` leads there.
static Value turnOperand(PatternRewriter &b, Location loc, Value v, int64_t rank, ArrayRef<int64_t> inv) {
  auto type = ranked(v);
  if (!type || type.getRank() == 0)
    return v;
  if (auto t = transposeOf(v); t && ArrayRef<int64_t>(permOf(t)) == ArrayRef<int64_t>(inverse(inv)))
    return t.getData();
  return transpose(b, loc, toRank(b, loc, v, rank), inv);
}

/// Operands of an op that are transposed by a permutation; those that would get a transpose instead; those of them where it costs something.
struct OperandCounts {
  int same = 0, added = 0, costly = 0;
};

static OperandCounts countOperands(Operation *op, RankedTensorType result, ArrayRef<int64_t> perm) {
  OperandCounts counts;
  Perm inv = inverse(perm);
  int64_t rank = result.getRank();
  for (Value v : op->getOperands()) {
    auto t = transposeOf(v);
    // Transposes of constants and of what is broadcast cost nothing, so they decide nothing.
    if (isConstant(v) || (t && isPointwise(op) && ranked(v).getShape() != result.getShape()))
      continue;
    if (t && permOf(t) == ArrayRef<int64_t>(perm))
      ++counts.same;
    else if (ranked(v) && ranked(v).getRank() > 0) {
      ++counts.added;
      counts.costly += !isFreeToTranspose(v, rank, inv);
    }
  }
  return counts;
}

/// The common permutation of operands worth sinking below an op whose result has this type.
static std::optional<Perm> sinkablePerm(Operation *op, RankedTensorType result) {
  for (Value v : op->getOperands()) {
    auto t = transposeOf(v);
    // A broadcast operand is smaller than the result: its transpose stays where it is.
    if (!t || ranked(v).getRank() != result.getRank() || (isPointwise(op) && ranked(v).getShape() != result.getShape()))
      continue;
    Perm perm = permOf(t);
    OperandCounts counts = countOperands(op, result, perm);
    // A transpose that costs nothing does not move one onto another operand: that one would move it back.
    bool isFree = movesUnitDimsOnly(ranked(t.getData()), perm);
    if (counts.same > counts.costly && !(isFree && counts.added))
      return perm;
  }
  return std::nullopt;
}

//===-------------------------- operators of several data operands ----------------------===//

static LogicalResult sinkBelowPointwise(PatternRewriter &b, Operation *op) {
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!result)
    return failure();
  std::optional<Perm> perm = sinkablePerm(op, result);
  if (!perm)
    return failure();
  Perm inv = inverse(*perm);
  auto operands = llvm::map_to_vector(op->getOperands(), [&](Value v) { return turnOperand(b, op->getLoc(), v, result.getRank(), inv); });
  return replaceTransposed(b, op, rebuild(b, op, operands, typesBefore(op, *perm)), *perm);
}

static LogicalResult sinkBelowConcat(PatternRewriter &b, ConcatOp op) {
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!result || !llvm::all_of(op->getOperands(), [&](Value v) { return ranked(v) && ranked(v).getRank() == result.getRank(); }))
    return failure();
  std::optional<Perm> perm = sinkablePerm(op, result);
  if (!perm)
    return failure();
  Perm inv = inverse(*perm);
  auto operands = llvm::map_to_vector(op->getOperands(), [&](Value v) { return turnOperand(b, op->getLoc(), v, result.getRank(), inv); });
  auto turned = cast<ConcatOp>(rebuild(b, op, operands, typesBefore(op, *perm)));
  turned.setAxis((*perm)[normalized(op.getAxis(), result.getRank())]);
  return replaceTransposed(b, op, turned, *perm);
}

/// Transpose(op(Transpose(x), y)) = op(x, Transpose(y)) where the outer one undoes the inner one.
static LogicalResult liftAbovePointwise(PatternRewriter &b, TransposeOp op) {
  Operation *producer = op.getData().getDefiningOp();
  if (!producer || !isPointwise(producer) || !producer->hasOneUse())
    return failure();
  auto result = dyn_cast<RankedTensorType>(op.getData().getType());
  Perm perm = permOf(op);
  if (!result || isIdentity(perm))
    return failure();
  OperandCounts counts = countOperands(producer, result, inverse(perm));
  if (counts.same == 0 || counts.same < counts.costly)
    return failure();
  b.setInsertionPoint(op);
  auto operands =
      llvm::map_to_vector(producer->getOperands(), [&](Value v) { return turnOperand(b, op.getLoc(), v, result.getRank(), perm); });
  b.replaceOp(op, rebuild(b, producer, operands, op->getResultTypes()));
  return success();
}

//===---------------------------- operators that name axes ------------------------------===//

/// The transpose of operand 0.
static TransposeOp dataTranspose(Operation *op) { return op->getNumOperands() ? transposeOf(op->getOperand(0)) : nullptr; }

/// Softmax and the like: one attribute names an axis, results have the dimensions of the operand.
template <class OpT> static LogicalResult sinkBelowAxis(PatternRewriter &b, OpT op) {
  TransposeOp t = dataTranspose(op);
  if (!t)
    return failure();
  Perm perm = permOf(t);
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  auto turned = cast<OpT>(rebuild(b, op, operands, typesBefore(op, perm)));
  turned.setAxis(perm[normalized(op.getAxis(), perm.size())]);
  return replaceTransposed(b, op, turned, perm);
}

/// Per tensor or per axis; blocked scales have dimensions of their own and stay.
template <class OpT> static LogicalResult sinkBelowQuantization(PatternRewriter &b, OpT op) {
  auto scale = ranked(op->getOperand(1));
  if (!scale || scale.getRank() > 1)
    return failure();
  TransposeOp t = dataTranspose(op);
  int64_t rank = t ? ranked(op->getOperand(0)).getRank() : 0;
  int64_t axis = normalized(op.getAxis(), rank);
  if (!t || (scale.getRank() == 1 && (axis < 0 || axis >= rank)))
    return failure();
  if (scale.getRank() == 1)
    return sinkBelowAxis(b, op);
  Perm perm = permOf(t);
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  return replaceTransposed(b, op, rebuild(b, op, operands, typesBefore(op, perm)), perm);
}

static LogicalResult sinkBelowSplit(PatternRewriter &b, SplitOp op) {
  if (!llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return failure();
  return sinkBelowAxis(b, op);
}

/// Slice and Pad: `axes` says which dimension each entry is for; absent, entry i is for dimension i.
static LogicalResult sinkBelowAxesOperand(PatternRewriter &b, Operation *op, unsigned axesIndex, int64_t entries) {
  TransposeOp t = dataTranspose(op);
  if (!t || entries < 0)
    return failure();
  Perm perm = permOf(t);
  SmallVector<int64_t> axes;
  if (isa<NoneType>(op->getOperand(axesIndex).getType())) {
    for (int64_t i = 0; i < entries; ++i)
      axes.push_back(perm[i]);
  } else if (auto given = constantIntegers(op->getOperand(axesIndex))) {
    for (int64_t a : *given)
      axes.push_back(perm[normalized(a, perm.size())]);
  } else {
    return failure();
  }
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  operands[axesIndex] = indexConstant(b, op->getLoc(), axes);
  return replaceTransposed(b, op, rebuild(b, op, operands, typesBefore(op, perm)), perm);
}

/// The permutation of what is left when the axes (of the transposed tensor) go away.
static Perm permWithout(ArrayRef<int64_t> perm, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> gone, result;
  for (int64_t a : axes)
    gone.push_back(perm[a]);
  for (int64_t p : perm) {
    if (llvm::is_contained(gone, p))
      continue;
    int64_t before = llvm::count_if(gone, [&](int64_t g) { return g < p; });
    result.push_back(p - before);
  }
  return result;
}

/// Reductions and Squeeze: constant axes are renamed; where they go away, the rest is transposed.
static LogicalResult sinkBelowRemovedAxes(PatternRewriter &b, Operation *op, bool keepsDims) {
  TransposeOp t = dataTranspose(op);
  std::optional<SmallVector<int64_t>> axes = op->getNumOperands() > 1 ? constantIntegers(op->getOperand(1)) : std::nullopt;
  if (!t || !axes || axes->empty())
    return failure();
  Perm perm = permOf(t);
  for (int64_t &a : *axes)
    a = normalized(a, perm.size());
  auto renamed = llvm::map_to_vector(*axes, [&](int64_t a) { return perm[a]; });
  Perm after = keepsDims ? perm : permWithout(perm, *axes);
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  operands[1] = indexConstant(b, op->getLoc(), renamed);
  return replaceTransposed(b, op, rebuild(b, op, operands, typesBefore(op, after)), after);
}

template <class OpT> static LogicalResult sinkBelowArg(PatternRewriter &b, OpT op) {
  if (op.getKeepdims())
    return sinkBelowAxis(b, op);
  TransposeOp t = dataTranspose(op);
  if (!t)
    return failure();
  Perm perm = permOf(t);
  int64_t axis = normalized(op.getAxis(), perm.size());
  Perm after = permWithout(perm, {axis});
  auto turned = cast<OpT>(rebuild(b, op, t.getData(), typesBefore(op, after)));
  turned.setAxis(perm[axis]);
  return replaceTransposed(b, op, turned, after);
}

/// Entry i of scales, sizes and roi is for dimension axes[i].
static LogicalResult sinkBelowResize(PatternRewriter &b, ResizeOp op) {
  TransposeOp t = dataTranspose(op);
  if (!t)
    return failure();
  Perm perm = permOf(t);
  SmallVector<int64_t> axes;
  if (auto given = op.getAxes())
    for (int64_t a : *given)
      axes.push_back(perm[normalized(a, perm.size())]);
  else
    axes = perm;
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  auto turned = cast<ResizeOp>(rebuild(b, op, operands, typesBefore(op, perm)));
  turned.setAxes(axes);
  return replaceTransposed(b, op, turned, perm);
}

/// Unsqueeze keeps its axes; the other dimensions are transposed around them.
static LogicalResult sinkBelowUnsqueeze(PatternRewriter &b, UnsqueezeOp op) {
  TransposeOp t = dataTranspose(op);
  auto axes = constantIntegers(op.getAxes());
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!t || !axes || !result)
    return failure();
  int64_t rank = result.getRank();
  for (int64_t &a : *axes)
    a = normalized(a, rank);
  SmallVector<int64_t> others;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(*axes, i))
      others.push_back(i);
  Perm perm = permOf(t), after(rank);
  for (int64_t a : *axes)
    after[a] = a;
  for (auto [k, i] : llvm::enumerate(others))
    after[i] = others[perm[k]];
  Operation *turned = rebuild(b, op, {t.getData(), op.getAxes()}, typesBefore(op, after));
  return replaceTransposed(b, op, turned, after);
}

static LogicalResult sinkBelowDropout(PatternRewriter &b, DropoutOp op) {
  TransposeOp t = dataTranspose(op);
  if (!t)
    return failure();
  Perm perm = permOf(t);
  SmallVector<Value> operands(op->getOperands());
  operands[0] = t.getData();
  return replaceTransposed(b, op, rebuild(b, op, operands, typesBefore(op, perm)), perm);
}

/// Indices of rank 1 keep the rank, a single index removes the dimension.
static LogicalResult sinkBelowGather(PatternRewriter &b, GatherOp op) {
  TransposeOp t = dataTranspose(op);
  auto indices = ranked(op->getOperand(1));
  if (!t || !indices || indices.getRank() > 1)
    return failure();
  Perm perm = permOf(t);
  int64_t axis = normalized(op.getAxis(), perm.size());
  Perm after = indices.getRank() == 1 ? perm : permWithout(perm, {axis});
  auto turned = cast<GatherOp>(rebuild(b, op, {t.getData(), op->getOperand(1)}, typesBefore(op, after)));
  turned.setAxis(perm[axis]);
  return replaceTransposed(b, op, turned, after);
}

namespace {

/// Transpose(Transpose(x)) = Transpose(x), and the identity is its operand.
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &b) const override {
    if (!ranked(op.getData()))
      return failure();
    Perm perm = permOf(op);
    if (isIdentity(perm)) {
      b.replaceOp(op, op.getData());
      return success();
    }
    auto inner = op.getData().getDefiningOp<TransposeOp>();
    if (!inner || !ranked(inner.getData()))
      return failure();
    Perm composed = llvm::map_to_vector<6>(perm, [p = permOf(inner)](int64_t i) { return p[i]; });
    b.replaceOp(op, transpose(b, op.getLoc(), inner.getData(), composed));
    return success();
  }
};

struct LiftTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &b) const override { return liftAbovePointwise(b, op); }
};

struct SinkTranspose : RewritePattern {
  explicit SinkTranspose(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &b) const override {
    if (!llvm::any_of(op->getOperands(), transposeOf))
      return failure();
    if (isPointwise(op))
      return sinkBelowPointwise(b, op);
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](ConcatOp o) { return sinkBelowConcat(b, o); })
        .Case<SoftmaxOp, LogSoftmaxOp, HardmaxOp, LpNormalizationOp>([&](auto o) { return sinkBelowAxis(b, o); })
        .Case<QuantizeLinearOp, DequantizeLinearOp>([&](auto o) { return sinkBelowQuantization(b, o); })
        .Case([&](SplitOp o) { return sinkBelowSplit(b, o); })
        .Case([&](SliceOp o) { return sinkBelowAxesOperand(b, o, 3, entriesOf(o.getStarts())); })
        .Case([&](PadOp o) { return sinkBelowAxesOperand(b, o, 3, ranked(o.getData()).getRank()); })
        .Case([&](SqueezeOp o) { return sinkBelowRemovedAxes(b, o, false); })
        .Case([&](UnsqueezeOp o) { return sinkBelowUnsqueeze(b, o); })
        .Case<ArgMaxOp, ArgMinOp>([&](auto o) { return sinkBelowArg(b, o); })
        .Case([&](ResizeOp o) { return sinkBelowResize(b, o); })
        .Case([&](DropoutOp o) { return sinkBelowDropout(b, o); })
        .Case([&](GatherOp o) { return sinkBelowGather(b, o); })
        .Default([&](Operation *o) -> LogicalResult {
          if (!isa<ReductionInterface>(o) || !isa<RankedTensorType>(o->getResult(0).getType()))
            return failure();
          auto keepdims = o->getAttrOfType<IntegerAttr>("keepdims");
          return sinkBelowRemovedAxes(b, o, !keepdims || keepdims.getInt() != 0);
        });
  }
  static int64_t entriesOf(Value v) {
    auto type = ranked(v);
    return type && type.hasStaticShape() ? type.getNumElements() : -1;
  }
};

} // namespace

void ingot::onnx::populateSinkTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<ComposeTransposes, LiftTranspose, SinkTranspose>(patterns.getContext());
}
