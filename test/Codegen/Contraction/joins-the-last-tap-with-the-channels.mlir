// Three columns of three channels lie side by side: 3 x 3 x 3 reduces three times over nine.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @window
// CHECK: memref.collapse_shape %{{.*}} {{\[}}[0], [1], [2, 3]] : memref<1x10x10x3xf32> into memref<1x10x30xf32>
// CHECK: memref.collapse_shape %{{.*}} {{\[}}[0], [1], [2], [3, 4], [5]] : memref<1x1x3x3x3x16xf32> into memref<1x1x3x9x16xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c3
// CHECK: scf.for %{{.*}} = %c0 to %c9
func.func @window(%x: memref<1x10x10x3xf32>, %w: memref<1x1x3x3x3x16xf32>, %out: memref<1x8x8x16xf32>) {
  ingot.contract ins(%x, %w : memref<1x10x10x3xf32>, memref<1x1x3x3x3x16xf32>) outs(%out : memref<1x8x8x16xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
