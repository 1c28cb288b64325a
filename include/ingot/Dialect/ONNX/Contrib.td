//===- Contrib.td - the operators of com.microsoft that are not others of ONNX in disguise ----===//
//
// Most are rewritten at import into operators of the default domain (lib/Import/Opset/Contrib*.cpp).
include "ingot/Dialect/ONNX/ONNXBase.td"

// `B` is [N, blocks, bytes]: each block of `block_size` weights of a column, `bits` each, the first in the lowest bits.
def ONNX_MSMatMulNBitsOp : ONNX_PureOp<"ms.MatMulNBits", 1, "matrix product with weights of few bits, scaled by block",
  (ins ONNX_FloatTensor:$A, TensorOf<[UI8]>:$B, ONNX_FloatTensor:$scales, ONNX_Opt<ONNX_Tensor>:$zero_points,
       ONNX_Opt<ONNX_IndexTensor>:$g_idx, ONNX_Opt<ONNX_FloatTensor>:$bias, I64Attr:$K, I64Attr:$N, ONNX_DefInt<"0">:$accuracy_level,
       ONNX_DefInt<"4">:$bits, I64Attr:$block_size, ONNX_DefInt<"0">:$weight_prepacked),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_MSInverseOp : ONNX_PureOp<"ms.Inverse", 1, "inverses of the innermost matrices",
  (ins ONNX_FloatTensor:$X), (outs ONNX_FloatTensor:$Y)>;
