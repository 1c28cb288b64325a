// RUN: ingot-opt --onnx-fold-shape-arithmetic %s | FileCheck %s
// RUN: ingot-opt --onnx-fold-shape-arithmetic --onnx-fold-shape-arithmetic %s | FileCheck %s

// CHECK-LABEL: func @known
// CHECK-NEXT: %[[C:.*]] = onnx.Constant {value = dense<[3, 2]> : tensor<2xi64>} : tensor<2xi64>
// CHECK-NEXT: onnx.Reshape %{{.*}}, %[[C]]
// CHECK-NEXT: return
func.func @known(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %order = onnx.Constant {value = dense<[1, 0]> : tensor<2xi64>} : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<2x3xf32>) -> tensor<*xi64>
  %swapped = onnx.Gather %shape, %order : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %y = onnx.Reshape %x, %swapped : (tensor<2x3xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// What depends on a symbolic dimension stays.
// CHECK-LABEL: func @symbolic
// CHECK: onnx.Shape
func.func @symbolic(%x: tensor<?x3xf32>) -> tensor<*xi64> {
  %shape = onnx.Shape %x : (tensor<?x3xf32>) -> tensor<*xi64>
  return %shape : tensor<*xi64>
}

// CHECK-LABEL: func @decided
// CHECK-NOT: onnx.If
// CHECK: onnx.Squeeze
// CHECK-NOT: onnx.If
func.func @decided(%x: tensor<1x4xf32>) -> tensor<*xf32> {
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : tensor<1xi64>
  %n = onnx.Shape %x {end = 1 : i64} : (tensor<1x4xf32>) -> tensor<*xi64>
  %c = onnx.Equal %n, %one : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi1>
  %y = onnx.If %c : (tensor<*xi1>) -> tensor<*xf32> then {
    %s = onnx.Squeeze %x, %axis : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<*xf32>
    onnx.Yield %s : tensor<*xf32>
  } else {
    onnx.Yield %x : tensor<1x4xf32>
  }
  return %y : tensor<*xf32>
}
