// RUN: ingot-opt %s -split-input-file --convert-onnx-to-linalg --canonicalize | FileCheck %s

// Five indices are a heap; each of the others takes the place on top if it belongs among them. Then the heap is emptied.
// CHECK-LABEL: @few
// CHECK-DAG: %[[HALF:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[ALL:.*]] = arith.constant 1000 : index
// CHECK-DAG: %[[K:.*]] = arith.constant 5 : index
// CHECK: %[[FIVE:.*]] = scf.for %{{.*}} = %c0{{.*}} to %[[HALF]]
// CHECK: %[[HEAP:.*]] = scf.for %{{.*}} = %[[K]] to %[[ALL]] step %c1{{.*}} iter_args(%[[BEST:.*]] = %[[FIVE]])
// CHECK: scf.if
// CHECK: scf.yield %[[BEST]]
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %[[K]] step %c1{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %[[HEAP]],
func.func @few(%x: tensor<1000xf32>) -> tensor<5xi64> {
  %k = onnx.Constant {value = dense<5> : tensor<1xi64>} : tensor<1xi64>
  %0:2 = onnx.TopK %x, %k : (tensor<1000xf32>, tensor<1xi64>) -> (tensor<5xf32>, tensor<5xi64>)
  return %0#1 : tensor<5xi64>
}

// -----

// Runs of twice the length are merged until one is left.
// CHECK-LABEL: @most
// CHECK: scf.while
// CHECK-NOT: scf.while
func.func @most(%x: tensor<1000xf32>) -> tensor<900xi64> {
  %k = onnx.Constant {value = dense<900> : tensor<1xi64>} : tensor<1xi64>
  %0:2 = onnx.TopK %x, %k : (tensor<1000xf32>, tensor<1xi64>) -> (tensor<900xf32>, tensor<900xi64>)
  return %0#1 : tensor<900xi64>
}
