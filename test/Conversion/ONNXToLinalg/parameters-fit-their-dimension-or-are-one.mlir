// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// Only the run knows whether the bias is one number or one for each column: reading it must not leave it.
// CHECK-LABEL: @bias
// CHECK: ingot.check {{.*}}dimension 0 of an operand fits neither 1 nor the dimension it is broadcast with
func.func @bias(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = onnx.Gemm %a, %b, %c : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: @blocks
// CHECK: ingot.check {{.*}}dimension 1 of a scale or zero point has not one element for each of the data, or each block
func.func @blocks(%x: tensor<4x?xi8>, %scale: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.DequantizeLinear %x, %scale, %none {axis = 1 : i64, block_size = 2 : i64} : (tensor<4x?xi8>, tensor<4x?xf32>, none) -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// What is known to fit is read as it is.
// CHECK-LABEL: @known
// CHECK-NOT: ingot.check
// CHECK: return
func.func @known(%x: tensor<?x4xi8>, %scale: tensor<4xf32>) -> tensor<?x4xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.DequantizeLinear %x, %scale, %none {axis = 1 : i64} : (tensor<?x4xi8>, tensor<4xf32>, none) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
