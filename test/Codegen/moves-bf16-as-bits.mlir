// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors))' | FileCheck %s

// No value of type bf16 is left for LLVM to promote.
// CHECK-LABEL: func @copy
// CHECK: builtin.unrealized_conversion_cast %{{.*}} : memref<?xbf16> to memref<?xi16>
// CHECK: vector.load {{.*}} : memref<?xi16>, vector<8xi16>
// CHECK: vector.store {{.*}} : memref<?xi16>, vector<8xi16>
// CHECK-NOT: vector<8xbf16>
// CHECK: return
func.func @copy(%from: memref<?xbf16>, %to: memref<?xbf16>, %i: index) {
  %v = vector.load %from[%i] : memref<?xbf16>, vector<8xbf16>
  %f = arith.extf %v : vector<8xbf16> to vector<8xf32>
  %d = arith.addf %f, %f : vector<8xf32>
  %r = arith.truncf %d : vector<8xf32> to vector<8xbf16>
  vector.store %r, %to[%i] : memref<?xbf16>, vector<8xbf16>
  return
}

// CHECK-LABEL: func @single
// CHECK: memref.load {{.*}} : memref<4xi16>
// CHECK: memref.store {{.*}} : memref<4xi16>
func.func @single(%from: memref<4xbf16>, %i: index) {
  %v = memref.load %from[%i] : memref<4xbf16>
  memref.store %v, %from[%i] : memref<4xbf16>
  return
}
