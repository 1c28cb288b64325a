// RUN: ingot-opt --onnx-fold-shape-arithmetic %s | FileCheck %s

// Beside a vector a scalar and a tensor of one element mean the same.
// CHECK-LABEL: func @levels
// CHECK: onnx.If %{{.*}} -> tensor<1xf32>
// CHECK: onnx.Mul {{.*}} -> tensor<?xf32>
func.func @levels(%x: tensor<?xf32>, %c: tensor<i1>, %s: tensor<f32>, %t: tensor<1xf32>) -> tensor<*xf32> {
  %a = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %s : tensor<f32>
  } else {
    onnx.Yield %t : tensor<1xf32>
  }
  %y = onnx.Mul %x, %a : (tensor<?xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// What returns tells both apart.
// CHECK-LABEL: func @stays
// CHECK: onnx.If %{{.*}} -> tensor<*xf32>
func.func @stays(%c: tensor<i1>, %s: tensor<f32>, %t: tensor<1xf32>) -> tensor<*xf32> {
  %a = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %s : tensor<f32>
  } else {
    onnx.Yield %t : tensor<1xf32>
  }
  return %a : tensor<*xf32>
}
