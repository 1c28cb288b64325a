// A product over packed weights: rows are broadcast, one fused multiply-add for each row and step of the depth, the epilogue on vectors.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4},canonicalize,cse))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v2}))' | FileCheck %s --check-prefix=NOFMA

// CHECK-LABEL: func @product
// CHECK: scf.parallel
// CHECK: %[[SUMS:.*]]:14 = scf.for {{.*}} -> (vector<32xf32>, {{.*}}) {
// CHECK: vector.load %{{.*}} : memref<1x2x1x48x32xf32>, vector<32xf32>
// CHECK-COUNT-14: vector.fma
// CHECK: scf.yield
// CHECK: %[[BIAS:.*]] = vector.load %{{.*}} : memref<64xf32>, vector<32xf32>
// CHECK: arith.addf %[[SUMS]]#0, %[[BIAS]] fastmath<contract> : vector<32xf32>
// CHECK: vector.store
// CHECK: ingot.cost
// CHECK-NOT: ingot.contract
// NOFMA-NOT: vector.fma
// NOFMA: arith.mulf {{.*}} : vector<8xf32>
func.func @product(%x: memref<1x2800x48xf32>, %w: memref<1x2x1x48x32xf32>, %bias: memref<64xf32>, %out: memref<1x2800x64xf32>) {
  ingot.contract ins(%x, %w : memref<1x2800x48xf32>, memref<1x2x1x48x32xf32>) extras(%bias : memref<64xf32>) outs(%out : memref<1x2800x64xf32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, extra_maps = [affine_map<(n, o, c) -> (c)>]} {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    ingot.yield %s : f32
  }
  return
}
