// A reduction over no dimension adds to what its result held: in a consumer that is computed more often than it would add more often.
// RUN: ingot-opt %s -ingot-fuse-elementwise | FileCheck %s
// RUN: ingot-opt %s -ingot-fuse-elementwise -ingot-fuse-elementwise | FileCheck %s

#scalar = affine_map<() -> ()>
#none = affine_map<(d0) -> ()>
#same = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func @sum
// CHECK-COUNT-2: linalg.generic
func.func @sum(%x: tensor<f32>, %y: tensor<8xf32>, %zero: tensor<f32>, %out: tensor<8xf32>) -> tensor<8xf32> {
  %s = linalg.generic {indexing_maps = [#scalar, #scalar], iterator_types = []} ins(%x : tensor<f32>) outs(%zero : tensor<f32>) {
  ^bb0(%a: f32, %acc: f32):
    %t = arith.addf %acc, %a : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  %r = linalg.generic {indexing_maps = [#none, #same, #same], iterator_types = ["parallel"]} ins(%s, %y : tensor<f32>, tensor<8xf32>) outs(%out : tensor<8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// What only reads its operands is fused.
// CHECK-LABEL: func @negative
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
func.func @negative(%x: tensor<f32>, %y: tensor<8xf32>, %empty: tensor<f32>, %out: tensor<8xf32>) -> tensor<8xf32> {
  %s = linalg.generic {indexing_maps = [#scalar, #scalar], iterator_types = []} ins(%x : tensor<f32>) outs(%empty : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.negf %a : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  %r = linalg.generic {indexing_maps = [#none, #same, #same], iterator_types = ["parallel"]} ins(%s, %y : tensor<f32>, tensor<8xf32>) outs(%out : tensor<8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<8xf32>
  return %r : tensor<8xf32>
}
