// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-vectorize-generics{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

#id = affine_map<(a, b, c) -> (a, b, c)>
#row = affine_map<(a, b, c) -> (c)>

// 2 x 3 x 8 contiguous floats are three vectors of sixteen.
// CHECK-LABEL: func @contiguous
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: vector.store
func.func @contiguous(%x: memref<2x3x8xf32>, %y: memref<2x3x8xf32>, %out: memref<2x3x8xf32>) {
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%x, %y : memref<2x3x8xf32>, memref<2x3x8xf32>) outs(%out : memref<2x3x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// An operand that is the same for every row keeps the last dimension apart.
// CHECK-LABEL: func @broadcast
// CHECK: vector.load {{.*}} vector<8xf32>
func.func @broadcast(%x: memref<2x3x8xf32>, %y: memref<8xf32>, %out: memref<2x3x8xf32>) {
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%x, %y : memref<2x3x8xf32>, memref<8xf32>) outs(%out : memref<2x3x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}
