// A model that calls the runtime.
func.func @main_graph(%x: tensor<2x!onnx.string> {onnx.name = "x"}) -> (tensor<2x!onnx.string> {onnx.name = "y"}) {
  %y = onnx.StringConcat %x, %x : (tensor<2x!onnx.string>, tensor<2x!onnx.string>) -> tensor<2x!onnx.string>
  return %y : tensor<2x!onnx.string>
}
