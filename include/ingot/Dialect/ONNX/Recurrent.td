//===- Recurrent.td - recurrent networks ---------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_RNNOp : ONNX_PureOp<"RNN", 22, "plain recurrent network",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_FloatTensor:$R, ONNX_Opt<ONNX_FloatTensor>:$B,
       ONNX_Opt<ONNX_IntTensor>:$sequence_lens, ONNX_Opt<ONNX_FloatTensor>:$initial_h, ONNX_OptFloats:$activation_alpha,
       ONNX_OptFloats:$activation_beta, ONNX_OptStrings:$activations, OptionalAttr<F32Attr>:$clip,
       ONNX_DefStr<"forward">:$direction, OptionalAttr<I64Attr>:$hidden_size, ONNX_DefInt<"0">:$layout),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$Y_h)>;
def ONNX_GRUOp : ONNX_PureOp<"GRU", 22, "gated recurrent units",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_FloatTensor:$R, ONNX_Opt<ONNX_FloatTensor>:$B,
       ONNX_Opt<ONNX_IntTensor>:$sequence_lens, ONNX_Opt<ONNX_FloatTensor>:$initial_h, ONNX_OptFloats:$activation_alpha,
       ONNX_OptFloats:$activation_beta, ONNX_OptStrings:$activations, OptionalAttr<F32Attr>:$clip,
       ONNX_DefStr<"forward">:$direction, OptionalAttr<I64Attr>:$hidden_size, ONNX_DefInt<"0">:$layout,
       ONNX_DefInt<"0">:$linear_before_reset),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$Y_h)>;
def ONNX_LSTMOp : ONNX_PureOp<"LSTM", 22, "long short-term memory",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$W, ONNX_FloatTensor:$R, ONNX_Opt<ONNX_FloatTensor>:$B,
       ONNX_Opt<ONNX_IntTensor>:$sequence_lens, ONNX_Opt<ONNX_FloatTensor>:$initial_h, ONNX_Opt<ONNX_FloatTensor>:$initial_c,
       ONNX_Opt<ONNX_FloatTensor>:$P, ONNX_OptFloats:$activation_alpha, ONNX_OptFloats:$activation_beta,
       ONNX_OptStrings:$activations, OptionalAttr<F32Attr>:$clip, ONNX_DefStr<"forward">:$direction,
       OptionalAttr<I64Attr>:$hidden_size, ONNX_DefInt<"0">:$input_forget, ONNX_DefInt<"0">:$layout),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$Y_h, ONNX_FloatTensor:$Y_c)>;
