// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// Padding with zeros, weights as [groups, taps, in, out], then the bias.
// CHECK-LABEL: @conv
// CHECK: tensor.pad %{{.*}} low[0, 1, 1, 0] high[0, 1, 1, 0]
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 4, 2, 1]
// CHECK: ingot.contract {{.*}}tensor<1x10x10x4xf32>, tensor<1x3x3x4x6xf32>
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @conv(%x: tensor<1x8x8x4xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>) -> tensor<1x8x8x6xf32> {
  %0 = onnx.Conv %x, %w, %b {channels_last, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return %0 : tensor<1x8x8x6xf32>
}

// One filter per channel: no contraction, channels are a parallel loop.
// CHECK-LABEL: @depthwise
// CHECK-NOT: ingot.contract
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
func.func @depthwise(%x: tensor<1x8x8x4xf32>, %w: tensor<4x1x3x3xf32>) -> tensor<1x6x6x4xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none {channels_last, group = 4 : i64} : (tensor<1x8x8x4xf32>, tensor<4x1x3x3xf32>, none) -> tensor<1x6x6x4xf32>
  return %0 : tensor<1x6x6x4xf32>
}

// Stride 2 makes two phases per dimension: four convolutions that are interleaved.
// CHECK-LABEL: @transposed
// CHECK-COUNT-4: ingot.contract
// CHECK-NOT: ingot.contract
func.func @transposed(%x: tensor<1x4x4x3xf32>, %w: tensor<3x2x2x2xf32>) -> tensor<1x8x8x2xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.ConvTranspose %x, %w, %none {channels_last, strides = array<i64: 2, 2>} : (tensor<1x4x4x3xf32>, tensor<3x2x2x2xf32>, none) -> tensor<1x8x8x2xf32>
  return %0 : tensor<1x8x8x2xf32>
}
