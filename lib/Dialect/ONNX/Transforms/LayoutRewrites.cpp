//===- LayoutRewrites.cpp - permutations, and the transposes that carry them ---------===//
#include "LayoutRewrites.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include <numeric>

using namespace mlir;

namespace ingot::onnx {

Perm permOf(TransposeOp op) {
  if (auto perm = op.getPerm())
    return Perm(perm->begin(), perm->end());
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  Perm reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return reversed;
}

Perm inverse(ArrayRef<int64_t> perm) {
  Perm result(perm.size());
  for (auto [i, p] : llvm::enumerate(perm))
    result[p] = i;
  return result;
}

bool isIdentity(ArrayRef<int64_t> perm) {
  for (auto [i, p] : llvm::enumerate(perm))
    if (p != static_cast<int64_t>(i))
      return false;
  return true;
}

Perm toChannelsLast(int64_t rank) {
  Perm perm(rank);
  std::iota(perm.begin() + 1, perm.end() - 1, 2);
  perm.back() = 1;
  return perm;
}

Perm toChannelsFirst(int64_t rank) { return inverse(toChannelsLast(rank)); }

RankedTensorType permuted(RankedTensorType type, ArrayRef<int64_t> perm) {
  auto shape = llvm::map_to_vector(perm, [&](int64_t p) { return type.getDimSize(p); });
  return RankedTensorType::get(shape, type.getElementType());
}

Value transpose(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> perm) {
  if (isIdentity(perm))
    return v;
  auto type = permuted(cast<RankedTensorType>(v.getType()), perm);
  return TransposeOp::create(b, loc, type, v, b.getDenseI64ArrayAttr(perm));
}

bool movesUnitDimsOnly(RankedTensorType from, ArrayRef<int64_t> perm) {
  int64_t last = -1;
  for (int64_t p : perm) {
    if (from.getDimSize(p) == 1)
      continue;
    if (p < last)
      return false;
    last = p;
  }
  return true;
}

Value indexConstant(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, values));
}

std::optional<SmallVector<int64_t>> constantIntegers(Value v) {
  ElementsAttr elements;
  if (!matchPattern(v, m_Constant(&elements)) || !isa<IntegerType>(elements.getElementType()))
    return std::nullopt;
  auto values = elements.tryGetValues<APInt>();
  if (!values)
    return std::nullopt;
  return llvm::map_to_vector(*values, [](const APInt &i) { return i.getSExtValue(); });
}

} // namespace ingot::onnx
