// RUN: ingot-opt %s -ingot-order-output-copies -split-input-file | FileCheck %s
// RUN: ingot-opt %s -ingot-order-output-copies -ingot-order-output-copies -split-input-file | FileCheck %s

// What lies in the first output is read before another result comes there.
// CHECK: memref.copy %[[FIRST:.*]], %[[SECOND:.*]] :
// CHECK: memref.copy %{{.*}}, %[[FIRST]] :
// CHECK: return
func.func @main(%frame: !llvm.ptr) -> i32 {
  %zero = arith.constant 0 : i32
  %first = ingot.output %frame[0] () {element_type = 1 : i32} : memref<4xf32>
  %second = ingot.output %frame[1] () {element_type = 1 : i32} : memref<4xf32>
  %a = memref.alloc() : memref<4xf32>
  memref.copy %a, %first : memref<4xf32> to memref<4xf32>
  memref.copy %first, %second : memref<4xf32> to memref<4xf32>
  return %zero : i32
}

// -----

// Two that change places need a third.
// CHECK: %[[FIRST:.*]] = ingot.output %{{.*}}[0]
// CHECK: %[[SECOND:.*]] = ingot.output %{{.*}}[1]
// CHECK: %[[ASIDE:.*]] = memref.alloc(
// CHECK: memref.copy %[[FIRST]], %[[ASIDE]]
// CHECK: memref.copy %[[SECOND]], %[[FIRST]]
// CHECK: memref.copy %[[ASIDE]], %[[SECOND]]
func.func @main(%frame: !llvm.ptr, %n: index) -> i32 {
  %zero = arith.constant 0 : i32
  %first = ingot.output %frame[0] (%n) {element_type = 1 : i32} : memref<?xf32>
  %second = ingot.output %frame[1] (%n) {element_type = 1 : i32} : memref<?xf32>
  memref.copy %second, %first : memref<?xf32> to memref<?xf32>
  memref.copy %first, %second : memref<?xf32> to memref<?xf32>
  return %zero : i32
}

// -----

// In order already; strings are given away behind their copy.
// CHECK: memref.copy %[[FIRST:.*]], %[[SECOND:.*]] :
// CHECK-NEXT: ingot.give %{{.*}}[1]
// CHECK-NEXT: memref.copy %{{.*}}, %[[FIRST]] :
// CHECK-NEXT: return
func.func @main(%frame: !llvm.ptr) -> i32 {
  %zero = arith.constant 0 : i32
  %first = ingot.output %frame[0] () {element_type = 1 : i32} : memref<4xf32>
  %second = ingot.output %frame[1] () {element_type = 1 : i32} : memref<4xf32>
  %a = memref.alloc() : memref<4xf32>
  memref.copy %first, %second : memref<4xf32> to memref<4xf32>
  ingot.give %frame[1]
  memref.copy %a, %first : memref<4xf32> to memref<4xf32>
  return %zero : i32
}
