// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// The sizes differ though the types do not: passes that follow values of one type must not see a reshape as the identity.
// CHECK-LABEL: @reshape
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<?x?xf32> into tensor<?xf32>
// CHECK: tensor.reshape %[[FLAT]]({{.*}}) : (tensor<?xf32>, tensor<2xindex>) -> tensor<?x?xf32>
func.func @reshape(%x: tensor<?x?xf32>, %shape: tensor<2xi64>) -> tensor<?x?xf32> {
  %0 = onnx.Reshape %x, %shape : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
