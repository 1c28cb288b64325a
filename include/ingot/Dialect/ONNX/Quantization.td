//===- Quantization.td - between floats and scaled integers --------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_QuantizeLinearOp : ONNX_PureOp<"QuantizeLinear", 25, "x / scale + zero point, rounded and saturated",
  (ins ONNX_NumTensor:$x, ONNX_Tensor:$y_scale, ONNX_Opt<ONNX_Tensor>:$y_zero_point, ONNX_DefInt<"1">:$axis,
       ONNX_DefInt<"0">:$block_size, ONNX_DefInt<"0">:$output_dtype, ONNX_DefInt<"0">:$precision, ONNX_DefInt<"1">:$saturate),
  (outs ONNX_Tensor:$y)>;
def ONNX_DequantizeLinearOp : ONNX_PureOp<"DequantizeLinear", 25, "(x - zero point) * scale",
  (ins ONNX_Tensor:$x, ONNX_Tensor:$x_scale, ONNX_Opt<ONNX_Tensor>:$x_zero_point, ONNX_DefInt<"1">:$axis,
       ONNX_DefInt<"0">:$block_size, ONNX_DefInt<"0">:$output_dtype),
  (outs ONNX_FloatTensor:$y)>;
def ONNX_DynamicQuantizeLinearOp : ONNX_PureOp<"DynamicQuantizeLinear", 11, "quantizes to ui8 by the range of the data",
  (ins ONNX_FloatTensor:$x), (outs ONNX_IntTensor:$y, ONNX_FloatTensor:$y_scale, ONNX_IntTensor:$y_zero_point)>;
