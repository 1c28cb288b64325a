//===- Link.cpp - object files to libraries and programs by the system's linker ---------===//
#include "Link.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace ingot {
namespace {

/// Names to look for, the best first.
std::vector<std::string> compilerDrivers(const Triple &triple) {
  Triple host(sys::getProcessTriple());
  if (triple.getArch() == host.getArch() && triple.getOS() == host.getOS() && triple.getEnvironment() == host.getEnvironment())
    return {"cc", "gcc", "clang", "clang-22"};
  std::string prefix = (triple.getArchName() + "-" + triple.getOSName() + "-" + triple.getEnvironmentName()).str();
  return {prefix + "-gcc", prefix + "-clang"};
}

std::string findOne(ArrayRef<std::string> names) {
  for (const std::string &name : names)
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return {};
}

} // namespace

Error runLinker(ArrayRef<std::string> command, bool verbose) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  if (verbose)
    errs() << join(command, " ") << "\n";
  // Without a place to keep what the linker says, it says so itself.
  SmallString<128> log;
  bool isKept = !sys::fs::createTemporaryFile("ingot-link", "txt", log);
  FileRemover remover(log, isKept);
  SmallVector<std::optional<StringRef>> redirects;
  if (isKept)
    redirects = {StringRef(""), StringRef(log), StringRef(log)};
  std::string message;
  int status = sys::ExecuteAndWait(command.front(), arguments, std::nullopt, redirects, 0, 0, &message);
  if (status == 0)
    return Error::success();
  std::string said = message;
  if (auto buffer = MemoryBuffer::getFile(log))
    said += (*buffer)->getBuffer().trim();
  return createStringError(std::errc::io_error, "linking with \"%s\" failed: %s", command.front().c_str(), said.c_str());
}

std::string relocatingLinker() { return findOne({"ld.lld-22", "ld.lld"}); }

Error link(const CpuTarget &target, const EmitOptions &options, OutputKind kind, const RuntimeLibraries &libraries, ArrayRef<std::string> objects,
           StringRef output) {
  bool program = kind == OutputKind::Program;
  std::vector<std::string> names = libraries.archives;
  if (program) {
    names.insert(names.begin(), "libingot_main.a");
    if (!is_contained(names, "libingot_rt.a"))
      names.push_back("libingot_rt.a");
  }
  std::vector<std::string> inputs = options.linkInputs;
  for (const std::string &name : names) {
    inputs.push_back(options.runtimeFolder + "/" + name);
    if (!sys::fs::exists(inputs.back()))
      return createStringError(std::errc::no_such_file_or_directory, "%s for %s needs %s, expected it in \"%s\"",
                               program ? "a program" : "a library with this model", target.triple.str().c_str(), name.c_str(),
                               options.runtimeFolder.c_str());
  }
  // Functions of the user that are not linked here are the loading program's to bring, and so is a sanitizer's runtime.
  bool open = !program && ((!libraries.custom.empty() && options.linkInputs.empty()) || options.target.sanitizeAddress);

  std::vector<std::string> drivers = compilerDrivers(target.triple);
  std::vector<std::string> command;
  if (std::string driver = findOne(drivers); !driver.empty()) {
    command = {driver, "-o", output.str()};
    command.insert(command.end(), objects.begin(), objects.end());
    command.insert(command.end(), inputs.begin(), inputs.end());
    command.insert(command.end(), libraries.flags.begin(), libraries.flags.end());
    // A model needs no start files: it has no constructors.
    if (program)
      command.insert(command.end(), {"-pthread", "-ldl"});
    else
      command.insert(command.end(), {"-shared", "-nostartfiles", "-Wl,--exclude-libs,ALL", open ? "-Wl,-z,undefs" : "-Wl,-z,defs"});
    if (program && options.target.sanitizeAddress)
      command.push_back("-fsanitize=address");
    command.insert(command.end(), {"-Wl,--as-needed", "-lm", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,--gc-sections"});
    return runLinker(command, options.verbose);
  }
  // Without a driver nobody says where libc is; a library can leave its few symbols to the program that loads it.
  std::string lld = relocatingLinker();
  if (program || lld.empty())
    return createStringError(std::errc::no_such_file_or_directory, "no linker found for %s, expected one of %s%s in PATH",
                             target.triple.str().c_str(), join(drivers, ", ").c_str(), program ? "" : ", ld.lld");
  command = {lld, "-shared", "-o", output.str(), "-z", "relro", "-z", "now", "--gc-sections"};
  command.insert(command.end(), objects.begin(), objects.end());
  command.insert(command.end(), inputs.begin(), inputs.end());
  command.insert(command.end(), {"--exclude-libs", "ALL"});
  return runLinker(command, options.verbose);
}

} // namespace ingot
