//===- ingot-lsp-server.cpp - editors read Ingot's IR through the language server protocol --------===//
#include "ingot/Pipelines/Compiler.h"

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ingot::registerAll(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry)) ? 1 : 0;
}
