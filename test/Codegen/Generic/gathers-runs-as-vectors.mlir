// Rows are chosen by a table, their elements lie side by side: the position is read once, the elements as vectors. Not so where the elements of
// a row are chosen.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-vectorize-generics{target=x86-64-v3},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @rows
// CHECK: %[[POSITION:.*]] = memref.load %{{.*}} : memref<{{.*}}xi64
// CHECK: %[[ROW:.*]] = arith.index_cast %[[POSITION]] : i64 to index
// CHECK: vector.load %{{.*}}[%[[ROW]], %{{.*}}] : memref<10x40xf32>, vector<8xf32>
// CHECK: vector.store
func.func @rows(%x: memref<10x40xf32>, %p: memref<30xi64>, %out: memref<30x40xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%p : memref<30xi64>) outs(%out : memref<30x40xf32>) {
  ^bb0(%at: i64, %o: f32):
    %i = arith.index_cast %at : i64 to index
    %j = linalg.index 1 : index
    %v = memref.load %x[%i, %j] : memref<10x40xf32>
    linalg.yield %v : f32
  }
  return
}

// CHECK-LABEL: func @elements
// CHECK-NOT: vector.load
// CHECK: return
func.func @elements(%x: memref<30x10xf32>, %p: memref<40xi64>, %out: memref<30x40xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%p : memref<40xi64>) outs(%out : memref<30x40xf32>) {
  ^bb0(%at: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %at : i64 to index
    %v = memref.load %x[%i, %j] : memref<30x10xf32>
    linalg.yield %v : f32
  }
  return
}
