//===- Window.cpp - sliding windows over spatial dimensions --------------------------===//
#include "Window.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

Window ingot::makeWindow(ComputeBuilder &t, const WindowAttributes &attributes, ArrayRef<int64_t> kernel, ArrayRef<OpFoldResult> input,
                         ArrayRef<OpFoldResult> output) {
  Dims sizes;
  for (int64_t k : kernel)
    sizes.push_back(t.indexAttr(k));
  return makeWindow(t, attributes, sizes, input, output);
}

Window ingot::makeWindow(ComputeBuilder &t, const WindowAttributes &attributes, ArrayRef<OpFoldResult> kernel, ArrayRef<OpFoldResult> input,
                         ArrayRef<OpFoldResult> output) {
  Window w;
  int64_t r = kernel.size();
  for (OpFoldResult k : kernel)
    w.kernel.push_back(getConstantIntValue(k).value_or(ShapedType::kDynamic));
  w.strides = attributes.strides ? llvm::to_vector(*attributes.strides) : SmallVector<int64_t>(r, 1);
  w.dilations = attributes.dilations ? llvm::to_vector(*attributes.dilations) : SmallVector<int64_t>(r, 1);
  bool same = attributes.autoPad.starts_with("SAME");
  for (int64_t i = 0; i < r; ++i) {
    // The last window starts at (O - 1) * stride.
    OpFoldResult covered = t.add(t.mul(t.sub(output[1 + i], t.indexAttr(1)), t.indexAttr(w.strides[i])),
                                 t.add(t.mul(t.sub(kernel[i], t.indexAttr(1)), t.indexAttr(w.dilations[i])), t.indexAttr(1)));
    OpFoldResult missing = t.sub(covered, input[1 + i]), none = t.indexAttr(0);
    OpFoldResult before = none;
    if (same) {
      OpFoldResult total = t.max(missing, none);
      before = attributes.autoPad == "SAME_LOWER" ? t.ceilDiv(total, t.indexAttr(2)) : t.floorDiv(total, t.indexAttr(2));
    } else if (attributes.pads) {
      before = t.indexAttr((*attributes.pads)[i]);
    }
    w.padBefore.push_back(before);
    w.padAfter.push_back(t.max(t.sub(missing, before), none));
  }
  return w;
}

OpFoldResult ingot::countWindowsUp(TensorBuilder &t, const WindowAttributes &attributes, int64_t dim, int64_t rank, int64_t kernel,
                                   OpFoldResult input) {
  int64_t stride = attributes.strides ? (*attributes.strides)[dim] : 1, dilation = attributes.dilations ? (*attributes.dilations)[dim] : 1;
  bool given = attributes.pads && attributes.autoPad == "NOTSET";
  int64_t before = given ? (*attributes.pads)[dim] : 0, after = given ? (*attributes.pads)[rank + dim] : 0;
  OpFoldResult span = t.add(input, t.indexAttr(before + after - (kernel - 1) * dilation - 1));
  OpFoldResult reached = t.add(t.ceilDiv(span, t.indexAttr(stride)), t.indexAttr(1));
  return t.max(t.min(reached, t.ceilDiv(t.add(input, t.indexAttr(before)), t.indexAttr(stride))), t.indexAttr(0));
}

bool Window::isPadded() const {
  auto some = [](OpFoldResult d) { return getConstantIntValue(d) != 0; };
  return llvm::any_of(padBefore, some) || llvm::any_of(padAfter, some);
}

Value Window::pad(ComputeBuilder &t, Value input, Value with) const {
  Dims low = {t.indexAttr(0)}, high = {t.indexAttr(0)};
  low.append(padBefore);
  high.append(padAfter);
  low.push_back(t.indexAttr(0));
  high.push_back(t.indexAttr(0));
  return t.padOrCrop(input, low, high, with);
}

Value Window::shapeOperand(ComputeBuilder &t, Type elementType) const {
  Dims sizes;
  for (int64_t k : kernel)
    sizes.push_back(t.indexAttr(k));
  return t.empty(sizes, elementType);
}

AffineMap Window::inputMap(ComputeBuilder &t) const {
  SmallVector<AffineExpr> e = {t.loop(0)};
  for (int64_t i = 0; i < rank(); ++i)
    e.push_back(t.loop(1 + i) * strides[i] + t.loop(2 + rank() + i) * dilations[i]);
  e.push_back(t.loop(1 + rank()));
  return t.mapOf(loops(), e);
}

AffineMap Window::outputMap(ComputeBuilder &t) const {
  SmallVector<AffineExpr> e;
  for (int64_t i = 0; i < 2 + rank(); ++i)
    e.push_back(t.loop(i));
  return t.mapOf(loops(), e);
}

AffineMap Window::kernelMap(ComputeBuilder &t, bool withChannel) const {
  SmallVector<AffineExpr> e;
  for (int64_t i = 0; i < rank(); ++i)
    e.push_back(t.loop(2 + rank() + i));
  if (withChannel)
    e.push_back(t.loop(1 + rank()));
  return t.mapOf(loops(), e);
}
