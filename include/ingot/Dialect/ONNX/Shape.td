//===- Shape.td - operators over shapes, and those that keep the elements in order ---===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_ReshapeOp : ONNX_PureOp<"Reshape", 25, "same elements, other dimensions",
  (ins ONNX_Tensor:$data, ONNX_I64Tensor:$shape, ONNX_DefInt<"0">:$allowzero), (outs ONNX_Tensor:$reshaped)>;
def ONNX_SqueezeOp : ONNX_PureOp<"Squeeze", 25, "removes dimensions of size 1",
  (ins ONNX_Tensor:$data, ONNX_Opt<ONNX_I64Tensor>:$axes), (outs ONNX_Tensor:$squeezed)>;
def ONNX_UnsqueezeOp : ONNX_PureOp<"Unsqueeze", 25, "inserts dimensions of size 1",
  (ins ONNX_Tensor:$data, ONNX_I64Tensor:$axes), (outs ONNX_Tensor:$expanded)>;
def ONNX_FlattenOp : ONNX_PureOp<"Flatten", 25, "to a matrix",
  (ins ONNX_Tensor:$input, ONNX_DefInt<"1">:$axis), (outs ONNX_Tensor:$output)>;
def ONNX_ExpandOp : ONNX_PureOp<"Expand", 13, "broadcasts to a shape",
  (ins ONNX_Tensor:$input, ONNX_I64Tensor:$shape), (outs ONNX_Tensor:$output)>;
def ONNX_ShapeOp : ONNX_PureOp<"Shape", 25, "the dimensions, or a range of them",
  (ins ONNX_Tensor:$data, OptionalAttr<I64Attr>:$end, ONNX_DefInt<"0">:$start), (outs ONNX_I64Tensor:$shape)>;
def ONNX_SizeOp : ONNX_PureOp<"Size", 25, "the number of elements",
  (ins ONNX_Tensor:$data), (outs ONNX_I64Tensor:$size)>;
def ONNX_IdentityOp : ONNX_PureOp<"Identity", 25, "its operand",
  (ins ONNX_Value:$input), (outs ONNX_Value:$output)>;
def ONNX_CastLikeOp : ONNX_PureOp<"CastLike", 25, "converts to the element type of another tensor",
  (ins ONNX_Tensor:$input, ONNX_Tensor:$target_type, ONNX_DefStr<"up">:$round_mode, ONNX_DefInt<"1">:$saturate),
  (outs ONNX_Tensor:$output)>;
def ONNX_BitCastOp : ONNX_PureOp<"BitCast", 26, "reads the same bits as another element type of equal width",
  (ins ONNX_Tensor:$input, I64Attr:$to), (outs ONNX_Tensor:$output)>;
