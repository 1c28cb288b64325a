// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-fuse-rows)' | FileCheck %s
// RUN: ingot-opt %s --pass-pipeline='builtin.module(ingot-fuse-rows,ingot-fuse-rows)' | FileCheck %s

#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#one = affine_map<(d0) -> (d0)>

// Sums of rows and what is computed from them are one loop; the sums are a scalar of scratch, squares that only it reads a row of it.
// CHECK-LABEL: func @main
func.func @main(%frame: !llvm.ptr, %n: index) -> i32 {
  %zero = arith.constant 0.0 : f32
  %ok = arith.constant 0 : i32
  %x = ingot.input %frame[0] {element_type = 1 : i32} : memref<64x?xf32>
  %y = ingot.output %frame[0] () {element_type = 1 : i32} : memref<64x32xf32>
  %squares = memref.alloc() : memref<64x32xf32>
  %sums = memref.alloc() : memref<64xf32>
  // CHECK: scf.parallel
  // CHECK-DAG: memref.alloca() {{.*}} : memref<32xf32>
  // CHECK-DAG: memref.alloca() {{.*}} : memref<f32>
  // CHECK: scf.for
  // CHECK-COUNT-4: linalg.generic
  // CHECK: {ingot.cost =
  // CHECK-NOT: scf.parallel
  linalg.fill ins(%zero : f32) outs(%sums : memref<64xf32>)
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]} ins(%y : memref<64x32xf32>) outs(%squares : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%squares : memref<64x32xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%squares, %sums : memref<64x32xf32>, memref<64xf32>) outs(%y : memref<64x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  }
  return %ok : i32
}
