//===- Einsum.cpp - sums of products by an equation ----------------------------------===//
//
// Each label is a loop; labels that the result does not have are reductions. An equation of two operands that is a batched matrix product
// up to transposes becomes one, any other is a single linalg.generic.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <map>

using namespace mlir;
using namespace ingot;

namespace {

/// Labels of operands and result as numbers: letters by their code, the dimensions of an ellipsis from 256 on.
struct Equation {
  SmallVector<SmallVector<int>> operands;
  SmallVector<int> result;
};

constexpr int kEllipsis = 256;

} // namespace

/// "...ij" for an operand of rank `rank` (the ellipsis stands for what the letters leave, aligned at its end).
static FailureOr<SmallVector<int>> parseTerm(StringRef term, int64_t rank, int64_t ellipsisRank) {
  SmallVector<int> labels;
  size_t dots = term.find("...");
  int64_t letters = llvm::count_if(term, llvm::isAlpha);
  int64_t missing = rank - letters;
  if (missing < 0 || (missing > 0 && dots == StringRef::npos))
    return failure();
  for (size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      for (int64_t k = 0; k < missing; ++k)
        labels.push_back(kEllipsis + ellipsisRank - missing + k);
      i += 2;
    } else if (llvm::isAlpha(term[i])) {
      labels.push_back(term[i]);
    } else {
      return failure();
    }
  }
  return labels;
}

static FailureOr<Equation> parseEquation(std::string equation, ArrayRef<int64_t> ranks) {
  llvm::erase(equation, ' ');
  StringRef text = equation;
  auto [left, right] = text.split("->");
  bool isExplicit = text.contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != ranks.size())
    return failure();
  int64_t ellipsisRank = 0;
  for (auto [term, rank] : llvm::zip(terms, ranks))
    ellipsisRank = std::max<int64_t>(ellipsisRank, rank - llvm::count_if(term, llvm::isAlpha));
  Equation e;
  std::map<int, int> uses;
  for (auto [term, rank] : llvm::zip(terms, ranks)) {
    auto labels = parseTerm(term, rank, ellipsisRank);
    if (failed(labels))
      return failure();
    for (int l : *labels)
      ++uses[l];
    e.operands.push_back(*labels);
  }
  if (isExplicit) {
    auto labels = parseTerm(right, llvm::count_if(right, llvm::isAlpha) + (right.contains("...") ? ellipsisRank : 0), ellipsisRank);
    if (failed(labels))
      return failure();
    e.result = *labels;
    return e;
  }
  // Implicit: the ellipsis, then labels used once in alphabetical order.
  for (int64_t k = 0; k < ellipsisRank; ++k)
    e.result.push_back(kEllipsis + k);
  for (auto [label, count] : uses)
    if (label < kEllipsis && count == 1)
      e.result.push_back(label);
  return e;
}

/// Batch, row, column and reduction labels of an equation of two operands, none of which repeats a label.
static bool splitLabels(const Equation &e, SmallVector<int> &batch, SmallVector<int> &rows, SmallVector<int> &columns, SmallVector<int> &sums) {
  if (e.operands.size() != 2)
    return false;
  auto has = [](ArrayRef<int> labels, int l) { return llvm::is_contained(labels, l); };
  for (ArrayRef<int> labels : {ArrayRef<int>(e.operands[0]), ArrayRef<int>(e.operands[1]), ArrayRef<int>(e.result)})
    for (int l : labels)
      if (llvm::count(labels, l) > 1)
        return false;
  for (int l : e.result) {
    bool a = has(e.operands[0], l), b = has(e.operands[1], l);
    (a && b ? batch : a ? rows : columns).push_back(l);
  }
  for (int l : e.operands[0]) {
    if (has(e.result, l))
      continue;
    if (!has(e.operands[1], l))
      return false;
    sums.push_back(l);
  }
  return !sums.empty() && llvm::all_of(e.operands[1], [&](int l) { return has(e.result, l) || has(e.operands[0], l); });
}

/// The operand with its labels in the order of the groups, each group one dimension.
static Value gatherLabels(ComputeBuilder &t, Value v, ArrayRef<int> labels, ArrayRef<ArrayRef<int>> groups) {
  SmallVector<int64_t> order;
  SmallVector<ReassociationIndices> pieces;
  SmallVector<int64_t> emptyGroups;
  for (auto [g, group] : llvm::enumerate(groups)) {
    if (group.empty()) {
      emptyGroups.push_back(g);
      continue;
    }
    pieces.emplace_back();
    for (int l : group) {
      pieces.back().push_back(order.size());
      order.push_back(llvm::find(labels, l) - labels.begin());
    }
  }
  if (!llvm::is_sorted(order))
    v = t.transpose(v, order);
  v = t.collapse(v, pieces);
  for (int64_t g : emptyGroups)
    v = t.insertUnitDim(v, g);
  return v;
}

