//===- ComputeBuilder.cpp - numeric work over tensors, in wide floats ----------------===//
#include "ComputeBuilder.h"

#include "Broadcast.h"

#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

Type ingot::wideType(Type type) {
  auto f = dyn_cast<FloatType>(type);
  return f && f.getWidth() < 32 ? Float32Type::get(type.getContext()) : type;
}

//===---------------------------------- maps --------------------------------------===//

AffineMap ComputeBuilder::select(unsigned loops, ArrayRef<int64_t> dims) {
  SmallVector<AffineExpr> results;
  for (int64_t d : dims)
    results.push_back(loop(d));
  return mapOf(loops, results);
}

AffineMap ComputeBuilder::broadcastMap(Value &operand, ArrayRef<OpFoldResult> dims) {
  int64_t rank = dims.size(), own = cast<RankedTensorType>(operand.getType()).getRank();
  SmallVector<AffineExpr> results;
  bool clear = true;
  for (int64_t i = 0; i < own; ++i) {
    OpFoldResult size = dim(operand, i), to = dims[rank - own + i];
    auto known = getConstantIntValue(size);
    results.push_back(known == 1 ? zero() : loop(rank - own + i));
    clear &= known == 1 || size == to || (known && known == getConstantIntValue(to));
  }
  if (clear)
    return mapOf(rank, results);
  operand = expandTo(*this, operand, dims.take_back(own));
  for (int64_t i = 0; i < own; ++i)
    results[i] = loop(rank - own + i);
  return mapOf(rank, results);
}

AffineMap ComputeBuilder::axisMap(Value &operand, int64_t axis, ArrayRef<OpFoldResult> dims) {
  if (cast<RankedTensorType>(operand.getType()).getRank() != 1)
    return broadcastMap(operand, dims);
  AffineMap along = broadcastMap(operand, dims[axis]);
  return isa<AffineDimExpr>(along.getResult(0)) ? select(dims.size(), {axis}) : mapOf(dims.size(), {zero()});
}

//===--------------------------------- reshaping ----------------------------------===//

Value ComputeBuilder::collapse(Value v, ArrayRef<ReassociationIndices> groups) {
  if (static_cast<int64_t>(groups.size()) == cast<RankedTensorType>(v.getType()).getRank())
    return v;
  return tensor::CollapseShapeOp::create(b, loc, v, groups);
}

Value ComputeBuilder::expand(Value v, ArrayRef<ReassociationIndices> groups, ArrayRef<OpFoldResult> dims) {
  if (groups.size() == dims.size())
    return v;
  // Sizes that are constants hidden in values must be in the type.
  SmallVector<OpFoldResult> sizes;
  SmallVector<int64_t> shape;
  for (OpFoldResult d : dims) {
    auto c = getConstantIntValue(d);
    sizes.push_back(c ? OpFoldResult(b.getIndexAttr(*c)) : d);
    shape.push_back(c ? *c : ShapedType::kDynamic);
  }
  // A group of constant sizes has a constant product, which the operand's type must say.
  auto from = cast<RankedTensorType>(v.getType());
  SmallVector<int64_t> collapsed;
  for (auto [i, group] : llvm::enumerate(groups)) {
    int64_t size = 1;
    for (int64_t g : group)
      size = ShapedType::isDynamic(size) || ShapedType::isDynamic(shape[g]) ? ShapedType::kDynamic : size * shape[g];
    // Where the operand knows its size and one factor is unknown, that stays: the verifier asks for a dynamic operand then.
    collapsed.push_back(size);
  }
  v = castTo(v, RankedTensorType::get(collapsed, from.getElementType()));
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, from.getElementType()), v, groups, sizes);
}

static SmallVector<ReassociationIndices> unitDimGroups(int64_t rank, int64_t axis) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i) {
    if (i == axis && i > 0)
      groups.back().push_back(i);
    else if (i == 1 && axis == 0)
      groups.back().push_back(i);
    else
      groups.push_back({i});
  }
  return groups;
}

Value ComputeBuilder::insertUnitDim(Value v, int64_t axis) {
  Dims sizes = dims(v);
  sizes.insert(sizes.begin() + axis, indexAttr(1));
  if (sizes.size() == 1)
    return expand(v, {}, sizes);
  return expand(v, unitDimGroups(sizes.size(), axis), sizes);
}

Value ComputeBuilder::removeUnitDim(Value v, int64_t axis) {
  int64_t rank = cast<RankedTensorType>(v.getType()).getRank();
  if (rank == 1)
    return tensor::CollapseShapeOp::create(b, loc, v, ArrayRef<ReassociationIndices>{});
  return collapse(v, unitDimGroups(rank, axis));
}

//===----------------------------------- edges ------------------------------------===//

Value ComputeBuilder::padOrCrop(Value v, ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high, Value with) {
  Dims sizes = dims(v), offsets, kept, before, after;
  bool crops = false, pads = false;
  for (auto [size, l, h] : llvm::zip(sizes, low, high)) {
    OpFoldResult cutLow = max(sub(indexAttr(0), l), indexAttr(0)), cutHigh = max(sub(indexAttr(0), h), indexAttr(0));
    offsets.push_back(cutLow);
    kept.push_back(max(sub(sub(size, cutLow), cutHigh), indexAttr(0)));
    before.push_back(max(l, indexAttr(0)));
    after.push_back(max(h, indexAttr(0)));
    crops |= getConstantIntValue(cutLow) != 0 || getConstantIntValue(cutHigh) != 0;
    pads |= getConstantIntValue(before.back()) != 0 || getConstantIntValue(after.back()) != 0;
  }
  if (crops)
    v = slice(v, offsets, kept);
  if (!pads)
    return v;
  SmallVector<int64_t> shape;
  for (auto [i, size] : llvm::enumerate(cast<RankedTensorType>(v.getType()).getShape())) {
    auto l = getConstantIntValue(before[i]), h = getConstantIntValue(after[i]);
    shape.push_back(l && h && !ShapedType::isDynamic(size) ? size + *l + *h : ShapedType::kDynamic);
  }
  auto type = RankedTensorType::get(shape, elementType(v));
  return tensor::PadOp::create(b, loc, type, v, before, after, with, /*nofold=*/false);
}

