// RUN: ingot-opt --convert-onnx-to-linalg %s | FileCheck %s

// One row: the bytes of the weights are operands of the product.
// CHECK-LABEL: func.func @main_graph
// CHECK-SAME: %[[A:.*]]: tensor<1x32xf32> {{.*}}%[[M:.*]]: tensor<9x32xf32>
// CHECK-NOT: ingot.contract
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%{{.*}} : tensor<6x2x8xi8>
// CHECK: arith.shrui
// Many rows: all weights once, then a product of floats.
// CHECK: ingot.contract
func.func @main_graph(%a: tensor<1x32xf32> {onnx.name = "a"}, %m: tensor<9x32xf32> {onnx.name = "m"}, %b: tensor<6x2x8xui8> {onnx.name = "b"},
                      %s: tensor<12xf32> {onnx.name = "s"}) -> (tensor<1x6xf32> {onnx.name = "y"}, tensor<9x6xf32> {onnx.name = "z"}) {
  %none = onnx.NoValue {value}
  %y = onnx.ms.MatMulNBits %a, %b, %s, %none, %none, %none {K = 32 : i64, N = 6 : i64, block_size = 16 : i64}
    : (tensor<1x32xf32>, tensor<6x2x8xui8>, tensor<12xf32>, none, none, none) -> tensor<1x6xf32>
  %z = onnx.ms.MatMulNBits %m, %b, %s, %none, %none, %none {K = 32 : i64, N = 6 : i64, block_size = 16 : i64}
    : (tensor<9x32xf32>, tensor<6x2x8xui8>, tensor<12xf32>, none, none, none) -> tensor<9x6xf32>
  return %y, %z : tensor<1x6xf32>, tensor<9x6xf32>
}
