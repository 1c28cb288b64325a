// Every message of the shape rules for convolution, pooling, products, attention and normalisation.
// RUN: ingot-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics

func.func @group(%x: tensor<1x4x5x5xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a 'group' of 1 or more, got 0}}
  %y = onnx.Conv %x, %w, %none {group = 0 : i64} : (tensor<1x4x5x5xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @kernel(%x: tensor<1x4x5x5xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{sizes in 'kernel_shape', got 1}}
  %y = onnx.Conv %x, %w, %none {kernel_shape = array<i64: 3>} : (tensor<1x4x5x5xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @shares(%x: tensor<1x4x5x5xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{output channels, one share for each group, got 3}}
  %y = onnx.Conv %x, %w, %none {group = 2 : i64} : (tensor<1x4x5x5xf32>, tensor<3x2x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @auto_pad(%x: tensor<1x4x5x5xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'auto_pad' to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got 'SAME'}}
  %y = onnx.Conv %x, %w, %none {auto_pad = "SAME"} : (tensor<1x4x5x5xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @output_shape(%x: tensor<1x4x5x5xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{sizes in 'output_shape', got 1}}
  %y = onnx.ConvTranspose %x, %w, %none {output_shape = array<i64: 9>} : (tensor<1x4x5x5xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @output_padding(%x: tensor<1x4x5x5xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{sizes in 'output_padding', got 1}}
  %y = onnx.ConvTranspose %x, %w, %none {output_padding = array<i64: 1>} : (tensor<1x4x5x5xf32>, tensor<4x4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @cut(%x: tensor<1x4x2x2xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected pads that leave something of dimension}}
  %y = onnx.ConvTranspose %x, %w, %none {pads = array<i64: 3, 3, 3, 3>} : (tensor<1x4x2x2xf32>, tensor<4x4x1x1xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pool(%x: tensor<1x4x5x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected sizes of 1 or more in 'kernel_shape', got 0}}
  %y = onnx.AveragePool %x {kernel_shape = array<i64: 0, 1>} : (tensor<1x4x5x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @term(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected letters and one ellipsis in a term, got '}}
  %y = onnx.Einsum %a {equation = "i1->i"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @labels(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected labels of operands in the result, got '}}
  %y = onnx.Einsum %a {equation = "ij->k"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @operands(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{operands for '}}
  %y = onnx.Einsum %a {equation = "ij,jk->ik"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @groups(%x: tensor<1x4x5xf32>, %s: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'num_groups' to divide the channels, got 3}}
  %y = onnx.GroupNormalization %x, %s, %s {num_groups = 3 : i64} : (tensor<1x4x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @top_k(%x: tensor<3xf32>) -> tensor<*xf32> {
  %k = onnx.Constant {value = dense<[4]> : tensor<1xi64>} : tensor<1xi64>
  // expected-error @+1 {{expected K from 0 to the size of dimension}}
  %y, %i = onnx.TopK %x, %k : (tensor<3xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}

// -----

func.func @direction(%x: tensor<2x1x3xf32>, %w: tensor<1x16x3xf32>, %r: tensor<1x16x4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'direction' to be forward, reverse or bidirectional, got 'up'}}
  %y, %h, %c = onnx.LSTM %x, %w, %r, %none, %none, %none, %none, %none {hidden_size = 4 : i64, direction = "up"} : (tensor<2x1x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>, none, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y : tensor<*xf32>
}

// -----

func.func @scales(%x: tensor<1x1x2x2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %s = onnx.Constant {value = dense<[1.0, 1.0, 0.0, 2.0]> : tensor<4xf32>} : tensor<4xf32>
  // expected-error @+1 {{expected scales above 0, got}}
  %y = onnx.Resize %x, %none, %s, %none : (tensor<1x1x2x2xf32>, none, tensor<4xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @scale_count(%x: tensor<1x1x2x2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %s = onnx.Constant {value = dense<[2.0, 2.0]> : tensor<2xf32>} : tensor<2xf32>
  // expected-error @+1 {{expected 4 scales or sizes, got 2}}
  %y = onnx.Resize %x, %none, %s, %none : (tensor<1x1x2x2xf32>, none, tensor<2xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @heads(%q: tensor<1x2x8xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'q_num_heads' and 'kv_num_heads' of 1 or more for operands of rank 3}}
  %y, %k, %v, %s = onnx.Attention %q, %q, %q, %none, %none, %none, %none : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y : tensor<*xf32>
}

// -----

func.func @past(%q: tensor<1x2x4x8xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected both 'past_key' and 'past_value', or neither}}
  %y, %k, %v, %s = onnx.Attention %q, %q, %q, %none, %q, %none, %none : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, none, tensor<1x2x4x8xf32>, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y : tensor<*xf32>
}
