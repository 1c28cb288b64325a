//===- Broadcast.cpp - broadcasting before version 7 ----------------------------------------===//
//
// Before version 7 a second operand was broadcast on request only, and `axis` said which dimension of the first its first
// dimension belongs to: A of [2,3,4,5], B of [3,4], axis 1.  Now dimensions are matched from the last; B gets trailing ones.
//===-----------------------------------------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

// B with as many trailing dimensions of size 1 as it takes to put its first dimension at `axis` of a tensor like A.
static Value alignAt(Rewriter &r, Value a, Value b, int64_t axis) {
  std::optional<int64_t> rankA = r.emitter.rank(a), rankB = r.emitter.rank(b);
  if (rankA && rankB) {
    if (axis < 0) axis += *rankA;
    int64_t trailing = *rankA - axis - *rankB;
    if (trailing < 0 || axis < 0) {
      r.error() << "cannot broadcast an operand of rank " << *rankB << " at axis " << axis << " of one of rank " << *rankA;
      return {};
    }
    if (trailing == 0) return b;
    return r.op("Unsqueeze", {b, r.ints(llvm::to_vector(llvm::seq<int64_t>(*rankB, *rankB + trailing)))});
  }
  // Ranks are found by shape inference later: append rank(A) - axis - rank(B) ones to the shape.
  Type i64 = r.b.getI64Type();
  Value shapeA = r.op("Shape", a, {}, i64), shapeB = r.op("Shape", b, {}, i64);
  Value sizeA = shapeA ? r.op("Shape", shapeA, {}, i64) : Value(), sizeB = shapeB ? r.op("Shape", shapeB, {}, i64) : Value();
  if (!sizeA || !sizeB) return {};
  Value rest = r.op("Sub", {axis < 0 ? r.ints(-axis) : r.op("Sub", {sizeA, r.ints(axis)}), sizeB});
  Value ones = rest ? r.op("Expand", {r.ints(1), rest}) : Value();
  Value shape = ones ? r.op("Concat", {shapeB, ones}, r.attr("axis", int64_t(0))) : Value();
  return shape ? r.op("Reshape", {b, shape}) : Value();
}

static LogicalResult broadcastAtAxis(Rewriter &r) {
  bool hasAxis = bool(r.node.attributes.get("axis")), broadcasts = r.takeInt("broadcast", 0) != 0;
  int64_t axis = r.takeInt("axis", 0);
  if (!hasAxis || !broadcasts || !r.operand(0) || !r.operand(1)) return success();
  Value b = alignAt(r, r.operand(0), r.operand(1), axis);
  if (!b) return failure();
  r.setOperand(1, b);
  return success();
}

// C is broadcast as everywhere else now.
static LogicalResult gemmBroadcast(Rewriter &r) {
  r.takeInt("broadcast", 0);
  return success();
}

// A slope per channel lay along dimension 1.
static LogicalResult preluSlope(Rewriter &r) {
  Value x = r.operand(0), slope = r.operand(1);
  if (!x || !slope) return success();
  if (auto shape = r.emitter.shape(slope); shape && (shape->size() != 1 || shape->front() == 1)) return success();
  Value aligned = alignAt(r, x, slope, 1);
  if (!aligned) return failure();
  r.setOperand(1, aligned);
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "Add", 7, broadcastAtAxis},     {"", "Sub", 7, broadcastAtAxis},  {"", "Mul", 7, broadcastAtAxis},
    {"", "Div", 7, broadcastAtAxis},     {"", "Pow", 7, broadcastAtAxis},  {"", "And", 7, broadcastAtAxis},
    {"", "Or", 7, broadcastAtAxis},      {"", "Xor", 7, broadcastAtAxis},  {"", "Equal", 7, broadcastAtAxis},
    {"", "Greater", 7, broadcastAtAxis}, {"", "Less", 7, broadcastAtAxis}, {"", "Gemm", 7, gemmBroadcast},
    {"", "PRelu", 7, preluSlope},
};
ArrayRef<OpsetRow> ingot::broadcastRows() { return kRows; }
