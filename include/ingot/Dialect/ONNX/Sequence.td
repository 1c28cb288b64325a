//===- Sequence.td - sequences and optional values -----------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_SequenceEmptyOp : ONNX_PureOp<"SequenceEmpty", 11, "a sequence of no tensors",
  (ins OptionalAttr<I64Attr>:$dtype), (outs ONNX_SequenceType:$output)>;
def ONNX_SequenceConstructOp : ONNX_PureOp<"SequenceConstruct", 11, "a sequence of the operands",
  (ins Variadic<ONNX_Tensor>:$inputs), (outs ONNX_SequenceType:$output_sequence)>;
def ONNX_SequenceAtOp : ONNX_PureOp<"SequenceAt", 11, "the tensor at a position",
  (ins ONNX_SequenceType:$input_sequence, ONNX_IndexTensor:$position), (outs ONNX_Tensor:$tensor)>;
def ONNX_SequenceEraseOp : ONNX_PureOp<"SequenceErase", 11, "a sequence without one of its tensors",
  (ins ONNX_SequenceType:$input_sequence, ONNX_Opt<ONNX_IndexTensor>:$position), (outs ONNX_SequenceType:$output_sequence)>;
def ONNX_SequenceInsertOp : ONNX_PureOp<"SequenceInsert", 11, "a sequence with one more tensor",
  (ins ONNX_SequenceType:$input_sequence, ONNX_Tensor:$tensor, ONNX_Opt<ONNX_IndexTensor>:$position),
  (outs ONNX_SequenceType:$output_sequence)>;
def ONNX_SequenceLengthOp : ONNX_PureOp<"SequenceLength", 11, "how many tensors there are",
  (ins ONNX_SequenceType:$input_sequence), (outs ONNX_I64Tensor:$length)>;
def ONNX_SplitToSequenceOp : ONNX_PureOp<"SplitToSequence", 24, "cuts along an axis into a sequence",
  (ins ONNX_Tensor:$input, ONNX_Opt<ONNX_IndexTensor>:$split, ONNX_DefInt<"0">:$axis, ONNX_DefInt<"1">:$keepdims),
  (outs ONNX_SequenceType:$output_sequence)>;
def ONNX_ConcatFromSequenceOp : ONNX_PureOp<"ConcatFromSequence", 11, "joins the tensors of a sequence",
  (ins ONNX_SequenceType:$input_sequence, I64Attr:$axis, ONNX_DefInt<"0">:$new_axis), (outs ONNX_Tensor:$concat_result)>;
def ONNX_OptionalOp : ONNX_PureOp<"Optional", 15, "an optional value of the operand, or an empty one",
  (ins ONNX_Opt<ONNX_Value>:$input, OptionalAttr<TypeAttr>:$type), (outs ONNX_OptionalType:$output)>;
def ONNX_OptionalGetElementOp : ONNX_PureOp<"OptionalGetElement", 18, "the value inside",
  (ins ONNX_Value:$input), (outs ONNX_Value:$output)>;
def ONNX_OptionalHasElementOp : ONNX_PureOp<"OptionalHasElement", 18, "whether there is a value",
  (ins ONNX_Opt<ONNX_Value>:$input), (outs ONNX_BoolTensor:$output)>;
