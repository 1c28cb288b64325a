// Moves of unit dimensions cost nothing on either operand of a concatenation: they must not be pushed from one to the other for ever.
// RUN: ingot-opt %s -onnx-propagate-layout | FileCheck %s

// CHECK-LABEL: @free
// CHECK: onnx.Concat {{.*}}axis = 3
func.func @free(%a: tensor<1x1x4x5xf32>, %b: tensor<1x4x5x1xf32>) -> tensor<1x4x5x2xf32> {
  %0 = onnx.Transpose %a {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x5xf32>) -> tensor<1x4x5x1xf32>
  %1 = onnx.Concat %0, %b {axis = 3 : i64} : (tensor<1x4x5x1xf32>, tensor<1x4x5x1xf32>) -> tensor<1x4x5x2xf32>
  return %1 : tensor<1x4x5x2xf32>
}
