// Every message of the shape rules of operators with subgraphs.
// RUN: ingot-opt %s -onnx-infer-shapes -allow-unregistered-dialect -split-input-file -verify-diagnostics

func.func @no_yield(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected the subgraph 'then_branch' to be one block that ends in 'onnx.Yield'}}
  %y = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    "test.end"() : () -> ()
  } else {
    onnx.Yield %x : tensor<2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @branch_types(%c: tensor<i1>, %x: tensor<2xf32>, %i: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected branches that give values of one type, got 'tensor<2xf32>' and 'tensor<2xi64>'}}
  %y = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %x : tensor<2xf32>
  } else {
    onnx.Yield %i : tensor<2xi64>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @branch_values(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected branches that give 1 values, got 1 and 2}}
  %y = onnx.If %c : (tensor<i1>) -> tensor<*xf32> then {
    onnx.Yield %x : tensor<2xf32>
  } else {
    onnx.Yield %x, %x : tensor<2xf32>, tensor<2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @carried_type(%m: tensor<i64>, %x: tensor<2xf32>, %n: tensor<2xi64>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a body that carries a value of type 'tensor<2xf32>' on, got 'tensor<2xi64>'}}
  %y = onnx.Loop %m, %none, %x : (tensor<i64>, none, tensor<2xf32>) -> tensor<*xf32> do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: tensor<*xf32>):
    onnx.Yield %go, %n : tensor<i1>, tensor<2xi64>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @stacked(%m: tensor<i64>, %s: !onnx.seq<tensor<2xf32>>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a body that gives tensors to stack, got '!onnx.seq<tensor<2xf32>>'}}
  %y = onnx.Loop %m, %none : (tensor<i64>, none) -> tensor<*xf32> do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>):
    onnx.Yield %go, %s : tensor<i1>, !onnx.seq<tensor<2xf32>>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @loop_values(%m: tensor<i64>, %x: tensor<2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a body of 3 inputs and 2 outputs, got 2 and 1}}
  %y = onnx.Loop %m, %none, %x : (tensor<i64>, none, tensor<2xf32>) -> tensor<*xf32> do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>):
    onnx.Yield %go : tensor<i1>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @scan_values(%x: tensor<3x2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a body of 1 inputs, at least one of them scanned, and 1 outputs, got 0 and 1}}
  %y = onnx.Scan %x attributes {num_scan_inputs = 1 : i64} : (tensor<3x2xf32>) -> tensor<*xf32> do {
    onnx.Yield %x : tensor<3x2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @scanned(%s: !onnx.seq<tensor<2xf32>>, %x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected tensors to scan, got '!onnx.seq<tensor<2xf32>>'}}
  %y = onnx.Scan %s attributes {num_scan_inputs = 1 : i64} : (!onnx.seq<tensor<2xf32>>) -> tensor<*xf32> do {
  ^bb0(%each: tensor<*xf32>):
    onnx.Yield %x : tensor<2xf32>
  }
  return %y : tensor<*xf32>
}

// -----

func.func @goes_on(%m: tensor<i64>, %x: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a body that gives a boolean whether to go on, got 'tensor<f32>'}}
  %y = onnx.Loop %m, %none, %x : (tensor<i64>, none, tensor<f32>) -> tensor<*xf32> do {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: tensor<*xf32>):
    onnx.Yield %x, %v : tensor<f32>, tensor<*xf32>
  }
  return %y : tensor<*xf32>
}
