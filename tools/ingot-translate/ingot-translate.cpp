//===- ingot-translate.cpp - ONNX files to and from IR ------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Import/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static llvm::cl::list<std::string> dims("dim", llvm::cl::desc("A value for a symbolic dimension"), llvm::cl::value_desc("NAME=V"));
static llvm::cl::list<std::string> shapes("shape", llvm::cl::desc("A shape for an input, such as 1x3x224x224 (? leaves a dimension open)"),
                                          llvm::cl::value_desc("INPUT=DIMS"));
static llvm::cl::opt<bool> noInference("no-shape-inference", llvm::cl::desc("Leave types as the import finds them"), llvm::cl::init(false));

static LogicalResult parseOptions(ingot::ImportOptions &options, Location loc) {
  for (llvm::StringRef text : dims) {
    auto [name, value] = text.rsplit('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number)) return emitError(loc) << "--dim takes NAME=V, got '" << text << "'";
    options.dims.emplace_back(name, number);
  }
  for (llvm::StringRef text : shapes) {
    auto [name, list] = text.rsplit('=');
    llvm::SmallVector<llvm::StringRef> parts;
    if (!list.empty()) list.split(parts, 'x');
    std::vector<int64_t> shape;
    for (llvm::StringRef part : parts) {
      int64_t number = -1;
      if (part != "?" && part.getAsInteger(10, number)) return emitError(loc) << "--shape takes INPUT=1x3x?x7, got '" << text << "'";
      shape.push_back(number);
    }
    options.shapes.emplace_back(name, shape);
  }
  return success();
}

static LogicalResult importToText(const std::shared_ptr<llvm::SourceMgr> &sources, llvm::raw_ostream &os, MLIRContext *context) {
  // By its path, not from the buffer: weights stay in the mapped file, and external data lie beside it.
  llvm::StringRef path = sources->getMemoryBuffer(sources->getMainFileID())->getBufferIdentifier();
  ingot::ImportOptions options;
  if (failed(parseOptions(options, UnknownLoc::get(context)))) return failure();
  OwningOpRef<ModuleOp> module = ingot::importModel(path, context, options);
  if (!module) return failure();
  OpPrintingFlags flags;
  if (noInference) {
    flags.assumeVerified();
  } else {
    for (auto function : module->getOps<func::FuncOp>()) {
      ingot::onnx::ShapeAnalysis shapes(context);
      if (failed(shapes.run(function))) return failure();
      shapes.updateTypes(function);
    }
    if (failed(verify(*module))) return failure();
  }
  module->print(os, flags);
  os << '\n';
  return success();
}

int main(int argc, char **argv) {
  TranslateRegistration importer("onnx-to-mlir", "an ONNX model as IR of the onnx dialect, with inferred shapes", importToText);
  TranslateFromMLIRRegistration exporter(
      "mlir-to-onnx", "IR of the onnx dialect as an ONNX model",
      [](ModuleOp module, llvm::raw_ostream &os) { return ingot::exportModel(module, os); },
      [](DialectRegistry &registry) { registry.insert<ingot::onnx::ONNXDialect, func::FuncDialect>(); });
  return failed(mlirTranslateMain(argc, argv, "ONNX files to and from IR"));
}
