// RUN: ingot-opt --onnx-infer-shapes=annotate %s | FileCheck %s

// Shape -> Gather -> Concat -> Reshape, as exporters flatten all but the first dimension.
// CHECK-LABEL: func @flatten
// CHECK: onnx.Reshape
// CHECK-SAME: dims = ["[batch, 12]"]
// CHECK-SAME: -> tensor<?x12xf32>
func.func @flatten(%x: tensor<?x3x4xf32> {onnx.dim_params = ["batch", "", ""]}) -> tensor<*xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : tensor<i64>
  %rest = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %shape = onnx.Shape %x : (tensor<?x3x4xf32>) -> tensor<*xi64>
  %n = onnx.Gather %shape, %zero : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %n1 = onnx.Unsqueeze %n, %axes : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %target = onnx.Concat %n1, %rest {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.Reshape %x, %target : (tensor<?x3x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// Heads of attention: [b, s, 8 * 64] to [b, s, 8, 64], transposed, and back with a -1 that is found again.
// CHECK-LABEL: func @heads
// CHECK: onnx.Transpose
// CHECK-SAME: dims = ["[b, 8, s, 64]"]
// CHECK: onnx.MatMul
// CHECK-SAME: dims = ["[b, 8, s, s]"]
// CHECK: onnx.Reshape
// CHECK-SAME: dims = ["[b, s, 512]"]
func.func @heads(%x: tensor<?x?x512xf32> {onnx.dim_params = ["b", "s", ""]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %split = onnx.Constant {value = dense<[0, -1, 8, 64]> : tensor<4xi64>} : tensor<4xi64>
  %join = onnx.Constant {value = dense<[0, -1, 512]> : tensor<3xi64>} : tensor<3xi64>
  %h = onnx.Reshape %x, %split : (tensor<?x?x512xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.Transpose %h {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %k = onnx.Transpose %h {perm = array<i64: 0, 2, 3, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.MatMul %q, %k : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.Reshape %h, %join : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %p, %y : tensor<*xf32>, tensor<*xf32>
}

// A cache that grows: past + tokens.
// CHECK-LABEL: func @cache
// CHECK: onnx.Concat
// CHECK-SAME: dims = ["[past + tokens, 64]"]
// CHECK: onnx.Slice
// CHECK-SAME: dims = ["[tokens, 64]"]
func.func @cache(%past: tensor<?x64xf32> {onnx.dim_params = ["past", ""]}, %new: tensor<?x64xf32> {onnx.dim_params = ["tokens", ""]}) -> tensor<*xf32> {
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %none = onnx.NoValue
  %all = onnx.Concat %past, %new {axis = 0 : i64} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<*xf32>
  %begin = onnx.Shape %past {end = 1 : i64} : (tensor<?x64xf32>) -> tensor<*xi64>
  %end = onnx.Shape %all {end = 1 : i64} : (tensor<*xf32>) -> tensor<*xi64>
  %y = onnx.Slice %all, %begin, %end, %axis, %none : (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<1xi64>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// Expand to a shape whose -1 entries were replaced by 1, as PyTorch writes it.
// CHECK-LABEL: func @expand
// CHECK: onnx.Expand
// CHECK-SAME: -> tensor<?x4x7xf32>
func.func @expand(%x: tensor<?x1x7xf32>) -> tensor<*xf32> {
  %wanted = onnx.Constant {value = dense<[-1, 4, -1]> : tensor<3xi64>} : tensor<3xi64>
  %minus = onnx.Constant {value = dense<-1> : tensor<3xi64>} : tensor<3xi64>
  %n = onnx.Constant {value = dense<3> : tensor<1xi64>} : tensor<1xi64>
  %ones = onnx.ConstantOfShape %n {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<*xi64>
  %is = onnx.Equal %wanted, %minus : (tensor<3xi64>, tensor<3xi64>) -> tensor<*xi1>
  %shape = onnx.Where %is, %ones, %wanted : (tensor<*xi1>, tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %y = onnx.Expand %x, %shape : (tensor<?x1x7xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// Pads as PyTorch writes them: pairs from the last dimension to the first, turned around as a matrix.
// CHECK-LABEL: func @pads
// CHECK: onnx.Pad
// CHECK-SAME: dims = ["[3, 12]"]
func.func @pads(%x: tensor<2x5xf32>) -> tensor<*xf32> {
  %pairs = onnx.Constant {value = dense<[3, 4, 0, 1]> : tensor<4xi64>} : tensor<4xi64>
  %matrix = onnx.Constant {value = dense<[-1, 2]> : tensor<2xi64>} : tensor<2xi64>
  %flat = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %begin = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %end = onnx.Constant {value = dense<-9223372036854775807> : tensor<1xi64>} : tensor<1xi64>
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %step = onnx.Constant {value = dense<-1> : tensor<1xi64>} : tensor<1xi64>
  %none = onnx.NoValue
  %a = onnx.Reshape %pairs, %matrix : (tensor<4xi64>, tensor<2xi64>) -> tensor<*xi64>
  %b = onnx.Slice %a, %begin, %end, %axis, %step : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %c = onnx.Transpose %b {perm = array<i64: 1, 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %pads = onnx.Reshape %c, %flat : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.Pad %x, %pads, %none, %none : (tensor<2x5xf32>, tensor<*xi64>, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
