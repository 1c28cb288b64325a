//===- ONNXInterfaces.td - what every ONNX operator can be asked ------------------===//
#ifndef INGOT_ONNX_INTERFACES
#define INGOT_ONNX_INTERFACES

include "mlir/IR/OpBase.td"

def ONNX_InferInterface : OpInterface<"InferInterface"> {
  let cppNamespace = "::ingot::onnx";
  let description = [{
    Element types and shapes of the results, from those of the operands.  Dimensions are symbolic (see ShapeAnalysis.h), so
    that names and relations survive.  Fails with a diagnostic at the op when the operands contradict the operator.
  }];
  let methods = [
    InterfaceMethod<"Sets types, dimensions and known contents of all results.",
      "::llvm::LogicalResult", "infer", (ins "::ingot::onnx::ShapeAnalysis &":$shapes)>,
  ];
}

def ONNX_ElementwiseInterface : OpInterface<"ElementwiseInterface"> {
  let cppNamespace = "::ingot::onnx";
  let description = [{
    One scalar result for one scalar of each operand, operands broadcast together.  The row of the op names the scalar
    operation; shape rule, folding, fusion and lowering follow from it.
  }];
  let methods = [
    InterfaceMethod<"Builds the scalar operation; `args` are signless scalars, extended to f32 if the tensors are narrower floats; null for "
      "an absent operand.  The result has the type wanted, except that it may be f32 where a narrower float is wanted.",
      "::mlir::Value", "buildScalar", (ins "::ingot::ScalarBuilder &":$s, "::mlir::ValueRange":$args)>,
  ];
}

def ONNX_ReductionInterface : OpInterface<"ReductionInterface"> {
  let cppNamespace = "::ingot::onnx";
  let description = [{
    A reduction over axes: `init`, then for every element `combine(acc, map(x))`, then `finish(acc, count)`.
  }];
  let methods = [
    InterfaceMethod<"The neutral element.", "::mlir::Value", "buildInit", (ins "::ingot::ScalarBuilder &":$s)>,
    InterfaceMethod<"Folds one element into the accumulator.", "::mlir::Value", "buildCombine",
      (ins "::ingot::ScalarBuilder &":$s, "::mlir::Value":$acc, "::mlir::Value":$x)>,
    InterfaceMethod<"The result from the accumulator and the number of elements (same element type).", "::mlir::Value", "buildFinish",
      (ins "::ingot::ScalarBuilder &":$s, "::mlir::Value":$acc, "::mlir::Value":$count)>,
  ];
}

#endif
