//===- Axes.cpp - attributes that became inputs -------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

// Squeeze-11, Unsqueeze-11, ReduceX-13: the attribute `axes` is operand 1 now.
static LogicalResult axesToInput(Rewriter &r) {
  if (auto axes = r.takeInts("axes")) r.setOperand(1, r.ints(*axes));
  return success();
}

static LogicalResult sliceToInputs(Rewriter &r) {
  auto starts = r.takeInts("starts"), ends = r.takeInts("ends"), axes = r.takeInts("axes");
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()))
    return r.error() << "expected attributes 'starts', 'ends' and 'axes' of the same length";
  r.setOperand(1, r.ints(*starts));
  r.setOperand(2, r.ints(*ends));
  if (axes) r.setOperand(3, r.ints(*axes));
  return success();
}

static LogicalResult topKToInput(Rewriter &r) {
  if (!r.node.attributes.get("k")) return r.error() << "expected the attribute 'k'";
  r.setOperand(1, r.ints(r.takeInt("k", 1)));
  return success();
}

static LogicalResult padPaddings(Rewriter &r) {
  if (Attribute pads = r.node.attributes.erase("paddings")) r.node.attributes.set("pads", pads);
  return success();
}

static LogicalResult padToInputs(Rewriter &r) {
  auto pads = r.takeInts("pads");
  if (!pads) return r.error() << "expected the attribute 'pads'";
  double value = r.takeFloat("value", 0.0);
  r.setOperand(1, r.ints(*pads));
  if (value != 0.0 && r.operand(0)) r.setOperand(2, r.scalarLike(r.operand(0), value));
  return success();
}

// Split-1 had the sizes as attribute or operand, Split-2 and -11 as attribute.
static LogicalResult splitToInput(Rewriter &r) {
  if (auto split = r.takeInts("split")) r.setOperand(1, r.ints(*split));
  return success();
}

// Without sizes, the number of parts was that of the outputs; Split-18 says it.
static LogicalResult splitCount(Rewriter &r) {
  if (!r.operand(1)) r.node.attributes.set("num_outputs", r.b.getI64IntegerAttr(r.node.wanted.size()));
  return success();
}

static LogicalResult clipToInputs(Rewriter &r) {
  Attribute low = r.node.attributes.get("min"), high = r.node.attributes.get("max");
  double min = r.takeFloat("min", 0), max = r.takeFloat("max", 0);
  if (!r.operand(0)) return success();
  if (low) r.setOperand(1, r.scalarLike(r.operand(0), min));
  if (high) r.setOperand(2, r.scalarLike(r.operand(0), max));
  return success();
}

// Compiled models infer, so the ratio has no effect; neither has is_test of the first versions.
static LogicalResult dropoutToInputs(Rewriter &r) {
  r.takeFloat("ratio", 0.5);
  r.takeInt("is_test", 0);
  return success();
}

static LogicalResult reshapeToInput(Rewriter &r) {
  auto shape = r.takeInts("shape");
  if (!shape) return r.error() << "expected the attribute 'shape'";
  r.setOperand(1, r.ints(*shape));
  return success();
}

static LogicalResult dftAxisToInput(Rewriter &r) {
  r.setOperand(2, r.scalar(r.takeInt("axis", 1)));
  return success();
}

// Tile-1 repeats along one axis: both are scalars, known perhaps at run time only.
static LogicalResult tileToRepeats(Rewriter &r) {
  Value x = r.operand(0), tiles = r.operand(1), axis = r.operand(2);
  if (!x || !tiles || !axis) return r.error() << "expected inputs 'input', 'tiles' and 'axis'";
  auto toVector = [&](Value v) -> Value {
    Value wide = r.op("Cast", v, r.attr("to", 7), r.b.getI64Type());
    return wide ? r.op("Reshape", {wide, r.ints(1)}) : Value();
  };
  Type i64 = r.b.getI64Type();
  Value shape = r.op("Shape", x, {}, i64);
  Value rank = shape ? r.op("Shape", shape, {}, i64) : Value();
  Value ones = rank ? r.op("Expand", {r.ints(1), rank}) : Value();
  Value at = toVector(axis), count = toVector(tiles);
  Value repeats = ones && at && count ? r.op("ScatterElements", {ones, at, count}) : Value();
  return repeats ? r.replace(r.op("Tile", {x, repeats})) : failure();
}

static constexpr OpsetRow kRows[] = {
    {"", "Squeeze", 13, axesToInput},
    {"", "Unsqueeze", 13, axesToInput},
    {"", "ReduceSum", 13, axesToInput},
    {"", "ReduceL1", 18, axesToInput},
    {"", "ReduceL2", 18, axesToInput},
    {"", "ReduceLogSum", 18, axesToInput},
    {"", "ReduceLogSumExp", 18, axesToInput},
    {"", "ReduceMax", 18, axesToInput},
    {"", "ReduceMean", 18, axesToInput},
    {"", "ReduceMin", 18, axesToInput},
    {"", "ReduceProd", 18, axesToInput},
    {"", "ReduceSumSquare", 18, axesToInput},
    {"", "Slice", 10, sliceToInputs},
    {"", "TopK", 10, topKToInput},
    {"", "Pad", 2, padPaddings},
    {"", "Pad", 11, padToInputs},
    {"", "Split", 13, splitToInput},
    {"", "Split", 18, splitCount},
    {"", "Clip", 11, clipToInputs},
    {"", "Dropout", 12, dropoutToInputs},
    {"", "Reshape", 5, reshapeToInput},
    {"", "DFT", 20, dftAxisToInput},
    {"", "Tile", 6, tileToRepeats},
};
ArrayRef<OpsetRow> ingot::axesRows() { return kRows; }
