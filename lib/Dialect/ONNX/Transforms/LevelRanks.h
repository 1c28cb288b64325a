//===- LevelRanks.h - branches whose results differ in ones at the front -------------------===//
#ifndef INGOT_DIALECT_ONNX_TRANSFORMS_LEVELRANKS_H
#define INGOT_DIALECT_ONNX_TRANSFORMS_LEVELRANKS_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot::onnx {

/// Where the branches give results of different ranks, one with ones in front of the other's dimensions, and every user of the result
/// broadcasts it to at least the larger rank, the result of smaller rank gets the ones. Whether anything changed.
bool levelRanks(IfOp op);

} // namespace ingot::onnx

#endif
