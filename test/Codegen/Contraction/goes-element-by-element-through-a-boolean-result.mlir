// Booleans take a byte in memory and a bit in a vector: the epilogue leaves through a buffer, one element at a time.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize))' | FileCheck %s

// CHECK-LABEL: func @compare
// CHECK: memref.alloca() {{.*}} : memref<{{.*}}x16xf32>
// CHECK: memref.store %{{.*}} : memref<{{.*}}xi1>
// CHECK-NOT: vector.store {{.*}}i1
func.func @compare(%x: memref<1x4x8xf32>, %w: memref<1x1x1x8x16xf32>, %out: memref<1x4x16xi1>) {
  ingot.contract ins(%x, %w : memref<1x4x8xf32>, memref<1x1x1x8x16xf32>) outs(%out : memref<1x4x16xi1>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    %zero = arith.constant 0.0 : f32
    %p = arith.cmpf ogt, %a, %zero : f32
    ingot.yield %p : i1
  }
  return
}
