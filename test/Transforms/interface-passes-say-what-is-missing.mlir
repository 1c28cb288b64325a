// What the passes at the model's boundary need, and what they say where the stage before did not run or the model is not fit.
// RUN: ingot-opt %s -ingot-bind-interface -split-input-file -verify-diagnostics

// expected-error @below {{expected a function @main_graph}}
module {
  func.func @other() { return }
}

// -----

// expected-error @below {{expected the attribute 'ingot.inputs' with 1 entries}}
// expected-error @below {{expected the attribute 'ingot.outputs' with 0 entries}}
module {
  func.func @main_graph(%x: tensor<2xf32>) { return }
}
