// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-vectorize-generics{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @row_maximum
// CHECK-DAG: dense<0xFF800000> : vector<16xf32>
// CHECK: %[[PARTS:.*]]:4 = scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: vector.reduction <maximumf>
func.func @row_maximum(%x: memref<10x256xf32>, %out: memref<10xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<10x256xf32>) outs(%out : memref<10xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %o : f32
    linalg.yield %m : f32
  }
  return
}
