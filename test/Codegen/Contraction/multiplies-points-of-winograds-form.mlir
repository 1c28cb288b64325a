// A task transforms tiles of the input into scratch, multiplies 36 points, and transforms back; the edge guards its loads.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @winograd
// CHECK: scf.parallel
// CHECK-DAG: %[[INPUT:.*]] = memref.alloca() {{.*}} : memref<36x25x32xf32>
// CHECK-DAG: %[[PRODUCTS:.*]] = memref.alloca() {{.*}} : memref<36x25x32xf32>
// CHECK-COUNT-36: vector.store %{{.*}} : memref<36x25x32xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c36
// CHECK: -> (vector<32xf32>, {{.*}}) {
// CHECK-COUNT-14: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-16: vector.store %{{.*}} : memref<1x56x56x32xf32>
func.func @winograd(%x: memref<1x56x56x32xf32>, %w: memref<1x1x6x6x32x32xf32>, %out: memref<1x56x56x32xf32>) {
  ingot.contract ins(%x, %w : memref<1x56x56x32xf32>, memref<1x1x6x6x32x32xf32>) outs(%out : memref<1x56x56x32xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
