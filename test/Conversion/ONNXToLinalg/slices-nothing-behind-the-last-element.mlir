// RUN: ingot-opt %s --convert-onnx-to-linalg | FileCheck %s

// The slice begins where the tensor ends, which is no offset that tensor.extract_slice may have.
// CHECK-LABEL: func @main_graph
// CHECK: tensor.empty() : tensor<0xf32>
// CHECK-NOT: tensor.extract_slice
func.func @main_graph(%x: tensor<2xf32>) -> tensor<0xf32> {
  %start = "onnx.Constant"() {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = "onnx.Constant"() {value = dense<9> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %none = "onnx.NoValue"() : () -> none
  %y = "onnx.Slice"(%x, %start, %end, %axis, %none) : (tensor<2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<0xf32>
  return %y : tensor<0xf32>
}
