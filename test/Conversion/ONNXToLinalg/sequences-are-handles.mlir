// RUN: ingot-opt %s --convert-onnx-to-linalg --canonicalize | FileCheck %s

// A sequence is a pointer that scf carries; a tensor that is taken out has its rank by its type.
// CHECK-LABEL: func @grows
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[S:.*]]: !llvm.ptr) -> !llvm.ptr
// CHECK: scf.for {{.*}} iter_args(%[[T:.*]] = %[[S]]) -> (!llvm.ptr)
// CHECK: %[[N:.*]] = ingot.call @ingot_op_sequence_insert(%[[T]], %[[X]]) {absent = array<i32: 2>, input_types = array<i32: 257, 1>, output_types = array<i32: 257>} : (!llvm.ptr, tensor<?xf32>) -> !llvm.ptr
// CHECK: scf.yield %[[N]] : !llvm.ptr
func.func @grows(%x: tensor<?xf32>, %s: !onnx.seq<tensor<?xf32>>) -> !onnx.seq<tensor<?xf32>> {
  %n = onnx.Constant {value = dense<4> : tensor<i64>} : tensor<i64>
  %none = onnx.NoValue {value}
  %r = onnx.Loop %n, %none, %s : (tensor<i64>, none, !onnx.seq<tensor<?xf32>>) -> !onnx.seq<tensor<?xf32>> do {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %t: !onnx.seq<tensor<?xf32>>):
    %next = onnx.SequenceInsert %t, %x, %none : (!onnx.seq<tensor<?xf32>>, tensor<?xf32>, none) -> !onnx.seq<tensor<?xf32>>
    onnx.Yield %c, %next : tensor<i1>, !onnx.seq<tensor<?xf32>>
  }
  return %r : !onnx.seq<tensor<?xf32>>
}

// Where the rank is known to the run only, a tensor is a handle too.
// CHECK-LABEL: func @hands_on
// CHECK: ingot.call @ingot_op_sequence_at({{.*}}) {{.*}} : (!llvm.ptr, tensor<i64>) -> !llvm.ptr
func.func @hands_on(%s: !onnx.seq<tensor<*xf32>>, %i: tensor<i64>) -> !onnx.seq<tensor<*xf32>> {
  %none = onnx.NoValue {value}
  %e = onnx.SequenceAt %s, %i : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  %r = onnx.SequenceInsert %s, %e, %none : (!onnx.seq<tensor<*xf32>>, tensor<*xf32>, none) -> !onnx.seq<tensor<*xf32>>
  return %r : !onnx.seq<tensor<*xf32>>
}

// Strings move like pairs of numbers.
// CHECK-LABEL: func @text
// CHECK: tensor.extract_slice {{.*}} : tensor<4xcomplex<i64>> to tensor<2xcomplex<i64>>
func.func @text(%x: tensor<4x!onnx.string>) -> tensor<2x!onnx.string> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : tensor<1xi64>
  %none = onnx.NoValue {value}
  %r = onnx.Slice %x, %zero, %two, %none, %none : (tensor<4x!onnx.string>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<2x!onnx.string>
  return %r : tensor<2x!onnx.string>
}
