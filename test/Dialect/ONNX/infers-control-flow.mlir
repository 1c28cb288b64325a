// RUN: ingot-opt --onnx-infer-shapes=annotate %s | FileCheck %s

// Sizes that both branches share are kept, others are open.
// CHECK-LABEL: func @branches
// CHECK: onnx.If
// CHECK-SAME: dims = ["[n, ?{{[0-9]+}}]"]
func.func @branches(%c: tensor<i1>, %x: tensor<?x4xf32> {onnx.dim_params = ["n", ""]}) -> tensor<*xf32> {
  %y = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    %a = onnx.Relu %x : (tensor<?x4xf32>) -> tensor<*xf32>
    onnx.Yield %a : tensor<*xf32>
  } else {
    %b = onnx.Concat %x, %x {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<*xf32>
    onnx.Yield %b : tensor<*xf32>
  }
  return %y : tensor<*xf32>
}

// Where sizes decide the condition, one branch alone counts; the other may not even fit.
// CHECK-LABEL: func @decided
// CHECK-SAME: -> tensor<3x4xf32>
func.func @decided(%x: tensor<3x4xf32>) -> tensor<*xf32> {
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : tensor<i64>
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : tensor<i64>
  %shape = onnx.Shape %x : (tensor<3x4xf32>) -> tensor<*xi64>
  %n = onnx.Gather %shape, %zero : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %c = onnx.Equal %n, %one : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %y = onnx.If %c : (tensor<*xi1>) -> tensor<*xf32> then {
    %s = onnx.Squeeze %x, %axis : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<*xf32>
    onnx.Yield %s : tensor<*xf32>
  } else {
    onnx.Yield %x : tensor<3x4xf32>
  }
  return %y : tensor<*xf32>
}

// A carried value that grows has an open size; the stacked one has a size for each iteration.
// CHECK-LABEL: func @grows
// CHECK: onnx.Loop
// CHECK-SAME: dims = ["[?{{[0-9]+}}, 4]", "[5, n, 4]"]
func.func @grows(%x: tensor<?x4xf32> {onnx.dim_params = ["n", ""]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = onnx.Constant {value = dense<5> : tensor<i64>} : tensor<i64>
  %none = onnx.NoValue
  %y:2 = onnx.Loop %m, %none, %x : (tensor<i64>, none, tensor<?x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: tensor<*xf32>):
    %g = onnx.Identity %go : (tensor<i1>) -> tensor<*xi1>
    %w = onnx.Concat %v, %x {axis = 0 : i64} : (tensor<*xf32>, tensor<?x4xf32>) -> tensor<*xf32>
    onnx.Yield %g, %w, %x : tensor<*xi1>, tensor<*xf32>, tensor<?x4xf32>
  }
  return %y#0, %y#1 : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func @scans
// CHECK: onnx.Scan
// CHECK-SAME: dims = ["[2]", "[t, 2]"]
func.func @scans(%s: tensor<2xf32>, %x: tensor<?x2xf32> {onnx.dim_params = ["t", ""]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %y:2 = onnx.Scan %s, %x attributes {num_scan_inputs = 1 : i64} : (tensor<2xf32>, tensor<?x2xf32>) -> (tensor<*xf32>, tensor<*xf32>) do {
  ^bb0(%state: tensor<*xf32>, %each: tensor<*xf32>):
    %sum = onnx.Add %state, %each : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %sum, %sum : tensor<*xf32>, tensor<*xf32>
  }
  return %y#0, %y#1 : tensor<*xf32>, tensor<*xf32>
}
