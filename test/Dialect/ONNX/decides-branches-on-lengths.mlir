// RUN: ingot-opt --onnx-fold-shape-arithmetic %s | FileCheck %s
// RUN: ingot-opt --onnx-fold-shape-arithmetic --onnx-fold-shape-arithmetic %s | FileCheck %s

// A result of rank 2 is what a list of two sizes gives; that it has two is checked by the Reshape.
// CHECK-LABEL: func @yes
// CHECK: %[[LIST:.*]] = onnx.Reshape %arg0
// CHECK-SAME: tensor<2xi64>
// CHECK-NOT: onnx.If
// CHECK: onnx.ConstantOfShape %[[LIST]] {{.*}} -> tensor<?x?xf32>
func.func @yes(%sizes: tensor<?xi64>) -> tensor<?x?xf32> {
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : tensor<i64>
  %length = onnx.Size %sizes : (tensor<?xi64>) -> tensor<i64>
  %isTwo = onnx.Equal %length, %two : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %list = onnx.If %isTwo : (tensor<i1>) -> tensor<*xi64> then {
    onnx.Yield %sizes : tensor<?xi64>
  } else {
    %first = onnx.Constant {value = dense<[1, 2, 3]> : tensor<3xi64>} : tensor<3xi64>
    %shaped = onnx.Expand %sizes, %first : (tensor<?xi64>, tensor<3xi64>) -> tensor<1x2x?xi64>
    onnx.Yield %shaped : tensor<1x2x?xi64>
  }
  %y = onnx.ConstantOfShape %list {value = dense<0.0> : tensor<1xf32>} : (tensor<*xi64>) -> tensor<*xf32>
  %z = onnx.Identity %y : (tensor<*xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

// A list of two sizes would give rank 2, so that it is none.
// CHECK-LABEL: func @no
// CHECK-NOT: onnx.If
// CHECK: onnx.Unsqueeze
func.func @no(%sizes: tensor<?xi64>, %x: tensor<?x?xf32>) -> tensor<?x?x?xf32> {
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : tensor<1xi64>
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %length = onnx.Shape %sizes : (tensor<?xi64>) -> tensor<1xi64>
  %isTwo = onnx.Equal %two, %length : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  %y = onnx.If %isTwo : (tensor<1xi1>) -> tensor<*xf32> then {
    onnx.Yield %x : tensor<?x?xf32>
  } else {
    %u = onnx.Unsqueeze %x, %zero : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<1x?x?xf32>
    onnx.Yield %u : tensor<1x?x?xf32>
  }
  %z = onnx.Relu %y : (tensor<*xf32>) -> tensor<?x?x?xf32>
  return %z : tensor<?x?x?xf32>
}

// Nobody says of what rank the result is.
// CHECK-LABEL: func @open
// CHECK: onnx.If
func.func @open(%sizes: tensor<?xi64>, %x: tensor<?x?xf32>) -> tensor<*xf32> {
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : tensor<i64>
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %length = onnx.Size %sizes : (tensor<?xi64>) -> tensor<i64>
  %isTwo = onnx.Equal %length, %two : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %y = onnx.If %isTwo : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %x : tensor<?x?xf32>
  } else {
    %u = onnx.Unsqueeze %x, %zero : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<1x?x?xf32>
    onnx.Yield %u : tensor<1x?x?xf32>
  }
  %z = onnx.Relu %y : (tensor<*xf32>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}
