// RUN: ingot-opt %s --onnx-form-integer-products=target=x86-64-v3 | FileCheck %s
// RUN: ingot-opt %s --onnx-form-integer-products=target=aarch64 | FileCheck %s --check-prefix=FLOATS

// FLOATS-NOT: onnx.MatMulInteger

// CHECK-LABEL: func @product
// CHECK: %[[W:.*]] = onnx.Constant {{.*}} tensor<8x16xi8>
// CHECK: %[[SUM:.*]] = onnx.MatMulInteger %{{.*}}, %[[W]], %{{.*}}, %{{.*}} : (tensor<?x8xui8>, tensor<8x16xi8>, tensor<ui8>, none) -> tensor<?x16xi32>
// CHECK: %[[REAL:.*]] = onnx.Cast %[[SUM]]
// CHECK: %[[SCALE:.*]] = onnx.Mul
// CHECK: onnx.Mul %[[REAL]], %[[SCALE]]
func.func @product(%x: tensor<?x8xui8>) -> tensor<?x16xf32> {
  %none = onnx.NoValue
  %xs = onnx.Constant {value = dense<0.5> : tensor<f32>} : tensor<f32>
  %xz = onnx.Constant {value = dense<3> : tensor<ui8>} : tensor<ui8>
  %w = onnx.Constant {value = dense<-7> : tensor<8x16xi8>} : tensor<8x16xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<16xf32>} : tensor<16xf32>
  %dx = onnx.DequantizeLinear %x, %xs, %xz : (tensor<?x8xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x8xf32>
  %dw = onnx.DequantizeLinear %w, %ws, %none : (tensor<8x16xi8>, tensor<16xf32>, none) -> tensor<8x16xf32>
  %y = onnx.MatMul %dx, %dw : (tensor<?x8xf32>, tensor<8x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Scales along the depth cannot leave the sum.
// CHECK-LABEL: func @scales_of_rows
// CHECK: onnx.MatMul %
func.func @scales_of_rows(%x: tensor<?x8xui8>) -> tensor<?x16xf32> {
  %none = onnx.NoValue
  %xs = onnx.Constant {value = dense<0.5> : tensor<f32>} : tensor<f32>
  %w = onnx.Constant {value = dense<-7> : tensor<8x16xi8>} : tensor<8x16xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<8xf32>} : tensor<8xf32>
  %dx = onnx.DequantizeLinear %x, %xs, %none : (tensor<?x8xui8>, tensor<f32>, none) -> tensor<?x8xf32>
  %dw = onnx.DequantizeLinear %w, %ws, %none {axis = 0 : i64} : (tensor<8x16xi8>, tensor<8xf32>, none) -> tensor<8x16xf32>
  %y = onnx.MatMul %dx, %dw : (tensor<?x8xf32>, tensor<8x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Around 100, weights of 0 to 255 do not fit 8 signed bits.
// CHECK-LABEL: func @far_zero_point
// CHECK: onnx.MatMul %
func.func @far_zero_point(%x: tensor<?x8xui8>) -> tensor<?x16xf32> {
  %none = onnx.NoValue
  %xs = onnx.Constant {value = dense<0.5> : tensor<f32>} : tensor<f32>
  %w = onnx.Constant {value = dense<255> : tensor<8x16xui8>} : tensor<8x16xui8>
  %wz = onnx.Constant {value = dense<100> : tensor<ui8>} : tensor<ui8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : tensor<f32>
  %dx = onnx.DequantizeLinear %x, %xs, %none : (tensor<?x8xui8>, tensor<f32>, none) -> tensor<?x8xf32>
  %dw = onnx.DequantizeLinear %w, %ws, %wz : (tensor<8x16xui8>, tensor<f32>, tensor<ui8>) -> tensor<8x16xf32>
  %y = onnx.MatMul %dx, %dw : (tensor<?x8xf32>, tensor<8x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Filters of one channel read bytes that their kernel converts; the scale is in the weights.
// CHECK-LABEL: func @filters
// CHECK-SAME: %[[X:.*]]: tensor<1x8x5x5xui8>
// CHECK: %[[NUMBERS:.*]] = onnx.Cast %[[X]]
// CHECK: %[[SCALED:.*]] = onnx.Mul
// CHECK: onnx.Conv %[[NUMBERS]], %[[SCALED]]
func.func @filters(%x: tensor<1x8x5x5xui8>) -> tensor<1x8x3x3xf32> {
  %none = onnx.NoValue
  %xs = onnx.Constant {value = dense<0.5> : tensor<f32>} : tensor<f32>
  %w = onnx.Constant {value = dense<2.0> : tensor<8x1x3x3xf32>} : tensor<8x1x3x3xf32>
  %dx = onnx.DequantizeLinear %x, %xs, %none : (tensor<1x8x5x5xui8>, tensor<f32>, none) -> tensor<1x8x5x5xf32>
  %y = onnx.Conv %dx, %w, %none {group = 8 : i64} : (tensor<1x8x5x5xf32>, tensor<8x1x3x3xf32>, none) -> tensor<1x8x3x3xf32>
  return %y : tensor<1x8x3x3xf32>
}
