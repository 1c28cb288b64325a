// Panels of 16 columns, which suit AVX2: a row of the tile is two of them on AVX-512, and half of one on SSE.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4},canonicalize,cse))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v2},canonicalize,cse))' | FileCheck %s --check-prefix=HALF

// CHECK-LABEL: func @product
// CHECK: %[[SUMS:.*]]:14 = scf.for {{.*}} -> (vector<32xf32>, {{.*}}) {
// CHECK: %[[FIRST:.*]] = vector.load %{{.*}}[%c0, %[[PANEL:.*]], %c0, %{{.*}}, %c0] : memref<1x4x1x48x16xf32>, vector<16xf32>
// CHECK: vector.insert_strided_slice %[[FIRST]], %{{.*}} {offsets = [0]
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: vector.insert_strided_slice {{.*}} {offsets = [16]
// CHECK-COUNT-14: vector.fma
// HALF-LABEL: func @product
// HALF: %[[COLUMN:.*]] = arith.muli %{{.*}}, %c8
// HALF: vector.load %{{.*}} : memref<1x4x1x48x16xf32>, vector<8xf32>
func.func @product(%x: memref<1x2800x48xf32>, %w: memref<1x4x1x48x16xf32>, %out: memref<1x2800x64xf32>) {
  ingot.contract ins(%x, %w : memref<1x2800x48xf32>, memref<1x4x1x48x16xf32>) outs(%out : memref<1x2800x64xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}

// Of three panels the last is a tile of its own.
// CHECK-LABEL: func @odd
// CHECK: vector.fma {{.*}} : vector<32xf32>
// CHECK: vector.fma {{.*}} : vector<16xf32>
func.func @odd(%x: memref<1x2800x48xf32>, %w: memref<1x3x1x48x16xf32>, %out: memref<1x2800x48xf32>) {
  ingot.contract ins(%x, %w : memref<1x2800x48xf32>, memref<1x3x1x48x16xf32>) outs(%out : memref<1x2800x48xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}

// CHECK-LABEL: func @winograd
// CHECK: memref.alloca() {{.*}} : memref<36x816xf32>
// CHECK: -> (vector<32xf32>, {{.*}}) {
// CHECK-COUNT-14: vector.fma
// HALF-LABEL: func @winograd
// HALF: vector.load {{.*}} : memref<1x2x6x6x32x16xf32>, vector<8xf32>
func.func @winograd(%x: memref<1x56x56x32xf32>, %w: memref<1x2x6x6x32x16xf32>, %out: memref<1x56x56x32xf32>) {
  ingot.contract ins(%x, %w : memref<1x56x56x32xf32>, memref<1x2x6x6x32x16xf32>) outs(%out : memref<1x56x56x32xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
