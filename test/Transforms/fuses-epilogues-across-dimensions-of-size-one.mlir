// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-fuse-epilogue)' | FileCheck %s

#all = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// CHECK: affine_map<(d0, d1, d2) -> (d2)>
// CHECK-LABEL: func @bias
// CHECK: %[[R:.*]] = ingot.contract {{.*}} extras(%{{.*}} : tensor<8xf32>)
// CHECK: arith.addf
// CHECK: tensor.collapse_shape %[[R]] {{\[}}[0, 1], [2]]
// CHECK-NOT: linalg.generic
func.func @bias(%x: tensor<1x?x4xf32>, %w: tensor<1x1x4x8xf32>, %o: tensor<1x?x8xf32>, %b: tensor<8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %p = ingot.contract ins(%x, %w : tensor<1x?x4xf32>, tensor<1x1x4x8xf32>) outs(%o : tensor<1x?x8xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x?x8xf32>
  %c = tensor.collapse_shape %p [[0, 1], [2]] : tensor<1x?x8xf32> into tensor<?x8xf32>
  %r = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%c, %b : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%i: f32, %j: f32, %k: f32):
    %s = arith.addf %i, %j : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// Two dimensions of several positions each become one: the product stays as it is.
// CHECK-LABEL: func @rows
// CHECK: linalg.generic
func.func @rows(%x: tensor<2x3x4xf32>, %w: tensor<1x1x4x8xf32>, %o: tensor<2x3x8xf32>, %e: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %p = ingot.contract ins(%x, %w : tensor<2x3x4xf32>, tensor<1x1x4x8xf32>) outs(%o : tensor<2x3x8xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<2x3x8xf32>
  %c = tensor.collapse_shape %p [[0, 1], [2]] : tensor<2x3x8xf32> into tensor<6x8xf32>
  %r = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]} ins(%c : tensor<6x8xf32>) outs(%e : tensor<6x8xf32>) {
  ^bb0(%i: f32, %k: f32):
    %s = arith.negf %i : f32
    linalg.yield %s : f32
  } -> tensor<6x8xf32>
  return %r : tensor<6x8xf32>
}
