// 16-bit floats next to a product are f32; what is computed is rounded, what is selected is not rounded again.
// RUN: ingot-opt %s --onnx-widen-floats --split-input-file | FileCheck %s
// RUN: ingot-opt %s --onnx-widen-floats --onnx-widen-floats --split-input-file | FileCheck %s

// CHECK-LABEL: func @convolution
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xf16>, %[[W:.*]]: tensor<2x2x1x1xf16>
// CHECK-DAG: %[[XW:.*]] = onnx.Cast %[[X]] {{.*}} -> tensor<1x2x4x4xf32>
// CHECK-DAG: %[[WW:.*]] = onnx.Cast %[[W]] {{.*}} -> tensor<2x2x1x1xf32>
// CHECK: %[[Y:.*]] = onnx.Conv %[[XW]], %[[WW]], {{.*}} -> tensor<1x2x4x4xf32>
// CHECK: %[[N:.*]] = onnx.Cast %[[Y]] {{.*}} -> tensor<1x2x4x4xf16>
// CHECK: %[[R:.*]] = onnx.Cast %[[N]] {{.*}} -> tensor<1x2x4x4xf32>
// CHECK: %[[Z:.*]] = onnx.Relu %[[R]] : (tensor<1x2x4x4xf32>)
// CHECK-NOT: onnx.Cast
// CHECK: %[[C:.*]] = onnx.Concat %[[Z]], %[[R]]
// CHECK: onnx.Cast %[[C]] {{.*}} -> tensor<1x4x4x4xf16>
func.func @convolution(%x: tensor<1x2x4x4xf16>, %w: tensor<2x2x1x1xf16>) -> tensor<1x4x4x4xf16> {
  %none = onnx.NoValue
  %y = onnx.Conv %x, %w, %none : (tensor<1x2x4x4xf16>, tensor<2x2x1x1xf16>, none) -> tensor<1x2x4x4xf16>
  %z = onnx.Relu %y : (tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16>
  %c = onnx.Concat %z, %y {axis = 1 : i64} : (tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>) -> tensor<1x4x4x4xf16>
  return %c : tensor<1x4x4x4xf16>
}

// -----

// Without a product, and where the type is part of the meaning, nothing changes.
// CHECK-LABEL: func @alone
// CHECK-NEXT: onnx.Add %{{.*}}, %{{.*}} : (tensor<4xbf16>, tensor<4xbf16>) -> tensor<4xbf16>
// CHECK-NEXT: onnx.BitCast
func.func @alone(%x: tensor<4xbf16>) -> tensor<4xi16> {
  %y = onnx.Add %x, %x : (tensor<4xbf16>, tensor<4xbf16>) -> tensor<4xbf16>
  %z = onnx.BitCast %y {to = 5 : i64} : (tensor<4xbf16>) -> tensor<4xi16>
  return %z : tensor<4xi16>
}
