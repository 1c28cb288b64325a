//===- Elementwise.td - one row per elementwise operator -----------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

// An attribute of kind FLOAT as a scalar of the type of `a`.
class ONNX_FloatOf<string getter> { string like = "s.like(a, " # getter # "().convertToDouble())"; }

//===--------------------------------- arithmetic ---------------------------------===//
def ONNX_AddOp : ONNX_Binary<"Add", 14, ONNX_NumTensor, "s.add(a, b)">;
def ONNX_SubOp : ONNX_Binary<"Sub", 14, ONNX_NumTensor, "s.sub(a, b)">;
def ONNX_MulOp : ONNX_Binary<"Mul", 14, ONNX_NumTensor, "s.mul(a, b)">;
def ONNX_DivOp : ONNX_Binary<"Div", 14, ONNX_NumTensor, "s.div(a, b)">;
// The sign of the divisor, or of the dividend with fmod (C's rule).
def ONNX_ModOp : ONNX_Binary<"Mod", 13, ONNX_NumTensor, "getFmod() ? s.rem(a, b) : s.floorMod(a, b)", (ins ONNX_DefInt<"0">:$fmod)>;
def ONNX_PowOp : ONNX_Elementwise<"Pow", 15, "s.pow(a, b)"> {
  let arguments = (ins ONNX_NumTensor:$X, ONNX_NumTensor:$Y);
  let results = (outs ONNX_NumTensor:$Z);
}
def ONNX_NegOp : ONNX_Unary<"Neg", 13, ONNX_SignedTensor, "s.neg(a)">;
def ONNX_AbsOp : ONNX_Unary<"Abs", 13, ONNX_NumTensor, "s.abs(a)">;
def ONNX_SignOp : ONNX_Unary<"Sign", 13, ONNX_NumTensor, "s.sign(a)">;
def ONNX_ReciprocalOp : ONNX_Unary<"Reciprocal", 13, ONNX_FloatTensor, "s.div(s.like(a, 1), a)">;
def ONNX_SqrtOp : ONNX_Unary<"Sqrt", 13, ONNX_FloatTensor, "s.sqrt(a)">;
def ONNX_ExpOp : ONNX_Unary<"Exp", 13, ONNX_FloatTensor, "s.exp(a)">;
def ONNX_LogOp : ONNX_Unary<"Log", 13, ONNX_FloatTensor, "s.log(a)">;
def ONNX_ErfOp : ONNX_Unary<"Erf", 13, ONNX_FloatTensor, "s.erf(a)">;
def ONNX_CeilOp : ONNX_Unary<"Ceil", 13, ONNX_FloatTensor, "s.math<::mlir::math::CeilOp>(a)">;
def ONNX_FloorOp : ONNX_Unary<"Floor", 13, ONNX_FloatTensor, "s.math<::mlir::math::FloorOp>(a)">;
// Halves go to the even neighbour.
def ONNX_RoundOp : ONNX_Unary<"Round", 22, ONNX_FloatTensor, "s.math<::mlir::math::RoundEvenOp>(a)">;

def ONNX_MaxOp : ONNX_Variadic<"Max", 13, ONNX_NumTensor, "s.max(a, b)">;
def ONNX_MinOp : ONNX_Variadic<"Min", 13, ONNX_NumTensor, "s.min(a, b)">;
def ONNX_SumOp : ONNX_Variadic<"Sum", 13, ONNX_FloatTensor, "s.add(a, b)">;
def ONNX_MeanOp : ONNX_Variadic<"Mean", 13, ONNX_FloatTensor, "s.add(a, b)", "s.div(a, n)">;

//===-------------------------------- trigonometry --------------------------------===//
def ONNX_SinOp : ONNX_Unary<"Sin", 22, ONNX_FloatTensor, "s.math<::mlir::math::SinOp>(a)">;
def ONNX_CosOp : ONNX_Unary<"Cos", 22, ONNX_FloatTensor, "s.math<::mlir::math::CosOp>(a)">;
def ONNX_TanOp : ONNX_Unary<"Tan", 22, ONNX_FloatTensor, "s.math<::mlir::math::TanOp>(a)">;
def ONNX_AsinOp : ONNX_Unary<"Asin", 22, ONNX_FloatTensor, "s.math<::mlir::math::AsinOp>(a)">;
def ONNX_AcosOp : ONNX_Unary<"Acos", 22, ONNX_FloatTensor, "s.math<::mlir::math::AcosOp>(a)">;
def ONNX_AtanOp : ONNX_Unary<"Atan", 22, ONNX_FloatTensor, "s.math<::mlir::math::AtanOp>(a)">;
def ONNX_SinhOp : ONNX_Unary<"Sinh", 22, ONNX_FloatTensor, "s.math<::mlir::math::SinhOp>(a)">;
def ONNX_CoshOp : ONNX_Unary<"Cosh", 22, ONNX_FloatTensor, "s.math<::mlir::math::CoshOp>(a)">;
def ONNX_TanhOp : ONNX_Unary<"Tanh", 13, ONNX_FloatTensor, "s.tanh(a)">;
def ONNX_AsinhOp : ONNX_Unary<"Asinh", 22, ONNX_FloatTensor, "s.math<::mlir::math::AsinhOp>(a)">;
def ONNX_AcoshOp : ONNX_Unary<"Acosh", 22, ONNX_FloatTensor, "s.math<::mlir::math::AcoshOp>(a)">;
def ONNX_AtanhOp : ONNX_Unary<"Atanh", 22, ONNX_FloatTensor, "s.math<::mlir::math::AtanhOp>(a)">;

//===--------------------------------- activations --------------------------------===//
def ONNX_ReluOp : ONNX_Unary<"Relu", 14, ONNX_SignedTensor, "s.max(a, s.like(a, 0))">;
def ONNX_LeakyReluOp : ONNX_Unary<"LeakyRelu", 16, ONNX_FloatTensor,
  "s.select(s.lt(a, s.like(a, 0)), s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", a), a)", (ins ONNX_DefFloat<"0.01f">:$alpha)>;
