//===- Parts.cpp - machine code of a large model, made on all cores -----------------------===//
//
// Kernels do not know each other: a model is divided into the part that calls them, with the runtime core and the model's structures, and parts
// of kernels of about the same size. Each is optimised and translated in an LLVM context of its own. Small models stay whole, so that
// their kernels can be inlined.
//
//===----------------------------------------------------------------------------------===//
#include "Parts.h"
#include "Link.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Instructions.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/DeadArgumentElimination.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/SCCP.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace ingot {
namespace {

// Instructions before optimisation. A part takes half a second or so: few enough to keep many cores busy, many enough to share what
// each costs by itself.
constexpr unsigned kWhole = 6000, kPart = 3000;

bool isKernel(const Function &function) { return function.getName().starts_with("kernel_"); }

/// The model's function, and its like for one class of processors.
bool isMain(const Function &function, StringRef main) { return function.getName() == main || function.getName().starts_with("main_"); }

/// Functions whose code or constants refer to `value`.
void collectUsers(const Value &value, SmallPtrSetImpl<const Function *> &users, SmallPtrSetImpl<const Value *> &seen) {
  for (const User *user : value.users()) {
    if (auto *instruction = dyn_cast<Instruction>(user))
      users.insert(instruction->getFunction());
    else if (seen.insert(user).second)
      collectUsers(*user, users, seen);
  }
}

class Division {
public:
  Division(Module &module, StringRef main) : module(module), main(main) {}

  /// Number of parts; 1: the module stays whole.
  unsigned divide() {
    for (const Function &function : module)
      if (!function.isDeclaration())
        total += function.getInstructionCount();
    if (total < kWhole)
      return 1;
    joinUsers();
    distribute();
    return parts;
  }

  unsigned partOf(const GlobalValue &value) const { return partOfFunction.lookup(&value); }

  /// What is used from another part is seen there, and nowhere else.
  void showAcrossParts() {
    for (Function &function : module) {
      if (function.isDeclaration() || !function.hasLocalLinkage())
        continue;
      SmallPtrSet<const Function *, 8> users;
      SmallPtrSet<const Value *, 8> seen;
      collectUsers(function, users, seen);
      if (llvm::all_of(users, [&](const Function *user) { return partOf(*user) == partOf(function); }))
        continue;
      function.setLinkage(GlobalValue::ExternalLinkage);
      function.setVisibility(GlobalValue::HiddenVisibility);
      function.setDSOLocal(true);
    }
  }

private:
  /// Functions that only one kernel uses go where it goes.
  void joinUsers() {
    for (const Function &function : module) {
      if (function.isDeclaration())
        continue;
      classes.insert(&function);
      SmallPtrSet<const Function *, 8> users;
      SmallPtrSet<const Value *, 8> seen;
      collectUsers(function, users, seen);
      for (const Function *user : users)
        if (!isMain(*user, main))
          classes.unionSets(user, &function);
    }
  }

  /// Largest first, each into the part that has least so far; part 0 is for what is no kernel.
  void distribute() {
    struct Group {
      SmallVector<const Function *> functions;
      unsigned size = 0;
      bool hasKernel = false;
    };
    MapVector<const Function *, Group> groups; // in the module's order
    for (const Function &function : module) {
      if (function.isDeclaration())
        continue;
      Group &group = groups[classes.getLeaderValue(&function)];
      group.functions.push_back(&function);
      group.size += function.getInstructionCount();
      group.hasKernel |= isKernel(function);
    }
    SmallVector<Group *> order;
    for (auto &[leader, group] : groups)
      if (group.hasKernel)
        order.push_back(&group);
    llvm::stable_sort(order, [](const Group *a, const Group *b) { return a->size > b->size; });
    parts = 1 + std::clamp<unsigned>(total / kPart, 1, std::max<size_t>(order.size(), 1));
    SmallVector<unsigned> sizes(parts, 0);
    for (Group *group : order) {
      unsigned least = 1;
      for (unsigned i = 2; i < parts; ++i)
        if (sizes[i] < sizes[least])
          least = i;
      sizes[least] += group->size;
      for (const Function *function : group->functions)
        partOfFunction[function] = least;
    }
  }

