//===- ONNXOps.td - the table of ONNX operators, by family -------------------------===//
#ifndef INGOT_ONNX_OPS
#define INGOT_ONNX_OPS

include "ingot/Dialect/ONNX/ONNXBase.td"
include "ingot/Dialect/ONNX/Core.td"
include "ingot/Dialect/ONNX/Elementwise.td"
include "ingot/Dialect/ONNX/Reduction.td"
include "ingot/Dialect/ONNX/Contraction.td"
include "ingot/Dialect/ONNX/Pooling.td"
include "ingot/Dialect/ONNX/Normalization.td"
include "ingot/Dialect/ONNX/Shape.td"
include "ingot/Dialect/ONNX/Movement.td"
include "ingot/Dialect/ONNX/Indexing.td"
include "ingot/Dialect/ONNX/Generation.td"
include "ingot/Dialect/ONNX/ControlFlow.td"
include "ingot/Dialect/ONNX/Sequence.td"
include "ingot/Dialect/ONNX/Recurrent.td"
include "ingot/Dialect/ONNX/Quantization.td"
include "ingot/Dialect/ONNX/Attention.td"
include "ingot/Dialect/ONNX/Resize.td"
include "ingot/Dialect/ONNX/Signal.td"
include "ingot/Dialect/ONNX/Text.td"
include "ingot/Dialect/ONNX/Loss.td"
include "ingot/Dialect/ONNX/ML.td"
include "ingot/Dialect/ONNX/Contrib.td"
include "ingot/Dialect/ONNX/Custom.td"

#endif
