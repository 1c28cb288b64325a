// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: @split
// CHECK-DAG: tensor.empty() : tensor<0xf32>
// CHECK-DAG: tensor.extract_slice %{{.*}}[0] [8] [1]
func.func @split(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<0xf32>) {
  %parts = onnx.Constant {value = dense<[8, 0]> : tensor<2xi64>} : tensor<2xi64>
  %0:2 = onnx.Split %x, %parts {axis = 0 : i64} : (tensor<8xf32>, tensor<2xi64>) -> (tensor<8xf32>, tensor<0xf32>)
  return %0#0, %0#1 : tensor<8xf32>, tensor<0xf32>
}

// An axis may count from the end.
// CHECK-LABEL: @last
// CHECK: linalg.index 1
func.func @last(%x: tensor<2x3xf32>) -> tensor<2x1xi64> {
  %0 = onnx.ArgMax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return %0 : tensor<2x1xi64>
}
