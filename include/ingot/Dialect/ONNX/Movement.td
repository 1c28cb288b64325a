//===- Movement.td - operators that move elements ------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_TransposeOp : ONNX_PureOp<"Transpose", 25, "permutes dimensions",
  (ins ONNX_Tensor:$data, ONNX_OptInts:$perm), (outs ONNX_Tensor:$transposed)>;
def ONNX_ConcatOp : ONNX_PureOp<"Concat", 13, "joins along an axis",
  (ins Variadic<ONNX_Tensor>:$inputs, I64Attr:$axis), (outs ONNX_Tensor:$concat_result)>;
def ONNX_SplitOp : ONNX_PureOp<"Split", 18, "cuts along an axis",
  (ins ONNX_Tensor:$input, ONNX_Opt<ONNX_I64Tensor>:$split, ONNX_DefInt<"0">:$axis, OptionalAttr<I64Attr>:$num_outputs),
  (outs Variadic<ONNX_Tensor>:$outputs)>;
def ONNX_SliceOp : ONNX_PureOp<"Slice", 13, "strided ranges of dimensions",
  (ins ONNX_Tensor:$data, ONNX_IndexTensor:$starts, ONNX_IndexTensor:$ends, ONNX_Opt<ONNX_IndexTensor>:$axes,
       ONNX_Opt<ONNX_IndexTensor>:$steps),
  (outs ONNX_Tensor:$output)>;
def ONNX_PadOp : ONNX_PureOp<"Pad", 25, "adds elements at the edges",
  (ins ONNX_Tensor:$data, ONNX_I64Tensor:$pads, ONNX_Opt<ONNX_Tensor>:$constant_value, ONNX_Opt<ONNX_IndexTensor>:$axes,
       ONNX_DefStr<"constant">:$mode),
  (outs ONNX_Tensor:$output)>;
def ONNX_TileOp : ONNX_PureOp<"Tile", 13, "repeats along dimensions",
  (ins ONNX_Tensor:$input, ONNX_I64Tensor:$repeats), (outs ONNX_Tensor:$output)>;
def ONNX_DepthToSpaceOp : ONNX_PureOp<"DepthToSpace", 13, "moves blocks of channels into space",
  (ins ONNX_Tensor:$input, I64Attr:$blocksize, ONNX_DefStr<"DCR">:$mode), (outs ONNX_Tensor:$output)>;
def ONNX_SpaceToDepthOp : ONNX_PureOp<"SpaceToDepth", 13, "moves blocks of space into channels",
  (ins ONNX_Tensor:$input, I64Attr:$blocksize), (outs ONNX_Tensor:$output)>;
def ONNX_CenterCropPadOp : ONNX_PureOp<"CenterCropPad", 18, "crops or pads around the centre to a shape",
  (ins ONNX_Tensor:$input_data, ONNX_IndexTensor:$shape, ONNX_OptInts:$axes), (outs ONNX_Tensor:$output_data)>;
def ONNX_ReverseSequenceOp : ONNX_PureOp<"ReverseSequence", 10, "reverses the first elements of each row",
  (ins ONNX_Tensor:$input, ONNX_I64Tensor:$sequence_lens, ONNX_DefInt<"1">:$batch_axis, ONNX_DefInt<"0">:$time_axis),
  (outs ONNX_Tensor:$Y)>;
def ONNX_TriluOp : ONNX_PureOp<"Trilu", 14, "keeps the upper or lower triangle",
  (ins ONNX_Tensor:$input, ONNX_Opt<ONNX_I64Tensor>:$k, ONNX_DefInt<"1">:$upper), (outs ONNX_Tensor:$output)>;
