module {
  func.func @main_graph(%x: tensor<?x16xf32> {onnx.name = "x", onnx.dim_params = ["rows", ""]}) -> (tensor<?x16xf32> {onnx.name = "y"}) {
    %w = onnx.Constant {value = dense<0.5> : tensor<16x16xf32>} : tensor<16x16xf32>
    %0 = onnx.MatMul %x, %w : (tensor<?x16xf32>, tensor<16x16xf32>) -> tensor<?x16xf32> loc("MatMul:first")
    %2 = onnx.Softmax %0 {axis = 1 : i64} : (tensor<?x16xf32>) -> tensor<?x16xf32> loc("Softmax:norm")
    %3 = onnx.MatMul %2, %w : (tensor<?x16xf32>, tensor<16x16xf32>) -> tensor<?x16xf32> loc("MatMul:second")
    return %3 : tensor<?x16xf32>
  }
}
