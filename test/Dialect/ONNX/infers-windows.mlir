// RUN: ingot-opt --onnx-infer-shapes=annotate %s | FileCheck %s

// CHECK-LABEL: func @conv
// CHECK: dims = ["[n, 8, floor((h + 1) / 2), 112]"]
func.func @conv(%x: tensor<?x3x?x224xf32> {onnx.dim_params = ["n", "", "h", ""]}, %w: tensor<8x3x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %y = onnx.Conv %x, %w, %none {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x3x?x224xf32>, tensor<8x3x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func @channels_last
// CHECK: -> tensor<1x10x10x8xf32>
func.func @channels_last(%x: tensor<1x20x20x4xf32>, %w: tensor<8x2x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %y = onnx.Conv %x, %w, %none {auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>, group = 2 : i64, channels_last} : (tensor<1x20x20x4xf32>, tensor<8x2x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// With ceil_mode a window that starts in the padding at the end does not count.
// CHECK-LABEL: func @ceil
// CHECK: -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xi64>)
func.func @ceil(%x: tensor<1x1x2x3xf32>) -> tensor<*xf32> {
  %y, %i = onnx.MaxPool %x {ceil_mode = 1 : i64, kernel_shape = array<i64: 1, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 0>}
    : (tensor<1x1x2x3xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}

// Whether one starts there is the same for all sizes.
// CHECK-LABEL: func @ceil_of_any_size
// CHECK: dims = ["[1, 1, {{.*}}h{{.*}}, {{.*}}w{{.*}}]", "[1, 1, {{.*}}h{{.*}}, {{.*}}w{{.*}}]"]
func.func @ceil_of_any_size(%x: tensor<1x1x?x?xf32> {onnx.dim_params = ["", "", "h", "w"]}) -> tensor<*xf32> {
  %y, %i = onnx.MaxPool %x {ceil_mode = 1 : i64, kernel_shape = array<i64: 1, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 0>}
    : (tensor<1x1x?x?xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func @transposed
// CHECK: dims = ["[n, 6, 2*w]"]
func.func @transposed(%x: tensor<?x4x?xf32> {onnx.dim_params = ["n", "", "w"]}, %w: tensor<4x3x4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %y = onnx.ConvTranspose %x, %w, %none {group = 2 : i64, strides = array<i64: 2>, pads = array<i64: 1, 1>} : (tensor<?x4x?xf32>, tensor<4x3x4xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func @ceil_of_any_length
// CHECK: dims = ["[1, 1, floor((n + 1) / 2)]"
func.func @ceil_of_any_length(%x: tensor<1x1x?xf32> {onnx.dim_params = ["", "", "n"]}) -> tensor<*xf32> {
  %y, %i = onnx.MaxPool %x {ceil_mode = 1 : i64, kernel_shape = array<i64: 1>, strides = array<i64: 2>} : (tensor<1x1x?xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}
