// 40 columns in panels of 32: panels are filled up, so that only the store at the edge has a mask.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @edge
// CHECK-NOT: vector.maskedload
// CHECK: scf.if
// CHECK: vector.store
// CHECK: } else {
// CHECK: vector.maskedstore
func.func @edge(%x: memref<1x1x64xf32>, %w: memref<1x2x1x64x32xf32>, %out: memref<1x1x40xf32>) {
  ingot.contract ins(%x, %w : memref<1x1x64xf32>, memref<1x2x1x64x32xf32>) outs(%out : memref<1x1x40xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
