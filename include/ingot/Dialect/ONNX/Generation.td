//===- Generation.td - tensors out of a few numbers ----------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_RangeOp : ONNX_PureOp<"Range", 27, "start, start + delta, ... up to limit",
  (ins ONNX_NumTensor:$start, ONNX_NumTensor:$limit, ONNX_NumTensor:$delta, ONNX_DefInt<"1">:$stash_type),
  (outs ONNX_NumTensor:$output)>;
def ONNX_ConstantOfShapeOp : ONNX_PureOp<"ConstantOfShape", 25, "one value in a given shape",
  (ins ONNX_I64Tensor:$input, ONNX_OptTensor:$value), (outs ONNX_Tensor:$output)>;
def ONNX_EyeLikeOp : ONNX_PureOp<"EyeLike", 22, "ones on a diagonal",
  (ins ONNX_Tensor:$input, OptionalAttr<I64Attr>:$dtype, ONNX_DefInt<"0">:$k), (outs ONNX_Tensor:$output)>;
def ONNX_RandomNormalOp : ONNX_RandomOp<"RandomNormal", 22, "normally distributed numbers",
  (ins ONNX_DefInt<"1">:$dtype, ONNX_DefFloat<"0.0f">:$mean, ONNX_DefFloat<"1.0f">:$scale, OptionalAttr<F32Attr>:$seed,
       DenseI64ArrayAttr:$shape),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_RandomNormalLikeOp : ONNX_RandomOp<"RandomNormalLike", 22, "normally distributed numbers in the shape of the operand",
  (ins ONNX_Tensor:$input, OptionalAttr<I64Attr>:$dtype, ONNX_DefFloat<"0.0f">:$mean, ONNX_DefFloat<"1.0f">:$scale,
       OptionalAttr<F32Attr>:$seed),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_RandomUniformOp : ONNX_RandomOp<"RandomUniform", 22, "uniformly distributed numbers",
  (ins ONNX_DefInt<"1">:$dtype, ONNX_DefFloat<"1.0f">:$high, ONNX_DefFloat<"0.0f">:$low, OptionalAttr<F32Attr>:$seed,
       DenseI64ArrayAttr:$shape),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_RandomUniformLikeOp : ONNX_RandomOp<"RandomUniformLike", 22, "uniformly distributed numbers in the shape of the operand",
  (ins ONNX_Tensor:$input, OptionalAttr<I64Attr>:$dtype, ONNX_DefFloat<"1.0f">:$high, ONNX_DefFloat<"0.0f">:$low,
       OptionalAttr<F32Attr>:$seed),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_BernoulliOp : ONNX_RandomOp<"Bernoulli", 22, "0 or 1 by the probabilities given",
  (ins ONNX_FloatTensor:$input, OptionalAttr<I64Attr>:$dtype, OptionalAttr<F32Attr>:$seed), (outs ONNX_Tensor:$output)>;
def ONNX_MultinomialOp : ONNX_RandomOp<"Multinomial", 22, "samples of the distributions given as logarithms",
  (ins ONNX_FloatTensor:$input, ONNX_DefInt<"6">:$dtype, ONNX_DefInt<"1">:$sample_size, OptionalAttr<F32Attr>:$seed),
  (outs ONNX_IndexTensor:$output)>;
