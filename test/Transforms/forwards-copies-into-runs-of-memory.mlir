// RUN: ingot-opt %s -ingot-forward-copies | FileCheck %s
// RUN: ingot-opt %s -ingot-forward-copies -ingot-forward-copies | FileCheck %s

// The stack of two buffers is a part of the third; all of them are written where they will lie, and read there.
// CHECK-LABEL: func @main
func.func @main(%frame: !llvm.ptr, %x: memref<4x8xf32>, %n: index) {
  // CHECK: %[[SUM:.*]] = arith.addi
  // CHECK: %[[OUT:.*]] = ingot.output %{{.*}}[0] (%[[SUM]])
  // CHECK: %[[STACK:.*]] = memref.subview %[[OUT]][1, 0, 0, 0] [1, 2, 4, %[[SUM]]] [1, 1, 1, 1] {{.*}} to memref<2x4x?xf32, strided
  // CHECK: %[[PART:.*]] = memref.subview %[[STACK]][1, 0, 0] [1, 4, %[[SUM]]] [1, 1, 1] {{.*}} to memref<4x?xf32, strided
  // CHECK: linalg.fill {{.*}} outs(%[[PART]]
  // CHECK-NOT: memref.copy
  // CHECK: linalg.exp ins(%[[PART]]
  // CHECK-NOT: memref.copy
  %one = arith.constant 1.0 : f32
  %m = arith.addi %n, %n : index
  %out = ingot.output %frame[0] (%m) {element_type = 1 : i32} : memref<3x2x4x?xf32>
  %a = memref.alloc(%m) : memref<4x?xf32>
  linalg.fill ins(%one : f32) outs(%a : memref<4x?xf32>)
  %stack = memref.alloc(%m) : memref<2x4x?xf32>
  %place = memref.subview %stack[1, 0, 0] [1, 4, %m] [1, 1, 1] : memref<2x4x?xf32> to memref<1x4x?xf32, strided<[?, ?, 1], offset: ?>>
  %wide = memref.expand_shape %a [[0, 1], [2]] output_shape [1, 4, %m] : memref<4x?xf32> into memref<1x4x?xf32>
  memref.copy %wide, %place : memref<1x4x?xf32> to memref<1x4x?xf32, strided<[?, ?, 1], offset: ?>>
  %r = memref.alloc(%m) : memref<4x?xf32>
  linalg.exp ins(%a : memref<4x?xf32>) outs(%r : memref<4x?xf32>)
  %other = memref.subview %stack[0, 0, 0] [1, 4, %m] [1, 1, 1] : memref<2x4x?xf32> to memref<4x?xf32, strided<[?, 1]>>
  linalg.exp ins(%r : memref<4x?xf32>) outs(%other : memref<4x?xf32, strided<[?, 1]>>)
  %in = memref.subview %out[1, 0, 0, 0] [1, 2, 4, %m] [1, 1, 1, 1] : memref<3x2x4x?xf32> to memref<2x4x?xf32, strided<[?, ?, 1], offset: ?>>
  memref.copy %stack, %in : memref<2x4x?xf32> to memref<2x4x?xf32, strided<[?, ?, 1], offset: ?>>

  // Left alone: columns of a larger matrix, which are no run of memory.
  // CHECK: %[[COLUMNS:.*]] = memref.alloc() : memref<4x8xf32>
  // CHECK: memref.copy %[[COLUMNS]]
  %matrix = memref.alloc() : memref<4x16xf32>
  %columns = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%x : memref<4x8xf32>) outs(%columns : memref<4x8xf32>)
  %left = memref.subview %matrix[0, 0] [4, 8] [1, 1] : memref<4x16xf32> to memref<4x8xf32, strided<[16, 1]>>
  memref.copy %columns, %left : memref<4x8xf32> to memref<4x8xf32, strided<[16, 1]>>

  // Left alone: what is written again after the copy.
  // CHECK: %[[AGAIN:.*]] = memref.alloc() : memref<4x8xf32>
  // CHECK: memref.copy %[[AGAIN]]
  %rows = memref.alloc() : memref<8x8xf32>
  %again = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%x : memref<4x8xf32>) outs(%again : memref<4x8xf32>)
  %top = memref.subview %rows[0, 0] [4, 8] [1, 1] : memref<8x8xf32> to memref<4x8xf32, strided<[8, 1]>>
  memref.copy %again, %top : memref<4x8xf32> to memref<4x8xf32, strided<[8, 1]>>
  linalg.fill ins(%one : f32) outs(%again : memref<4x8xf32>)

  // Left alone: the place is filled before the copy.
  // CHECK: %[[LATE:.*]] = memref.alloc() : memref<4x8xf32>
  // CHECK: memref.copy %[[LATE]]
  %filled = memref.alloc() : memref<8x8xf32>
  %late = memref.alloc() : memref<4x8xf32>
  linalg.exp ins(%x : memref<4x8xf32>) outs(%late : memref<4x8xf32>)
  linalg.fill ins(%one : f32) outs(%filled : memref<8x8xf32>)
  %bottom = memref.subview %filled[4, 0] [4, 8] [1, 1] : memref<8x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 32>>
  memref.copy %late, %bottom : memref<4x8xf32> to memref<4x8xf32, strided<[8, 1], offset: 32>>
  return
}
