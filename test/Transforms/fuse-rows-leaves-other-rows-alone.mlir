// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-fuse-rows)' | FileCheck %s

#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#turned = affine_map<(d0, d1) -> (d1)>

// The last op reads the sums of other rows than its own.
// CHECK-LABEL: func @main
// CHECK: scf.parallel
// CHECK-COUNT-2: linalg.generic
// CHECK: scf.reduce
// CHECK: linalg.generic
// CHECK-SAME: memref<64x64xf32>
func.func @main(%frame: !llvm.ptr) -> i32 {
  %zero = arith.constant 0.0 : f32
  %ok = arith.constant 0 : i32
  %x = ingot.input %frame[0] {element_type = 1 : i32} : memref<64x64xf32>
  %y = ingot.output %frame[0] () {element_type = 1 : i32} : memref<64x64xf32>
  %sums = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<64xf32>)
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #turned, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sums : memref<64x64xf32>, memref<64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  }
  return %ok : i32
}
