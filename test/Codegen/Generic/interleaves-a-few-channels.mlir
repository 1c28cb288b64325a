// Three planes become pixels by whole loads, shuffles and whole stores; a row of 20 is two vectors of eight and one of four. Many channels, and channels
// that are last already, are none of its business.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-vectorize-generics{target=x86-64-v3},canonicalize,cse))' | FileCheck %s

// CHECK-LABEL: func @planes
// CHECK: %[[OUT:.*]] = memref.collapse_shape %arg1 {{\[\[0\], \[1\], \[2, 3\]\]}}
// CHECK: scf.parallel
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %c0 to %c16 step %c8
// CHECK-COUNT-3: vector.load %arg0[{{.*}} : memref<1x3x1000x20xf32>, vector<8xf32>
// CHECK: vector.shuffle {{.*}} [0, -1, -1, 1, -1, -1,
// CHECK: vector.store %{{.*}}, %[[OUT]]{{.*}} vector<24xf32>
// CHECK-COUNT-3: vector.load %arg0[{{.*}} vector<4xf32>
// CHECK: vector.store %{{.*}}, %[[OUT]]{{.*}} vector<12xf32>
func.func @planes(%x: memref<1x3x1000x20xf32>, %out: memref<1x1000x20x3xf32>) {
  linalg.transpose ins(%x : memref<1x3x1000x20xf32>) outs(%out : memref<1x1000x20x3xf32>) permutation = [0, 2, 3, 1]
  return
}

// CHECK-LABEL: func @many
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @many(%x: memref<1x32x10x20xf32>, %out: memref<1x10x20x32xf32>) {
  linalg.transpose ins(%x : memref<1x32x10x20xf32>) outs(%out : memref<1x10x20x32xf32>) permutation = [0, 2, 3, 1]
  return
}

// CHECK-LABEL: func @already_last
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @already_last(%x: memref<10x20x3xf32>, %out: memref<20x10x3xf32>) {
  linalg.transpose ins(%x : memref<10x20x3xf32>) outs(%out : memref<20x10x3xf32>) permutation = [1, 0, 2]
  return
}
