// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-vectorize-generics{target=x86-64-v4},canonicalize,cse))' | FileCheck %s

// A body that asks for its index runs on scalars, in parallel all the same.
// CHECK-LABEL: func @index
// CHECK: scf.parallel
// CHECK-NOT: vector
// CHECK: memref.store
func.func @index(%out: memref<1000x200xi64>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%out : memref<1000x200xi64>) {
  ^bb0(%o: i64):
    %i = linalg.index 1 : index
    %v = arith.index_cast %i : index to i64
    linalg.yield %v : i64
  }
  return
}

// So does one whose result is the index.
// CHECK-LABEL: func @index_as_result
// CHECK-NOT: vector
// CHECK: memref.store
func.func @index_as_result(%out: memref<2x40xindex>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%out : memref<2x40xindex>) {
  ^bb0(%o: index):
    %i = linalg.index 1 : index
    linalg.yield %i : index
  }
  return
}

// Every step writes the same element: the loop stays in order.
// CHECK-LABEL: func @same_place
// CHECK: linalg.generic
func.func @same_place(%x: memref<10xf32>, %out: memref<1xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (0)>], iterator_types = ["parallel"]}
    ins(%x : memref<10xf32>) outs(%out : memref<1xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}
