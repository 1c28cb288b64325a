// The weights of a branch are packed at compile time like any others.
// RUN: ingotc %s --mcpu=x86-64-v3 --stop-after=fuse -o - | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: linalg.transpose
// CHECK: scf.if
// CHECK-NOT: linalg.transpose
// CHECK: ingot.contract ins(%{{[^,]*}}, %cst : tensor<1x?x2xf32>, tensor<1x1x1x2x2xf32>)
// CHECK-NOT: linalg.transpose
module {
  func.func @main_graph(%x: tensor<?x2xf32> {onnx.name = "x", onnx.dim_params = ["rows", ""]}, %c: tensor<i1> {onnx.name = "c"})
      -> (tensor<?x2xf32> {onnx.name = "y"}) {
    %y = onnx.If %c : (tensor<i1>) -> tensor<?x2xf32> then {
      %w = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : tensor<2x2xf32>
      %0 = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
      onnx.Yield %0 : tensor<?x2xf32>
    } else {
      onnx.Yield %x : tensor<?x2xf32>
    }
    return %y : tensor<?x2xf32>
  }
}
