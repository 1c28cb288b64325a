// With `apart` no two buffers share a block, and constants have gaps between them.
// RUN: ingot-opt --ingot-plan-memory=apart %s | FileCheck %s

// CHECK: ingot.arena_bytes = 0
// CHECK-SAME: ingot.weight_bytes = 256
// CHECK-SAME: {offset = 128 : i64
memref.global "private" constant @a : memref<2xf32> = dense<[1.0, 2.0]>
memref.global "private" constant @b : memref<2xf32> = dense<[3.0, 4.0]>
// CHECK-NOT: ingot.arena
// CHECK: ingot.allocate
// CHECK: ingot.allocate
func.func @main(%frame: !llvm.ptr) {
  %a = memref.get_global @a : memref<2xf32>
  %b = memref.get_global @b : memref<2xf32>
  %x = memref.alloc() : memref<2xf32>
  %y = memref.alloc() : memref<2xf32>
  memref.copy %a, %x : memref<2xf32> to memref<2xf32>
  memref.copy %b, %y : memref<2xf32> to memref<2xf32>
  return
}
