// RUN: ingot-opt %s -onnx-propagate-layout | FileCheck %s

// A transpose that would become two stays where it is.
// CHECK-LABEL: @mixed
// CHECK: onnx.Transpose
// CHECK: onnx.Add
// CHECK-NOT: onnx.Transpose
func.func @mixed(%x: tensor<2x3x4xf32>, %y: tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %1 = onnx.Add %0, %y : (tensor<2x4x3xf32>, tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  return %1 : tensor<2x4x3xf32>
}

// CHECK-LABEL: @unranked
// CHECK-NOT: channels_last
func.func @unranked(%x: tensor<*xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none : (tensor<*xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
