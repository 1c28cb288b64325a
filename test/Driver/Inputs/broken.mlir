// Not MLIR.
llvm.func @main( {}
