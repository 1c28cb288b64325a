// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors,ingot-lower-vectors))' | FileCheck %s

// CHECK-LABEL: func @single
// CHECK-NOT: math.exp
// CHECK: arith.shli {{.*}} : vector<16xi32>
func.func @single(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @half
// CHECK: arith.extf
// CHECK-NOT: math.tanh
// CHECK: arith.truncf
func.func @half(%x: f16) -> f16 {
  %y = math.tanh %x : f16
  return %y : f16
}

// CHECK-LABEL: func @double
// CHECK: math.exp
func.func @double(%x: f64) -> f64 {
  %y = math.exp %x : f64
  return %y : f64
}

// Scratch would let the stack grow with every iteration.
// CHECK-LABEL: func @scratch
// CHECK: memref.alloca
// CHECK: scf.for
func.func @scratch(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloca() : memref<4xf32>
    memref.store %v, %a[%c0] : memref<4xf32>
  }
  return
}
