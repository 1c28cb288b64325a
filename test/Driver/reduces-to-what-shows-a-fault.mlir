// What the script does not need is gone.
// RUN: ingot-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/holds-a-relu.sh' | FileCheck %s

// CHECK-NOT: @unrelated
// CHECK: func.func @main_graph
// CHECK: onnx.Relu
func.func @unrelated() {
  return
}
func.func @main_graph(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = onnx.Relu %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
