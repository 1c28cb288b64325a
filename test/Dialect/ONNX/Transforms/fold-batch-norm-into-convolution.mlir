// RUN: ingot-opt %s -onnx-fold-batch-norm | FileCheck %s

// CHECK-LABEL: @fold
// CHECK-DAG: %[[SCALE:.*]] = onnx.Div
// CHECK-DAG: %[[WEIGHTS:.*]] = onnx.Mul {{.*}}tensor<2x1x1x1xf32>
// CHECK: onnx.Conv %{{.*}}, %[[WEIGHTS]]
// CHECK-NOT: onnx.BatchNormalization
func.func @fold(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = onnx.Constant {value = dense<1.0> : tensor<2x1x1x1xf32>} : tensor<2x1x1x1xf32>
  %v = onnx.Constant {value = dense<2.0> : tensor<2xf32>} : tensor<2xf32>
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, none) -> tensor<1x2x4x4xf32>
  %1:3 = onnx.BatchNormalization %0, %v, %v, %v, %v
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>)
  return %1#0 : tensor<1x2x4x4xf32>
}

// Used elsewhere too: the convolution stays as it is and the normalisation becomes a multiplication and an addition.
// CHECK-LABEL: @used_twice
// CHECK: onnx.Conv %{{.*}}, %arg1
// CHECK: onnx.Mul
// CHECK: onnx.Add
func.func @used_twice(%x: tensor<1x1x4x4xf32>, %w: tensor<2x1x1x1xf32>, %v: tensor<2xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %none = onnx.NoValue {value}
  %0 = onnx.Conv %x, %w, %none : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, none) -> tensor<1x2x4x4xf32>
  %1:3 = onnx.BatchNormalization %0, %v, %v, %v, %v
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>)
  return %0, %1#0 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// Training changes the statistics: left alone.
// CHECK-LABEL: @training
// CHECK: onnx.BatchNormalization
func.func @training(%x: tensor<1x2x4x4xf32>, %v: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %1:3 = onnx.BatchNormalization %x, %v, %v, %v, %v {training_mode = 1 : i64}
    : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>)
  return %1#0 : tensor<1x2x4x4xf32>
}
