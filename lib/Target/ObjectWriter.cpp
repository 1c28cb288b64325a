//===- ObjectWriter.cpp - a module in the llvm dialect to LLVM IR and machine code ------===//
//
// Translate, add the runtime core and the model's structures, hide everything but the accessors, optimise.
//
//===----------------------------------------------------------------------------------===//
#include "ObjectWriter.h"
#include "Sanitize.h"
#include "ingot/Target/CoreBitcode.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace llvm;

namespace ingot {
namespace {

/// Keeps LLVM's errors, which would otherwise be printed and end the process.
struct ErrorCollector : DiagnosticHandler {
  explicit ErrorCollector(std::string &errors) : errors(errors) {}
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    if (info.getSeverity() == DS_Error) {
      raw_string_ostream os(errors);
      os << (errors.empty() ? "" : "; ");
      DiagnosticPrinterRawOStream printer(os);
      info.print(printer);
    }
    return true;
  }
  std::string &errors;
};

/// Installs an ErrorCollector while it lives.
class ErrorScope {
public:
  explicit ErrorScope(LLVMContext &context) : context(context), before(context.getDiagnosticHandler()) {
    context.setDiagnosticHandler(std::make_unique<ErrorCollector>(text));
  }
  ~ErrorScope() { context.setDiagnosticHandler(std::move(before)); }
  Error take() { return text.empty() ? Error::success() : createStringError(text); }

private:
  std::string text;
  LLVMContext &context;
  std::unique_ptr<DiagnosticHandler> before;
};

void addProcessor(Function &function, const CpuTarget &target) {
  function.addFnAttr("target-cpu", target.baseline);
  function.addFnAttr("tune-cpu", target.tune);
  if (!target.features.empty())
    function.addFnAttr("target-features", target.features);
  // LLVM prefers 256 bits on some AVX-512 processors for fear of lower clocks; our kernels are worth the wide registers.
  if (target.vectorBits == 512)
    function.addFnAttr("prefer-vector-width", "512");
}

/// The processor that each function was generated for, where that is not the module's (CloneForTargets).
Expected<StringMap<CpuTarget>> readVariants(mlir::ModuleOp module, const TargetOptions &options) {
  StringMap<CpuTarget> byName, byFunction;
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>()) {
    auto name = function->getAttrOfType<mlir::StringAttr>("ingot.target");
    if (!name)
      continue;
    auto known = byName.find(name);
    if (known == byName.end()) {
      TargetOptions variant = options;
      variant.cpu = name.str();
      Expected<CpuTarget> target = resolveTarget(variant);
      if (!target)
        return target.takeError();
      known = byName.try_emplace(name, *target).first;
    }
    byFunction.try_emplace(function.getName(), known->second);
  }
  return byFunction;
}

/// The generated functions may use what the target has; the core keeps the attributes that it was compiled with, so that
/// creating an instance works on any processor and can say what is missing.
void setFunctionAttributes(Module &module, const CpuTarget &target, const StringMap<CpuTarget> &variants) {
  for (Function &function : module) {
    function.setDoesNotThrow();
    if (function.isDeclaration())
      continue;
    auto variant = variants.find(function.getName());
    addProcessor(function, variant == variants.end() ? target : variant->second);
    function.addFnAttr("no-trapping-math", "true");
    function.setLinkage(GlobalValue::InternalLinkage);
    function.setVisibility(GlobalValue::DefaultVisibility);
  }
  for (GlobalVariable &global : module.globals())
    if (!global.isDeclaration() && !global.hasAppendingLinkage())
      global.setLinkage(global.hasPrivateLinkage() ? GlobalValue::PrivateLinkage : GlobalValue::InternalLinkage);
}

/// Links what the module refers to out of the core.
mlir::LogicalResult linkCore(mlir::ModuleOp module, Module &llvmModule) {
  StringRef bitcode = coreBitcode(llvmModule.getTargetTriple());
  if (bitcode.empty())
    return module.emitError("no runtime core for target \"") << llvmModule.getTargetTriple().str() << "\", expected one of " << coreBitcodeTriples();
  Expected<std::unique_ptr<Module>> core = parseBitcodeFile(MemoryBufferRef(bitcode, "core"), llvmModule.getContext());
  if (!core)
    return module.emitError("internal error: runtime core: ") << toString(core.takeError());
  (*core)->setTargetTriple(llvmModule.getTargetTriple());
  (*core)->setDataLayout(llvmModule.getDataLayout());
  StringSet<> before;
  for (GlobalValue &value : llvmModule.global_values())
    if (!value.isDeclaration())
      before.insert(value.getName());
  if (Linker::linkModules(llvmModule, std::move(*core), Linker::Flags::LinkOnlyNeeded))
    return module.emitError("internal error: the runtime core does not link");
  for (GlobalValue &value : llvmModule.global_values()) {
    if (value.isDeclaration() || before.contains(value.getName()))
      continue;
    value.setVisibility(GlobalValue::DefaultVisibility);
    if (!value.hasLocalLinkage())
      value.setLinkage(GlobalValue::InternalLinkage);
  }
  if (NamedMDNode *ident = llvmModule.getNamedMetadata("llvm.ident"))
    llvmModule.eraseNamedMetadata(ident);
  return mlir::success();
}

