// 3x3 weights of enough channels become 6x6 points by two products with G, or are left to the kernel to transform where that would add too much to
// the model. Not done: for few channels, with a stride, for weights that are computed.
// RUN: ingot-opt %s -ingot-apply-winograd | FileCheck %s
// RUN: ingot-opt %s -ingot-apply-winograd -ingot-apply-winograd | FileCheck %s

// CHECK-LABEL: func @wide
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x3x3x64x64xf32>, tensor<6x3xf32>) outs(%{{.*}} : tensor<1x6x3x64x64xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x6x3x64x64xf32>, tensor<6x3xf32>) outs(%{{.*}} : tensor<1x6x6x64x64xf32>)
// CHECK: ingot.contract {{.*}} tensor<1x6x6x64x64xf32>
// CHECK-SAME: winograd = 4
func.func @wide(%x: tensor<?x56x56x64xf32>, %out: tensor<?x56x56x64xf32>) -> tensor<?x56x56x64xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x3x64x64xf32>
  %r = ingot.contract ins(%x, %w : tensor<?x56x56x64xf32>, tensor<1x3x3x64x64xf32>) outs(%out : tensor<?x56x56x64xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<?x56x56x64xf32>
  return %r : tensor<?x56x56x64xf32>
}

// Many channels: 27 MB more of weights is too much, and the kernel transforms them.
// CHECK-LABEL: func @deep
// CHECK: ingot.contract {{.*}} tensor<1x3x3x512x512xf32>
// CHECK-SAME: winograd = 4
func.func @deep(%x: tensor<1x7x7x512xf32>, %out: tensor<1x7x7x512xf32>) -> tensor<1x7x7x512xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x3x512x512xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x7x7x512xf32>, tensor<1x3x3x512x512xf32>) outs(%out : tensor<1x7x7x512xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x7x7x512xf32>
  return %r : tensor<1x7x7x512xf32>
}

// CHECK-LABEL: func @narrow
// CHECK-NOT: winograd
// CHECK: return
func.func @narrow(%x: tensor<1x56x56x4xf32>, %out: tensor<1x56x56x4xf32>) -> tensor<1x56x56x4xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x3x4x4xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x56x56x4xf32>, tensor<1x3x3x4x4xf32>) outs(%out : tensor<1x56x56x4xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x56x56x4xf32>
  return %r : tensor<1x56x56x4xf32>
}

// CHECK-LABEL: func @strided
// CHECK-NOT: winograd
// CHECK: return
func.func @strided(%x: tensor<1x56x56x64xf32>, %out: tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x3x64x64xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x56x56x64xf32>, tensor<1x3x3x64x64xf32>) outs(%out : tensor<1x28x28x64xf32>)
    attributes {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x28x28x64xf32>
  return %r : tensor<1x28x28x64xf32>
}

// CHECK-LABEL: func @computed
// CHECK-NOT: winograd
// CHECK: return
func.func @computed(%x: tensor<1x56x56x64xf32>, %w: tensor<1x3x3x64x64xf32>, %out: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %r = ingot.contract ins(%x, %w : tensor<1x56x56x64xf32>, tensor<1x3x3x64x64xf32>) outs(%out : tensor<1x56x56x64xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x56x56x64xf32>
  return %r : tensor<1x56x56x64xf32>
}

// Three taps in one dimension, of any length and dilation: six products for four results.
// CHECK-LABEL: func @line
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x3x64x128xf32>, tensor<6x3xf32>) outs(%{{.*}} : tensor<1x6x64x128xf32>)
// CHECK: ingot.contract {{.*}} tensor<1x6x64x128xf32>
// CHECK-SAME: winograd = 4
func.func @line(%x: tensor<1x?x64xf32>, %out: tensor<1x?x128xf32>) -> tensor<1x?x128xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x64x128xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x?x64xf32>, tensor<1x3x64x128xf32>) outs(%out : tensor<1x?x128xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 8>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x?x128xf32>
  return %r : tensor<1x?x128xf32>
}

// Of each tile one result at most is wanted.
// CHECK-LABEL: func @short
// CHECK-NOT: winograd
// CHECK: return
func.func @short(%x: tensor<1x24x64xf32>, %out: tensor<1x8x128xf32>) -> tensor<1x8x128xf32> {
  %w = arith.constant dense<0.5> : tensor<1x3x64x128xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x24x64xf32>, tensor<1x3x64x128xf32>) outs(%out : tensor<1x8x128xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 8>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x8x128xf32>
  return %r : tensor<1x8x128xf32>
}
