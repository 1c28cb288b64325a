// Each box has a place in the strip of its left edge. The search for a taken box that overlaps begins in the strip of the right edge, goes left, and
// ends where no box reaches the left edge.
// RUN: ingot-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func @boxes
// The number of boxes up to each strip, and how far they reach.
// CHECK: %[[PLAN:.*]]:4 = scf.for
// The best box that is left, one after the other.
// CHECK: scf.while (%{{.*}}, %[[ENDS:.*]] = %[[PLAN]]#0,
// CHECK: scf.while (%{{.*}} = %{{.*}}, %{{.*}} = %false{{.*}}, %{{.*}} = %true
// CHECK: %[[REACH:.*]] = tensor.extract %[[PLAN]]#1
// CHECK: %[[REACHED:.*]] = arith.cmpf ogt, %[[REACH]]
// CHECK: scf.if %[[REACHED]]
// CHECK: tensor.extract %[[PLAN]]#0
func.func @boxes(%boxes: tensor<1x?x4xf32>, %scores: tensor<1x1x?xf32>, %most: tensor<i64>, %iou: tensor<f32>, %score: tensor<f32>) -> tensor<?x3xi64> {
  %0 = onnx.NonMaxSuppression %boxes, %scores, %most, %iou, %score : (tensor<1x?x4xf32>, tensor<1x1x?xf32>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<?x3xi64>
  return %0 : tensor<?x3xi64>
}
