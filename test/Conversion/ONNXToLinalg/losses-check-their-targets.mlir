// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: @open
// CHECK: ingot.check {{.*}}dimension 1 of the targets differs from that of the scores
// CHECK: ingot.check {{.*}}there are no classes
// CHECK: ingot.check {{.*}}a target is out of range, expected a class
func.func @open(%x: tensor<3x?x?xf32>, %t: tensor<3x?xi64>) -> tensor<f32> {
  %none = onnx.NoValue {value}
  %0 = onnx.NegativeLogLikelihoodLoss %x, %t, %none {ignore_index = -1 : i64} : (tensor<3x?x?xf32>, tensor<3x?xi64>, none) -> tensor<f32>
  return %0 : tensor<f32>
}
