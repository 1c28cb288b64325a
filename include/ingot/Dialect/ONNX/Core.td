//===- Core.td - constants, absent values, region ends ------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_ConstantOp : Op<ONNX_Dialect, "Constant", [Pure, ConstantLike]> {
  let summary = "a constant tensor: an initializer, or the value of a Constant node";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs ONNX_Tensor:$output);
  let assemblyFormat = "attr-dict `:` type($output)";
  let hasFolder = 1;
}

def ONNX_NoValueOp : Op<ONNX_Dialect, "NoValue", [Pure, ConstantLike]> {
  let summary = "stands for an optional operand that is absent";
  let arguments = (ins UnitAttr:$value);
  let results = (outs NoneType:$none);
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
}

def ONNX_YieldOp : Op<ONNX_Dialect, "Yield", [Pure, Terminator]> {
  let summary = "ends the body of an operator with subgraphs and gives their outputs";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "operands attr-dict `:` type(operands)";
}
