// A product has a dimension of size 1 that its result has not: it is made in the output's buffer, seen with that dimension.
// RUN: ingotc %s --mcpu=x86-64-v3 --stop-after=bufferize -o - | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[OUT:.*]] = ingot.output
// CHECK: %[[SEEN:.*]] = memref.expand_shape %[[OUT]]
// CHECK: call @kernel_{{.*}}, %[[SEEN]])
// CHECK-NOT: call
// CHECK: return
module {
  func.func @main_graph(%x: tensor<?x64xf32> {onnx.name = "x", onnx.dim_params = ["rows", ""]}) -> (tensor<?x64xf32> {onnx.name = "y"}) {
    %w = onnx.Constant {value = dense<2.0> : tensor<64x64xf32>} : tensor<64x64xf32>
    %0 = onnx.MatMul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    return %0 : tensor<?x64xf32>
  }
}
