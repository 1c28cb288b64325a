module {
  func.func @main_graph(%x: tensor<1x1000xf32> {onnx.name = "x"}) -> (tensor<1x24xf32> {onnx.name = "y"}) {
    %w = onnx.Constant {value = dense<0.1> : tensor<1000x24xf32>} : tensor<1000x24xf32>
    %0 = onnx.MatMul %x, %w : (tensor<1x1000xf32>, tensor<1000x24xf32>) -> tensor<1x24xf32>
    return %0 : tensor<1x24xf32>
  }
}
