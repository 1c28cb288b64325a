func.func @main_graph(%x: tensor<2xf32>) -> tensor<2xf32> {
  func.call @main_graph(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %x : tensor<2xf32>
}