//===-------------------------------- computation ---------------------------------===//

Value ComputeBuilder::toWide(ScalarBuilder &s, Value v) {
  Type wide = wideType(v.getType());
  return wide == v.getType() ? v : s.cast(v, wide, isUnsigned, isUnsigned);
}

Value ComputeBuilder::mapWide(ValueRange inputs, ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> dims, Type elementType,
                              ScalarBody body) {
  return map(inputs, maps, dims, elementType, [&](OpBuilder &nested, Location l, ValueRange args) {
    ScalarBuilder s(nested, l, isUnsigned, wideType(elementType));
    SmallVector<Value> wide;
    for (Value v : args)
      wide.push_back(toWide(s, v));
    Value result = body(s, wide);
    return result.getType() == elementType ? result : s.cast(result, elementType, isUnsigned, isUnsigned);
  });
}

Value ComputeBuilder::fold(ValueRange inputs, ArrayRef<AffineMap> maps, Value init, AffineMap accMap, ScalarBody body) {
  SmallVector<AffineMap> all(maps);
  all.push_back(accMap);
  SmallVector<utils::IteratorType> loops(accMap.getNumDims(), utils::IteratorType::reduction);
  for (AffineExpr e : accMap.getResults())
    loops[cast<AffineDimExpr>(e).getPosition()] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(b, loc, init.getType(), inputs, init, all, loops, [&](OpBuilder &nested, Location l, ValueRange args) {
           ScalarBuilder s(nested, l, isUnsigned, elementType(init));
           SmallVector<Value> wide;
           for (Value v : args.drop_back())
             wide.push_back(toWide(s, v));
           wide.push_back(args.back());
           linalg::YieldOp::create(nested, l, body(s, wide));
         }).getResult(0);
}

Value ComputeBuilder::reduceWide(Value input, ArrayRef<int64_t> axes, Value init, ScalarBody body) {
  Dims all = dims(input), kept;
  SmallVector<int64_t> keptAxes;
  for (int64_t i = 0, n = all.size(); i < n; ++i) {
    if (llvm::is_contained(axes, i))
      continue;
    kept.push_back(all[i]);
    keptAxes.push_back(i);
  }
  return fold(input, b.getMultiDimIdentityMap(all.size()), full(kept, init), select(all.size(), keptAxes), body);
}

Value ComputeBuilder::convertElements(Value v, Type to) {
  if (elementType(v) == to)
    return v;
  return mapWide(v, {}, dims(v), to, [&](ScalarBuilder &s, ValueRange x) { return s.cast(x[0], to, isUnsigned, isUnsigned); });
}

//===---------------------------------- products ----------------------------------===//

Value ingot::contract(TensorBuilder &t, Value input, Value weights, ArrayRef<OpFoldResult> outDims, Type outElement,
                      const ContractSpec &spec) {
  Type accumulator = wideType(outElement);
  int64_t last = cast<RankedTensorType>(input.getType()).getRank() - 1, rows = cast<RankedTensorType>(weights.getType()).getRank() - 2;
  OpFoldResult wanted = spec.depthwise ? t.dim(weights, rows + 1) : t.mul(t.dim(weights, rows), t.indexAttr(spec.groups));
  t.checkEqual(t.dim(input, last), wanted,
               "the operands of the product do not fit, expected as many columns on the left as rows on the right");
  if (spec.batched)
    t.checkEqual(t.dim(input, 0), t.dim(weights, 0), "the operands of the product do not fit, expected equal batches");
  Value out = t.empty(outDims, outElement);
  auto op = ContractOp::create(t.b, t.loc, input, weights, out, spec.strides, spec.dilations, spec.groups, spec.batched, accumulator);
  op.setUnsignedInput(spec.unsignedInput);
  op.setUnsignedWeights(spec.unsignedWeights);
  op.setPads(spec.pads);
  op.setDepthwise(spec.depthwise);
  if (accumulator != outElement) {
    Block &body = op.getEpilogue().front();
    OpBuilder::InsertionGuard guard(t.b);
    t.b.setInsertionPoint(body.getTerminator());
    body.getTerminator()->setOperand(0, arith::TruncFOp::create(t.b, t.loc, outElement, body.getArgument(0)));
  }
  return op.getResult();
}

Value ingot::multiplyMatrices(ComputeBuilder &t, Value x, Value w, Type outElement, bool unsignedX, bool unsignedW) {
  ContractSpec spec;
  spec.strides = spec.dilations = {1};
  spec.unsignedInput = unsignedX;
  spec.unsignedWeights = unsignedW;
  Dims out = {t.indexAttr(1), t.dim(x, 0), t.dim(w, 1)};
  Value product = contract(t, t.insertUnitDim(x, 0), t.insertUnitDim(t.insertUnitDim(w, 0), 0), out, outElement, spec);
  return t.removeUnitDim(product, 0);
}
