// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-pack-weights{target=x86-64-v4})' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-pack-weights{target=x86-64-v4},ingot-pack-weights{target=x86-64-v4})' | FileCheck %s

// 40 columns are two panels of 32, the second filled up.
// CHECK-LABEL: func @constant
// CHECK: linalg.pack %{{.*}} padding_value({{.*}}) outer_dims_perm = [0, 3, 1, 2] inner_dims_pos = [3] inner_tiles = [32] {{.*}} -> tensor<1x2x1x64x32xf32>
// CHECK-NOT: linalg.pack
// CHECK: ingot.contract
func.func @constant(%x: tensor<1x128x64xf32>, %o: tensor<1x128x40xf32>) -> tensor<1x128x40xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x64x40xf32>
  %r = ingot.contract ins(%x, %w : tensor<1x128x64xf32>, tensor<1x1x64x40xf32>) outs(%o : tensor<1x128x40xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x128x40xf32>
  return %r : tensor<1x128x40xf32>
}

// The transposition of keys is part of the pack.
// CHECK-LABEL: func @transposed
// CHECK-SAME: %[[Q:.*]]: tensor<2x8x64xf32>, %[[K:.*]]: tensor<2x1x32x64xf32>
// CHECK: linalg.pack %[[K]] outer_dims_perm = [0, 2, 1, 3] inner_dims_pos = [2] inner_tiles = [32]
func.func @transposed(%q: tensor<2x8x64xf32>, %k: tensor<2x1x32x64xf32>, %o: tensor<2x8x32xf32>) -> tensor<2x8x32xf32> {
  %e = tensor.empty() : tensor<2x1x64x32xf32>
  %t = linalg.transpose ins(%k : tensor<2x1x32x64xf32>) outs(%e : tensor<2x1x64x32xf32>) permutation = [0, 1, 3, 2]
  %r = ingot.contract ins(%q, %t : tensor<2x8x64xf32>, tensor<2x1x64x32xf32>) outs(%o : tensor<2x8x32xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, batched_weights} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<2x8x32xf32>
  return %r : tensor<2x8x32xf32>
}

// Values of attention lie well as they are.
// CHECK-LABEL: func @computed
// CHECK-NOT: linalg.pack
func.func @computed(%q: tensor<2x8x64xf32>, %v: tensor<2x1x64x32xf32>, %o: tensor<2x8x32xf32>) -> tensor<2x8x32xf32> {
  %r = ingot.contract ins(%q, %v : tensor<2x8x64xf32>, tensor<2x1x64x32xf32>) outs(%o : tensor<2x8x32xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, batched_weights} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<2x8x32xf32>
  return %r : tensor<2x8x32xf32>
}

// The recurrent weights of a cell are packed once, before its steps.
// CHECK-LABEL: func @recurrent
// CHECK: linalg.pack
// CHECK: scf.for
// CHECK-NOT: linalg.pack
// CHECK: ingot.contract
func.func @recurrent(%w: tensor<32x32xf32>, %h: tensor<1x1x32xf32>, %n: index) -> tensor<1x1x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%old = %h) -> tensor<1x1x32xf32> {
    %f = tensor.empty() : tensor<1x1x32x32xf32>
    %u = tensor.expand_shape %w [[0, 1, 2], [3]] output_shape [1, 1, 32, 32] : tensor<32x32xf32> into tensor<1x1x32x32xf32>
    %v = linalg.transpose ins(%u : tensor<1x1x32x32xf32>) outs(%f : tensor<1x1x32x32xf32>) permutation = [0, 1, 3, 2]
    %o = tensor.empty() : tensor<1x1x32xf32>
    %p = ingot.contract ins(%old, %v : tensor<1x1x32xf32>, tensor<1x1x32x32xf32>) outs(%o : tensor<1x1x32xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
    ^bb0(%a: f32):
      ingot.yield %a : f32
    } -> tensor<1x1x32xf32>
    scf.yield %p : tensor<1x1x32xf32>
  }
  return %r : tensor<1x1x32xf32>
}

// Signed bytes of a depth of whole fours lie in fours.
// CHECK-LABEL: func @bytes
// CHECK: ingot.contract {{.*}} tensor<1x2x1x16x32x4xi8>)
func.func @bytes(%x: tensor<1x128x64xi8>, %o: tensor<1x128x64xi32>) -> tensor<1x128x64xi32> {
  %w = arith.constant dense<1> : tensor<1x1x64x64xi8>
  %r = ingot.contract ins(%x, %w : tensor<1x128x64xi8>, tensor<1x1x64x64xi8>) outs(%o : tensor<1x128x64xi32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, unsigned_input} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  } -> tensor<1x128x64xi32>
  return %r : tensor<1x128x64xi32>
}

// CHECK-LABEL: func @unsigned_bytes
// CHECK: ingot.contract {{.*}} tensor<1x2x1x64x32xi8>)
func.func @unsigned_bytes(%x: tensor<1x128x64xi8>, %o: tensor<1x128x64xi32>) -> tensor<1x128x64xi32> {
  %w = arith.constant dense<1> : tensor<1x1x64x64xi8>
  %r = ingot.contract ins(%x, %w : tensor<1x128x64xi8>, tensor<1x1x64x64xi8>) outs(%o : tensor<1x128x64xi32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, unsigned_weights} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  } -> tensor<1x128x64xi32>
  return %r : tensor<1x128x64xi32>
}
