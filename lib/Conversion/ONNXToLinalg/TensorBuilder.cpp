//===- TensorBuilder.cpp - index arithmetic, structured ops and checks ---------------===//
#include "TensorBuilder.h"

#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ingot;

std::string ingot::nodeName(Location loc) {
  std::string name;
  loc->walk([&](Location l) {
    if (auto named = dyn_cast<NameLoc>(l)) {
      name = named.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

//===--------------------------------- scalars ------------------------------------===//

Value TensorBuilder::boolean(bool v) { return arith::ConstantOp::create(b, loc, b.getBoolAttr(v)); }

Value TensorBuilder::value(OpFoldResult d) {
  if (auto v = dyn_cast<Value>(d))
    return v;
  return index(cast<IntegerAttr>(cast<Attribute>(d)).getInt());
}

Value TensorBuilder::number(Type type, double v) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return complex::CreateOp::create(b, loc, complex, number(complex.getElementType(), v), number(complex.getElementType(), 0));
  if (auto f = dyn_cast<FloatType>(type)) {
    APFloat x(v);
    bool inexact;
    x.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return arith::ConstantOp::create(b, loc, FloatAttr::get(f, x));
  }
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, static_cast<int64_t>(v)));
}

Value TensorBuilder::toIndex(Value v, bool isUnsigned) {
  if (v.getType().isIndex())
    return v;
  if (isUnsigned || v.getType().isInteger(1))
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), v);
}

Value TensorBuilder::fromIndex(Value v, Type type) {
  return type.isIndex() ? v : arith::IndexCastOp::create(b, loc, type, v).getResult();
}

//===---------------------------- index arithmetic --------------------------------===//

OpFoldResult TensorBuilder::add(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy) return indexAttr(*cx + *cy);
  if (cx == 0) return y;
  if (cy == 0) return x;
  return arith::AddIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::sub(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy) return indexAttr(*cx - *cy);
  if (cy == 0) return x;
  return arith::SubIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::mul(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy) return indexAttr(*cx * *cy);
  if (cx == 1) return y;
  if (cy == 1) return x;
  if (cx == 0 || cy == 0) return indexAttr(0);
  return arith::MulIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::floorDiv(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy && *cy != 0) return indexAttr(llvm::divideFloorSigned(*cx, *cy));
  if (cy == 1) return x;
  return arith::FloorDivSIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::ceilDiv(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy && *cy != 0) return indexAttr(llvm::divideCeilSigned(*cx, *cy));
  if (cy == 1) return x;
  return arith::CeilDivSIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::mod(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy && *cy > 0) return indexAttr(llvm::mod(*cx, *cy));
  if (cy == 1) return indexAttr(0);
  return sub(x, mul(floorDiv(x, y), y));
}

OpFoldResult TensorBuilder::min(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy) return indexAttr(std::min(*cx, *cy));
  return arith::MinSIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::max(OpFoldResult x, OpFoldResult y) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy) return indexAttr(std::max(*cx, *cy));
  return arith::MaxSIOp::create(b, loc, value(x), value(y)).getResult();
}

OpFoldResult TensorBuilder::product(ArrayRef<OpFoldResult> dims) {
  OpFoldResult n = indexAttr(1);
  for (OpFoldResult d : dims)
    n = mul(n, d);
  return n;
}

//===--------------------------------- tensors ------------------------------------===//

OpFoldResult TensorBuilder::dim(Value tensor, int64_t i) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(i))
    return indexAttr(type.getDimSize(i));
  return tensor::DimOp::create(b, loc, tensor, i).getResult();
}

Dims TensorBuilder::dims(Value tensor) {
  Dims result;
  for (int64_t i = 0, n = cast<RankedTensorType>(tensor.getType()).getRank(); i < n; ++i)
    result.push_back(dim(tensor, i));
  return result;
}

/// Constants hidden in values become attributes, so that the types are as static as can be.
static Dims folded(ArrayRef<OpFoldResult> dims) {
  Dims result;
  for (OpFoldResult d : dims)
    result.push_back(isa<Value>(d) ? getAsOpFoldResult(cast<Value>(d)) : d);
  return result;
}

Value TensorBuilder::empty(ArrayRef<OpFoldResult> dims, Type elementType) {
  return tensor::EmptyOp::create(b, loc, folded(dims), elementType);
}

Value TensorBuilder::full(ArrayRef<OpFoldResult> dims, Value scalar) {
  return linalg::FillOp::create(b, loc, scalar, empty(dims, scalar.getType())).getResult(0);
}

