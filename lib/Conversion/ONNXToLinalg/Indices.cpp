//===- Indices.cpp - indices that come as data, and loops over elements --------------===//
#include "Indices.h"

using namespace mlir;
using namespace ingot;

void ingot::checkIndices(TensorBuilder &t, Value indices, ArrayRef<OpFoldResult> limits) {
  auto type = cast<RankedTensorType>(indices.getType());
  Type element = type.getElementType();
  SmallVector<Value> limitValues;
  for (OpFoldResult limit : limits)
    limitValues.push_back(t.fromIndex(t.value(limit), element));
  // i + limit, read as unsigned, is below 2 * limit exactly for the indices in range; the reduction collects those that are not.
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  Value bad = t.reduce(indices, axes, t.number(element, 0), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value limit = limitValues.front();
    for (auto [i, other] : llvm::enumerate(ArrayRef<Value>(limitValues).drop_front())) {
      Value position = linalg::IndexOp::create(b, loc, type.getRank() - 1);
      Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, position, arith::ConstantIndexOp::create(b, loc, i + 1));
      limit = arith::SelectOp::create(b, loc, here, other, limit);
    }
    Value shifted = arith::AddIOp::create(b, loc, args[0], limit), twice = arith::AddIOp::create(b, loc, limit, limit);
    Value outside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, shifted, twice);
    return arith::OrIOp::create(b, loc, args[1], arith::ExtUIOp::create(b, loc, element, outside));
  });
  std::string range;
  for (OpFoldResult limit : limits)
    if (auto c = getConstantIntValue(limit))
      range += (range.empty() ? " " : ", ") + std::to_string(-*c) + " to " + std::to_string(*c - 1);
  Value fine = t.compare(arith::CmpIPredicate::eq, t.extract(bad), t.number(element, 0));
  t.check(fine, "an index is out of range, expected" + Twine(range.empty() ? " one within the dimension" : range));
}

Value ingot::wrapIndex(OpBuilder &b, Location loc, Value index, Value limit) {
  Value i = arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
  Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, i, arith::ConstantIndexOp::create(b, loc, 0));
  return arith::SelectOp::create(b, loc, negative, arith::AddIOp::create(b, loc, i, limit), i);
}

SmallVector<Value> ingot::forEach(TensorBuilder &t, ArrayRef<OpFoldResult> dims, ValueRange carried, LoopBody body) {
  SmallVector<Value> lower(dims.size()), upper, steps(dims.size());
  if (!dims.empty()) {
    lower.assign(dims.size(), t.index(0));
    steps.assign(dims.size(), t.index(1));
  }
  for (OpFoldResult d : dims)
    upper.push_back(t.value(d));
  return scf::buildLoopNest(t.b, t.loc, lower, upper, steps, carried, [&](OpBuilder &b, Location loc, ValueRange indices, ValueRange values) {
           SmallVector<Value> next = body(b, loc, indices, values);
           return scf::ValueVector(next.begin(), next.end());
         }).results;
}
