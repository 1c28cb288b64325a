// RUN: ingot-opt %s -split-input-file --convert-onnx-to-linalg --canonicalize | FileCheck %s

// Four query heads share each of the two keys: eight rows of one product with it, and nothing is repeated.
// CHECK-LABEL: @scores
// CHECK-NOT: linalg.generic
// CHECK: %[[KEYS:.*]] = linalg.transpose ins(%{{.*}} : tensor<1x2x?x64xf32>)
// CHECK: ingot.contract ins({{.*}} : tensor<2x12x64xf32>, tensor<2x1x64x?xf32>)
// CHECK-NOT: linalg.generic
// CHECK: return {{.*}} : tensor<1x8x3x?xf32>
func.func @scores(%q: tensor<1x8x3x64xf32>, %k: tensor<1x2x?x64xf32>) -> tensor<1x8x3x?xf32> {
  %axis = onnx.Constant {value = dense<2> : tensor<1xi64>} : tensor<1xi64>
  %shape = onnx.Constant {value = dense<[1, 1, 4, 1, 1]> : tensor<5xi64>} : tensor<5xi64>
  %joined = onnx.Constant {value = dense<[1, 8, -1, 64]> : tensor<4xi64>} : tensor<4xi64>
  %0 = onnx.Unsqueeze %k, %axis : (tensor<1x2x?x64xf32>, tensor<1xi64>) -> tensor<1x2x1x?x64xf32>
  %1 = onnx.Expand %0, %shape : (tensor<1x2x1x?x64xf32>, tensor<5xi64>) -> tensor<1x2x4x?x64xf32>
  %2 = onnx.Reshape %1, %joined : (tensor<1x2x4x?x64xf32>, tensor<4xi64>) -> tensor<1x8x?x64xf32>
  %3 = onnx.Transpose %2 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x8x?x64xf32>) -> tensor<1x8x64x?xf32>
  %4 = onnx.MatMul %q, %3 : (tensor<1x8x3x64xf32>, tensor<1x8x64x?xf32>) -> tensor<1x8x3x?xf32>
  return %4 : tensor<1x8x3x?xf32>
}

// -----

// Heads that lie apart in the batch share nothing that a product of rows could have.
// CHECK-LABEL: @apart
// CHECK: ingot.contract ins({{.*}} : tensor<8x3x64xf32>, tensor<8x1x64x5xf32>)
func.func @apart(%q: tensor<2x4x3x64xf32>, %k: tensor<1x4x64x5xf32>) -> tensor<2x4x3x5xf32> {
  %shape = onnx.Constant {value = dense<[2, 4, 64, 5]> : tensor<4xi64>} : tensor<4xi64>
  %0 = onnx.Expand %k, %shape : (tensor<1x4x64x5xf32>, tensor<4xi64>) -> tensor<2x4x64x5xf32>
  %1 = onnx.MatMul %q, %0 : (tensor<2x4x3x64xf32>, tensor<2x4x64x5xf32>) -> tensor<2x4x3x5xf32>
  return %1 : tensor<2x4x3x5xf32>
}
