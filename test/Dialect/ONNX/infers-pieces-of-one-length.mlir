// Pieces are of one length where the list of lengths repeats a value, even if only the run knows how often (torch's repeat_interleave).
// RUN: ingot-opt %s --onnx-infer-shapes | FileCheck %s

// CHECK-LABEL: func @pieces
// CHECK: onnx.SplitToSequence {{.*}} -> !onnx.seq<tensor<1x8xf32>>
func.func @pieces(%x: tensor<?x8xf32>, %count: tensor<1xi64>) -> !onnx.seq<tensor<*xf32>> {
  %ones = onnx.ConstantOfShape %count {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<?xi64>
  %s = onnx.SplitToSequence %x, %ones {axis = 0 : i64} : (tensor<?x8xf32>, tensor<?xi64>) -> !onnx.seq<tensor<*xf32>>
  return %s : !onnx.seq<tensor<*xf32>>
}
