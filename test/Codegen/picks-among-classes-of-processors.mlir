// Every function is there for each class, and @main calls the set of the best one that the frame's features have.
// RUN: ingot-opt %s --ingot-clone-for-targets=targets=x86-64-v4,x86-64-v2 | FileCheck %s
// Without products of bytes there is no copy for what only multiplies bytes faster, unless it is the last.
// RUN: ingot-opt %s --ingot-clone-for-targets=targets=x86-64-v4+avx512vnni,x86-64-v2 | FileCheck %s --check-prefix=NONE
// RUN: ingot-opt %s --ingot-clone-for-targets=targets=x86-64-v4+avx512vnni | FileCheck %s --check-prefix=ONLY
// NONE-NOT: vnni
// NONE: call @main_x86_64_v2
// NONE-NOT: vnni
// ONLY: call @main_x86_64_v4_avx512vnni

// CHECK-DAG: func.func private @main_x86_64_v4(%{{.*}}: !llvm.ptr) -> i32 attributes {ingot.main, ingot.target = "x86-64-v4"}
// CHECK-DAG: call @kernel_Relu_x86_64_v4
// CHECK-DAG: func.func private @kernel_Relu_x86_64_v4(%{{.*}}: memref<4xf32>) attributes {ingot.kernel, ingot.target = "x86-64-v4"}
// CHECK-DAG: func.func private @kernel_Relu_x86_64_v2(%{{.*}}: memref<4xf32>) attributes {ingot.kernel, ingot.target = "x86-64-v2"}
// CHECK-LABEL: func.func @main(
// CHECK: %[[FEATURES:.*]] = llvm.load
// CHECK: %[[BIT:.*]] = arith.andi %[[FEATURES]], %c4_i64
// CHECK: %[[HAS:.*]] = arith.cmpi ne, %[[BIT]]
// CHECK: scf.if %[[HAS]] -> (i32)
// CHECK: call @main_x86_64_v4
// CHECK: else
// CHECK: call @main_x86_64_v2
func.func @main(%frame: !llvm.ptr) -> i32 {
  %c0 = arith.constant 0 : i32
  %x = ingot.weight %frame at 0 : memref<4xf32>
  call @kernel_Relu(%x) : (memref<4xf32>) -> ()
  return %c0 : i32
}
func.func private @kernel_Relu(%x: memref<4xf32>) attributes {ingot.kernel} {
  return
}
