// (An output whose sizes are used twice is among them: its operands stay before it.)
// What compares sizes of inputs is asked before anything is copied, in the order in which it was written; a check of data stays behind the data.
// RUN: ingot-opt %s -ingot-hoist-outputs | FileCheck %s
// RUN: ingot-opt %s -ingot-hoist-outputs -ingot-hoist-outputs | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: ingot.check {{.*}}"first"
// CHECK: ingot.check {{.*}}"second"
// CHECK: linalg.copy
// CHECK: ingot.check {{.*}}"data"
func.func @main(%frame: !llvm.ptr) -> i32 {
  %zero = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %m = ingot.input %frame[0] {element_type = 1 : i32} : memref<?xf32>
  %x = bufferization.to_tensor %m restrict : memref<?xf32> to tensor<?xf32>
  %d = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%d) : tensor<?xf32>
  %y = linalg.copy ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %n = memref.dim %m, %c0 : memref<?xf32>
  %n2 = arith.muli %n, %n : index
  %o = ingot.output %frame[0] (%n, %n2, %n) {element_type = 1 : i32} : memref<?x?x?xf32>
  %one = arith.constant 1.0 : f32
  %v = tensor.extract %y[%c0] : tensor<?xf32>
  %less = arith.cmpf olt, %v, %one : f32
  ingot.check %less, "data"
  %same = arith.cmpi eq, %d, %c3 : index
  ingot.check %same, "first"
  %again = memref.dim %m, %c0 : memref<?xf32>
  %twice = arith.addi %d, %again : index
  %more = arith.cmpi sgt, %twice, %c3 : index
  ingot.check %more, "second"
  return %zero : i32
}
