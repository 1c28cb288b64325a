// RUN: ingot-opt --convert-onnx-to-linalg %s | FileCheck %s

// CHECK-LABEL: func.func @main_graph
// CHECK: ingot.call @ingot_op_zip_map(%{{.*}})
// CHECK: ingot.call @ingot_op_label_encoder(%{{.*}})
func.func @main_graph(%x: tensor<3x2xf32> {onnx.name = "x"}, %i: tensor<4xi64> {onnx.name = "i"})
    -> (!onnx.seq<!onnx.map<i64, f32>> {onnx.name = "z"}, tensor<4x!onnx.string> {onnx.name = "s"}) {
  %z = onnx.ml.ZipMap %x {classlabels_int64s = array<i64: 1, 2>} : (tensor<3x2xf32>) -> !onnx.seq<!onnx.map<i64, f32>>
  %s = onnx.ml.LabelEncoder %i {default_tensor = dense<"none"> : tensor<1x!onnx.string>, keys_tensor = dense<[1, 2]> : tensor<2xi64>,
    values_tensor = dense<["one", "two"]> : tensor<2x!onnx.string>} : (tensor<4xi64>) -> tensor<4x!onnx.string>
  return %z, %s : !onnx.seq<!onnx.map<i64, f32>>, tensor<4x!onnx.string>
}
