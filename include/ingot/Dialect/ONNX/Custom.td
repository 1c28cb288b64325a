//===- Custom.td - operators that the user brings ---------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

// A node of a domain or name that the dialect does not have, allowed by --custom-op. It may keep state, so it is not pure.
def ONNX_CustomOp : ONNX_Op<"Custom", 1> {
  let summary = "a call of a C function that the user links";
  let arguments = (ins Variadic<ONNX_Value>:$inputs, StrAttr:$function, DictionaryAttr:$parameters, TypeArrayAttr:$types);
  let results = (outs Variadic<ONNX_Value>:$outputs);
}
