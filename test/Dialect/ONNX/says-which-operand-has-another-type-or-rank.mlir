// What OperandRules.cpp asks of operands, and what shape rules ask of sizes that belong together.
// RUN: ingot-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics

func.func @type(%a: tensor<2x3xf32>, %b: tensor<3x4xf16>) -> tensor<*xf32> {
  // expected-error @+1 {{'onnx.MatMul' op expected operand #1 to be of 'f32' as others are, got 'f16'}}
  %y = onnx.MatMul %a, %b : (tensor<2x3xf32>, tensor<3x4xf16>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<4xf32>, %i: tensor<1xi64>, %step: tensor<i64>) -> tensor<*xf32> {
  // expected-error @+1 {{'onnx.Slice' op expected operand #4 to have rank 1, got []}}
  %y = onnx.Slice %x, %i, %i, %i, %step : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @ranks(%x: tensor<4xf32>, %least: tensor<1x1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{'onnx.Clip' op expected operand #1 to have rank 0 to 1, got [1, 1]}}
  %y = onnx.Clip %x, %least, %none : (tensor<4xf32>, tensor<1x1xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @least_rank(%x: tensor<4xf32>, %k: tensor<i64>) -> tensor<*xf32> {
  // expected-error @+1 {{'onnx.Trilu' op expected operand #0 to have rank 2 or more, got [4]}}
  %y = onnx.Trilu %x, %k : (tensor<4xf32>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @condition(%c: tensor<i64>, %x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{'onnx.If' op expected operand #0 to be of booleans, got 'i64'}}
  %y = onnx.If %c : (tensor<i64>) -> tensor<*xf32> then {
    onnx.Yield %x : tensor<2xf32>
  } else {
    onnx.Yield %x : tensor<2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @mask(%x: tensor<1x1x2x2xf32>, %mask: tensor<1x!onnx.string>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{'onnx.Attention' op expected operand #3 to be of numbers, got '!onnx.string'}}
  %y:4 = onnx.Attention %x, %x, %x, %mask, %none, %none, %none
    : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x!onnx.string>, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @head_groups(%q: tensor<1x4x2x2xf32>, %x: tensor<1x3x2x2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a multiple of the heads of K and V for Q, got 4 and 3}}
  %y:4 = onnx.Attention %q, %x, %x, %none, %none, %none, %none
    : (tensor<1x4x2x2xf32>, tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @huge(%x: tensor<9223372036854775807x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected fewer elements than any memory holds, got [9223372036854775807, 4]}}
  %y = onnx.Relu %x : (tensor<9223372036854775807x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @range() -> tensor<*xi64> {
  %from = onnx.Constant {value = dense<-7> : tensor<i64>} : tensor<i64>
  %to = onnx.Constant {value = dense<9223372036854775807> : tensor<i64>} : tensor<i64>
  %by = onnx.Constant {value = dense<1> : tensor<i64>} : tensor<i64>
  // expected-error @+1 {{expected a number of elements that a memory holds, got a range from -7 to 9223372036854775807 by 1}}
  %y = onnx.Range %from, %to, %by : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @targets(%x: tensor<3x5x2xf32>, %t: tensor<3xi64>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected an operand of rank 2, got [3]}}
  %y:2 = onnx.SoftmaxCrossEntropyLoss %x, %t, %none : (tensor<3x5x2xf32>, tensor<3xi64>, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @scatter(%x: tensor<3x5xf32>, %i: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand of rank 2, got [3]}}
  %y = onnx.ScatterElements %x, %i, %x : (tensor<3x5xf32>, tensor<3xi64>, tensor<3x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @filters(%x: tensor<1x2x4xf32>, %w: tensor<3x1x2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected equal sizes of the channels of data and weights, got 2 and 3}}
  %y:2 = onnx.CausalConvWithState %x, %w, %none, %none : (tensor<1x2x4xf32>, tensor<3x1x2xf32>, none, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @past(%x: tensor<1x2x4xf32>, %w: tensor<2x1x3xf32>, %p: tensor<1x2x1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected equal sizes of 'past_state' and what the filters reach back to, got 2 and 1}}
  %y:2 = onnx.CausalConvWithState %x, %w, %none, %p : (tensor<1x2x4xf32>, tensor<2x1x3xf32>, none, tensor<1x2x1xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @square(%x: tensor<3x2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected equal sizes of the rows and columns of square matrices, got 3 and 2}}
  %y = onnx.Det %x : (tensor<3x2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @scalar(%x: tensor<f32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand of rank 1 or more, got []}}
  %y = onnx.Hardmax %x {axis = 0 : i64} : (tensor<f32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @transposed_groups(%x: tensor<1x3x2x2xf32>, %w: tensor<3x1x2x2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'group' to divide the channels, got 2}}
  %y = onnx.ConvTranspose %x, %w, %none {group = 2 : i64} : (tensor<1x3x2x2xf32>, tensor<3x1x2x2xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @parameters(%x: tensor<4xf32>, %s: tensor<3x?xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected parameters that broadcast to [4], got [3, ?0]}}
  %y = onnx.RMSNormalization %x, %s : (tensor<4xf32>, tensor<3x?xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @parameter_sizes(%x: tensor<2x4xf32>, %s: tensor<3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected parameters that broadcast to [2, 4], got [3]}}
  %y:3 = onnx.LayerNormalization %x, %s, %none : (tensor<2x4xf32>, tensor<3xf32>, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @list(%n: tensor<2147483648xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected operand #0 to be a list of at most 64 elements, got [2147483648]}}
  %y = onnx.ConstantOfShape %n : (tensor<2147483648xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @negative() -> tensor<*xf32> {
  %n = onnx.Constant {value = dense<-3> : tensor<i64>} : tensor<i64>
  // expected-error @+1 {{expected sizes of 0 or more, got [-3]}}
  %y = onnx.HammingWindow %n : (tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @updates(%x: tensor<?x4xf32>, %i: tensor<2x1xi64>, %u: tensor<f32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand of rank 2, got []}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<?x4xf32>, tensor<2x1xi64>, tensor<f32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @positions(%x: tensor<4xf32>, %i: tensor<2x3xi64>, %u: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected indices of at most 1 positions, got 3}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<4xf32>, tensor<2x3xi64>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @gates(%x: tensor<3x1x2xf32>, %w: tensor<1x0x2xf32>, %r: tensor<1x28x7xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected equal sizes of W and the gates of 'hidden_size', got 0 and 28}}
  %y:3 = onnx.LSTM %x, %w, %r, %none, %none, %none, %none, %none
    : (tensor<3x1x2xf32>, tensor<1x0x2xf32>, tensor<1x28x7xf32>, none, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}
