// A task transforms tiles of the input into scratch, multiplies 36 points, and transforms back; the edge guards its loads.
// Points are no multiple of a page apart. Weights that are 3x3 are transformed into scratch, too, some channels at a time.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @winograd
// CHECK: scf.parallel
// CHECK-DAG: %[[INPUT:.*]] = memref.alloca() {{.*}} : memref<36x816xf32>
// CHECK-DAG: %[[PRODUCTS:.*]] = memref.alloca() {{.*}} : memref<36x816xf32>
// CHECK-COUNT-36: vector.store %{{.*}} : memref<36x816xf32>
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

// CHECK-LABEL: func @transforms_weights
// CHECK: scf.parallel
// CHECK: %[[WEIGHTS:.*]] = memref.alloca() {{.*}} : memref<36x87x32xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c86
// CHECK-COUNT-9: vector.load %arg1[{{.*}} : memref<1x8x3x3x256x32xf32>, vector<16xf32>
// CHECK-COUNT-36: vector.store %{{.*}}, %[[WEIGHTS]]
// CHECK: vector.load %[[WEIGHTS]]
// CHECK: vector.fma
func.func @transforms_weights(%x: memref<1x14x14x256xf32>, %w: memref<1x8x3x3x256x32xf32>, %out: memref<1x14x14x256xf32>) {
  ingot.contract ins(%x, %w : memref<1x14x14x256xf32>, memref<1x8x3x3x256x32xf32>) outs(%out : memref<1x14x14x256xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  }
  return
}
