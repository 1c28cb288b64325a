// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// Weights as [groups, taps, in, out], then the bias; the kernel pads.
// CHECK-LABEL: @conv
// CHECK-NOT: tensor.pad
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 4, 2, 1]
// CHECK: ingot.contract {{.*}}tensor<1x8x8x4xf32>, tensor<1x3x3x4x6xf32>
// CHECK-SAME: pads = array<i64: 1, 1>
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @conv(%x: tensor<1x8x8x4xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>) -> tensor<1x8x8x6xf32> {
  %0 = onnx.Conv %x, %w, %b {channels_last, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return %0 : tensor<1x8x8x6xf32>
}

// Padding before an image of unknown size is known; where it is split by the size it is not, and the image is copied.
// CHECK-LABEL: @unknown_size
// CHECK-NOT: tensor.pad
// CHECK: ingot.contract
// CHECK-SAME: pads = array<i64: 1, 1>
// CHECK-LABEL: @unknown_padding
// CHECK: tensor.pad
// CHECK: ingot.contract
// CHECK-NOT: pads =
// CHECK: return
func.func @unknown_size(%x: tensor<1x8x?x4xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x8x?x6xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none {channels_last, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x?x4xf32>, tensor<6x4x3x3xf32>, none) -> tensor<1x8x?x6xf32>
  return %0 : tensor<1x8x?x6xf32>
}

func.func @unknown_padding(%x: tensor<1x8x?x4xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x4x?x6xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none {channels_last, auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>} : (tensor<1x8x?x4xf32>, tensor<6x4x3x3xf32>, none) -> tensor<1x4x?x6xf32>
  return %0 : tensor<1x4x?x6xf32>
}

// One filter per channel: weights as [1, taps, 1, channels].
// CHECK-LABEL: @depthwise
// CHECK: ingot.contract {{.*}}tensor<1x8x8x4xf32>, tensor<1x3x3x1x4xf32>
// CHECK-SAME: depthwise
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
