// What cannot go back to ONNX.
// RUN: not ingot-translate --mlir-to-onnx --split-input-file %s -o /dev/null 2>&1 | FileCheck %s

// CHECK: error: expected a function 'main_graph' of one block
func.func @other() { return }

// -----

// CHECK: error: 'onnx.metadata' holds ["author"], expected pairs of strings
module attributes {onnx.metadata = [["author"]]} {
  func.func @main_graph() { return }
}

// -----

// CHECK: error: the type 'tensor<2xi3>' cannot be written as ONNX; expected a tensor, sequence, optional or map
func.func @main_graph(%x: tensor<2xi3>) { return }

// -----

// CHECK: error: elements of type 'i3' cannot be written as ONNX
func.func @main_graph() {
  %x = onnx.Constant {value = dense<1> : tensor<2xi3>} : tensor<2xi3>
  return
}

// -----

// CHECK: error: the resource 'nothing' has no data
func.func @main_graph() {
  %x = onnx.Constant {value = dense_resource<nothing> : tensor<2xf32>} : tensor<2xf32>
  return
}

// -----

// CHECK: error: constants of the form builtin.sparse_elements cannot be written as ONNX
func.func @main_graph() {
  %x = onnx.Constant {value = sparse<[[0]], [1.0]> : tensor<2xf32>} : tensor<2xf32>
  return
}

// -----

// CHECK: error: the attribute 'note' = [1] cannot be written as ONNX; expected a number, a string, a list of them, a tensor or a type
func.func @main_graph(%x: tensor<2xf32>) {
  %y = onnx.Relu %x {note = [1]} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

// CHECK: error: the model has 2400000000 bytes, expected less than 2 GiB
func.func @main_graph() {
  %x = onnx.Constant {value = dense<1.0> : tensor<600000000xf32>} : tensor<600000000xf32>
  return
}
