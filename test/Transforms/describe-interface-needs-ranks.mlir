// RUN: ingot-opt %s -ingot-describe-interface -split-input-file -verify-diagnostics

// expected-error @below {{'x' has type 'tensor<*xf32>'; expected a tensor of known rank at the model's boundary: give its shape with --shape, or export it with one}}
func.func @main_graph(%x: tensor<*xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %y = onnx.Relu %x : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
