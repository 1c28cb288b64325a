// A tile's four results lie a dilation apart; beyond the end of the line loads are guarded, and results are stored one by one.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @line
// CHECK: scf.parallel
// CHECK-DAG: memref.alloca() {{.*}} : memref<6x96x64xf32>
// CHECK-DAG: memref.alloca() {{.*}} : memref<6x96x16xf32>
// CHECK-COUNT-6: vector.store %{{.*}} : memref<6x96x64xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c6
// CHECK-COUNT-6: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-4: vector.store %{{.*}} : memref<1x?x16xf32>
func.func @line(%x: memref<1x?x64xf32>, %w: memref<1x1x6x64x16xf32>, %out: memref<1x?x16xf32>) {
  ingot.contract ins(%x, %w : memref<1x?x64xf32>, memref<1x1x6x64x16xf32>) outs(%out : memref<1x?x16xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 8>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
