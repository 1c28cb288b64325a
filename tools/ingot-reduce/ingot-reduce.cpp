//===- ingot-reduce.cpp - the smallest IR that still shows a fault --------------------------------===//
#include "ingot/Pipelines/Compiler.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ingot::registerAll(registry);
  ingot::registerPasses();
  mlir::MLIRContext context(registry);
  return failed(mlir::mlirReduceMain(argc, argv, context)) ? 1 : 0;
}
