// RUN: ingot-opt %s -split-input-file -verify-diagnostics

func.func @pads(%x: tensor<1x8x8x4xf32>, %w: tensor<1x3x3x4x4xf32>, %out: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // expected-error @+1 {{expected 2 pads, got 1}}
  %r = ingot.contract ins(%x, %w : tensor<1x8x8x4xf32>, tensor<1x3x3x4x4xf32>) outs(%out : tensor<1x8x8x4xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x8x8x4xf32>
  return %r : tensor<1x8x8x4xf32>
}

// -----

func.func @depthwise(%x: tensor<1x8x8x4xf32>, %w: tensor<1x3x3x4x4xf32>, %out: tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32> {
  // expected-error @+1 {{expected depthwise weights [1, K.., 1, C] without groups, got}}
  %r = ingot.contract ins(%x, %w : tensor<1x8x8x4xf32>, tensor<1x3x3x4x4xf32>) outs(%out : tensor<1x6x6x4xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, depthwise} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x6x6x4xf32>
  return %r : tensor<1x6x6x4xf32>
}

// -----

func.func @winograd(%x: tensor<1x8x8x4xf32>, %w: tensor<1x5x5x4x4xf32>, %out: tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32> {
  // expected-error @+1 {{expected 3x3 or 6x6 weights in Winograd's form, got}}
  %r = ingot.contract ins(%x, %w : tensor<1x8x8x4xf32>, tensor<1x5x5x4x4xf32>) outs(%out : tensor<1x6x6x4xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x6x6x4xf32>
  return %r : tensor<1x6x6x4xf32>
}

// -----

func.func @winograd_strided(%x: tensor<1x8x8x4xf32>, %w: tensor<1x3x3x4x4xf32>, %out: tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32> {
  // expected-error @+1 {{expected two dimensions of stride 1 in Winograd's form}}
  %r = ingot.contract ins(%x, %w : tensor<1x8x8x4xf32>, tensor<1x3x3x4x4xf32>) outs(%out : tensor<1x6x6x4xf32>)
    attributes {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, winograd = 4 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x6x6x4xf32>
  return %r : tensor<1x6x6x4xf32>
}

// -----

func.func @form(%x: tensor<1x8x8x4xf32>, %w: tensor<1x3x3x4x4xf32>, %out: tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32> {
  // expected-error @+1 {{expected a Winograd form of 2x2 or 4x4 results, got 3}}
  %r = ingot.contract ins(%x, %w : tensor<1x8x8x4xf32>, tensor<1x3x3x4x4xf32>) outs(%out : tensor<1x6x6x4xf32>)
    attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, winograd = 3 : i64} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x6x6x4xf32>
  return %r : tensor<1x6x6x4xf32>
}
