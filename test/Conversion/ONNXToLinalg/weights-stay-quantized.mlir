// RUN: ingot-opt %s -convert-onnx-to-linalg -canonicalize | FileCheck %s

// Weights of eight bits are read as they are, and what they make is scaled, column by column.
// CHECK-LABEL: @columns
// CHECK: %[[Y:.*]] = ingot.contract ins(%{{.*}}, %{{.*}} : tensor<1x?x4xf32>, tensor<1x1x4x3xi8>)
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %arg1 : tensor<?x3xf32>, tensor<3xf32>)
// CHECK: arith.mulf
func.func @columns(%x: tensor<?x4xf32>, %scale: tensor<3xf32>) -> tensor<?x3xf32> {
  %none = onnx.NoValue
  %q = onnx.Constant {value = dense<[[1, 2, 3], [4, 5, 6], [7, 8, 9], [-1, -2, -3]]> : tensor<4x3xi8>} : tensor<4x3xi8>
  %w = onnx.DequantizeLinear %q, %scale, %none {axis = 1 : i64} : (tensor<4x3xi8>, tensor<3xf32>, none) -> tensor<4x3xf32>
  %y = onnx.MatMul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// Scales of rows, which are summed over, and zero points cannot be left for later.
// CHECK-LABEL: @rows
// CHECK: ingot.contract ins(%{{.*}}, %{{.*}} : tensor<1x?x4xf32>, tensor<1x1x4x3xf32>)
func.func @rows(%x: tensor<?x4xf32>, %scale: tensor<4xf32>) -> tensor<?x3xf32> {
  %none = onnx.NoValue
  %q = onnx.Constant {value = dense<[[1, 2, 3], [4, 5, 6], [7, 8, 9], [-1, -2, -3]]> : tensor<4x3xi8>} : tensor<4x3xi8>
  %w = onnx.DequantizeLinear %q, %scale, %none {axis = 0 : i64} : (tensor<4x3xi8>, tensor<4xf32>, none) -> tensor<4x3xf32>
  %y = onnx.MatMul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CHECK-LABEL: @zero_point
// CHECK: ingot.contract ins(%{{.*}}, %{{.*}} : tensor<1x?x4xf32>, tensor<1x1x4x3xf32>)
func.func @zero_point(%x: tensor<?x4xf32>, %scale: tensor<f32>) -> tensor<?x3xf32> {
  %zero = onnx.Constant {value = dense<128> : tensor<ui8>} : tensor<ui8>
  %q = onnx.Constant {value = dense<[[1, 2, 3], [4, 5, 6], [7, 8, 9], [200, 201, 202]]> : tensor<4x3xui8>} : tensor<4x3xui8>
  %w = onnx.DequantizeLinear %q, %scale, %zero : (tensor<4x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xf32>
  %y = onnx.MatMul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
