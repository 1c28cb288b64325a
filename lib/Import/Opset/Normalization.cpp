//===- Normalization.cpp - softmax over matrices, statistics per activation or group ---------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

// Before version 13 the input was a matrix: dimensions from `axis` on were one.  Where that is one dimension, nothing changes.
static LogicalResult softmaxOfMatrix(Rewriter &r) {
  Value x = r.operand(0);
  if (!x) return success();
  int64_t axis = r.takeInt("axis", 1);
  std::optional<int64_t> rank = r.emitter.rank(x);
  if (axis == -1 || (rank && axis == *rank - 1)) {
    r.node.attributes.set("axis", r.b.getI64IntegerAttr(-1));
    return success();
  }
  Type i64 = r.b.getI64Type();
  Value matrix = r.op("Flatten", x, r.attr("axis", axis));
  Value result = matrix ? r.op(r.node.opType, matrix, r.attr("axis", -1)) : Value();
  Value shape = result ? r.op("Shape", x, {}, i64) : Value();
  return r.replace(shape ? r.op("Reshape", {result, shape}) : Value());
}

// spatial = 0 has statistics per activation instead of per channel: plain arithmetic.
static LogicalResult batchNormSpatial(Rewriter &r) {
  r.takeInt("is_test", 1);
  if (r.takeInt("spatial", 1) != 0) return success();
  for (unsigned i = 0; i < 5; ++i)
    if (!r.operand(i)) return r.error() << "expected 5 inputs";
  Value x = r.operand(0), epsilon = r.scalarLike(x, r.takeFloat("epsilon", 1e-5));
  Value variance = r.op("Add", {r.operand(4), epsilon});
  Value deviation = variance ? r.op("Sqrt", variance) : Value();
  Value centred = r.op("Sub", {x, r.operand(3)});
  Value normal = deviation && centred ? r.op("Div", {centred, deviation}) : Value();
  Value scaled = normal ? r.op("Mul", {normal, r.operand(1)}) : Value();
  return scaled ? r.replace(r.op("Add", {scaled, r.operand(2)})) : failure();
}

// Further outputs asked for training before version 14, which has an attribute for it.
static LogicalResult batchNormTraining(Rewriter &r) {
  for (size_t i = 1; i < r.node.wanted.size(); ++i)
    if (r.node.wanted[i])
      return r.error() << "has output " << i << ", which version " << r.node.version << " computes in training only; expected one output";
  r.node.wanted.resize(1);
  r.node.types.resize(1);
  return success();
}

// GroupNormalization-18 has scale and bias per group: spread them over the channels.
static LogicalResult groupNormPerChannel(Rewriter &r) {
  Value x = r.operand(0);
  auto groups = dyn_cast_if_present<IntegerAttr>(r.node.attributes.get("num_groups"));
  if (!x || !groups || groups.getInt() <= 0) return r.error() << "expected an input and a positive attribute 'num_groups'";
  Type i64 = r.b.getI64Type();
  NamedAttribute range[] = {r.attr("end", 2), r.attr("start", 1)};
  Value channels = r.op("Shape", x, range, i64);
  Value perGroup = channels ? r.op("Div", {channels, r.ints(groups.getInt())}) : Value();
  Value shape = perGroup ? r.op("Concat", {r.ints(groups.getInt()), perGroup}, r.attr("axis", int64_t(0))) : Value();
  if (!shape) return failure();
  for (unsigned i : {1, 2}) {
    if (!r.operand(i)) continue;
    Value column = r.op("Unsqueeze", {r.operand(i), r.ints(1)});
    Value spread = column ? r.op("Expand", {column, shape}) : Value();
    Value flat = spread ? r.op("Reshape", {spread, r.ints(-1)}) : Value();
    if (!flat) return failure();
    r.setOperand(i, flat);
  }
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "Softmax", 13, softmaxOfMatrix},
    {"", "LogSoftmax", 13, softmaxOfMatrix},
    {"", "Hardmax", 13, softmaxOfMatrix},
    {"", "BatchNormalization", 9, batchNormSpatial},
    {"", "BatchNormalization", 14, batchNormTraining},
    {"", "GroupNormalization", 21, groupNormPerChannel},
};
ArrayRef<OpsetRow> ingot::normalizationRows() { return kRows; }
