// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// What has no arithmetic of its own is moved as bytes, and complex numbers as integers of both parts.
// CHECK-LABEL: @moves(
// CHECK-SAME: %{{.*}}: tensor<2x3xi8>, %{{.*}}: tensor<3x2xi64>) -> (tensor<3x2xi8>, tensor<2x3xi64>)
func.func @moves(%a: tensor<2x3xi4>, %b: tensor<3x2xcomplex<f32>>) -> (tensor<3x2xi4>, tensor<2x3xcomplex<f32>>) {
  %0 = onnx.Transpose %a : (tensor<2x3xi4>) -> tensor<3x2xi4>
  %1 = onnx.Transpose %b : (tensor<3x2xcomplex<f32>>) -> tensor<2x3xcomplex<f32>>
  return %0, %1 : tensor<3x2xi4>, tensor<2x3xcomplex<f32>>
}

// The sign of four bits is spread over the byte.
// CHECK-LABEL: @reads(
// CHECK: %[[LEFT:.*]] = arith.shli %{{.*}}, %c4{{.*}} : i8
// CHECK: %[[BYTE:.*]] = arith.shrsi %[[LEFT]], %c4{{.*}} : i8
// CHECK: arith.sitofp %[[BYTE]] : i8 to f32
func.func @reads(%a: tensor<4xi4>) -> tensor<4xf32> {
  %0 = onnx.Cast %a {to = 1 : i64} : (tensor<4xi4>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Constants too: -1 in four bits is 15 in a byte.
// CHECK-LABEL: @constants(
// CHECK: arith.constant dense<[15, 7]> : tensor<2xi8>
// CHECK: arith.constant dense<56> : tensor<2xi8>
func.func @constants() -> (tensor<2xi4>, tensor<2xf8E4M3FN>) {
  %0 = onnx.Constant {value = dense<[-1, 7]> : tensor<2xi4>} : tensor<2xi4>
  %1 = onnx.Constant {value = dense<1.0> : tensor<2xf8E4M3FN>} : tensor<2xf8E4M3FN>
  return %0, %1 : tensor<2xi4>, tensor<2xf8E4M3FN>
}
