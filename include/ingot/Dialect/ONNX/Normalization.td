//===- Normalization.td - normalisation by statistics of the data --------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_BatchNormalizationOp : ONNX_PureOp<"BatchNormalization", 15, "per channel, by given statistics",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$B, ONNX_FloatTensor:$input_mean,
       ONNX_FloatTensor:$input_var, ONNX_DefFloat<"1e-05f">:$epsilon, ONNX_DefFloat<"0.9f">:$momentum,
       ONNX_DefInt<"0">:$training_mode),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$running_mean, ONNX_FloatTensor:$running_var)>;
def ONNX_InstanceNormalizationOp : ONNX_PureOp<"InstanceNormalization", 22, "per sample and channel",
  (ins ONNX_FloatTensor:$input, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$B, ONNX_DefFloat<"1e-05f">:$epsilon),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_LayerNormalizationOp : ONNX_PureOp<"LayerNormalization", 17, "over the last dimensions",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$Scale, ONNX_Opt<ONNX_FloatTensor>:$B, ONNX_DefInt<"-1">:$axis,
       ONNX_DefFloat<"1e-05f">:$epsilon, ONNX_DefInt<"1">:$stash_type),
  (outs ONNX_FloatTensor:$Y, ONNX_FloatTensor:$Mean, ONNX_FloatTensor:$InvStdDev)>;
def ONNX_RMSNormalizationOp : ONNX_PureOp<"RMSNormalization", 23, "by the root of the mean square over the last dimensions",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$scale, ONNX_DefInt<"-1">:$axis, ONNX_DefFloat<"1e-05f">:$epsilon,
       ONNX_DefInt<"1">:$stash_type),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_GroupNormalizationOp : ONNX_PureOp<"GroupNormalization", 21, "per sample and group of channels",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$bias, ONNX_DefFloat<"1e-05f">:$epsilon,
       I64Attr:$num_groups, ONNX_DefInt<"1">:$stash_type),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_MeanVarianceNormalizationOp : ONNX_PureOp<"MeanVarianceNormalization", 13, "over the given axes",
  (ins ONNX_FloatTensor:$X, ONNX_OptInts:$axes), (outs ONNX_FloatTensor:$Y)>;
def ONNX_LpNormalizationOp : ONNX_PureOp<"LpNormalization", 22, "by the Lp norm along an axis",
  (ins ONNX_FloatTensor:$input, ONNX_DefInt<"-1">:$axis, ONNX_DefInt<"2">:$p), (outs ONNX_FloatTensor:$output)>;
def ONNX_LRNOp : ONNX_PureOp<"LRN", 13, "local response normalisation across channels",
  (ins ONNX_FloatTensor:$X, ONNX_DefFloat<"0.0001f">:$alpha, ONNX_DefFloat<"0.75f">:$beta, ONNX_DefFloat<"1.0f">:$bias,
       I64Attr:$size),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_SoftmaxOp : ONNX_PureOp<"Softmax", 13, "exp(x) over its sum along an axis",
  (ins ONNX_FloatTensor:$input, ONNX_DefInt<"-1">:$axis), (outs ONNX_FloatTensor:$output)>;
def ONNX_LogSoftmaxOp : ONNX_PureOp<"LogSoftmax", 13, "logarithm of Softmax",
  (ins ONNX_FloatTensor:$input, ONNX_DefInt<"-1">:$axis), (outs ONNX_FloatTensor:$output)>;
def ONNX_HardmaxOp : ONNX_PureOp<"Hardmax", 13, "1 at the first largest element along an axis, else 0",
  (ins ONNX_FloatTensor:$input, ONNX_DefInt<"-1">:$axis), (outs ONNX_FloatTensor:$output)>;
def ONNX_DropoutOp : ONNX_PureOp<"Dropout", 22, "identity outside training",
  (ins ONNX_Tensor:$data, ONNX_Opt<ONNX_Tensor>:$ratio, ONNX_Opt<ONNX_BoolTensor>:$training_mode, OptionalAttr<I64Attr>:$seed),
  (outs ONNX_Tensor:$output, ONNX_BoolTensor:$mask)>;
