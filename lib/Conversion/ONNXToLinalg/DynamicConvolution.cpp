//===- DynamicConvolution.cpp - convolution with weights whose sizes only the run knows ---===//
//
// Products of tiles need to know how many taps there are. Where weights come as data, the sum is said as it stands in the specification: one
// linalg.generic, whose loops take their sizes from the weights.
//===-------------------------------------------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// A dimension in two, of which the first has a given size: [..., G * n, ...] -> [..., G, n, ...]
static Value splitDim(ComputeBuilder &t, Value v, int64_t dim, int64_t groups) {
  int64_t rank = cast<RankedTensorType>(v.getType()).getRank();
  Dims sizes = t.dims(v);
  OpFoldResult share = groups == 1 ? sizes[dim] : t.floorDiv(sizes[dim], t.indexAttr(groups));
  SmallVector<ReassociationIndices> pieces;
  for (int64_t i = 0; i < rank; ++i)
    pieces.push_back(i < dim ? ReassociationIndices{i} : i == dim ? ReassociationIndices{i, i + 1} : ReassociationIndices{i + 1});
  sizes[dim] = share;
  sizes.insert(sizes.begin() + dim, t.indexAttr(groups));
  return t.expand(v, pieces, sizes);
}

/// y[n, o, g, c] = sum over k, i of x[n, o * strides + k * dilations, g, i] * w[g, c, i, k]
static Value sumOverTaps(ComputeBuilder &t, Value x, Value w, const DynamicWindow &window, ArrayRef<OpFoldResult> out, Type outElement,
                         bool unsignedInput, bool unsignedWeights) {
  int64_t r = window.strides.size(), loops = 2 * r + 4, group = r + 1, channel = r + 2, tap = r + 3, inner = 2 * r + 3;
  SmallVector<AffineExpr> xAt = {t.loop(0)}, wAt = {t.loop(group), t.loop(channel), t.loop(inner)};
  SmallVector<int64_t> yAt = {0};
  for (int64_t i = 0; i < r; ++i) {
    xAt.push_back(t.loop(1 + i) * window.strides[i] + t.loop(tap + i) * window.dilations[i]);
    wAt.push_back(t.loop(tap + i));
    yAt.push_back(1 + i);
  }
  xAt.append({t.loop(group), t.loop(inner)});
  yAt.append({group, channel});
  Dims sizes(out.begin(), out.end() - 1);
  sizes.append({t.dim(w, 0), t.dim(w, 1)});
  Type sum = wideType(outElement);
  AffineMap maps[] = {t.mapOf(loops, xAt), t.mapOf(loops, wAt)};
  Value y = t.fold({x, w}, maps, t.full(sizes, t.number(sum, 0)), t.select(loops, yAt), [&](ScalarBuilder &s, ValueRange v) {
    return s.add(v[2], s.mul(s.cast(v[0], sum, unsignedInput, false), s.cast(v[1], sum, unsignedWeights, false)));
  });
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i <= r; ++i)
    groups.push_back({i});
  groups.push_back({r + 1, r + 2});
  return t.convertElements(t.collapse(y, groups), outElement);
}

Value ingot::convolveDynamic(ComputeBuilder &t, Value input, Value weights, const DynamicWindow &window, int64_t groups,
                             ArrayRef<OpFoldResult> out, Type outElement, bool unsignedInput, bool unsignedWeights) {
  Dims sizes = t.dims(weights), in = t.dims(input);
  t.checkEqual(in.back(), t.mul(sizes[1], t.indexAttr(groups)), "expected as many channels as the weights have");
  t.checkEqual(t.mod(sizes[0], t.indexAttr(groups)), t.indexAttr(0), "expected 'group' to divide the output channels");
  int64_t last = in.size() - 1;
  return sumOverTaps(t, splitDim(t, input, last, groups), splitDim(t, weights, 0, groups), window, out, outElement, unsignedInput, unsignedWeights);
}

/// Zeros between the elements of spatial dimensions.
static Value stretch(ComputeBuilder &t, Value x, ArrayRef<int64_t> strides) {
  Dims sizes = t.dims(x), full = sizes, offsets(sizes.size(), t.indexAttr(0)), steps(sizes.size(), t.indexAttr(1));
  for (auto [i, s] : llvm::enumerate(strides)) {
    full[1 + i] = t.max(t.add(t.mul(t.sub(sizes[1 + i], t.indexAttr(1)), t.indexAttr(s)), t.indexAttr(1)), t.indexAttr(0));
    steps[1 + i] = t.indexAttr(s);
  }
  return t.insert(x, t.full(full, t.number(elementType(x), 0)), offsets, sizes, steps);
}

Value ingot::convolveTransposedDynamic(ComputeBuilder &t, Value input, Value weights, const DynamicWindow &window, int64_t groups,
                                       ArrayRef<OpFoldResult> before, ArrayRef<OpFoldResult> out, Type outElement) {
  int64_t r = window.strides.size();
  Dims in = t.dims(input);
  t.checkEqual(in.back(), t.dim(weights, 0), "expected as many channels as the weights have");
  t.checkEqual(t.mod(in.back(), t.indexAttr(groups)), t.indexAttr(0), "expected 'group' to divide the channels");
  // [G, IC, OC, K...] with taps flipped as [G, OC, IC, K...]
  Value split = splitDim(t, weights, 0, groups);
  Dims sizes = t.dims(split), taps(sizes.begin() + 3, sizes.end());
  std::swap(sizes[1], sizes[2]);
  Value flipped = t.compute(sizes, elementType(weights), [&](OpBuilder &nested, Location l, ValueRange at) {
    TensorBuilder n(nested, l);
    SmallVector<Value> index = {at[0], at[2], at[1]};
    for (int64_t i = 0; i < r; ++i)
      index.push_back(n.value(n.sub(n.sub(taps[i], n.indexAttr(1)), at[3 + i])));
    return n.extract(split, index);
  });
  Value x = stretch(t, input, window.strides);
  Dims stretched = t.dims(x), low = {t.indexAttr(0)}, high = {t.indexAttr(0)};
  DynamicWindow plain = window;
  for (int64_t i = 0; i < r; ++i) {
    plain.strides[i] = 1;
    OpFoldResult reach = t.mul(t.sub(taps[i], t.indexAttr(1)), t.indexAttr(window.dilations[i]));
    low.push_back(t.sub(reach, before[i]));
    high.push_back(t.sub(t.sub(t.add(out[1 + i], reach), low.back()), stretched[1 + i]));
  }
  low.push_back(t.indexAttr(0));
  high.push_back(t.indexAttr(0));
  Value padded = t.padOrCrop(x, low, high, t.number(elementType(x), 0));
  return sumOverTaps(t, splitDim(t, padded, r + 1, groups), flipped, plain, out, outElement, false, false);
}
