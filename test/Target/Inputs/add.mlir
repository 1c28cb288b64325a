// What the codegen stage leaves, by hand: y = x + w for four floats, with the weights w in the blob.
module attributes {
  ingot.inputs = [{name = "x", type = 1 : i32, kind = 0 : i32, dims = array<i64: 4>, symbols = [""], doc = "four */ numbers\nin a row"}],
  ingot.outputs = [{name = "int", type = 1 : i32, kind = 0 : i32, dims = array<i64: 4>, symbols = [""], doc = ""}],
  ingot.weights = [{offset = 0 : i64, value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>},
                   {offset = 64 : i64, value = dense<true> : tensor<5xi1>}],
  ingot.weight_bytes = 128 : i64, ingot.arena_bytes = 0 : i64, ingot.flops = 4 : i64, onnx.producer = "hand", onnx.metadata = [["key", "value"]]
} {
  llvm.func @ingot_frame_output(!llvm.ptr, i32, i32, i32, !llvm.ptr) -> !llvm.ptr
  llvm.func @main(%frame: !llvm.ptr) -> i32 {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %four = llvm.mlir.constant(4 : i64) : i64
    %dims = llvm.alloca %c1 x i64 : (i32) -> !llvm.ptr
    llvm.store %four, %dims : i64, !llvm.ptr
    %inputs = llvm.load %frame : !llvm.ptr -> !llvm.ptr
    %x = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
    %weights_field = llvm.getelementptr %frame[16] : (!llvm.ptr) -> !llvm.ptr, i8
    %weights = llvm.load %weights_field : !llvm.ptr -> !llvm.ptr
    %y = llvm.call @ingot_frame_output(%frame, %c0, %c1, %c1, %dims) : (!llvm.ptr, i32, i32, i32, !llvm.ptr) -> !llvm.ptr
    %null = llvm.mlir.zero : !llvm.ptr
    %none = llvm.icmp "eq" %y, %null : !llvm.ptr
    llvm.cond_br %none, ^fail, ^go
  ^go:
    %a = llvm.load %x {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>
    %w = llvm.load %weights {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>
    %sum = llvm.fadd %a, %w : vector<4xf32>
    llvm.store %sum, %y {alignment = 4 : i64} : vector<4xf32>, !llvm.ptr
    llvm.return %c0 : i32
  ^fail:
    llvm.return %c1 : i32
  }
}
