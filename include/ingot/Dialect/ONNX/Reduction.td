//===- Reduction.td - one row per reduction ------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

// Initial value, the step over `acc` and `x`, and the end over `acc` and the number of elements `count`.
def ONNX_ReduceSumOp : ONNX_Reduction<"ReduceSum", 13, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, x)">;
def ONNX_ReduceMeanOp : ONNX_Reduction<"ReduceMean", 18, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, x)", "s.div(acc, count)">;
def ONNX_ReduceProdOp : ONNX_Reduction<"ReduceProd", 18, ONNX_NumTensor, "s.constant(s.resultType, 1)", "s.mul(acc, x)">;
def ONNX_ReduceMaxOp : ONNX_Reduction<"ReduceMax", 20, ONNX_Tensor, "s.lowest(s.resultType)", "s.max(acc, x)">;
def ONNX_ReduceMinOp : ONNX_Reduction<"ReduceMin", 20, ONNX_Tensor, "s.highest(s.resultType)", "s.min(acc, x)">;
def ONNX_ReduceL1Op : ONNX_Reduction<"ReduceL1", 18, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, s.abs(x))">;
def ONNX_ReduceL2Op : ONNX_Reduction<"ReduceL2", 18, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, s.mul(x, x))", "s.sqrt(acc)">;
def ONNX_ReduceSumSquareOp : ONNX_Reduction<"ReduceSumSquare", 18, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, s.mul(x, x))">;
def ONNX_ReduceLogSumOp : ONNX_Reduction<"ReduceLogSum", 18, ONNX_NumTensor, "s.constant(s.resultType, 0)", "s.add(acc, x)", "s.log(acc)">;
// Carries the logarithm, so that no exponential overflows.
def ONNX_ReduceLogSumExpOp : ONNX_Reduction<"ReduceLogSumExp", 18, ONNX_NumTensor, "s.lowest(s.resultType)", "s.logAddExp(acc, x)">;
