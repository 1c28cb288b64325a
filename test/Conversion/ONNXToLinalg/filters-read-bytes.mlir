// A convolution with one filter per channel takes the bytes that its numbers are cast from.
// RUN: ingot-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func @filters
// CHECK: ingot.contract ins(%{{.*}}, %{{.*}} : tensor<1x5x5x8xi8>, tensor<1x3x3x1x8xf32>) {{.*}} {depthwise, {{.*}}unsigned_input
func.func @filters(%x: tensor<1x5x5x8xui8>) -> tensor<1x3x3x8xf32> {
  %none = onnx.NoValue
  %w = onnx.Constant {value = dense<2.0> : tensor<8x1x3x3xf32>} : tensor<8x1x3x3xf32>
  %n = onnx.Cast %x {to = 1 : i64} : (tensor<1x5x5x8xui8>) -> tensor<1x5x5x8xf32>
  %y = onnx.Conv %n, %w, %none {group = 8 : i64, channels_last} : (tensor<1x5x5x8xf32>, tensor<8x1x3x3xf32>, none) -> tensor<1x3x3x8xf32>
  return %y : tensor<1x3x3x8xf32>
}
