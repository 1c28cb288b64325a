// RUN: ingot-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: @slice
// CHECK: ingot.check {{.*}}starts, ends, axes and steps differ in length
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]
// CHECK: tensor.extract_slice
func.func @slice(%x: tensor<?x?xf32>, %starts: tensor<?xi64>, %ends: tensor<?xi64>, %axes: tensor<?xi64>) -> tensor<?x?xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Slice %x, %starts, %ends, %axes, %none
      : (tensor<?x?xf32>, tensor<?xi64>, tensor<?xi64>, tensor<?xi64>, none) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: @pad
// CHECK: ingot.check {{.*}}the pads are not two for each dimension, expected 4
func.func @pad(%x: tensor<?x?xf32>, %pads: tensor<?xi64>) -> tensor<?x?xf32> {
  %none = onnx.NoValue {value}
  %0 = onnx.Pad %x, %pads, %none, %none {mode = "constant"} : (tensor<?x?xf32>, tensor<?xi64>, none, none) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// No axes are all.
// CHECK-LABEL: @reduce
// CHECK: ingot.check {{.*}}an index is out of range, expected -2 to 1
// CHECK: %[[NONE:.*]] = arith.cmpi eq, %{{.*}}, %c0{{.*}} : index
// CHECK: arith.ori %{{.*}}, %[[NONE]] : i1
func.func @reduce(%x: tensor<2x?xf32>, %axes: tensor<?xi64>) -> tensor<?x?xf32> {
  %0 = onnx.ReduceSum %x, %axes {keepdims = 1 : i64} : (tensor<2x?xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
