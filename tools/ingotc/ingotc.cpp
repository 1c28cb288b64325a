//===- ingotc.cpp - compiles ONNX models into native code ------------------------------===//
#include "Driver.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Target/CpuTarget.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace {

/// Where libingot_rt.a is: ../lib, seen from this program, in build and install trees; other targets have folders of their own in it.
std::string findRuntimeFolder(const char *argv0, const Triple &triple) {
  SmallString<128> path(sys::path::parent_path(sys::path::parent_path(sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&findRuntimeFolder)))));
  sys::path::append(path, "lib");
  Triple host(sys::getProcessTriple());
  if (triple.getArch() != host.getArch() || triple.getOS() != host.getOS())
    sys::path::append(path, triple.getArchName() + "-" + triple.getOSName() + "-" + triple.getEnvironmentName());
  return path.str().str();
}

} // namespace

static void printTarget(const ingot::CpuTarget &target, StringRef cpu) {
  errs() << "ingotc " INGOT_VERSION ", target " << target.triple.str() << ", processor " << target.baseline
         << (target.features.empty() ? "" : " ") << target.features << ", tuned for " << target.tune;
  if (cpu == ingot::kGenericMulti)
    for (const ingot::TargetRow *variant : ingot::variantsFor(target.triple.str()))
      if (variant->name != target.baseline)
        errs() << ", with a variant for " << variant->name;
  errs() << "\n";
}

int main(int argc, char **argv) {
  int code = 0;
  std::optional<ingot::DriverOptions> options = ingot::parseCommandLine(argc, argv, code);
  if (!options)
    return code;
  ingot::installCrashHandlers(options->input.c_str());

  // parseCommandLine has seen that the target is known.
  ingot::CpuTarget target = cantFail(ingot::resolveTarget(options->emit.target));
  options->emit.runtimeFolder = findRuntimeFolder(argv[0], target.triple);
  ingot::Reporter reporter(*options);
  if (options->verbose)
    printTarget(target, options->emit.target.cpu);
  for (const std::string &remark : options->remarks)
    reporter.say(mlir::DiagnosticSeverity::Remark, "ingotc", remark);
  return ingot::compile(*options, reporter);
}
