// RUN: ingot-opt -convert-onnx-to-linalg --split-input-file --verify-diagnostics %s

func.func @rounding(%x: tensor<3xf32>) -> tensor<3xf8E8M0FNU> {
  // expected-error @below {{expected 'round_mode' to be up, down or nearest, got 'odd'}}
  // expected-error @below {{unsupported operators: Cast (1 node}}
  %0 = onnx.Cast %x {round_mode = "odd", to = 24 : i64} : (tensor<3xf32>) -> tensor<3xf8E8M0FNU>
  return %0 : tensor<3xf8E8M0FNU>
}

// -----

func.func @wide(%x: tensor<3xf32>, %s: tensor<f32>, %z: tensor<i32>) -> tensor<3xi32> {
  // expected-error @below {{expected a result of integers of at most 16 bits or floats of at most 8, got 'tensor<3xi32>'}}
  // expected-error @below {{unsupported operators: QuantizeLinear (1 node}}
  %0 = onnx.QuantizeLinear %x, %s, %z : (tensor<3xf32>, tensor<f32>, tensor<i32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

func.func @blocks(%x: tensor<4x6xf32>, %s: tensor<4x2xf32>) -> tensor<4x6xui8> {
  %none = onnx.NoValue {value}
  // expected-error @below {{expected a scale and zero point per tensor, axis or block, got 'tensor<4x2xf32>'}}
  // expected-error @below {{unsupported operators: QuantizeLinear (1 node}}
  %0 = onnx.QuantizeLinear %x, %s, %none : (tensor<4x6xf32>, tensor<4x2xf32>, none) -> tensor<4x6xui8>
  return %0 : tensor<4x6xui8>
}

// -----

func.func @precision(%x: tensor<3xf32>, %s: tensor<f32>) -> tensor<3xui8> {
  %none = onnx.NoValue {value}
  // expected-error @below {{expected 'precision' to be the number of a float type, got 7}}
  // expected-error @below {{unsupported operators: QuantizeLinear (1 node}}
  %0 = onnx.QuantizeLinear %x, %s, %none {precision = 7 : i64} : (tensor<3xf32>, tensor<f32>, none) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}

// -----

func.func @doubles(%x: tensor<3xf64>, %s: tensor<f32>) -> tensor<3xf32> {
  %none = onnx.NoValue {value}
  // expected-error @below {{expected integers or floats of at most 8 bits, got 'tensor<3xf64>'}}
  // expected-error @below {{unsupported operators: DequantizeLinear (1 node}}
  %0 = onnx.DequantizeLinear %x, %s, %none : (tensor<3xf64>, tensor<f32>, none) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @masks(%x: tensor<3xi32>, %ratio: tensor<f32>, %training: tensor<i1>) -> tensor<3xi32> {
  // expected-error @below {{expected a tensor of floats, got 'tensor<3xi32>'}}
  // expected-error @below {{unsupported operators: Dropout (1 node}}
  %0, %mask = onnx.Dropout %x, %ratio, %training : (tensor<3xi32>, tensor<f32>, tensor<i1>) -> (tensor<3xi32>, tensor<3xi1>)
  return %0 : tensor<3xi32>
}
