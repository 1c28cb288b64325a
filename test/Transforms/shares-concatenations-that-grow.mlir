// A concatenation that is the beginning of the next is a slice of it: each operand is inserted once. One that is read later stays, and so does one
// whose length is not known.
// RUN: ingot-opt %s -ingot-share-concatenations | FileCheck %s
// RUN: ingot-opt %s -ingot-share-concatenations -ingot-share-concatenations | FileCheck %s

// CHECK-LABEL: func @grows
// CHECK-SAME: %[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<?x2xf32>
// CHECK: %[[EMPTY:.*]] = tensor.empty({{.*}}) : tensor<?x10xf32>
// CHECK: %[[ONE:.*]] = tensor.insert_slice %[[A]] into %[[EMPTY]][0, 0] [%{{.*}}, 4]
// CHECK: %[[TWO:.*]] = tensor.insert_slice %[[B]] into %[[ONE]][0, 4] [%{{.*}}, 2]
// CHECK: %[[BEGINNING:.*]] = tensor.extract_slice %[[TWO]][0, 0] [%{{.*}}, 6]
// CHECK: %[[NEXT:.*]] = call @layer(%[[BEGINNING]])
// CHECK: %[[WHOLE:.*]] = tensor.insert_slice %[[NEXT]] into %[[TWO]][0, 6] [%{{.*}}, 4]
// CHECK: return %[[WHOLE]]
func.func @grows(%a: tensor<?x4xf32>, %b: tensor<?x2xf32>) -> tensor<?x10xf32> {
  %0 = tensor.concat dim(1) %a, %b : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x6xf32>
  %1 = call @layer(%0) : (tensor<?x6xf32>) -> tensor<?x4xf32>
  %2 = tensor.concat dim(1) %a, %b, %1 : (tensor<?x4xf32>, tensor<?x2xf32>, tensor<?x4xf32>) -> tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}
func.func private @layer(tensor<?x6xf32>) -> tensor<?x4xf32>

// CHECK-LABEL: func @read_later
// CHECK: tensor.concat
// CHECK: tensor.concat
func.func @read_later(%a: tensor<4xf32>, %b: tensor<2xf32>) -> (tensor<6xf32>, tensor<8xf32>) {
  %0 = tensor.concat dim(0) %a, %b : (tensor<4xf32>, tensor<2xf32>) -> tensor<6xf32>
  %1 = tensor.concat dim(0) %a, %b, %b : (tensor<4xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<6xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @unknown_length
// CHECK: tensor.concat
// CHECK: tensor.concat
func.func @unknown_length(%a: tensor<?xf32>, %b: tensor<2xf32>) -> tensor<?xf32> {
  %0 = tensor.concat dim(0) %a, %b : (tensor<?xf32>, tensor<2xf32>) -> tensor<?xf32>
  %1 = call @other(%0) : (tensor<?xf32>) -> tensor<2xf32>
  %2 = tensor.concat dim(0) %a, %b, %1 : (tensor<?xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?xf32>
  return %2 : tensor<?xf32>
}
func.func private @other(tensor<?xf32>) -> tensor<2xf32>
