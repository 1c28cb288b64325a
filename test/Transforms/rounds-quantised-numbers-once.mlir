// RUN: ingot-opt %s --ingot-simplify-quantization --canonicalize | FileCheck %s

// Bounds of [0, 255] around a zero point of 100 and a scale of 0.5 are -50 and 77.5.
// CHECK-LABEL: func @quantize
// CHECK-DAG: %[[LOW:.*]] = arith.constant -5.000000e+01
// CHECK-DAG: %[[HIGH:.*]] = arith.constant 7.750000e+01
// CHECK: %[[MORE:.*]] = arith.maxnumf %arg0, %[[LOW]]
// CHECK: %[[X:.*]] = arith.minnumf %[[MORE]], %[[HIGH]]
// CHECK: %[[Q:.*]] = arith.divf %[[X]]
// CHECK: %[[R:.*]] = math.roundeven %[[Q]]
// CHECK: %[[Y:.*]] = arith.addf %[[R]]
// CHECK: arith.fptosi %[[Y]]
func.func @quantize(%x: f32) -> i8 {
  %scale = arith.constant 0.5 : f32
  %zero = arith.constant 100.0 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %q = arith.divf %x, %scale : f32
  %r = math.roundeven %q : f32
  %s = arith.addf %r, %zero : f32
  %m = arith.maxnumf %s, %low : f32
  %n = arith.minnumf %m, %high : f32
  %i = arith.fptosi %n : f32 to i32
  %b = arith.trunci %i : i32 to i8
  return %b : i8
}

// Dequantised at once, the number stays a float, and the zero points meet.
// CHECK-LABEL: func @round_trip
// CHECK: %[[R:.*]] = math.roundeven
// CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[R]]
// CHECK-NEXT: return %[[Y]]
func.func @round_trip(%x: f32) -> f32 {
  %scale = arith.constant 0.5 : f32
  %zero = arith.constant 100.0 : f32
  %whole = arith.constant 100 : i32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %q = arith.divf %x, %scale : f32
  %r = math.roundeven %q : f32
  %s = arith.addf %r, %zero : f32
  %m = arith.maxnumf %s, %low : f32
  %n = arith.minnumf %m, %high : f32
  %i = arith.fptosi %n : f32 to i32
  %b = arith.trunci %i : i32 to i8
  %w = arith.extui %b : i8 to i32
  %d = arith.subi %w, %whole : i32
  %f = arith.sitofp %d : i32 to f32
  %y = arith.mulf %f, %scale : f32
  return %y : f32
}

// Read as signed, 200 is another number.
// CHECK-LABEL: func @other_sign
// CHECK: arith.extsi
func.func @other_sign(%x: f32) -> f32 {
  %scale = arith.constant 0.5 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %q = arith.divf %x, %scale : f32
  %r = math.roundeven %q : f32
  %m = arith.maxnumf %r, %low : f32
  %n = arith.minnumf %m, %high : f32
  %i = arith.fptosi %n : f32 to i32
  %b = arith.trunci %i : i32 to i8
  %w = arith.extsi %b : i8 to i32
  %f = arith.sitofp %w : i32 to f32
  return %f : f32
}
