//===- Attention.td - attention and its neighbours -----------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_AttentionOp : ONNX_PureOp<"Attention", 25, "scaled dot-product attention with optional mask and cache",
  (ins ONNX_FloatTensor:$Q, ONNX_FloatTensor:$K, ONNX_FloatTensor:$V, ONNX_Opt<ONNX_Tensor>:$attn_mask,
       ONNX_Opt<ONNX_FloatTensor>:$past_key, ONNX_Opt<ONNX_FloatTensor>:$past_value, ONNX_Opt<ONNX_I64Tensor>:$nonpad_kv_seqlen,
       ONNX_DefInt<"0">:$is_causal, OptionalAttr<I64Attr>:$kv_num_heads, ONNX_DefInt<"-1">:$left_window_size,
       OptionalAttr<I64Attr>:$q_num_heads, ONNX_DefInt<"0">:$qk_matmul_output_mode, ONNX_DefInt<"-1">:$right_window_size,
       OptionalAttr<F32Attr>:$scale, ONNX_DefFloat<"0.0f">:$softcap, OptionalAttr<I64Attr>:$softmax_precision),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$present_key, ONNX_FloatTensor:$present_value, ONNX_FloatTensor:$qk_matmul_output)>;
def ONNX_RotaryEmbeddingOp : ONNX_PureOp<"RotaryEmbedding", 23, "rotates pairs of features by position",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$cos_cache, ONNX_FloatTensor:$sin_cache, ONNX_Opt<ONNX_I64Tensor>:$position_ids,
       ONNX_DefInt<"0">:$interleaved, OptionalAttr<I64Attr>:$num_heads, ONNX_DefInt<"0">:$rotary_embedding_dim),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_LinearAttentionOp : ONNX_PureOp<"LinearAttention", 27, "recurrent linear attention with a state",
  (ins ONNX_FloatTensor:$query, ONNX_FloatTensor:$key, ONNX_FloatTensor:$value, ONNX_Opt<ONNX_FloatTensor>:$past_state,
       ONNX_Opt<ONNX_FloatTensor>:$decay, ONNX_Opt<ONNX_FloatTensor>:$beta, ONNX_DefInt<"64">:$chunk_size,
       I64Attr:$kv_num_heads, I64Attr:$q_num_heads, ONNX_DefFloat<"0.0f">:$scale, ONNX_DefStr<"gated_delta">:$update_rule),
  (outs ONNX_FloatTensor:$output, ONNX_FloatTensor:$present_state)>;
