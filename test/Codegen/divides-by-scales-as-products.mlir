// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors{target=x86-64-v3}))' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-lower-vectors{target=x86-64-v2}))' | FileCheck %s --check-prefix=PLAIN

// 1 / 3, a remainder without rounding, and a correction.
// CHECK-LABEL: func @bounded
// CHECK: %[[Q:.*]] = arith.mulf %[[X:.*]], %{{.*}}
// CHECK: %[[REST:.*]] = vector.fma %[[Q]], %{{.*}}, %[[X]]
// CHECK: vector.fma %[[REST]], %{{.*}}, %[[Q]]
// CHECK-NOT: arith.divf
// CHECK: return
// PLAIN-LABEL: func @bounded
// PLAIN: arith.divf
func.func @bounded(%x: vector<8xf32>) -> vector<8xf32> {
  %low = arith.constant dense<-3.0> : vector<8xf32>
  %high = arith.constant dense<300.0> : vector<8xf32>
  %three = arith.constant dense<3.0> : vector<8xf32>
  %m = arith.maxnumf %x, %low : vector<8xf32>
  %n = arith.minnumf %m, %high : vector<8xf32>
  %q = arith.divf %n, %three : vector<8xf32>
  %y = math.roundeven %q : vector<8xf32>
  return %y : vector<8xf32>
}

// The remainder of infinity is no number.
// CHECK-LABEL: func @unbounded
// CHECK: arith.divf
func.func @unbounded(%x: vector<8xf32>) -> vector<8xf32> {
  %three = arith.constant dense<3.0> : vector<8xf32>
  %q = arith.divf %x, %three : vector<8xf32>
  %y = math.roundeven %q : vector<8xf32>
  return %y : vector<8xf32>
}
