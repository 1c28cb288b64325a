//===- RepeatedOperand.cpp - a right operand of a product that is repeated along its batch ------===//
//
// Models whose query heads share keys and values repeat these before they multiply:  MatMul(q, Reshape(Expand(Unsqueeze(k)))).  The heads that share
// a matrix are rows of one product with it instead.
//===-----------------------------------------------------------------------------===//
#include "RepeatedOperand.h"

#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

/// The input of a transposition of the last two dimensions, else null.
static Value swappedMatrices(Value v) {
  auto transpose = v.getDefiningOp<onnx::TransposeOp>();
  if (!transpose || !transpose.getPerm()) return {};
  auto perm = *transpose.getPerm();
  int64_t rank = perm.size();
  for (int64_t i = 0; i < rank; ++i)
    if (perm[i] != (i == rank - 1 ? rank - 2 : i == rank - 2 ? rank - 1 : i)) return {};
  return rank < 3 ? Value() : transpose.getData();
}

std::optional<RepeatedOperand> ingot::findRepeatedOperand(onnx::ShapeAnalysis &shapes, Value b) {
  RepeatedOperand found{{}, 0, 0, false};
  if (Value swapped = swappedMatrices(b)) {
    b = swapped;
    found.transposed = true;
  }
  auto reshape = b.getDefiningOp<onnx::ReshapeOp>();
  auto expand = reshape ? reshape.getData().getDefiningOp<onnx::ExpandOp>() : onnx::ExpandOp();
  if (!expand) return std::nullopt;
  found.matrices = expand.getInput();
  if (!shapes.hasRank(b) || !shapes.hasRank(expand.getOutput()) || !shapes.hasRank(found.matrices)) return std::nullopt;
  ArrayRef<onnx::Dim> joined = shapes.dims(b), repeated = shapes.dims(expand.getOutput()), single = shapes.dims(found.matrices);
  int64_t rank = joined.size();
  if (rank < 3 || static_cast<int64_t>(repeated.size()) != rank + 1 || single.size() != repeated.size()) return std::nullopt;
  // The one dimension that is repeated, and that joins the one before it.
  int64_t at = 0;
  while (at <= rank && single[at] == repeated[at]) ++at;
  if (at == 0 || at > rank - 2 || single[at] != shapes.constant(1)) return std::nullopt;
  for (int64_t i = at + 1; i <= rank; ++i)
    if (single[i] != repeated[i]) return std::nullopt;
  for (int64_t i = 0; i < rank; ++i) {
    onnx::Dim expected = i < at - 1 ? repeated[i] : i == at - 1 ? repeated[at - 1] * repeated[at] : repeated[i + 1];
    if (joined[i] != expected) return std::nullopt;
  }
  auto times = onnx::ShapeAnalysis::asConstant(repeated[at]);
  if (!times) return std::nullopt;
  found.dim = at - 1;
  found.times = *times;
  return found;
}
