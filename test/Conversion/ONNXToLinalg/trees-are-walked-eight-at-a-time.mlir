// RUN: ingot-opt --convert-onnx-to-linalg %s | FileCheck %s

// Words of the nodes: feature, split (as bits), and four times the numbers of the nodes behind false and true. Leaves lead to themselves; the last node
// fills up the eight.
// CHECK-LABEL: func.func @main_graph
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>
// CHECK-DAG: %[[WORDS:.*]] = arith.constant dense<[2, 1056964608, 8, 4, 0, 0, 4, 4, 0, 0, 8, 8, 0, 0, 12, 12]> : tensor<16xi32>
// CHECK-DAG: arith.constant dense<[0, 12, 12, 12, 12, 12, 12, 12]> : tensor<8xi32>
// CHECK: linalg.generic
// CHECK: scf.for %{{.*}} iter_args(%[[AT:[^ ]*]] = {{.*}}) -> (index, index, index, index, index, index, index, index)
// CHECK: %[[FEATURE:.*]] = tensor.extract %[[WORDS]][%[[AT]]]
// CHECK: tensor.extract %[[X]][
// CHECK: arith.cmpf ole
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
func.func @main_graph(%x: tensor<?x3xf32> {onnx.name = "x"}) -> (tensor<?x1xf32> {onnx.name = "y"}) {
  %y = onnx.ml.TreeEnsemble %x {leaf_targetids = array<i64: 0, 0>, leaf_weights = dense<[1.0, 2.0]> : tensor<2xf32>, n_targets = 1 : i64,
    nodes_falseleafs = array<i64: 1>, nodes_falsenodeids = array<i64: 1>, nodes_featureids = array<i64: 2>, nodes_modes = dense<0> : tensor<1xui8>,
    nodes_splits = dense<0.5> : tensor<1xf32>, nodes_trueleafs = array<i64: 1>, nodes_truenodeids = array<i64: 0>, tree_roots = array<i64: 0>}
    : (tensor<?x3xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
