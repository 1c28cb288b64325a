//===- ControlFlow.td - operators with subgraphs -------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

// A subgraph is a region of one block, named as the ONNX attribute, ended by onnx.Yield.  It reads outer values directly.
class ONNX_GraphOp<string name, int since, string text, dag operands, dag outputs>
    : ONNX_Op<name, since, [RecursiveMemoryEffects, SingleBlock]> {
  let summary = text;
  let arguments = operands;
  let results = outputs;
}

def ONNX_IfOp : ONNX_GraphOp<"If", 25, "one of two subgraphs",
  (ins ONNX_Tensor:$cond), (outs Variadic<ONNX_Value>:$outputs)> {
  let regions = (region SizedRegion<1>:$then_branch, SizedRegion<1>:$else_branch);
  let assemblyFormat = "operands attr-dict-with-keyword `:` functional-type(operands, results) `then` $then_branch `else` $else_branch";
}

// Body: (iteration i64, condition i1, carried...) -> (condition, carried..., scan outputs...).
def ONNX_LoopOp : ONNX_GraphOp<"Loop", 25, "repeats a subgraph, carrying values and collecting others",
  (ins ONNX_Opt<ONNX_I64Tensor>:$M, ONNX_Opt<ONNX_BoolTensor>:$cond, Variadic<ONNX_Value>:$v_initial),
  (outs Variadic<ONNX_Value>:$v_final_and_scan_outputs)> {
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict-with-keyword `:` functional-type(operands, results) `do` $body";
}

// Body: (states..., slices of the scan inputs...) -> (states..., slices of the scan outputs...).
def ONNX_ScanOp : ONNX_GraphOp<"Scan", 25, "runs a subgraph over slices of its operands",
  (ins Variadic<ONNX_Value>:$initial_state_and_scan_inputs, I64Attr:$num_scan_inputs, ONNX_OptInts:$scan_input_axes,
       ONNX_OptInts:$scan_input_directions, ONNX_OptInts:$scan_output_axes, ONNX_OptInts:$scan_output_directions),
  (outs Variadic<ONNX_Value>:$final_state_and_scan_outputs)> {
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict-with-keyword `:` functional-type(operands, results) `do` $body";
}

// Body: (element of the first sequence, an element of each further sequence or a whole tensor...) -> (elements of the results...).
def ONNX_SequenceMapOp : ONNX_GraphOp<"SequenceMap", 17, "applies a subgraph to each element of a sequence",
  (ins ONNX_SequenceType:$input_sequence, Variadic<ONNX_Value>:$additional_inputs), (outs Variadic<ONNX_SequenceType>:$out_sequence)> {
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict-with-keyword `:` functional-type(operands, results) `do` $body";
}
