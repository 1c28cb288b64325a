// RUN: ingot-opt %s -onnx-propagate-layout | FileCheck %s
// RUN: ingot-opt %s -onnx-propagate-layout -onnx-propagate-layout | FileCheck %s

// Two convolutions with a residual: one transpose before, one after.
// CHECK-LABEL: @residual
// CHECK-COUNT-1: onnx.Transpose {{.*}}perm = array<i64: 0, 2, 3, 1>
// CHECK-NOT: onnx.Transpose
// CHECK: onnx.Conv {{.*}}channels_last
// CHECK: onnx.Relu {{.*}}tensor<1x8x8x4xf32>
// CHECK: onnx.Conv {{.*}}channels_last
// CHECK: onnx.Add
// CHECK: onnx.Transpose {{.*}}perm = array<i64: 0, 3, 1, 2>
// CHECK-NOT: onnx.Transpose
func.func @residual(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<1x4x8x8xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>, none) -> tensor<1x4x8x8xf32>
  %1 = onnx.Relu %0 : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = onnx.Conv %1, %w, %none {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>, none) -> tensor<1x4x8x8xf32>
  %3 = onnx.Add %2, %1 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %3 : tensor<1x4x8x8xf32>
}

// Axes are renamed: channels are the last dimension now.
// CHECK-LABEL: @concat
// CHECK: onnx.Concat {{.*}}axis = 3
// CHECK: onnx.Softmax {{.*}}axis = 3
func.func @concat(%x: tensor<1x4x8x8xf32>) -> tensor<1x8x7x7xf32> {
  %0:2 = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> (tensor<1x4x7x7xf32>, tensor<1x4x7x7xi64>)
  %1 = onnx.AveragePool %x {kernel_shape = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32>
  %2 = onnx.Concat %0#0, %1 {axis = 1 : i64} : (tensor<1x4x7x7xf32>, tensor<1x4x7x7xf32>) -> tensor<1x8x7x7xf32>
  %3 = onnx.Softmax %2 {axis = 1 : i64} : (tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32>
  return %3 : tensor<1x8x7x7xf32>
}

// After global pooling only dimensions of size 1 move: no transpose is left.
// CHECK-LABEL: @pooled
// CHECK: onnx.GlobalAveragePool {{.*}}channels_last
// CHECK-NOT: onnx.Transpose
// CHECK: onnx.Flatten
func.func @pooled(%x: tensor<2x4x8x8xf32>) -> tensor<2x4xf32> {
  %0 = onnx.GlobalAveragePool %x : (tensor<2x4x8x8xf32>) -> tensor<2x4x1x1xf32>
  %1 = onnx.Flatten %0 : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
