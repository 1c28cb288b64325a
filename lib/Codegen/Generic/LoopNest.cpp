//===- LoopNest.cpp - reading a linalg op over buffers ----------------------------------------------===//
#include "LoopNest.h"

using namespace mlir;
using namespace ingot;

/// Every result a sum of dimensions times constants.
static bool isLinear(AffineExpr e) {
  if (isa<AffineDimExpr, AffineConstantExpr>(e)) return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  if (!binary) return false;
  if (e.getKind() == AffineExprKind::Add) return isLinear(binary.getLHS()) && isLinear(binary.getRHS());
  return e.getKind() == AffineExprKind::Mul && isLinear(binary.getLHS()) && isa<AffineConstantExpr>(binary.getRHS());
}

/// The factor of a dimension in a linear expression (dim -1: the constant).
static int64_t factorOf(AffineExpr e, int64_t dim) {
  if (auto d = dyn_cast<AffineDimExpr>(e)) return (int64_t)d.getPosition() == dim;
  if (auto c = dyn_cast<AffineConstantExpr>(e)) return dim < 0 ? c.getValue() : 0;
  auto binary = cast<AffineBinaryOpExpr>(e);
  if (e.getKind() == AffineExprKind::Add) return factorOf(binary.getLHS(), dim) + factorOf(binary.getRHS(), dim);
  return factorOf(binary.getLHS(), dim) * cast<AffineConstantExpr>(binary.getRHS()).getValue();
}

static bool isReadable(linalg::LinalgOp op) {
  if (op->getNumResults() != 0) return false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type) {
      if (!op.isScalar(&operand)) return false;
      continue;
    }
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset))) return false;
    for (AffineExpr e : op.getMatchingIndexingMap(&operand).getResults())
      if (!isLinear(e)) return false;
  }
  return true;
}

static Access readAccess(linalg::LinalgOp op, OpOperand &operand, IndexBuilder &ix) {
  Access access;
  unsigned loops = op.getNumLoops();
  access.coefficients.resize(loops);
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type) {
    // A scalar operand: every lane and iteration sees it.
    access.flat = operand.get();
    access.element = operand.get().getType();
    return access;
  }
  access.element = type.getElementType();
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto metadata = memref::ExtractStridedMetadataOp::create(ix.b, ix.loc, operand.get());
  Value base = ShapedType::isDynamic(offset) ? metadata.getOffset() : ix.constant(offset);
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (auto [i, e] : llvm::enumerate(map.getResults())) {
    bool isStatic = !ShapedType::isDynamic(strides[i]);
    Value stride = isStatic ? ix.constant(strides[i]) : metadata.getStrides()[i];
    base = ix.add(base, ix.mul(stride, factorOf(e, -1)));
    for (unsigned d = 0; d < loops; ++d) {
      int64_t factor = factorOf(e, d);
      if (!factor) continue;
      Coefficient &c = access.coefficients[d];
      Value sum = c.known ? ix.constant(*c.known) : c.value;
      sum = ix.add(sum, ix.mul(stride, factor));
      c.known = IndexBuilder::known(sum);
      c.value = sum;
    }
  }
  // A view from the operand's first element to its last.
  Value extent = ix.constant(1);
  for (int64_t i = 0; i < type.getRank(); ++i) {
    Value last = ix.max(ix.sub(ix.dim(operand.get(), i), ix.constant(1)), ix.constant(0));
    extent = ix.add(extent, ix.mul(last, ShapedType::isDynamic(strides[i]) ? metadata.getStrides()[i] : ix.constant(strides[i])));
  }
  auto flat = MemRefType::get({ShapedType::kDynamic}, access.element,
                              StridedLayoutAttr::get(op.getContext(), ShapedType::kDynamic, {1}), type.getMemorySpace());
  access.flat = memref::ReinterpretCastOp::create(ix.b, ix.loc, flat, metadata.getBaseBuffer(), OpFoldResult(base),
                                                  ArrayRef<OpFoldResult>{OpFoldResult(extent)}, ArrayRef<OpFoldResult>{ix.b.getIndexAttr(1)});
  return access;
}

/// True if moving `outer` by one is moving `inner` by its size, for dimensions of one contiguous buffer of unknown size.
static bool contiguousByType(OpOperand &operand, AffineMap map, unsigned outer, unsigned inner) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type) return false;
  int64_t at[2] = {-1, -1};
  for (auto [i, e] : llvm::enumerate(map.getResults()))
    for (unsigned which : {0, 1}) {
      unsigned d = which ? inner : outer;
      if (!e.isFunctionOfDim(d)) continue;
      if (at[which] >= 0 || !isa<AffineDimExpr>(e)) return false;
      at[which] = i;
    }
  if (at[0] < 0 || at[1] <= at[0]) return false;
  for (int64_t i = at[0] + 1; i < at[1]; ++i)
    if (type.getDimSize(i) != 1) return false;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i > at[0] && i <= at[1]) groups.back().push_back(i);
    else groups.push_back({i});
  return memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups);
}

FailureOr<LoopNest> ingot::readLoopNest(linalg::LinalgOp op, IndexBuilder &ix) {
  if (!isReadable(op)) return failure();
  LoopNest nest;
  nest.op = op;
  unsigned n = op.getNumLoops();
  auto iterators = op.getIteratorTypesArray();
  SmallVector<Value> sizes;
  for (Range r : op.createLoopRanges(ix.b, ix.loc)) {
    auto known = getConstantIntValue(r.size);
    sizes.push_back(known ? ix.constant(*known) : cast<Value>(r.size));
  }
  SmallVector<OpOperand *> operands;
  SmallVector<Access> accesses;
  for (OpOperand &operand : op->getOpOperands()) {
    operands.push_back(&operand);
    accesses.push_back(readAccess(op, operand, ix));
  }

  bool usesIndex = op.hasIndexSemantics();
  auto moveAsOne = [&](unsigned outer, unsigned inner) {
    if (usesIndex || iterators[outer] != iterators[inner]) return false;
    for (auto [operand, access] : llvm::zip(operands, accesses)) {
      const Coefficient &o = access.coefficients[outer], &i = access.coefficients[inner];
      auto size = IndexBuilder::known(sizes[inner]);
      if (o.is(0) && i.is(0)) continue;
      if (o.known && i.known && size && *o.known == *i.known * *size) continue;
      if (!contiguousByType(*operand, op.getMatchingIndexingMap(operand), outer, inner)) return false;
    }
    return true;
  };

  // Kept dimensions, outermost first; a run of merged ones is represented by its innermost.
  SmallVector<unsigned> kept;
  SmallVector<Value> keptSizes;
  nest.originalDims.resize(n);
  for (unsigned d = 0; d < n; ++d) {
    if (IndexBuilder::known(sizes[d]) == 1) continue;
    if (!kept.empty() && moveAsOne(kept.back(), d)) {
      kept.back() = d;
      keptSizes.back() = ix.mul(keptSizes.back(), sizes[d]);
    } else {
      kept.push_back(d);
      keptSizes.push_back(sizes[d]);
    }
    nest.originalDims[d] = kept.size() - 1;
  }
  for (auto [d, size] : llvm::zip(kept, keptSizes)) nest.loops.push_back({size, iterators[d] == utils::IteratorType::parallel});
  for (auto [operand, access] : llvm::zip(operands, accesses)) {
    SmallVector<Coefficient> coefficients;
    for (unsigned d : kept) coefficients.push_back(access.coefficients[d]);
    access.coefficients = coefficients;
    (op.isDpsInit(operand) ? nest.outputs : nest.inputs).push_back(access);
  }
  return nest;
}