def ONNX_ThresholdedReluOp : ONNX_Unary<"ThresholdedRelu", 22, ONNX_FloatTensor,
  "s.select(s.gt(a, " # ONNX_FloatOf<"getAlpha">.like # "), a, s.like(a, 0))", (ins ONNX_DefFloat<"1.0f">:$alpha)>;
def ONNX_PReluOp : ONNX_Elementwise<"PRelu", 16, "s.select(s.lt(a, s.like(a, 0)), s.mul(a, b), a)"> {
  let arguments = (ins ONNX_NumTensor:$X, ONNX_NumTensor:$slope);
  let results = (outs ONNX_NumTensor:$Y);
}
def ONNX_EluOp : ONNX_Unary<"Elu", 22, ONNX_FloatTensor,
  "s.select(s.lt(a, s.like(a, 0)), s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", s.expm1(a)), a)", (ins ONNX_DefFloat<"1.0f">:$alpha)>;
def ONNX_CeluOp : ONNX_Unary<"Celu", 28, ONNX_FloatTensor,
  "s.select(s.lt(a, s.like(a, 0)), s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", s.expm1(s.div(a, " # ONNX_FloatOf<"getAlpha">.like # "))), a)",
  (ins ONNX_DefFloat<"1.0f">:$alpha)>;
def ONNX_SeluOp : ONNX_Unary<"Selu", 22, ONNX_FloatTensor,
  "s.mul(" # ONNX_FloatOf<"getGamma">.like # ", s.select(s.gt(a, s.like(a, 0)), a, s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", s.expm1(a))))",
  (ins ONNX_DefFloat<"1.67326319217681884765625f">:$alpha, ONNX_DefFloat<"1.05070102214813232421875f">:$gamma)>;
def ONNX_GeluOp : ONNX_Unary<"Gelu", 20, ONNX_FloatTensor, "s.gelu(a, getApproximate() == \"tanh\")",
  (ins ONNX_DefStr<"none">:$approximate)>;
def ONNX_SigmoidOp : ONNX_Unary<"Sigmoid", 13, ONNX_FloatTensor, "s.sigmoid(a)">;
def ONNX_HardSigmoidOp : ONNX_Unary<"HardSigmoid", 22, ONNX_FloatTensor,
  "s.clamp(s.add(s.mul(a, " # ONNX_FloatOf<"getAlpha">.like # "), " # ONNX_FloatOf<"getBeta">.like # "), s.like(a, 0), s.like(a, 1))",
  (ins ONNX_DefFloat<"0.2f">:$alpha, ONNX_DefFloat<"0.5f">:$beta)>;
def ONNX_HardSwishOp : ONNX_Unary<"HardSwish", 22, ONNX_FloatTensor,
  "s.mul(a, s.clamp(s.add(s.mul(a, s.like(a, 1.0 / 6)), s.like(a, 0.5)), s.like(a, 0), s.like(a, 1)))">;
def ONNX_SwishOp : ONNX_Unary<"Swish", 24, ONNX_FloatTensor, "s.mul(a, s.sigmoid(s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", a)))",
  (ins ONNX_DefFloat<"1.0f">:$alpha)>;
