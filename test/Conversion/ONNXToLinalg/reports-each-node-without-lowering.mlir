// One diagnostic for all that is left, or with report-each one for each node.
// RUN: ingot-opt %s -convert-onnx-to-linalg=report-each -verify-diagnostics

func.func @halves(%x: tensor<1x3xf16>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  // expected-error @+1 {{no lowering for these element types and attributes: 'tensor<1x3xf16>' to 'tensor<1x1xf32>'}}
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64,
    nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>, nodes_modes = dense<0> : tensor<1xui8>,
    nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>}
    : (tensor<1x3xf16>) -> tensor<1x1xf32>
  // expected-error @+1 {{no lowering for these element types and attributes: 'tensor<1x3xf16>' to 'tensor<1x1xf32>'}}
  %z = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64,
    nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>, nodes_modes = dense<0> : tensor<1xui8>,
    nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>}
    : (tensor<1x3xf16>) -> tensor<1x1xf32>
  return %y, %z : tensor<1x1xf32>, tensor<1x1xf32>
}
