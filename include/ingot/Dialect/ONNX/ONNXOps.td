//===- ONNXOps.td - the table of ONNX operators, by family -------------------------===//
#ifndef INGOT_ONNX_OPS
#define INGOT_ONNX_OPS

include "ingot/Dialect/ONNX/ONNXBase.td"
include "ingot/Dialect/ONNX/Core.td"
include "ingot/Dialect/ONNX/Elementwise.td"

#endif
