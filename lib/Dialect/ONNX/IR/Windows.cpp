//===- Windows.cpp - attributes of windows, and how many places they have ---------------------===//
#include "Windows.h"

using namespace mlir;
using namespace ingot::onnx;

/// Sizes that reach this could not be of a real model, and sums of them would overflow.
static constexpr int64_t kTooLarge = int64_t(1) << 40;

static LogicalResult readInts(Operation *op, StringRef name, size_t count, int64_t least, int64_t otherwise, SmallVectorImpl<int64_t> &out) {
  out.assign(count, otherwise);
  auto attribute = op->getAttrOfType<DenseI64ArrayAttr>(name);
  if (!attribute) return success();
  if (static_cast<size_t>(attribute.size()) != count) return op->emitOpError("expected ") << count << " " << name << ", got " << attribute.size();
  for (int64_t v : attribute.asArrayRef())
    if (v < least || v >= kTooLarge) return op->emitOpError("expected ") << name << " of " << least << " or more, got " << v;
  out.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  return success();
}

FailureOr<Windows> ingot::onnx::readWindows(Operation *op, int64_t rank) {
  Windows w;
  // Negative pads crop; no exporter writes them, but the specification does not exclude them.
  if (failed(readInts(op, "strides", rank, 1, 1, w.strides)) || failed(readInts(op, "dilations", rank, 1, 1, w.dilations)) ||
      failed(readInts(op, "pads", 2 * rank, -kTooLarge, 0, w.pads)))
    return failure();
  if (auto autoPad = op->getAttrOfType<StringAttr>("auto_pad")) w.autoPad = autoPad.getValue().empty() ? StringRef("NOTSET") : autoPad.getValue();
  if (!llvm::is_contained({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}, w.autoPad))
    return op->emitOpError("expected 'auto_pad' to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '") << w.autoPad << "'";
  if (auto ceilMode = op->getAttrOfType<IntegerAttr>("ceil_mode")) w.ceilMode = ceilMode.getInt() != 0;
  return w;
}

FailureOr<Dim> ingot::onnx::windowCount(Operation *op, ShapeAnalysis &shapes, const Windows &w, int64_t i, Dim in, Dim kernel) {
  int64_t stride = w.strides[i], before = w.pads[i], after = w.pads[w.pads.size() / 2 + i];
  if (w.autoPad.starts_with("SAME")) return normalize((in + (stride - 1)).floorDiv(stride));
  if (w.autoPad == "VALID") before = after = 0;
  Dim reach = (kernel - 1) * w.dilations[i] + 1; // from the first to the last tap
  Dim span = normalize(in + (before + after) - reach);
  auto constant = ShapeAnalysis::asConstant(span);
  if (constant && *constant < 0 && !(w.ceilMode && *constant > -stride))
    return op->emitOpError("expected a window no longer than the padded dimension, got ") << shapes.str(normalize(reach)) << " taps over "
           << shapes.str(normalize(in + (before + after)));
  if (!w.ceilMode) return normalize(span.floorDiv(stride) + 1);
  // A last window that would start in the padding at the end does not count; whether one does is the same for all sizes.
  auto taps = ShapeAnalysis::asConstant(normalize(reach));
  if (!taps) return Dim();
  if (after + stride <= *taps) return normalize((span + (stride - 1)).floorDiv(stride) + 1);
  return normalize((in + (before + stride - 1)).floorDiv(stride));
}
