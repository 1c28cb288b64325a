//===- Pooling.td - windows over spatial dimensions ----------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_AveragePoolOp : ONNX_PureOp<"AveragePool", 22, "mean of each window",
  (ins ONNX_FloatTensor:$X, ONNX_DefStr<"NOTSET">:$auto_pad, ONNX_DefInt<"0">:$ceil_mode, ONNX_DefInt<"0">:$count_include_pad,
       ONNX_OptInts:$dilations, DenseI64ArrayAttr:$kernel_shape, ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_MaxPoolOp : ONNX_PureOp<"MaxPool", 22, "largest of each window, and where it was",
  (ins ONNX_NumTensor:$X, ONNX_DefStr<"NOTSET">:$auto_pad, ONNX_DefInt<"0">:$ceil_mode, ONNX_OptInts:$dilations,
       DenseI64ArrayAttr:$kernel_shape, ONNX_OptInts:$pads, ONNX_DefInt<"0">:$storage_order, ONNX_OptInts:$strides),
  (outs ONNX_NumTensor:$Y, ONNX_I64Tensor:$Indices)>;
def ONNX_LpPoolOp : ONNX_PureOp<"LpPool", 22, "Lp norm of each window",
  (ins ONNX_FloatTensor:$X, ONNX_DefStr<"NOTSET">:$auto_pad, ONNX_DefInt<"0">:$ceil_mode, ONNX_OptInts:$dilations,
       DenseI64ArrayAttr:$kernel_shape, ONNX_DefInt<"2">:$p, ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_GlobalAveragePoolOp : ONNX_PureOp<"GlobalAveragePool", 22, "mean over all spatial dimensions",
  (ins ONNX_FloatTensor:$X), (outs ONNX_FloatTensor:$Y)>;
def ONNX_GlobalMaxPoolOp : ONNX_PureOp<"GlobalMaxPool", 22, "largest over all spatial dimensions",
  (ins ONNX_FloatTensor:$X), (outs ONNX_FloatTensor:$Y)>;
def ONNX_GlobalLpPoolOp : ONNX_PureOp<"GlobalLpPool", 22, "Lp norm over all spatial dimensions",
  (ins ONNX_FloatTensor:$X, ONNX_DefInt<"2">:$p), (outs ONNX_FloatTensor:$Y)>;
def ONNX_MaxUnpoolOp : ONNX_PureOp<"MaxUnpool", 22, "puts values back to where MaxPool took them",
  (ins ONNX_FloatTensor:$X, ONNX_I64Tensor:$I, ONNX_Opt<ONNX_I64Tensor>:$output_shape, DenseI64ArrayAttr:$kernel_shape,
       ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_Col2ImOp : ONNX_PureOp<"Col2Im", 18, "sums columns of blocks back into an image",
  (ins ONNX_Tensor:$input, ONNX_I64Tensor:$image_shape, ONNX_I64Tensor:$block_shape, ONNX_OptInts:$dilations,
       ONNX_OptInts:$pads, ONNX_OptInts:$strides),
  (outs ONNX_Tensor:$output)>;