Value TensorBuilder::scalarOf(Value tensor) {
  SmallVector<Value> zeros(cast<RankedTensorType>(tensor.getType()).getRank());
  if (!zeros.empty())
    zeros.assign(zeros.size(), index(0));
  for (OpFoldResult d : dims(tensor))
    if (getConstantIntValue(d).value_or(0) < 1)
      checkEqual(d, indexAttr(1), "expected a tensor of one element");
  return extract(tensor, zeros);
}

Value TensorBuilder::fromScalar(Value scalar) {
  return tensor::FromElementsOp::create(b, loc, RankedTensorType::get({}, scalar.getType()), scalar);
}

/// The sizes of a slice that certainly has no elements; such a slice may start behind the end, which slice ops do not allow.
static std::optional<Dims> emptySizes(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
  Dims result(sizes.begin(), sizes.end());
  bool isEmpty = false;
  for (auto [i, size] : llvm::enumerate(result)) {
    int64_t all = cast<RankedTensorType>(tensor.getType()).getDimSize(i);
    auto offset = getConstantIntValue(offsets[i]);
    if (offset && !ShapedType::isDynamic(all) && *offset >= all)
      size = IntegerAttr::get(IndexType::get(tensor.getContext()), 0);
    isEmpty |= getConstantIntValue(size) == 0;
  }
  return isEmpty ? std::optional<Dims>(result) : std::nullopt;
}

Value TensorBuilder::slice(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides) {
  if (auto none = emptySizes(tensor, offsets, sizes))
    return empty(*none, elementType(tensor));
  Dims ones(offsets.size(), indexAttr(1));
  return tensor::ExtractSliceOp::create(b, loc, tensor, folded(offsets), folded(sizes), strides.empty() ? ones : folded(strides));
}

Value TensorBuilder::insert(Value tensor, Value into, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                            ArrayRef<OpFoldResult> strides) {
  if (emptySizes(into, offsets, sizes))
    return into;
  Dims ones(offsets.size(), indexAttr(1));
  return tensor::InsertSliceOp::create(b, loc, tensor, into, folded(offsets), folded(sizes), strides.empty() ? ones : folded(strides));
}

Value TensorBuilder::transpose(Value tensor, ArrayRef<int64_t> permutation) {
  Dims from = dims(tensor), to;
  for (int64_t p : permutation)
    to.push_back(from[p]);
  return linalg::TransposeOp::create(b, loc, tensor, empty(to, elementType(tensor)), permutation)->getResult(0);
}

Value TensorBuilder::castTo(Value tensor, Type type) {
  auto from = cast<RankedTensorType>(tensor.getType()), to = dyn_cast<RankedTensorType>(type);
  if (from == type)
    return tensor;
  // Sizes of the model that contradict each other, perhaps where no run gets to: the run that does ends here.
  if (to && to.getRank() == from.getRank() && !tensor::CastOp::areCastCompatible(from, to)) {
    for (auto [i, got, expected] : llvm::enumerate(from.getShape(), to.getShape()))
      if (!ShapedType::isDynamic(got) && !ShapedType::isDynamic(expected) && got != expected)
        check(boolean(false), "dimension " + Twine(i) + " of the result is " + Twine(got) + ", expected " + Twine(expected));
    SmallVector<int64_t> open(from.getRank(), ShapedType::kDynamic);
    tensor = tensor::CastOp::create(b, loc, from.clone(open), tensor);
  }
  return tensor::CastOp::create(b, loc, type, tensor);
}

Value TensorBuilder::reshape(Value tensor, ArrayRef<OpFoldResult> wanted) {
  auto from = cast<RankedTensorType>(tensor.getType());
  Dims target = folded(wanted);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(target, dynamic, shape);
  auto to = RankedTensorType::get(shape, from.getElementType());
  if (from == to && dynamic.size() <= 1)
    return tensor;
  // With at most one unknown dimension on each side the grouping of dimensions can be read off the types.
  bool clear = llvm::count(from.getShape(), ShapedType::kDynamic) <= 1 && dynamic.size() <= 1;
  if (clear && from.getRank() != to.getRank()) {
    if (auto groups = getReassociationIndicesForReshape(from, to)) {
      if (from.getRank() > to.getRank())
        return castTo(tensor::CollapseShapeOp::create(b, loc, tensor, *groups), to);
      return tensor::ExpandShapeOp::create(b, loc, to, tensor, *groups, target);
    }
  }
  // Other sizes may hide behind one and the same type, which passes over tensors take for the same value: no op goes from it to itself.
  if (from == to) {
    ReassociationIndices all = llvm::to_vector<2>(llvm::seq<int64_t>(0, from.getRank()));
    tensor = tensor::CollapseShapeOp::create(b, loc, tensor, SmallVector<ReassociationIndices>{all});
  }
  auto count = static_cast<int64_t>(target.size());
  Value sizes;
  if (count == 0) {
    sizes = tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>{0}, b.getIndexType());
  } else {
    SmallVector<Value> values;
    for (OpFoldResult d : target)
      values.push_back(value(d));
    sizes = tensor::FromElementsOp::create(b, loc, RankedTensorType::get({count}, b.getIndexType()), values);
  }
  return tensor::ReshapeOp::create(b, loc, to, tensor, sizes);
}

