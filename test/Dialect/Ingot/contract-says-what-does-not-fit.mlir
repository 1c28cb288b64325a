// RUN: ingot-opt %s -split-input-file -verify-diagnostics

func.func @input(%x: tensor<4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<4x16xf32>) {
  // expected-error @+1 {{expected an input of rank 3 or more, got rank 2}}
  %r = ingot.contract ins(%x, %w : tensor<4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<4x16xf32>)
      attributes {strides = array<i64>, dilations = array<i64>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<4x16xf32>
  return
}

// -----

func.func @result(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<4x16xf32>) {
  // expected-error @+1 {{expected a result of rank 3, got 2}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<4x16xf32>
  return
}

// -----

func.func @weights(%x: tensor<1x4x8xf32>, %w: tensor<8x16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected weights of rank 4 (plain), 5 or 6 (packed), got 2}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<8x16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @strides(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected 1 strides and dilations, got 2 and 1}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1, 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @both(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected groups or batched weights, not both}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>, groups = 2 : i64, batched_weights} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @arguments(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected 0 extra maps and one more body argument, got 0 and 2}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32, %b: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @map(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %e: tensor<16xf32>, %o: tensor<1x4x16xf32>) {
  // expected-error @+1 {{expected extra maps from the result's index to an index of the operand, got}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) extras(%e : tensor<16xf32>) outs(%o : tensor<1x4x16xf32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>, extra_maps = [affine_map<(n, c) -> (c)>]} {
  ^bb0(%a: f32, %b: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf32>
  return
}

// -----

func.func @yields(%x: tensor<1x4x8xf32>, %w: tensor<1x1x8x16xf32>, %o: tensor<1x4x16xf16>) {
  // expected-error @+1 {{expected a body that yields one}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x8x16xf32>) outs(%o : tensor<1x4x16xf16>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: f32):
    ingot.yield %a : f32
  } -> tensor<1x4x16xf16>
  return
}

// -----

func.func @dots(%x: tensor<1x4x8xf32>, %w: tensor<1x1x1x2x16x4xi8>, %o: tensor<1x4x16xi32>) {
  // expected-error @+1 {{expected signed 8-bit weights, four of the depth side by side, and 8-bit numbers beside them, got}}
  %r = ingot.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<1x1x1x2x16x4xi8>) outs(%o : tensor<1x4x16xi32>)
      attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  } -> tensor<1x4x16xi32>
  return
}
