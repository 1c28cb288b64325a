//===- Register.cpp - dialects, interfaces and passes of the compiler --------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Pipelines/Compiler.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Linalg/Transforms/AllInterfaces.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

using namespace mlir;

void ingot::registerAll(DialectRegistry &registry) {
  registry.insert<onnx::ONNXDialect, IngotDialect, affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, complex::ComplexDialect, func::FuncDialect, index::IndexDialect, linalg::LinalgDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect, ub::UBDialect,
                  vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerAllDialectInterfaceImplementations(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  tensor::registerValueBoundsOpInterfaceExternalModels(registry);
  vector::registerBufferizableOpInterfaceExternalModels(registry);
  registerBufferizableOpInterfaceModels(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void ingot::registerPasses() {
  registerIngotPasses();
  registerAllPasses();
  for (const StageInfo &info : allStages()) {
    if (info.stage == Stage::Import || info.stage == Stage::Emit) continue;
    Stage stage = info.stage;
    PassPipelineRegistration<>(("ingot-" + info.name).str(), info.sentence,
                               [stage](OpPassManager &pm) { buildStage(pm, stage, PipelineOptions()); });
  }
}

std::unique_ptr<MLIRContext> ingot::createContext(bool multithreaded) {
  DialectRegistry registry;
  registerAll(registry);
  auto context =
      std::make_unique<MLIRContext>(registry, multithreaded ? MLIRContext::Threading::ENABLED : MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}
