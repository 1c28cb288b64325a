// RUN: ingot-opt %s -split-input-file -verify-diagnostics

func.func @unranked(%x: tensor<*xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected ranked operands}}
  %r = ingot.contract ins(%x, %w : tensor<*xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @types(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected an ONNX type for each operand and result, got 0 and 1}}
  %r = ingot.call @f(%x) {input_types = array<i32>, output_types = array<i32: 1>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @vector(%x: vector<2xf32>) {
  // expected-error @+1 {{expected ranked tensors and handles, got 'vector<2xf32>'}}
  %r = ingot.call @f(%x) {input_types = array<i32: 1>, output_types = array<i32: 1>} : (vector<2xf32>) -> tensor<2xf32>
  return
}
