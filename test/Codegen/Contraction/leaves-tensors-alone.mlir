// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions))' | FileCheck %s

// CHECK: ingot.contract
// CHECK-NOT: scf.parallel
func.func @tensors(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x8xf32>, %out: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x8xf32>) outs(%out : tensor<1x4x8xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x8xf32>
  return %r : tensor<1x4x8xf32>
}
