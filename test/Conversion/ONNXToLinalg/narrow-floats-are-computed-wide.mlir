// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// The accumulator is f32; what is stored is f16.
// CHECK-LABEL: @product
// CHECK: ingot.contract {{.*}}tensor<1x2x4xf16>
// CHECK: ^bb0(%[[ACC:.*]]: f32):
// CHECK: arith.truncf %[[ACC]] : f32 to f16
func.func @product(%a: tensor<2x3xf16>, %b: tensor<3x4xf16>) -> tensor<2x4xf16> {
  %0 = onnx.MatMul %a, %b : (tensor<2x3xf16>, tensor<3x4xf16>) -> tensor<2x4xf16>
  return %0 : tensor<2x4xf16>
}

// CHECK-LABEL: @softmax
// CHECK: math.exp %{{.*}} : f32
func.func @softmax(%x: tensor<2x3xbf16>) -> tensor<2x3xbf16> {
  %0 = onnx.Softmax %x {axis = 1 : i64} : (tensor<2x3xbf16>) -> tensor<2x3xbf16>
  return %0 : tensor<2x3xbf16>
}
