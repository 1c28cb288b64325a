// Every message of the shape rules for operators that move, generate and reshape.
// RUN: ingot-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics

func.func @permutation(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a permutation of 2 dimensions, got 1}}
  %y = onnx.Transpose %x {perm = array<i64: 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @twice(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected each axis once, got}}
  %y = onnx.Transpose %x {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @no_operand() -> tensor<*xf32> {
  // expected-error @+1 {{expected at least one operand}}
  %y = onnx.Concat {axis = 0 : i64} : () -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @concat_types(%x: tensor<2xf32>, %i: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected operand #1 to be of 'f32' as others are, got 'i64'}}
  %y = onnx.Concat %x, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @concat_ranks(%x: tensor<2xf32>, %z: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected operands of equal rank, got 1 and 2}}
  %y = onnx.Concat %x, %z {axis = 0 : i64} : (tensor<2xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @split_count(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[1, 1, 2]> : tensor<3xi64>} : tensor<3xi64>
  // expected-error @+1 {{expected 2 sizes, one for each result, got 3}}
  %y:2 = onnx.Split %x, %s : (tensor<4xf32>, tensor<3xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @split_negative(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[5, -1]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected sizes of 0 or more, got -1}}
  %y:2 = onnx.Split %x, %s : (tensor<4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @split_sum(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[3, 2]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected sizes that sum to 4, got 5}}
  %y:2 = onnx.Split %x, %s : (tensor<4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @split_outputs(%x: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'num_outputs' to be the number of results, 2, got 3}}
  %y:2 = onnx.Split %x, %none {num_outputs = 3 : i64} : (tensor<4xf32>, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @slice_counts(%x: tensor<4x4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %one = onnx.Constant {value = dense<[1]> : tensor<1xi64>} : tensor<1xi64>
  %two = onnx.Constant {value = dense<[2, 2]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{starts, ends and steps, got}}
  %y = onnx.Slice %x, %one, %two, %none, %none : (tensor<4x4xf32>, tensor<1xi64>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @slice_step(%x: tensor<4xf32>) -> tensor<*xf32> {
  %zero = onnx.Constant {value = dense<[0]> : tensor<1xi64>} : tensor<1xi64>
  // expected-error @+1 {{expected steps other than 0}}
  %y = onnx.Slice %x, %zero, %zero, %zero, %zero : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pad_count(%x: tensor<4x4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %p = onnx.Constant {value = dense<[1, 1]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{pads, got 2}}
  %y = onnx.Pad %x, %p, %none, %none : (tensor<4x4xf32>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pad_away(%x: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %p = onnx.Constant {value = dense<[-3, -3]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected pads that leave something of dimension 0}}
  %y = onnx.Pad %x, %p, %none, %none : (tensor<4xf32>, tensor<2xi64>, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @tile(%x: tensor<4xf32>) -> tensor<*xf32> {
  %r = onnx.Constant {value = dense<[1, 1]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{repeats, got 2}}
  %y = onnx.Tile %x, %r : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @blocksize(%x: tensor<1x1x4x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a 'blocksize' of 1 or more, got 0}}
  %y = onnx.SpaceToDepth %x {blocksize = 0 : i64} : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @shares(%x: tensor<1x1x5x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a size in dimension}}
  %y = onnx.SpaceToDepth %x {blocksize = 2 : i64} : (tensor<1x1x5x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @reshape_negative(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[-2]> : tensor<1xi64>} : tensor<1xi64>
  // expected-error @+1 {{expected sizes of -1 or more in the shape, got -2}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @reshape_copies(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[4, 0]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{or more, as the shape copies its dimension}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @reshape_open(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[-1, -1]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected one -1 at most in the shape}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @reshape_fits(%x: tensor<4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant {value = dense<[3, -1]> : tensor<2xi64>} : tensor<2xi64>
  // expected-error @+1 {{expected a shape that fits}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @squeeze(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %a = onnx.Constant {value = dense<[1]> : tensor<1xi64>} : tensor<1xi64>
  // expected-error @+1 {{expected size 1 in dimension 1}}
  %y = onnx.Squeeze %x, %a : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @bitcast(%x: tensor<2xf32>) -> tensor<*xi64> {
  // expected-error @+1 {{expected element types of equal width, got}}
  %y = onnx.BitCast %x {to = 7 : i64} : (tensor<2xf32>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @range() -> tensor<*xi64> {
  %z = onnx.Constant {value = dense<0> : tensor<i64>} : tensor<i64>
  // expected-error @+1 {{expected a delta other than 0}}
  %y = onnx.Range %z, %z, %z : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @operand_types(%x: tensor<2xf32>, %i: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected operands of one element type, got 'f32' and 'i64'}}
  %y = onnx.Add %x, %i : (tensor<2xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @cast(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'to' to be a number of an element type, got 99}}
  %y = onnx.Cast %x {to = 99 : i64} : (tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @gather_nd(%x: tensor<2x3xf32>, %i: tensor<1x3xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected indices of 1 to 2 positions after 0 batch dimensions, got 3}}
  %y = onnx.GatherND %x, %i : (tensor<2x3xf32>, tensor<1x3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @compress(%x: tensor<2x3xf32>, %c: tensor<1x2xi1>) -> tensor<*xf32> {
  // expected-error @+1 {{expected operand #1 to have rank 1, got [1, 2]}}
  %y = onnx.Compress %x, %c {axis = 0 : i64} : (tensor<2x3xf32>, tensor<1x2xi1>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
