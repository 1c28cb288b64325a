//===- Elementwise.td - one row per elementwise operator -----------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_AddOp : ONNX_Binary<"Add", 14, ONNX_NumTensor, "s.add(a, b)">;
def ONNX_SubOp : ONNX_Binary<"Sub", 14, ONNX_NumTensor, "s.sub(a, b)">;
def ONNX_MulOp : ONNX_Binary<"Mul", 14, ONNX_NumTensor, "s.mul(a, b)">;
def ONNX_DivOp : ONNX_Binary<"Div", 14, ONNX_NumTensor, "s.div(a, b)">;
def ONNX_ReluOp : ONNX_Unary<"Relu", 14, ONNX_SignedTensor, "s.max(a, s.like(a, 0))">;
def ONNX_ExpOp : ONNX_Unary<"Exp", 13, ONNX_FloatTensor, "s.exp(a)">;
def ONNX_EqualOp : ONNX_Comparison<"Equal", 19, ONNX_Tensor, "s.eq(a, b)">;