def ONNX_SwiGLUOp : ONNX_Elementwise<"SwiGLU", 28, "s.mul(b, s.mul(a, s.sigmoid(s.mul(" # ONNX_FloatOf<"getAlpha">.like # ", a))))"> {
  let arguments = (ins ONNX_FloatTensor:$A, ONNX_FloatTensor:$B, ONNX_DefFloat<"1.0f">:$alpha);
  let results = (outs ONNX_FloatTensor:$Y);
}
def ONNX_SoftplusOp : ONNX_Unary<"Softplus", 22, ONNX_FloatTensor, "s.softplus(a)">;
def ONNX_SoftsignOp : ONNX_Unary<"Softsign", 22, ONNX_FloatTensor, "s.div(a, s.add(s.like(a, 1), s.abs(a)))">;
def ONNX_MishOp : ONNX_Unary<"Mish", 22, ONNX_FloatTensor, "s.mul(a, s.tanh(s.softplus(a)))">;
def ONNX_ShrinkOp : ONNX_Unary<"Shrink", 9, ONNX_NumTensor, "s.shrink(a, getLambd().convertToDouble(), getBias().convertToDouble())",
  (ins ONNX_DefFloat<"0.0f">:$bias, ONNX_DefFloat<"0.5f">:$lambd)>;
// An absent bound comes as a null value.
def ONNX_ClipOp : ONNX_Elementwise<"Clip", 13, "s.clamp(a, b, c)"> {
  let arguments = (ins ONNX_NumTensor:$input, ONNX_Opt<ONNX_NumTensor>:$min, ONNX_Opt<ONNX_NumTensor>:$max);
  let results = (outs ONNX_NumTensor:$output);
}

//===---------------------------- comparison and selection ------------------------===//
def ONNX_EqualOp : ONNX_Comparison<"Equal", 19, ONNX_Tensor, "s.eq(a, b)">;
def ONNX_LessOp : ONNX_Comparison<"Less", 13, ONNX_NumTensor, "s.lt(a, b)">;
def ONNX_LessOrEqualOp : ONNX_Comparison<"LessOrEqual", 16, ONNX_NumTensor, "s.le(a, b)">;
def ONNX_GreaterOp : ONNX_Comparison<"Greater", 13, ONNX_NumTensor, "s.gt(a, b)">;
def ONNX_GreaterOrEqualOp : ONNX_Comparison<"GreaterOrEqual", 16, ONNX_NumTensor, "s.ge(a, b)">;
def ONNX_IsNaNOp : ONNX_Test<"IsNaN", 20, "s.isNaN(a)">;
def ONNX_IsInfOp : ONNX_Test<"IsInf", 20, "s.isInf(a, getDetectNegative(), getDetectPositive())",
  (ins ONNX_DefInt<"1">:$detect_negative, ONNX_DefInt<"1">:$detect_positive)>;
def ONNX_WhereOp : ONNX_Elementwise<"Where", 16, "s.select(a, b, c)", 1> {
  let arguments = (ins ONNX_BoolTensor:$condition, ONNX_Tensor:$X, ONNX_Tensor:$Y);
  let results = (outs ONNX_Tensor:$output);
}

//===------------------------------- logic and bits -------------------------------===//
def ONNX_AndOp : ONNX_Binary<"And", 7, ONNX_BoolTensor, "s.bitAnd(a, b)">;
def ONNX_OrOp : ONNX_Binary<"Or", 7, ONNX_BoolTensor, "s.bitOr(a, b)">;
def ONNX_XorOp : ONNX_Binary<"Xor", 7, ONNX_BoolTensor, "s.bitXor(a, b)">;
def ONNX_NotOp : ONNX_Unary<"Not", 1, ONNX_BoolTensor, "s.bitNot(a)">;
def ONNX_BitwiseAndOp : ONNX_Binary<"BitwiseAnd", 18, ONNX_IntTensor, "s.bitAnd(a, b)">;
def ONNX_BitwiseOrOp : ONNX_Binary<"BitwiseOr", 18, ONNX_IntTensor, "s.bitOr(a, b)">;
def ONNX_BitwiseXorOp : ONNX_Binary<"BitwiseXor", 18, ONNX_IntTensor, "s.bitXor(a, b)">;
def ONNX_BitwiseNotOp : ONNX_Unary<"BitwiseNot", 18, ONNX_IntTensor, "s.bitNot(a)">;
def ONNX_BitShiftOp : ONNX_Elementwise<"BitShift", 11, "getDirection() == \"LEFT\" ? s.shiftLeft(a, b) : s.shiftRight(a, b)"> {
  let arguments = (ins ONNX_IntTensor:$X, ONNX_IntTensor:$Y, StrAttr:$direction);
  let results = (outs ONNX_IntTensor:$Z);
}

//===---------------------------------- conversion --------------------------------===//
// Strings to and from numbers are lowered apart.
def ONNX_CastOp : ONNX_Op<"Cast", 25, [Pure, DeclareOpInterfaceMethods<ONNX_ElementwiseInterface>]> {
  let summary = "converts to the element type `to` (a number of ONNX's DataType)";
  let arguments = (ins ONNX_Tensor:$input, I64Attr:$to, ONNX_DefInt<"1">:$saturate, ONNX_DefStr<"up">:$round_mode);
  let results = (outs ONNX_Tensor:$output);
}