/// Groups of consecutive dimensions of a tensor of `rank`, each with one dimension that is not among `units`.
static SmallVector<ReassociationIndices> groupsAround(ArrayRef<int64_t> units, int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  for (int64_t i = 0; i < rank; ++i) {
    if (!llvm::is_contained(units, i)) {
      groups.push_back(leading);
      leading.clear();
      groups.back().push_back(i);
    } else if (groups.empty()) {
      leading.push_back(i);
    } else {
      groups.back().push_back(i);
    }
  }
  return groups;
}

Value TensorBuilder::insertUnits(Value tensor, ArrayRef<int64_t> positions) {
  if (positions.empty())
    return tensor;
  Dims from = dims(tensor), to;
  int64_t rank = from.size() + positions.size(), next = 0;
  for (int64_t i = 0; i < rank; ++i)
    to.push_back(llvm::is_contained(positions, i) ? indexAttr(1) : from[next++]);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(to, dynamic, shape);
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, elementType(tensor)), tensor, groupsAround(positions, rank), to);
}

Value TensorBuilder::dropUnits(Value tensor, ArrayRef<int64_t> positions) {
  if (positions.empty())
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t p : positions)
    shape[p] = 1;
  Value known = castTo(tensor, type.clone(shape));
  return tensor::CollapseShapeOp::create(b, loc, known, groupsAround(positions, type.getRank()));
}

//===--------------------------- structured computation ---------------------------===//

Value TensorBuilder::map(ValueRange inputs, ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> dims, Type elementType, Body body) {
  auto identity = b.getMultiDimIdentityMap(dims.size());
  SmallVector<AffineMap> all(maps);
  all.resize(inputs.size(), identity);
  all.push_back(identity);
  SmallVector<utils::IteratorType> loops(dims.size(), utils::IteratorType::parallel);
  Value out = empty(dims, elementType);
  return linalg::GenericOp::create(b, loc, out.getType(), inputs, out, all, loops, [&](OpBuilder &nested, Location l, ValueRange args) {
           linalg::YieldOp::create(nested, l, body(nested, l, args.drop_back()));
         }).getResult(0);
}

Value TensorBuilder::compute(ArrayRef<OpFoldResult> dims, Type elementType, Body body) {
  return map({}, {}, dims, elementType, [&](OpBuilder &nested, Location l, ValueRange) {
    SmallVector<Value> indices;
    for (unsigned i = 0; i < dims.size(); ++i)
      indices.push_back(linalg::IndexOp::create(nested, l, i));
    return body(nested, l, indices);
  });
}

Value TensorBuilder::reduce(Value input, ArrayRef<int64_t> axes, Value init, Body body) {
  Dims all = dims(input), kept;
  SmallVector<AffineExpr> results;
  SmallVector<utils::IteratorType> loops(all.size(), utils::IteratorType::parallel);
  for (int64_t i = 0, n = all.size(); i < n; ++i) {
    if (llvm::is_contained(axes, i)) {
      loops[i] = utils::IteratorType::reduction;
    } else {
      kept.push_back(all[i]);
      results.push_back(b.getAffineDimExpr(i));
    }
  }
  AffineMap maps[] = {b.getMultiDimIdentityMap(all.size()), AffineMap::get(all.size(), 0, results, b.getContext())};
  Value out = full(kept, init);
  return linalg::GenericOp::create(b, loc, out.getType(), input, out, maps, loops, [&](OpBuilder &nested, Location l, ValueRange args) {
           linalg::YieldOp::create(nested, l, body(nested, l, args));
         }).getResult(0);
}

//===---------------------------- run-time conditions -----------------------------===//

void TensorBuilder::check(Value condition, const Twine &text) {
  if (matchPattern(condition, m_One()))
    return;
  std::string node = nodeName(loc);
  CheckOp::create(b, loc, condition, b.getStringAttr(node.empty() ? text.str() : node + ": " + text.str()));
}

void TensorBuilder::checkEqual(OpFoldResult x, OpFoldResult y, const Twine &text) {
  auto cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (x == y || (cx && cx == cy))
    return;
  check(compare(arith::CmpIPredicate::eq, value(x), value(y)), text);
}
