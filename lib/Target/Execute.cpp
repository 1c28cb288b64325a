//===- Execute.cpp - compiled models in this process ------------------------------------===//
//
// The object that emission makes, with its weights as a symbol that is defined here, linked by JITLink.
//
//===----------------------------------------------------------------------------------===//
#include "ingot/Target/Execute.h"
#include "Parts.h"
#include "Weights.h"
#include "ingot/Target/CoreBitcode.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace llvm;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace ingot {
namespace {

/// Writes to memory of a fixed size.
class MemoryStream : public raw_ostream {
public:
  MemoryStream(char *at, size_t bytes) : raw_ostream(/*unbuffered=*/true), at(at), end(at + bytes) {}
  bool overflow = false;

private:
  void write_impl(const char *data, size_t size) override {
    size_t fits = std::min<size_t>(size, end - at);
    overflow |= fits != size;
    std::memcpy(at, data, fits);
    at += fits;
    position += size;
  }
  uint64_t current_pos() const override { return position; }
  char *at, *end;
  uint64_t position = 0;
};

/// Machine code of the runtime core, which is most of what a small model costs: made once in a process.
Expected<ObjectBytes> compileCore(const CpuTarget &target) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> core = parseBitcodeFile(MemoryBufferRef(coreBitcode(target.triple), "core"), context);
  if (!core)
    return core.takeError();
  std::unique_ptr<TargetMachine> machine = createTargetMachine(target, /*optLevel=*/1);
  if (!machine)
    return createStringError("internal error: no machine for target \"" + target.triple.str() + "\"");
  (*core)->setTargetTriple(target.triple);
  (*core)->setDataLayout(machine->createDataLayout());
  if (Error error = optimize(**core, *machine, /*optLevel=*/1))
    return error;
  ObjectBytes object;
  raw_svector_ostream os(object);
  if (Error error = translate(**core, *machine, /*assembly=*/false, os))
    return error;
  return object;
}

Expected<ObjectBytes> coreObject(const CpuTarget &target) {
  static std::mutex mutex;
  static std::optional<ObjectBytes> made;
  std::lock_guard<std::mutex> lock(mutex);
  if (!made) {
    Expected<ObjectBytes> object = compileCore(target);
    if (!object)
      return object.takeError();
    made = std::move(*object);
  }
  return *made;
}

class JITModel : public LoadedModel {
public:
  ~JITModel() override {
    if (session)
      if (Error error = session->endSession())
        consumeError(std::move(error));
  }

  Error load(std::vector<ObjectBytes> objects, StringRef entry) {
    auto control = orc::SelfExecutorProcessControl::Create(nullptr, std::make_unique<orc::InPlaceTaskDispatcher>());
    if (!control)
      return control.takeError();
    session = std::make_unique<orc::ExecutionSession>(std::move(*control));
    session->setErrorReporter([this](Error error) { reported += toString(std::move(error)); });
    layer = std::make_unique<orc::ObjectLinkingLayer>(*session);
    orc::JITDylib &library = session->createBareJITDylib(entry.str());
    auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess('\0');
    if (!process)
      return process.takeError();
    library.addGenerator(std::move(*process));
    if (!weights.empty())
      if (Error error = library.define(orc::absoluteSymbols(
              {{session->intern("ingot_weights"), {orc::ExecutorAddr::fromPtr(weightsBase()), JITSymbolFlags::Exported}}})))
        return error;
    for (ObjectBytes &object : objects)
      if (Error error = layer->add(library, std::make_unique<SmallVectorMemoryBuffer>(std::move(object), false)))
        return error;
    auto symbol = session->lookup({&library}, session->intern((entry + "_model").str()));
    if (!symbol)
      return reported.empty() ? symbol.takeError() : joinErrors(symbol.takeError(), createStringError(reported));
    model = symbol->getAddress().toPtr<const ingot_model *(*)()>()();
    return Error::success();
  }

  mlir::LogicalResult readWeights(mlir::ModuleOp module, size_t bytes) {
    if (!bytes)
      return mlir::success();
    weights.resize(bytes + alignment);
    MemoryStream os(weightsBase(), bytes);
    if (failed(writeWeights(module, os)))
      return failure();
    if (os.overflow)
      return module.emitError("internal error: weights are larger than \"ingot.weight_bytes\"");
    return mlir::success();
  }

private:
  static constexpr size_t alignment = 64;
  char *weightsBase() { return weights.data() + (-reinterpret_cast<uintptr_t>(weights.data()) & (alignment - 1)); }

  std::vector<char> weights; // before the session: code refers to them until it ends
  std::string reported;
  std::unique_ptr<orc::ExecutionSession> session;
  std::unique_ptr<orc::ObjectLinkingLayer> layer;
};

} // namespace

FailureOr<std::unique_ptr<LoadedModel>> loadModel(mlir::ModuleOp module, const TargetOptions &target) {
  auto bytes = module->getAttrOfType<mlir::IntegerAttr>("ingot.weight_bytes");
  auto result = std::make_unique<JITModel>();
  if (failed(result->readWeights(module, bytes ? bytes.getInt() : 0)))
    return failure();

  EmitOptions options;
  options.target = target;
  options.entry = "ingot_loaded";
  WeightsSource weights;
  if (bytes && bytes.getInt() > 0)
    weights.kind = WeightsSource::Symbol;
  FailureOr<BuiltModule> built = buildLLVM(module, options, weights, /*exportEntry=*/false, /*withCore=*/false);
  if (failed(built))
    return failure();
  FailureOr<std::vector<ObjectBytes>> objects = compileParts(module, *built);
  if (failed(objects))
    return failure();
  Expected<ObjectBytes> core = coreObject(built->target);
  if (!core)
    return module.emitError("internal error: runtime core: ") << toString(core.takeError());
  objects->push_back(std::move(*core));
  if (Error error = result->load(std::move(*objects), options.entry))
    return module.emitError("internal error: the model cannot be loaded into this process: ") << toString(std::move(error));
  return std::unique_ptr<LoadedModel>(std::move(result));
}

} // namespace ingot