  Module &module;
  StringRef main;
  unsigned total = 0, parts = 1;
  EquivalenceClasses<const Function *> classes;
  DenseMap<const GlobalValue *, unsigned> partOfFunction; // 0 if absent
};

/// Arguments that no kernel reads, or that are the same at all its calls, go while calls and kernels are still together.
void trimInterfaces(Module &module, TargetMachine &machine) {
  Analyses analyses(&machine);
  ModulePassManager passes;
  passes.addPass(IPSCCPPass());
  passes.addPass(DeadArgumentEliminationPass());
  passes.addPass(GlobalDCEPass());
  passes.run(module, analyses.modules);
}

/// One part as bitcode, to be read in another context.
SmallVector<char, 0> extractPart(Module &module, const Division &division, unsigned part) {
  ValueToValueMapTy map;
  std::unique_ptr<Module> clone = CloneModule(module, map, [&](const GlobalValue *value) {
    return !isa<Function>(value) || division.partOf(*value) == part; // constants go to all parts, unused ones away
  });
  if (part != 0)
    clone->setModuleInlineAsm("");
  SmallVector<char, 0> bitcode;
  raw_svector_ostream os(bitcode);
  WriteBitcodeToFile(*clone, os);
  return bitcode;
}

Error compilePart(ArrayRef<char> bitcode, const CpuTarget &target, unsigned optLevel, raw_pwrite_stream &os) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module = parseBitcodeFile(MemoryBufferRef(StringRef(bitcode.data(), bitcode.size()), "part"), context);
  if (!module)
    return module.takeError();
  std::unique_ptr<TargetMachine> machine = createTargetMachine(target, optLevel);
  if (Error error = optimize(**module, *machine, optLevel))
    return error;
  return translate(**module, *machine, /*assembly=*/false, os);
}

} // namespace

mlir::LogicalResult compileParts(mlir::ModuleOp module, BuiltModule &built, bool mayDivide, PartStreams open) {
  Division whole(*built.module, built.main);
  unsigned count = mayDivide && built.optLevel > 0 ? whole.divide() : 1;
  if (count == 1) {
    Expected<raw_pwrite_stream *> os = open(0, 1);
    if (!os)
      return module.emitError(toString(os.takeError()));
    return mlir::success(succeeded(optimizeModule(module, built)) && succeeded(writeMachineCode(module, built, /*assembly=*/false, **os)));
  }
  for (Function &function : *built.module)
    if (isKernel(function) && whole.partOf(function))
      function.addFnAttr(Attribute::NoInline);
  trimInterfaces(*built.module, *built.machine);
  Division division(*built.module, built.main); // functions were replaced
  count = division.divide();
  division.showAcrossParts();

  std::vector<raw_pwrite_stream *> streams;
  std::vector<SmallVector<char, 0>> bitcodes;
  for (unsigned part = 0; part < count; ++part) {
    Expected<raw_pwrite_stream *> os = open(part, count);
    if (!os)
      return module.emitError(toString(os.takeError()));
    streams.push_back(*os);
    bitcodes.push_back(extractPart(*built.module, division, part));
  }
  built.module.reset();
  std::vector<std::string> errors(count);
  DefaultThreadPool pool(hardware_concurrency());
  for (unsigned part = 0; part < count; ++part)
    pool.async([&, part] {
      if (Error error = compilePart(bitcodes[part], built.target, built.optLevel, *streams[part]))
        errors[part] = toString(std::move(error));
      bitcodes[part] = {};
    });
  pool.wait();
  for (const std::string &error : errors)
    if (!error.empty())
      return module.emitError("internal error: LLVM: ") << error;
  return mlir::success();
}

FailureOr<std::vector<ObjectBytes>> compileParts(mlir::ModuleOp module, BuiltModule &built) {
  std::vector<ObjectBytes> objects;
  std::vector<std::unique_ptr<raw_svector_ostream>> streams;
  auto open = [&](unsigned part, unsigned count) -> Expected<raw_pwrite_stream *> {
    objects.resize(count);
    streams.push_back(std::make_unique<raw_svector_ostream>(objects[part]));
    return streams.back().get();
  };
  if (failed(compileParts(module, built, /*mayDivide=*/true, open)))
    return failure();
  return objects;
}

bool canMergeParts() { return !relocatingLinker().empty(); }

Error mergeParts(ArrayRef<std::string> parts, const std::string &scratch, raw_ostream &os, bool verbose) {
  std::vector<std::string> command = {relocatingLinker(), "-r", "-o", scratch};
  command.insert(command.end(), parts.begin(), parts.end());
  if (Error error = runLinker(command, verbose))
    return error;
  auto merged = object::ObjectFile::createObjectFile(scratch);
  if (!merged)
    return merged.takeError();
  objcopy::ConfigManager config;
  config.ELF.LocalizeHidden = true;
  return objcopy::executeObjcopyOnBinary(config, *merged->getBinary(), os);
}

} // namespace ingot
