//===- Image.cpp - resizing, sampling and pooling ----------------------------------------------===//
#include "Upgrade.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ingot;

// Upsample-1 has two factors for NCHW, Upsample-7 a list, Upsample-9 an operand.
static LogicalResult upsampleFactors(Rewriter &r) {
  float height = r.takeFloat("height_scale", 1.0), width = r.takeFloat("width_scale", 1.0);
  r.node.attributes.set("scales", r.b.getDenseF32ArrayAttr({1.0f, 1.0f, height, width}));
  return success();
}

static LogicalResult upsampleScales(Rewriter &r) {
  auto scales = r.takeFloats("scales");
  if (!scales) return r.error() << "expected the attribute 'scales'";
  r.setOperand(1, r.floats(*scales));
  return success();
}

static LogicalResult upsampleToResize(Rewriter &r) {
  r.node.opType = "Resize";
  return success();
}

// Resize-10 has two operands, and coordinates without half pixels.
static LogicalResult resizeCoordinates(Rewriter &r) {
  Value scales = r.operand(1);
  r.node.operands.resize(1);
  r.setOperand(2, scales);
  r.node.attributes.set("coordinate_transformation_mode", r.b.getStringAttr("asymmetric"));
  r.node.attributes.set("nearest_mode", r.b.getStringAttr("floor"));
  std::string mode = r.takeString("mode", "nearest");
  r.node.attributes.set("mode", r.b.getStringAttr(mode == "bilinear" ? "linear" : mode));
  return success();
}

// An empty roi or scales stood for an absent one before they became optional, and exporters still write that.
static LogicalResult resizeEmptyOperands(Rewriter &r) {
  for (unsigned i : {1, 2}) {
    Value v = r.operand(i);
    if (!v) continue;
    ElementsAttr elements;
    if (matchPattern(v, m_Constant(&elements)) && elements.getShapedType().getNumElements() == 0) r.setOperand(i, Value());
  }
  if (r.operand(2) && r.operand(3) && r.node.version < 13) r.setOperand(2, Value());
  return success();
}

static LogicalResult roiAlignCoordinates(Rewriter &r) {
  r.node.attributes.set("coordinate_transformation_mode", r.b.getStringAttr("output_half_pixel"));
  return success();
}

static LogicalResult gridSampleMode(Rewriter &r) {
  std::string mode = r.takeString("mode", "bilinear");
  r.node.attributes.set("mode", r.b.getStringAttr(mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode));
  return success();
}

static LogicalResult integerNorm(Rewriter &r) {
  if (!isa_and_present<FloatAttr>(r.node.attributes.get("p"))) return success();
  double p = r.takeFloat("p", 2.0);
  if (p != (int64_t)p) return r.error() << "has the norm " << p << ", expected an integer";
  r.node.attributes.set("p", r.b.getI64IntegerAttr((int64_t)p));
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "Upsample", 7, upsampleFactors},
    {"", "Upsample", 9, upsampleScales},
    {"", "Upsample", 10, upsampleToResize},
    {"", "Resize", 11, resizeCoordinates},
    {"", "Resize", kAnyVersion, resizeEmptyOperands},
    {"", "RoiAlign", 16, roiAlignCoordinates},
    {"", "GridSample", 20, gridSampleMode},
    {"", "LpPool", 2, integerNorm},
    {"", "GlobalLpPool", 2, integerNorm},
};
ArrayRef<OpsetRow> ingot::imageRows() { return kRows; }
