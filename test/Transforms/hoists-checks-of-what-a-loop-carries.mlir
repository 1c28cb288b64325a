// In a loop, too, sizes are compared as early as they are known: what reads a value may have been told what the check makes sure of.
// RUN: ingot-opt %s -ingot-hoist-outputs | FileCheck %s
// RUN: ingot-opt %s -ingot-hoist-outputs -ingot-hoist-outputs | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: scf.for
// CHECK-NEXT: tensor.dim
// CHECK-NEXT: arith.cmpi
// CHECK-NEXT: ingot.check {{.*}}"sizes"
// CHECK-NEXT: linalg.copy
// CHECK-NEXT: tensor.extract
// CHECK-NEXT: arith.cmpf
// CHECK-NEXT: ingot.check {{.*}}"data"
func.func @main(%frame: !llvm.ptr) -> i32 {
  %zero = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1.0 : f32
  %m = ingot.input %frame[0] {element_type = 1 : i32} : memref<?xf32>
  %x = bufferization.to_tensor %m restrict : memref<?xf32> to tensor<?xf32>
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%t = %x) -> tensor<?xf32> {
    %u = linalg.copy ins(%t : tensor<?xf32>) outs(%t : tensor<?xf32>) -> tensor<?xf32>
    %v = tensor.extract %u[%c0] : tensor<?xf32>
    %less = arith.cmpf olt, %v, %one : f32
    ingot.check %less, "data"
    %d = tensor.dim %t, %c0 : tensor<?xf32>
    %same = arith.cmpi eq, %d, %c3 : index
    ingot.check %same, "sizes"
    scf.yield %u : tensor<?xf32>
  }
  return %zero : i32
}
