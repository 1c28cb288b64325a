// To make the second part in its place the first moves up, in which that place is: the check of its index goes before it.
// RUN: ingot-opt %s -ingot-eliminate-empty-tensors | FileCheck %s
// RUN: ingot-opt %s -ingot-eliminate-empty-tensors -ingot-eliminate-empty-tensors | FileCheck %s

// CHECK-LABEL: func.func @gathered
// CHECK: ingot.check {{.*}}"index"
// CHECK: tensor.extract %{{.*}}[%{{.*}}] : tensor<?xf32>
// CHECK: linalg.fill
func.func @gathered(%table: tensor<?xf32>, %index: tensor<1xindex>, %size: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %second = tensor.empty() : tensor<4xf32>
  %filled = linalg.fill ins(%one : f32) outs(%second : tensor<4xf32>) -> tensor<4xf32>
  %i = tensor.extract %index[%c0] : tensor<1xindex>
  %inside = arith.cmpi ult, %i, %size : index
  ingot.check %inside, "index"
  %whole = tensor.empty() : tensor<8xf32>
  %first = tensor.empty() : tensor<4xf32>
  %read = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%first : tensor<4xf32>) {
  ^bb0(%out: f32):
    %v = tensor.extract %table[%i] : tensor<?xf32>
    linalg.yield %v : f32
  } -> tensor<4xf32>
  %a = tensor.insert_slice %read into %whole[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %b = tensor.insert_slice %filled into %a[4] [4] [1] : tensor<4xf32> into tensor<8xf32>
  return %b : tensor<8xf32>
}

// What needs no check in between stays where it is.
// CHECK-LABEL: func.func @apart
// CHECK: linalg.fill
// CHECK: ingot.check
func.func @apart(%x: tensor<4xf32>, %ok: i1) -> tensor<4xf32> {
  %one = arith.constant 1.0 : f32
  %filled = linalg.fill ins(%one : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  ingot.check %ok, "later"
  return %filled : tensor<4xf32>
}
