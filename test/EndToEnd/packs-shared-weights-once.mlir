// Products with the same weights read one packed constant.
// RUN: ingotc %s --mcpu=x86-64-v3 --stop-after=fuse -o - | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[W:.*]] = arith.constant {{.*}} : tensor<1x4x1x64x16xf32>
// CHECK-NOT: arith.constant {{.*}} : tensor<1x4x1x64x16xf32>
// CHECK: ingot.contract ins(%{{[^,]*}}, %[[W]] :
// CHECK: ingot.contract ins(%{{[^,]*}}, %[[W]] :
module {
  func.func @main_graph(%x: tensor<?x64xf32> {onnx.name = "x", onnx.dim_params = ["rows", ""]}) -> (tensor<?x64xf32> {onnx.name = "y"}) {
    %start = onnx.Constant {value = dense<0.0> : tensor<f32>} : tensor<f32>
    %limit = onnx.Constant {value = dense<4096.0> : tensor<f32>} : tensor<f32>
    %step = onnx.Constant {value = dense<1.0> : tensor<f32>} : tensor<f32>
    %shape = onnx.Constant {value = dense<64> : tensor<2xi64>} : tensor<2xi64>
    %numbers = onnx.Range %start, %limit, %step : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<4096xf32>
    %w = onnx.Reshape %numbers, %shape : (tensor<4096xf32>, tensor<2xi64>) -> tensor<64x64xf32>
    %0 = onnx.MatMul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    %1 = onnx.MatMul %0, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    return %1 : tensor<?x64xf32>
  }
}
