// RUN: ingot-opt --onnx-require-lengths %s | FileCheck %s
// RUN: ingot-opt --onnx-require-lengths --onnx-require-lengths %s | FileCheck %s

// CHECK-LABEL: func @follows
// CHECK: %[[TWO:.*]] = onnx.Constant {value = dense<2>
// CHECK: %[[S:.*]] = onnx.Reshape %arg1, %[[TWO]] : (tensor<?xi64>, tensor<1xi64>) -> tensor<2xi64>
// CHECK: onnx.Reshape %arg0, %[[S]] : (tensor<?xf32>, tensor<2xi64>)
// CHECK: %[[ONE:.*]] = onnx.Constant {value = dense<1>
// CHECK: %[[A:.*]] = onnx.Reshape %arg1, %[[ONE]] : (tensor<?xi64>, tensor<1xi64>) -> tensor<1xi64>
// CHECK: onnx.Squeeze %{{.*}}, %[[A]]
func.func @follows(%x: tensor<?xf32>, %s: tensor<?xi64>) -> tensor<?xf32> {
  %m = onnx.Reshape %x, %s : (tensor<?xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  %y = onnx.Squeeze %m, %s : (tensor<?x?xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// A result of the data's rank can come of a shorter list, which gets ones before it.
// CHECK-LABEL: func @lengthens
// CHECK: %[[PADDED:.*]] = onnx.Pad %arg1
// CHECK: %[[S:.*]] = onnx.Reshape %[[PADDED]], {{.*}} -> tensor<2xi64>
// CHECK: onnx.Expand %arg0, %[[S]]
func.func @lengthens(%x: tensor<?x?xf32>, %s: tensor<?xi64>) -> tensor<?x?xf32> {
  %y = onnx.Expand %x, %s : (tensor<?x?xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// The result's rank is that of what it is made of.
// CHECK-LABEL: func @behind
// CHECK: %[[S:.*]] = onnx.Reshape %arg1, {{.*}} -> tensor<2xi64>
// CHECK: onnx.Reshape %arg0, %[[S]] : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
func.func @behind(%x: tensor<?xf32>, %s: tensor<?xi64>) -> tensor<?x?xf32> {
  %r = onnx.Reshape %x, %s : (tensor<?xf32>, tensor<?xi64>) -> tensor<*xf32>
  %y = onnx.Exp %r : (tensor<*xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Of a rank that nobody knows follows nothing.
// CHECK-LABEL: func @stays
// CHECK: onnx.Reshape %arg0, %arg1 : (tensor<?xf32>, tensor<?xi64>)
func.func @stays(%x: tensor<?xf32>, %s: tensor<?xi64>) -> tensor<*xf32> {
  %z = onnx.Reshape %x, %s : (tensor<?xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}
