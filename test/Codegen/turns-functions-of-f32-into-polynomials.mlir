// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors,ingot-lower-vectors))' | FileCheck %s

// CHECK-LABEL: func @single
// CHECK-NOT: math.exp
// CHECK: arith.shli {{.*}} : vector<16xi32>
func.func @single(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// A sigmoid takes less than an exponential: 2^n is one addition to the exponent.
// CHECK-LABEL: func @sigmoid
// CHECK-COUNT-1: arith.shli
// CHECK-NOT: arith.shli
// CHECK: arith.divf
func.func @sigmoid(%x: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %n = arith.negf %x : vector<16xf32>
  %e = math.exp %n : vector<16xf32>
  %s = arith.addf %e, %one : vector<16xf32>
  %y = arith.divf %one, %s : vector<16xf32>
  return %y : vector<16xf32>
}

// A bound that is a number lets a NaN through by the order of one comparison.
// CHECK-LABEL: func @relu
// CHECK: %[[MORE:.*]] = arith.cmpf ogt, %[[ZERO:.*]], %[[X:.*]] : f32
// CHECK: arith.select %[[MORE]], %[[ZERO]], %[[X]]
// CHECK-LABEL: func @larger
// CHECK: arith.maximumf
func.func @relu(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %y = arith.maximumf %x, %zero : f32
  return %y : f32
}
func.func @larger(%x: f32, %y: f32) -> f32 {
  %z = arith.maximumf %x, %y : f32
  return %z : f32
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
