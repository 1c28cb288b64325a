// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// A plain right operand: leading dimensions are rows, without a copy.
// CHECK-LABEL: @rows
// CHECK: ingot.contract {{.*}}tensor<2x5x3xf32>, tensor<1x1x3x4xf32>
func.func @rows(%a: tensor<2x5x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x5x4xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<2x5x3xf32>, tensor<3x4xf32>) -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}

// CHECK-LABEL: @batched
// CHECK: ingot.contract {{.*}}tensor<6x5x3xf32>, tensor<6x1x3x4xf32>
// CHECK-SAME: batched_weights
func.func @batched(%a: tensor<2x3x5x3xf32>, %b: tensor<2x3x3x4xf32>) -> tensor<2x3x5x4xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<2x3x5x3xf32>, tensor<2x3x3x4xf32>) -> tensor<2x3x5x4xf32>
  return %0 : tensor<2x3x5x4xf32>
}

// CHECK-LABEL: @vectors
// CHECK: ingot.contract
// CHECK: return %{{.*}} : tensor<f32>
func.func @vectors(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<f32> {
  %0 = onnx.MatMul %a, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// A vector with itself: there are no leading dimensions that could be repeated.
// CHECK-LABEL: @square
// CHECK: ingot.contract
// CHECK: return %{{.*}} : tensor<f32>
func.func @square(%a: tensor<3xf32>) -> tensor<f32> {
  %0 = onnx.MatMul %a, %a : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
