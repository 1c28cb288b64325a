// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// The input product of all steps is one contraction before the loop; the recurrent one is inside.
// CHECK-LABEL: @lstm
// CHECK: ingot.contract {{.*}}tensor<1x10x3xf32>
// CHECK: scf.for
// CHECK: ingot.contract {{.*}}tensor<1x2x4xf32>
// CHECK: scf.yield
func.func @lstm(%x: tensor<5x2x3xf32>, %w: tensor<1x16x3xf32>, %r: tensor<1x16x4xf32>) -> tensor<5x1x2x4xf32> {
  %none = onnx.NoValue {value}
  %0:3 = onnx.LSTM %x, %w, %r, %none, %none, %none, %none, %none {hidden_size = 4 : i64}
    : (tensor<5x2x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>, none, none, none, none, none) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return %0#0 : tensor<5x1x2x4xf32>
}
