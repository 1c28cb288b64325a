// A 3x3 window with one column of padding on each side: the first tile leaves out what does not exist, rows at the upper and lower edge take
// fewer taps.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize,cse))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize,cse))' | FileCheck %s --check-prefix=DEPTHWISE

// CHECK-LABEL: func @window
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: scf.for
// CHECK-COUNT-5: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-6: vector.fma
func.func @window(%x: memref<1x18x18x8xf32>, %w: memref<1x1x3x3x8x16xf32>, %out: memref<1x18x18x16xf32>) {
  ingot.contract ins(%x, %w : memref<1x18x18x8xf32>, memref<1x1x3x3x8x16xf32>) outs(%out : memref<1x18x18x16xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}

// Eight windows share the elements of a row: 23 of 24 products exist in the tiles at the edges.
// DEPTHWISE-LABEL: func @depthwise
// DEPTHWISE-COUNT-23: vector.fma
// DEPTHWISE-NOT: vector.fma
// DEPTHWISE: scf.yield
// DEPTHWISE-COUNT-24: vector.fma
// DEPTHWISE-NOT: vector.fma
// DEPTHWISE: scf.yield
// DEPTHWISE-COUNT-23: vector.fma
// DEPTHWISE-NOT: vector.fma
// DEPTHWISE: scf.yield
func.func @depthwise(%x: memref<1x24x24x8xf32>, %w: memref<1x3x3x1x8xf32>, %out: memref<1x24x24x8xf32>) {
  ingot.contract ins(%x, %w : memref<1x24x24x8xf32>, memref<1x3x3x1x8xf32>) outs(%out : memref<1x24x24x8xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, depthwise} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
