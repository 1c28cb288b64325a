// An axis of -1 is the last dimension.
// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: @largest
// CHECK-NOT: onnx.TopK
// CHECK: return {{.*}} : tensor<4x2xf32>, tensor<4x2xi64>
func.func @largest(%x: tensor<4x9xf32>) -> (tensor<4x2xf32>, tensor<4x2xi64>) {
  %k = onnx.Constant {value = dense<2> : tensor<1xi64>} : tensor<1xi64>
  %v, %i = onnx.TopK %x, %k {axis = -1 : i64} : (tensor<4x9xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  return %v, %i : tensor<4x2xf32>, tensor<4x2xi64>
}

// CHECK-LABEL: @gather
// CHECK-NOT: onnx.Gather
// CHECK: return {{.*}} : tensor<4x3xf32>
func.func @gather(%x: tensor<4x9xf32>, %i: tensor<3xi64>) -> tensor<4x3xf32> {
  %0 = onnx.Gather %x, %i {axis = -1 : i64} : (tensor<4x9xf32>, tensor<3xi64>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
