//===- Loss.td - training losses -----------------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_NegativeLogLikelihoodLossOp : ONNX_PureOp<"NegativeLogLikelihoodLoss", 22, "negative log likelihood of the target classes",
  (ins ONNX_FloatTensor:$input, ONNX_IndexTensor:$target, ONNX_Opt<ONNX_FloatTensor>:$weight,
       OptionalAttr<I64Attr>:$ignore_index, ONNX_DefStr<"mean">:$reduction),
  (outs ONNX_FloatTensor:$loss)>;
def ONNX_SoftmaxCrossEntropyLossOp : ONNX_PureOp<"SoftmaxCrossEntropyLoss", 13, "cross entropy of Softmax against labels",
  (ins ONNX_FloatTensor:$scores, ONNX_IndexTensor:$labels, ONNX_Opt<ONNX_FloatTensor>:$weights,
       OptionalAttr<I64Attr>:$ignore_index, ONNX_DefStr<"mean">:$reduction),
  (outs ONNX_FloatTensor:$output, ONNX_FloatTensor:$log_prob)>;
