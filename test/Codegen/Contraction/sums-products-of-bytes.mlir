// Four neighbours of the depth are one step. VNNI multiplies bytes, unsigned by signed; others, and signed inputs, pairs of 16-bit numbers: those at even places,
// then those at odd ones.
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v4+avx512vnni},canonicalize,cse))' | FileCheck %s --check-prefix=QUADS
// RUN: ingot-opt %s --pass-pipeline='builtin.module(func.func(ingot-generate-contractions{target=x86-64-v3},canonicalize,cse))' | FileCheck %s --check-prefix=PAIRS

// QUADS-LABEL: func @unsigned
// QUADS: scf.for {{.*}} -> (vector<32xi32>
// QUADS: %[[FIRST:.*]] = vector.load %{{.*}} : memref<1x4x1x16x64xi8>, vector<64xi8>
// QUADS: %[[SECOND:.*]] = vector.load %{{.*}} : memref<1x4x1x16x64xi8>, vector<64xi8>
// QUADS: vector.load %{{.*}} : memref<128x64xi8>, vector<4xi8>
// QUADS: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %{{.*}}, %[[FIRST]])
// QUADS: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %{{.*}}, %[[SECOND]])
// PAIRS-LABEL: func @unsigned
// PAIRS: scf.for {{.*}} -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>) {
// PAIRS: %[[W:.*]] = vector.bitcast %{{.*}} : vector<64xi8> to vector<32xi16>
// PAIRS: arith.shrsi %[[W]], %{{.*}} : vector<32xi16>
// PAIRS: %[[X:.*]] = vector.bitcast %{{.*}} : vector<16xi32> to vector<32xi16>
// PAIRS: arith.andi %[[X]]
// PAIRS: arith.shrui %[[X]]
// PAIRS: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @unsigned(%x: memref<1x128x64xi8>, %w: memref<1x4x1x16x16x4xi8>, %out: memref<1x128x64xi32>) {
  ingot.contract ins(%x, %w : memref<1x128x64xi8>, memref<1x4x1x16x16x4xi8>) outs(%out : memref<1x128x64xi32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, unsigned_input} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  }
  return
}

// QUADS-LABEL: func @signed
// QUADS: llvm.call_intrinsic "llvm.x86.avx512.vpdpwssd.512"
// PAIRS-LABEL: func @signed
// PAIRS: arith.shli
// PAIRS: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @signed(%x: memref<1x128x64xi8>, %w: memref<1x4x1x16x16x4xi8>, %out: memref<1x128x64xi32>) {
  ingot.contract ins(%x, %w : memref<1x128x64xi8>, memref<1x4x1x16x16x4xi8>) outs(%out : memref<1x128x64xi32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  }
  return
}

// Channels that do not lie side by side are gathered.
// QUADS-LABEL: func @apart
// QUADS: vector.from_elements
func.func @apart(%x: memref<1x8x16xi8, strided<[256, 32, 2]>>, %w: memref<1x1x1x4x8x4xi8>, %out: memref<1x8x8xi32>) {
  ingot.contract ins(%x, %w : memref<1x8x16xi8, strided<[256, 32, 2]>>, memref<1x1x1x4x8x4xi8>) outs(%out : memref<1x8x8xi32>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, unsigned_input} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  }
  return
}

// A result whose columns do not lie side by side takes one at a time.
// QUADS-LABEL: func @one_column
// QUADS: arith.extui {{.*}} : vector<4xi8> to vector<4xi32>
// QUADS: vector.reduction <add>
// PAIRS-LABEL: func @one_column
// PAIRS: arith.extsi {{.*}} : vector<2xi16> to vector<2xi32>
// PAIRS: vector.reduction <add>
func.func @one_column(%x: memref<1x8x16xi8>, %w: memref<1x1x1x4x8x4xi8>, %out: memref<1x8x8xi32, strided<[128, 16, 2]>>) {
  ingot.contract ins(%x, %w : memref<1x8x16xi8>, memref<1x1x1x4x8x4xi8>) outs(%out : memref<1x8x8xi32, strided<[128, 16, 2]>>)
    attributes {strides = array<i64: 1>, dilations = array<i64: 1>, unsigned_input} {
  ^bb0(%a: i32):
    ingot.yield %a : i32
  }
  return
}
