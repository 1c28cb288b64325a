//===- Reshaping.cpp - the same elements in other dimensions -------------------------===//
#include "Reshaping.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {
/// A product of dimensions as a number and the factors that are no numbers, sorted: equal products compare equal.
struct Product {
  int64_t number = 1;
  SmallVector<AffineExpr> factors;

  void multiply(AffineExpr e) {
    if (auto c = dyn_cast<AffineConstantExpr>(e)) {
      number *= c.getValue();
    } else if (auto m = dyn_cast<AffineBinaryOpExpr>(e); m && m.getKind() == AffineExprKind::Mul) {
      multiply(m.getLHS());
      multiply(m.getRHS());
    } else {
      factors.insert(llvm::upper_bound(factors, e, [](AffineExpr x, AffineExpr y) { return x.getAsOpaquePointer() < y.getAsOpaquePointer(); }), e);
    }
  }
  bool operator==(const Product &other) const { return number == other.number && factors == other.factors; }
  /// Fewer symbols, or as many and the smaller number.
  bool isLessThan(const Product &other) const {
    return std::pair(factors.size(), number) < std::pair(other.factors.size(), other.number);
  }
};
} // namespace

static Product productOf(ArrayRef<AffineExpr> dims) {
  Product p;
  for (AffineExpr d : dims)
    p.multiply(d);
  return p;
}

bool ingot::haveEqualCounts(ArrayRef<onnx::Dim> x, ArrayRef<onnx::Dim> y) { return productOf(x) == productOf(y); }

/// Groups of equal products, or nothing where they cannot be told.
static std::optional<SmallVector<ReshapeGroup>> findGroups(ArrayRef<AffineExpr> from, ArrayRef<AffineExpr> to) {
  SmallVector<ReshapeGroup> groups;
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReshapeGroup group;
    Product x = productOf(from[i]), y = productOf(to[j]);
    group.from.push_back(i++);
    group.to.push_back(j++);
    while (!(x == y)) {
      if (x.number == 0 || y.number == 0)
        return std::nullopt;
      if (x.isLessThan(y) && i < from.size()) {
        x.multiply(from[i]);
        group.from.push_back(i++);
      } else if (!x.isLessThan(y) && j < to.size()) {
        y.multiply(to[j]);
        group.to.push_back(j++);
      } else {
        return std::nullopt;
      }
    }
    groups.push_back(group);
  }
  // What is left on one side must be ones.
  for (; i < from.size(); ++i) {
    if (onnx::ShapeAnalysis::asConstant(from[i]) != 1)
      return std::nullopt;
    groups.back().from.push_back(i);
  }
  for (; j < to.size(); ++j) {
    if (onnx::ShapeAnalysis::asConstant(to[j]) != 1)
      return std::nullopt;
    groups.back().to.push_back(j);
  }
  return groups;
}

/// The product of dimensions as a type has them.
static int64_t staticProduct(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  int64_t n = 1;
  for (int64_t d : dims) {
    if (ShapedType::isDynamic(shape[d]))
      return ShapedType::kDynamic;
    n *= shape[d];
  }
  return n;
}

Value ingot::reshapeByGroups(TensorBuilder &t, Value tensor, ArrayRef<ReshapeGroup> groups, ArrayRef<OpFoldResult> toSizes) {
  auto fromType = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> toShape;
  SmallVector<Value> dynamic;
  Dims sizes;
  for (OpFoldResult d : toSizes)
    sizes.push_back(isa<Value>(d) ? getAsOpFoldResult(cast<Value>(d)) : d);
  dispatchIndexOpFoldResults(sizes, dynamic, toShape);
  // Nothing is carried over; and 0 times a size that only the run knows would be static for one of the types and not for the other.
  if (llvm::is_contained(toShape, 0)) return t.empty(sizes, fromType.getElementType());

  bool collapses = false, expands = false;
  SmallVector<ReassociationIndices> collapse, expand;
  SmallVector<int64_t> collapsedShape, middleShape;
  for (const ReshapeGroup &group : groups) {
    collapses |= group.from.size() != 1;
    expands |= group.to.size() != 1;
    collapse.push_back(group.from);
    expand.push_back(group.to);
    collapsedShape.push_back(staticProduct(fromType.getShape(), group.from));
    middleShape.push_back(staticProduct(toShape, group.to));
  }
  if (collapses)
    tensor = tensor::CollapseShapeOp::create(t.b, t.loc, fromType.clone(collapsedShape), tensor, collapse);
  if (!expands)
    return t.castTo(tensor, fromType.clone(toShape));
  tensor = t.castTo(tensor, fromType.clone(middleShape));
  return tensor::ExpandShapeOp::create(t.b, t.loc, fromType.clone(toShape), tensor, expand, sizes);
}

Value ingot::reshapeSymbolic(TensorBuilder &t, Value tensor, ArrayRef<onnx::Dim> from, ArrayRef<onnx::Dim> to, ArrayRef<OpFoldResult> toSizes) {
  if (!from.empty() && !to.empty()) {
    if (auto groups = findGroups(from, to))
      return reshapeByGroups(t, tensor, *groups, toSizes);
  } else if (from.size() != to.size()) {
    // To or from rank 0: every dimension is 1.
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, std::max(from.size(), to.size())));
    return from.empty() ? t.insertUnits(tensor, all) : t.dropUnits(tensor, all);
  } else {
    return tensor;
  }
  return t.reshape(tensor, toSizes);
}
