// Every message of the lowerings about attributes and operands that no shape rule looks at.
// RUN: ingot-opt %s -convert-onnx-to-linalg -split-input-file -verify-diagnostics

func.func @groups_of_weights(%x: tensor<1x16xf32>, %b: tensor<1x1x8xui8>, %s: tensor<1x1xf32>, %g: tensor<4xi32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'g_idx' of 16 elements, got 'tensor<4xi32>'}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ms.MatMulNBits %x, %b, %s, %none, %g, %none {K = 16 : i64, N = 1 : i64, block_size = 16 : i64}
    : (tensor<1x16xf32>, tensor<1x1x8xui8>, tensor<1x1xf32>, none, tensor<4xi32>, none) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @offset_groups(%x: tensor<1x2x2x2xf32>, %w: tensor<3x2x1x1xf32>, %o: tensor<1x2x2x2xf32>) -> tensor<1x3x2x2xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'offset_group' to divide the channels, got 0 for 2}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.DeformConv %x, %w, %o, %none, %none {offset_group = 0 : i64}
    : (tensor<1x2x2x2xf32>, tensor<3x2x1x1xf32>, tensor<1x2x2x2xf32>, none, none) -> tensor<1x3x2x2xf32>
  return %y : tensor<1x3x2x2xf32>
}

// -----

func.func @quantized_floats(%a: tensor<2x2xf8E4M3FN>, %s: tensor<f32>, %z: tensor<f8E4M3FN>) -> tensor<2x2xf8E4M3FN> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected operands and a result of 8-bit integers, got 'f8E4M3FN'}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.QLinearMatMul %a, %s, %z, %a, %s, %z, %s, %z
    : (tensor<2x2xf8E4M3FN>, tensor<f32>, tensor<f8E4M3FN>, tensor<2x2xf8E4M3FN>, tensor<f32>, tensor<f8E4M3FN>, tensor<f32>, tensor<f8E4M3FN>) -> tensor<2x2xf8E4M3FN>
  return %y : tensor<2x2xf8E4M3FN>
}

// -----

func.func @activations(%x: tensor<4x1x2xf32>, %w: tensor<1x3x2xf32>, %r: tensor<1x3x3xf32>) -> tensor<4x1x1x3xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 1 activations, got 2}}
  // expected-error @+1 {{unsupported operators}}
  %y, %h = onnx.RNN %x, %w, %r, %none, %none, %none {activations = ["Tanh", "Relu"], hidden_size = 3 : i64}
    : (tensor<4x1x2xf32>, tensor<1x3x2xf32>, tensor<1x3x3xf32>, none, none, none) -> (tensor<4x1x1x3xf32>, tensor<1x1x3xf32>)
  return %y : tensor<4x1x1x3xf32>
}

// -----

func.func @activation(%x: tensor<4x1x2xf32>, %w: tensor<1x3x2xf32>, %r: tensor<1x3x3xf32>) -> tensor<4x1x1x3xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected an activation that ONNX names, got 'Gelu'}}
  // expected-error @+1 {{unsupported operators}}
  %y, %h = onnx.RNN %x, %w, %r, %none, %none, %none {activations = ["Gelu"], hidden_size = 3 : i64}
    : (tensor<4x1x2xf32>, tensor<1x3x2xf32>, tensor<1x3x3xf32>, none, none, none) -> (tensor<4x1x1x3xf32>, tensor<1x1x3xf32>)
  return %y : tensor<4x1x1x3xf32>
}

// -----

func.func @rotated_heads(%x: tensor<1x2x4xf32>, %c: tensor<1x2x2xf32>) -> tensor<1x2x4xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected 'num_heads' of 1 or more for an operand of rank 3, got 0}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.RotaryEmbedding %x, %c, %c, %none : (tensor<1x2x4xf32>, tensor<1x2x2xf32>, tensor<1x2x2xf32>, none) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @no_points(%x: tensor<1x0x1xf32>) -> tensor<1x0x2xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{expected a transform of 1 point or more, got 0}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.DFT %x, %none, %none : (tensor<1x0x1xf32>, none, none) -> tensor<1x0x2xf32>
  return %y : tensor<1x0x2xf32>
}

// -----

func.func @block_steps(%x: tensor<1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %image = onnx.Constant {value = dense<4> : tensor<2xi64>} : tensor<2xi64>
  %block = onnx.Constant {value = dense<2> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+2 {{expected strides and dilations of 1 or more, got 0 and 1}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.Col2Im %x, %image, %block {strides = array<i64: 0, 2>}
    : (tensor<1x4x4xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

// -----

func.func @aggregate(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{has aggregate_function 4 and post_transform 0; expected 0 (average), 1 (sum), 2 (minimum) or 3 (maximum), and no transform}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {aggregate_function = 4 : i64, leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @base(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{'base_values' has 2 values, expected 1}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {base_values = array<f32: 1.0, 2.0>, leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @lengths(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{the attributes 'nodes_...' have 1 and 2 elements, expected one for each node in all}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0, 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @leaf_targets(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{'leaf_targetids' has 1 elements, expected 2 as 'leaf_weights'}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @leaf_target(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{a leaf has target 1, expected 0 to 0}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 1>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @child(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{node 0 leads to a node or leaf that does not exist, expected nodes 0 to 0 and leaves 0 to 1}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 2>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @feature(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{node 0 compares feature -1, expected 0 or more}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: -1>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @mode(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{node 0 has mode 7.000000e+00, expected 0 to 6}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<7> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @members(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{node 0 has no values in 'membership_values', expected one or more}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<6> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @roots(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{'tree_roots' has 1, expected 0 to 0}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 1>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @cycle(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
  %none = onnx.NoValue {value}
  // expected-error @+2 {{a node of a tree leads back to itself, expected trees}}
  // expected-error @+1 {{unsupported operators}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64, nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>,
    nodes_modes = dense<0> : tensor<1xui8>, nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 0>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
