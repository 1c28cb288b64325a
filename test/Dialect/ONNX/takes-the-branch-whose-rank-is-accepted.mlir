// RUN: ingot-opt --onnx-fold-shape-arithmetic %s | FileCheck %s

// A recurrent layer takes rank 3: behind the Unsqueeze only the first branch fits. Its Squeeze checks the size when the model runs.
// CHECK-LABEL: func @squeezes
// CHECK-NOT: onnx.If
// CHECK: onnx.Squeeze
func.func @squeezes(%x: tensor<?x8x?xf32>, %c: tensor<i1>, %w: tensor<1x32x8xf32>, %r: tensor<1x32x8xf32>) -> tensor<?x1x?x8xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %none = "onnx.NoValue"() {value} : () -> none
  %a = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    %s = onnx.Squeeze %x, %axes : (tensor<?x8x?xf32>, tensor<1xi64>) -> tensor<?x8xf32>
    onnx.Yield %s : tensor<?x8xf32>
  } else {
    onnx.Yield %x : tensor<?x8x?xf32>
  }
  %u = onnx.Unsqueeze %a, %zero : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %y, %h, %l = onnx.LSTM %u, %w, %r, %none, %none, %none, %none, %none {hidden_size = 8 : i64} : (tensor<*xf32>, tensor<1x32x8xf32>, tensor<1x32x8xf32>, none, none, none, none, none) -> (tensor<?x1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>)
  return %y : tensor<?x1x?x8xf32>
}

// Relu accepts both ranks, and so does what returns.
// CHECK-LABEL: func @stays
// CHECK: onnx.If
func.func @stays(%x: tensor<?x8x?xf32>, %c: tensor<i1>) -> tensor<*xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %a = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    %s = onnx.Squeeze %x, %axes : (tensor<?x8x?xf32>, tensor<1xi64>) -> tensor<?x8xf32>
    onnx.Yield %s : tensor<?x8xf32>
  } else {
    onnx.Yield %x : tensor<?x8x?xf32>
  }
  %y = onnx.Relu %a : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
