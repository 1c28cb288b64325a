//===- RequiredRanks.h - which branch of an If its users can take ------------------------------===//
#ifndef INGOT_DIALECT_ONNX_TRANSFORMS_REQUIREDRANKS_H
#define INGOT_DIALECT_ONNX_TRANSFORMS_REQUIREDRANKS_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot::onnx {

/// For an If whose branches give results of different ranks, of which the users of the results accept one branch's only: whether that is
/// the first branch. The model fails where the other one would be taken. Nothing if the users do not decide.
std::optional<bool> branchByRequiredRank(IfOp op);

} // namespace ingot::onnx

#endif
