// x * x as the only user of a product moves into its epilogue, a bound that is the same for all elements as a number. Another user keeps it out.
// RUN: ingot-opt %s -ingot-fuse-epilogue | FileCheck %s
// RUN: ingot-opt %s -ingot-fuse-epilogue -ingot-fuse-epilogue | FileCheck %s

#same = affine_map<(n, o, c) -> (n, o, c)>
#scalar = affine_map<(n, o, c) -> ()>

// CHECK-LABEL: func @square
// CHECK: %[[BOUND:.*]] = arith.constant 6.0{{.*}} : f32
// CHECK: ingot.contract
// CHECK-NOT: extras
// CHECK: ^bb0(%[[A:.*]]: f32):
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK: arith.minimumf %[[SQUARE]], %[[BOUND]]
// CHECK-NOT: linalg.generic
func.func @square(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x8xf32>, %out: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %six = arith.constant dense<6.0> : tensor<f32>
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x8xf32>) outs(%out : tensor<1x4x8xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x8xf32>
  %s = linalg.generic {indexing_maps = [#same, #same, #scalar, #same], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%r, %r, %six : tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<f32>) outs(%out : tensor<1x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %bound: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %c = arith.minimumf %m, %bound : f32
    linalg.yield %c : f32
  } -> tensor<1x4x8xf32>
  return %s : tensor<1x4x8xf32>
}

// CHECK-LABEL: func @elsewhere
// CHECK: ingot.contract
// CHECK: linalg.generic
func.func @elsewhere(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x8xf32>, %out: tensor<1x4x8xf32>) -> (tensor<1x4x8xf32>, tensor<1x4x8xf32>) {
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x8xf32>) outs(%out : tensor<1x4x8xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x8xf32>
  %s = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%r : tensor<1x4x8xf32>) outs(%out : tensor<1x4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  } -> tensor<1x4x8xf32>
  return %r, %s : tensor<1x4x8xf32>, tensor<1x4x8xf32>
}