void runPipeline(Module &module, TargetMachine &machine, unsigned optLevel) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = tuning.LoopUnrolling = optLevel >= 2;
  Analyses analyses(&machine, tuning);
  ModulePassManager passes;
  if (optLevel == 0) {
    passes = analyses.builder.buildO0DefaultPipeline(OptimizationLevel::O0);
    passes.addPass(GlobalDCEPass());
  } else {
    passes = analyses.builder.buildPerModuleDefaultPipeline(optLevel == 1   ? OptimizationLevel::O1
                                                   : optLevel == 2 ? OptimizationLevel::O2
                                                                   : OptimizationLevel::O3);
  }
  passes.run(module, analyses.modules);
}

/// Once in a context; the caller's registry need not know about translation.
void registerTranslations(mlir::MLIRContext &context) {
  auto *llvm = context.getOrLoadDialect<mlir::LLVM::LLVMDialect>();
  if (llvm->getRegisteredInterface<mlir::LLVMTranslationDialectInterface>())
    return;
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
}

} // namespace

mlir::FailureOr<BuiltModule> buildLLVM(mlir::ModuleOp module, const EmitOptions &options, const WeightsSource &weights, bool exportEntry,
                                      bool withCore) {
  Expected<CpuTarget> target = resolveTarget(options.target);
  if (!target)
    return module.emitError(toString(target.takeError()));
  mlir::FailureOr<ModelInfo> info = readModelInfo(module);
  if (failed(info))
    return mlir::failure();

  BuiltModule built;
  built.context = std::make_unique<LLVMContext>();
  built.target = *target;
  built.optLevel = options.target.optLevel;
  built.main = options.entry + "_main";
  built.machine = createTargetMachine(*target, options.target.optLevel);
  if (!built.machine)
    return module.emitError("internal error: no machine for target \"") << target->triple.str() << "\"";
  Expected<StringMap<CpuTarget>> variants = readVariants(module, options.target);
  if (!variants)
    return module.emitError(toString(variants.takeError()));
  registerTranslations(*module.getContext());
  built.module = mlir::translateModuleToLLVMIR(module, *built.context, options.entry);
  if (!built.module)
    return module.emitError("internal error: the module does not translate to LLVM IR");
  built.module->setSourceFileName(options.entry);
  built.module->setTargetTriple(target->triple);
  built.module->setDataLayout(built.machine->createDataLayout());
  built.module->setPICLevel(PICLevel::BigPIC);

  Function *main = built.module->getFunction("main");
  if (!main || main->isDeclaration())
    return module.emitError("internal error: expected a function \"main\" with a body");
  // "main" means more to LLVM and to linkers than we do.
  main->setName(built.main);
  setFunctionAttributes(*built.module, *target, *variants);
  if (options.target.sanitizeUndefined)
    sanitizeArithmetic(*built.module);
  if (options.target.sanitizeAddress)
    sanitizeAddresses(*built.module, *main, module);
  addModelImage(*built.module, *info, options, *target, weights, exportEntry);
  if (withCore && failed(linkCore(module, *built.module)))
    return mlir::failure();

  std::string broken;
  raw_string_ostream brokenStream(broken);
  if (verifyModule(*built.module, &brokenStream))
    return module.emitError("internal error: invalid LLVM IR: ") << broken;
  return built;
}

Analyses::Analyses(TargetMachine *machine, PipelineTuningOptions tuning) : builder(machine, tuning) {
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
}

Error optimize(Module &module, TargetMachine &machine, unsigned optLevel) {
  ErrorScope errors(module.getContext());
  runPipeline(module, machine, optLevel);
  return errors.take();
}

Error translate(Module &module, TargetMachine &machine, bool assembly, raw_pwrite_stream &os) {
  ErrorScope errors(module.getContext());
  legacy::PassManager passes;
  passes.add(createTargetTransformInfoWrapperPass(machine.getTargetIRAnalysis()));
  CodeGenFileType type = assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return createStringError("internal error: target \"" + module.getTargetTriple().str() + "\" cannot emit this kind of file");
  passes.run(module);
  return errors.take();
}

static mlir::LogicalResult report(mlir::ModuleOp module, Error error) {
  if (!error)
    return mlir::success();
  return module.emitError("internal error: LLVM: ") << toString(std::move(error));
}

mlir::LogicalResult optimizeModule(mlir::ModuleOp module, BuiltModule &built) {
  return report(module, optimize(*built.module, *built.machine, built.optLevel));
}

mlir::LogicalResult writeMachineCode(mlir::ModuleOp module, BuiltModule &built, bool assembly, raw_pwrite_stream &os) {
  return report(module, translate(*built.module, *built.machine, assembly, os));
}

} // namespace ingot
