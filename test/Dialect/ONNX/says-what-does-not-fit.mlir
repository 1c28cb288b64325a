// RUN: ingot-opt --onnx-infer-shapes --split-input-file --verify-diagnostics %s

func.func @broadcast(%a: tensor<2x3xf32>, %b: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{'onnx.Add' op expected operands that broadcast together, got sizes 3 and 4 in dimension 1}}
  %y = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @axis(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an axis from -2 to 1 for an operand of rank 2, got 2}}
  %y = onnx.Softmax %a {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @reshape(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[4, 2]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected a shape of 6 elements, got [4, 2] with 8}}
  %y = onnx.Reshape %a, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @product(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected equal sizes of the dimensions that are summed over, got 3 and 4}}
  %y = onnx.MatMul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @window(%x: tensor<1x1x2x2xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a window no longer than the padded dimension, got 3 taps over 2}}
  %y = onnx.Conv %x, %w, %none : (tensor<1x1x2x2xf32>, tensor<1x1x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @equation(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand of rank 3 for the term 'ijk', got rank 2}}
  %y = onnx.Einsum %a {equation = "ijk->i"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @carried(%m: tensor<i64>, %x: tensor<2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a body of 3 inputs and 2 outputs, got 2 and 2}}
  %y = onnx.Loop %m, %none, %x : (tensor<i64>, none, tensor<2xf32>) -> tensor<*xf32> do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>):
    onnx.Yield %go, %x : tensor<i1>, tensor<2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @axes_that_are_not_there(%x: tensor<1x3x6xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an axis from -3 to 2 for an operand of rank 3, got 3}}
  %y = onnx.MeanVarianceNormalization %x : (tensor<1x3x6xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
