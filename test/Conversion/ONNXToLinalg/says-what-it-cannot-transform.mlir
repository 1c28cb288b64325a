// RUN: ingot-opt %s -convert-onnx-to-linalg -split-input-file -verify-diagnostics

func.func @components(%x: tensor<1x4x3xf32>) -> tensor<1x4x2xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected a last dimension of 1 (real) or 2 (complex numbers), got 'tensor<1x4x3xf32>'}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.DFT %x, %none, %none : (tensor<1x4x3xf32>, none, none) -> tensor<1x4x2xf32>
  return %0 : tensor<1x4x2xf32>
}

// -----

func.func @real_inverse(%x: tensor<1x4x1xf32>) -> tensor<1x6x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected complex numbers for a one-sided inverse, got 'tensor<1x4x1xf32>'}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.DFT %x, %none, %none {inverse = 1 : i64, onesided = 1 : i64} : (tensor<1x4x1xf32>, none, none) -> tensor<1x6x1xf32>
  return %0 : tensor<1x6x1xf32>
}

// -----

func.func @last_axis(%x: tensor<1x4x1xf32>) -> tensor<?x?x2xf32> {
  %none = onnx.NoValue {value}
  %axis = onnx.Constant {value = dense<2> : tensor<i64>} : tensor<i64>
  // expected-error @+2 {{expected an axis from -3 to 1 without the last one, got 2}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.DFT %x, %none, %axis : (tensor<1x4x1xf32>, none, tensor<i64>) -> tensor<?x?x2xf32>
  return %0 : tensor<?x?x2xf32>
}

// -----

func.func @no_frame(%x: tensor<1x4xf32>, %step: tensor<i64>) -> tensor<?x?x?x2xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected a window or a frame length, got neither}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.STFT %x, %step, %none, %none : (tensor<1x4xf32>, tensor<i64>, none, none) -> tensor<?x?x?x2xf32>
  return %0 : tensor<?x?x?x2xf32>
}

// -----

func.func @rule(%x: tensor<1x2x4xf32>) -> (tensor<1x2x4xf32>, tensor<1x1x4x4xf32>) {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected the update rule 'linear', 'gated', 'delta' or 'gated_delta', got 'sometimes'}}
  // expected-error @+1 {{unsupported operators}}
  %0:2 = onnx.LinearAttention %x, %x, %x, %none, %none, %none {kv_num_heads = 1 : i64, q_num_heads = 1 : i64, update_rule = "sometimes"}
    : (tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, none, none, none) -> (tensor<1x2x4xf32>, tensor<1x1x4x4xf32>)
  return %0#0, %0#1 : tensor<1x2x4xf32>, tensor<1x1x4x4xf32>
}

// -----

func.func @no_beta(%x: tensor<1x2x4xf32>) -> (tensor<1x2x4xf32>, tensor<1x1x4x4xf32>) {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'decay' for the gated and 'beta' for the delta rules only, got the rule 'delta'}}
  // expected-error @+1 {{unsupported operators}}
  %0:2 = onnx.LinearAttention %x, %x, %x, %none, %none, %none {kv_num_heads = 1 : i64, q_num_heads = 1 : i64, update_rule = "delta"}
    : (tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, none, none, none) -> (tensor<1x2x4xf32>, tensor<1x1x4x4xf32>)
  return %0#0, %0#1 : tensor<1x2x4xf32>, tensor<1x1x4x4xf32>
}

// -----

func.func @heads(%q: tensor<1x2x6xf32>, %x: tensor<1x2x4xf32>) -> (tensor<1x2x6xf32>, tensor<1x2x2x2xf32>) {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'q_num_heads' to be a multiple of 'kv_num_heads', got 3 and 2}}
  // expected-error @+1 {{unsupported operators}}
  %0:2 = onnx.LinearAttention %q, %x, %x, %none, %none, %none {kv_num_heads = 2 : i64, q_num_heads = 3 : i64, update_rule = "linear"}
    : (tensor<1x2x6xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, none, none, none) -> (tensor<1x2x6xf32>, tensor<1x2x2x2xf32>)
  return %0#0, %0#1 : tensor<1x2x6xf32>, tensor<1x2x2x2xf32>
}

// -----

func.func @activation(%x: tensor<1x2x4xf32>, %w: tensor<2x1x3xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x2xf32>) {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected the activation 'none', 'silu' or 'swish', got 'relu'}}
  // expected-error @+1 {{unsupported operators}}
  %0:2 = onnx.CausalConvWithState %x, %w, %none, %none {activation = "relu"}
    : (tensor<1x2x4xf32>, tensor<2x1x3xf32>, none, none) -> (tensor<1x2x4xf32>, tensor<1x2x2xf32>)
  return %0#0, %0#1 : tensor<1x2x4xf32>, tensor<1x2x2xf32>
}

// -----

func.func @filters(%x: tensor<1x2x4xf32>, %w: tensor<2x3xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x2xf32>) {
  %none = onnx.NoValue {value}
  // expected-error @+1 {{expected operand #1 to have rank 3, got [2, 3]}}
  %0:2 = onnx.CausalConvWithState %x, %w, %none, %none
    : (tensor<1x2x4xf32>, tensor<2x3xf32>, none, none) -> (tensor<1x2x4xf32>, tensor<1x2x2xf32>)
  return %0#0, %0#1 : tensor<1x2x4xf32>, tensor<1x2x2xf32>
}

// -----

func.func @mode(%x: tensor<1x2x4x4xf32>, %rois: tensor<1x4xf32>, %i: tensor<1xi64>) -> tensor<1x2x1x1xf32> {
  // expected-error @+2 {{expected the mode 'avg' or 'max', got 'least'}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.RoiAlign %x, %rois, %i {mode = "least"} : (tensor<1x2x4x4xf32>, tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x2x1x1xf32>
  return %0 : tensor<1x2x1x1xf32>
}

// -----

func.func @coordinates(%x: tensor<1x2x4x4xf32>, %rois: tensor<1x4xf32>, %i: tensor<1xi64>) -> tensor<1x2x1x1xf32> {
  // expected-error @+2 {{expected the coordinates 'half_pixel' or 'output_half_pixel', got 'whole'}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.RoiAlign %x, %rois, %i {coordinate_transformation_mode = "whole"}
    : (tensor<1x2x4x4xf32>, tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x2x1x1xf32>
  return %0 : tensor<1x2x1x1xf32>
}

// -----

func.func @offset_group(%x: tensor<1x3x2x2xf32>, %w: tensor<1x3x1x1xf32>, %o: tensor<1x4x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'offset_group' to divide the channels, got 2 for 3}}
  // expected-error @+1 {{unsupported operators}}
  %0 = onnx.DeformConv %x, %w, %o, %none, %none {offset_group = 2 : i64}
    : (tensor<1x3x2x2xf32>, tensor<1x3x1x1xf32>, tensor<1x4x2x2xf32>, none, none) -> tensor<1x1x2x2xf32>
  return %0 : tensor<1x1x2x2xf32>
}