namespace {

/// Output[result labels] = sum over the others of the product of Inputs[labels]
struct EinsumLowering : ONNXLowering<onnx::EinsumOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::EinsumOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    SmallVector<int64_t> ranks;
    for (Value v : op.getInputs())
      ranks.push_back(shapes.rank(v));
    auto equation = parseEquation(op.getEquation().str(), ranks);
    if (failed(equation))
      return b.notifyMatchFailure(op, "expected an equation that shape inference has accepted");
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getOutput()));
    std::map<int, OpFoldResult> sizes;
    for (auto [v, labels] : llvm::zip(adaptor.getInputs(), equation->operands))
      for (auto [i, l] : llvm::enumerate(labels)) {
        OpFoldResult size = t.dim(v, i);
        auto [it, isNew] = sizes.try_emplace(l, size);
        if (!isNew && getConstantIntValue(it->second) == 1)
          it->second = size;
      }
    Value y = asProduct(t, *equation, adaptor.getInputs(), sizes, type);
    if (!y)
      y = asLoops(t, *equation, adaptor.getInputs(), sizes, type);
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }

private:
  static Value asProduct(ComputeBuilder &t, const Equation &e, ValueRange inputs, std::map<int, OpFoldResult> &sizes, RankedTensorType type);
  static Value asLoops(ComputeBuilder &t, const Equation &e, ValueRange inputs, std::map<int, OpFoldResult> &sizes, RankedTensorType type);
};

} // namespace

Value EinsumLowering::asProduct(ComputeBuilder &t, const Equation &e, ValueRange inputs, std::map<int, OpFoldResult> &sizes,
                                RankedTensorType type) {
  SmallVector<int> batch, rows, columns, sums;
  if (!splitLabels(e, batch, rows, columns, sums))
    return {};
  // A dimension of size 1 against another size is broadcast, which a product does not do.
  for (auto [v, labels] : llvm::zip(inputs, e.operands))
    for (auto [i, l] : llvm::enumerate(labels))
      if (getConstantIntValue(t.dim(v, i)) == 1 && getConstantIntValue(sizes[l]) != 1)
        return {};
  Value a = gatherLabels(t, inputs[0], e.operands[0], {batch, rows, sums});
  Value w = gatherLabels(t, inputs[1], e.operands[1], {batch, sums, columns});
  ContractSpec spec;
  spec.strides = spec.dilations = {1};
  spec.batched = true;
  spec.unsignedInput = spec.unsignedWeights = t.isUnsigned;
  Value product = contract(t, a, t.insertUnitDim(w, 1), {t.dim(a, 0), t.dim(a, 1), t.dim(w, 2)}, type.getElementType(), spec);
  // [batch, rows, columns] back to one dimension per label, then in the order of the result.
  SmallVector<int> present;
  Dims full;
  SmallVector<ReassociationIndices> pieces;
  int64_t axis = 0;
  for (ArrayRef<int> group : {ArrayRef<int>(batch), ArrayRef<int>(rows), ArrayRef<int>(columns)}) {
    if (group.empty()) {
      product = t.removeUnitDim(product, axis);
      continue;
    }
    ++axis;
    pieces.emplace_back();
    for (int l : group) {
      pieces.back().push_back(present.size());
      present.push_back(l);
      full.push_back(sizes[l]);
    }
  }
  product = t.expand(product, pieces, full);
  SmallVector<int64_t> order;
  for (int l : e.result)
    order.push_back(llvm::find(present, l) - present.begin());
  return llvm::is_sorted(order) ? product : t.transpose(product, order);
}

Value EinsumLowering::asLoops(ComputeBuilder &t, const Equation &e, ValueRange inputs, std::map<int, OpFoldResult> &sizes,
                              RankedTensorType type) {
  std::map<int, unsigned> loopOf;
  for (int l : e.result)
    loopOf.try_emplace(l, loopOf.size());
  for (auto &[label, size] : sizes)
    loopOf.try_emplace(label, loopOf.size());
  SmallVector<AffineMap> maps;
  for (auto [v, labels] : llvm::zip(inputs, e.operands)) {
    SmallVector<AffineExpr> read;
    for (auto [i, l] : llvm::enumerate(labels))
      read.push_back(getConstantIntValue(t.dim(v, i)) == 1 && getConstantIntValue(sizes[l]) != 1 ? t.zero() : t.loop(loopOf[l]));
    maps.push_back(t.mapOf(loopOf.size(), read));
  }
  Dims out;
  SmallVector<AffineExpr> written;
  for (int l : e.result) {
    out.push_back(sizes[l]);
    written.push_back(t.loop(loopOf[l]));
  }
  Type wide = wideType(type.getElementType());
  Value y = t.fold(inputs, maps, t.full(out, t.number(wide, 0)), t.mapOf(loopOf.size(), written), [&](ScalarBuilder &s, ValueRange x) {
    Value product = x[0];
    for (Value v : x.drop_front().drop_back())
      product = s.mul(product, v);
    return s.add(x.back(), product);
  });
  return t.convertElements(y, type.getElementType());
}

void ingot::populateEinsumLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<EinsumLowering>(types, context);
}
