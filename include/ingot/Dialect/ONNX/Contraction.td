//===- Contraction.td - products and convolutions ------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_MatMulOp : ONNX_PureOp<"MatMul", 13, "matrix product with broadcast batch dimensions",
  (ins ONNX_NumTensor:$A, ONNX_NumTensor:$B), (outs ONNX_NumTensor:$Y)>;
def ONNX_GemmOp : ONNX_PureOp<"Gemm", 13, "alpha A' B' + beta C",
  (ins ONNX_NumTensor:$A, ONNX_NumTensor:$B, ONNX_Opt<ONNX_NumTensor>:$C, ONNX_DefFloat<"1.0f">:$alpha,
       ONNX_DefFloat<"1.0f">:$beta, ONNX_DefInt<"0">:$transA, ONNX_DefInt<"0">:$transB),
  (outs ONNX_NumTensor:$Y)>;
def ONNX_ConvOp : ONNX_PureOp<"Conv", 22, "convolution",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_Opt<ONNX_FloatTensor>:$B, ONNX_DefStr<"NOTSET">:$auto_pad,
       ONNX_OptInts:$dilations, ONNX_DefInt<"1">:$group, ONNX_OptInts:$kernel_shape, ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_ConvTransposeOp : ONNX_PureOp<"ConvTranspose", 22, "transposed convolution",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_Opt<ONNX_FloatTensor>:$B, ONNX_DefStr<"NOTSET">:$auto_pad,
       ONNX_OptInts:$dilations, ONNX_DefInt<"1">:$group, ONNX_OptInts:$kernel_shape, ONNX_OptInts:$output_padding,
       ONNX_OptInts:$output_shape, ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_ConvIntegerOp : ONNX_PureOp<"ConvInteger", 10, "convolution of 8-bit integers into i32",
  (ins ONNX_IntTensor:$x, ONNX_IntTensor:$w, ONNX_Opt<ONNX_IntTensor>:$x_zero_point, ONNX_Opt<ONNX_IntTensor>:$w_zero_point,
       ONNX_DefStr<"NOTSET">:$auto_pad, ONNX_OptInts:$dilations, ONNX_DefInt<"1">:$group, ONNX_OptInts:$kernel_shape,
       ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_IntTensor:$y)>;
def ONNX_MatMulIntegerOp : ONNX_PureOp<"MatMulInteger", 10, "matrix product of 8-bit integers into i32",
  (ins ONNX_IntTensor:$A, ONNX_IntTensor:$B, ONNX_Opt<ONNX_IntTensor>:$a_zero_point, ONNX_Opt<ONNX_IntTensor>:$b_zero_point),
  (outs ONNX_IntTensor:$Y)>;
def ONNX_QLinearConvOp : ONNX_PureOp<"QLinearConv", 10, "convolution of quantized tensors",
  (ins ONNX_IntTensor:$x, ONNX_FloatTensor:$x_scale, ONNX_IntTensor:$x_zero_point, ONNX_IntTensor:$w, ONNX_FloatTensor:$w_scale,
       ONNX_IntTensor:$w_zero_point, ONNX_FloatTensor:$y_scale, ONNX_IntTensor:$y_zero_point, ONNX_Opt<ONNX_IntTensor>:$B,
       ONNX_DefStr<"NOTSET">:$auto_pad, ONNX_OptInts:$dilations, ONNX_DefInt<"1">:$group, ONNX_OptInts:$kernel_shape,
       ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_IntTensor:$y)>;
def ONNX_QLinearMatMulOp : ONNX_PureOp<"QLinearMatMul", 21, "matrix product of quantized tensors",
  (ins ONNX_Tensor:$a, ONNX_FloatTensor:$a_scale, ONNX_Tensor:$a_zero_point, ONNX_Tensor:$b, ONNX_FloatTensor:$b_scale,
       ONNX_Tensor:$b_zero_point, ONNX_FloatTensor:$y_scale, ONNX_Tensor:$y_zero_point),
  (outs ONNX_Tensor:$y)>;
def ONNX_DeformConvOp : ONNX_PureOp<"DeformConv", 22, "convolution whose taps are displaced by offsets",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_FloatTensor:$offset, ONNX_Opt<ONNX_FloatTensor>:$B,
       ONNX_Opt<ONNX_FloatTensor>:$mask, ONNX_OptInts:$dilations, ONNX_DefInt<"1">:$group, ONNX_OptInts:$kernel_shape,
       ONNX_DefInt<"1">:$offset_group, ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_EinsumOp : ONNX_PureOp<"Einsum", 12, "sum of products by an equation over indices",
  (ins Variadic<ONNX_NumTensor>:$Inputs, StrAttr:$equation), (outs ONNX_NumTensor:$Output)>;
def ONNX_CausalConvWithStateOp : ONNX_PureOp<"CausalConvWithState", 27, "depthwise causal convolution that carries its last inputs",
  (ins ONNX_FloatTensor:$input, ONNX_FloatTensor:$weight, ONNX_Opt<ONNX_FloatTensor>:$bias,
       ONNX_Opt<ONNX_FloatTensor>:$past_state, ONNX_DefStr<"none">:$activation),
  (outs ONNX_FloatTensor:$output, ONNX_FloatTensor:$present_state)>;
def ONNX_DetOp : ONNX_PureOp<"Det", 22, "determinants of the innermost matrices",
  (ins ONNX_FloatTensor:$X), (outs ONNX_FloatTensor:$Y)>;
