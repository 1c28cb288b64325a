//===- CpuTarget.cpp - names of processors to what code may use -----------------------===//
//
// A CPU's name becomes a baseline and those extra features that an instance can check at run time: both are rows of the tables below.
//
//===----------------------------------------------------------------------------------===//
#include "ingot/Target/CpuTarget.h"
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Runtime/Frame.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include <mutex>

using namespace llvm;

namespace ingot {
namespace {

struct BaselineRow {
  Triple::ArchType arch;
  StringRef name;     // LLVM's CPU
  StringRef features; // all of them make the baseline, besides those of the rows above
  int bit;            // -1: every processor of the architecture
};

// Ascending in each architecture.  x86-64: the levels of the psABI.
const BaselineRow baselineRows[] = {
    {Triple::x86_64, "x86-64", "", -1},
    {Triple::x86_64, "x86-64-v2", "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2", INGOT_CPU_X86_64_V2},
    {Triple::x86_64, "x86-64-v3", "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe", INGOT_CPU_X86_64_V3},
    {Triple::x86_64, "x86-64-v4", "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl", INGOT_CPU_X86_64_V4},
    {Triple::aarch64, "generic", "", -1},
    {Triple::riscv64, "generic-rv64", "", -1},
};

struct FeatureRow {
  Triple::ArchType arch;
  StringRef name; // LLVM's name
  int bit;
};

const FeatureRow featureRows[] = {
    {Triple::x86_64, "avx512vnni", INGOT_CPU_AVX512VNNI},  {Triple::x86_64, "avx512bf16", INGOT_CPU_AVX512BF16},
    {Triple::x86_64, "avx512fp16", INGOT_CPU_AVX512FP16},  {Triple::x86_64, "avx512vbmi", INGOT_CPU_AVX512VBMI},
    {Triple::x86_64, "avxvnni", INGOT_CPU_AVXVNNI},        {Triple::x86_64, "amx-tile", INGOT_CPU_AMX_TILE},
    {Triple::x86_64, "amx-int8", INGOT_CPU_AMX_INT8},      {Triple::x86_64, "amx-bf16", INGOT_CPU_AMX_BF16},
    {Triple::aarch64, "fullfp16", INGOT_CPU_ARM_FP16},     {Triple::aarch64, "dotprod", INGOT_CPU_ARM_DOTPROD},
    {Triple::aarch64, "i8mm", INGOT_CPU_ARM_I8MM},         {Triple::aarch64, "bf16", INGOT_CPU_ARM_BF16},
    {Triple::aarch64, "sve", INGOT_CPU_ARM_SVE},           {Triple::aarch64, "sve2", INGOT_CPU_ARM_SVE2},
    {Triple::riscv64, "v", INGOT_CPU_RISCV_V},
};

// What Linux distributions of RISC-V start from; without it LLVM assumes a processor without floating point.
constexpr StringLiteral riscvBase = "+m,+a,+f,+d,+c";

template <typename... Args>
Error failure(const char *format, const Args &...args) {
  return createStringError(std::errc::invalid_argument, format, args...);
}

std::string hostFeatures() {
  std::vector<std::string> names;
  for (const auto &feature : sys::getHostCPUFeatures())
    names.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(names);
  return join(names, ",");
}

/// CPU name and features as LLVM knows them, from what the command line says.
Expected<std::pair<std::string, std::string>> readCpu(const TargetOptions &options, const Triple &triple) {
  if (options.cpu == "native") {
    Triple host(sys::getProcessTriple());
    if (host.getArch() != triple.getArch())
      return failure("--mcpu=native is a %s processor, but the target is %s", host.getArchName().str().c_str(),
                     triple.getArchName().str().c_str());
    return std::make_pair(sys::getHostCPUName().str(), hostFeatures());
  }
  // What is outside of the variants runs on the least of them.
  if (options.cpu == kGenericMulti)
    if (SmallVector<const TargetRow *> variants = variantsFor(triple.str()); !variants.empty())
      return std::make_pair(variants.back()->name.str(), std::string());
  // The default names an x86-64 level; other architectures start from their own baseline.
  if (options.cpu == kGenericMulti || (StringRef(options.cpu).starts_with("x86-64") && triple.getArch() != Triple::x86_64)) {
    for (const BaselineRow &row : baselineRows)
      if (row.arch == triple.getArch() && row.bit < 0)
        return std::make_pair(row.name.str(), std::string());
    return std::make_pair(std::string("generic"), std::string());
  }
  // "x86-64-v4+avx512vnni" is a row of the target table.
  for (const TargetRow &row : allTargets())
    if (auto [name, feature] = row.name.split('+'); row.name == options.cpu && !feature.empty()) return std::make_pair(name.str(), "+" + feature.str());
  return std::make_pair(options.cpu, std::string());
}

unsigned widestVector(const CpuTarget &target, const MCSubtargetInfo &info) {
  if (target.triple.getArch() != Triple::x86_64)
    return 128;
  return info.checkFeatures("+avx512f") ? 512 : info.checkFeatures("+avx") ? 256 : 128;
}

} // namespace

bool CpuTarget::has(StringRef feature) const {
  SmallVector<StringRef> all;
  StringRef(features).split(all, ',');
  return llvm::any_of(all, [&](StringRef f) { return f.consume_front("+") && f == feature; });
}

void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
  });
}

Expected<CpuTarget> resolveTarget(const TargetOptions &options) {
  initializeTargets();
  CpuTarget result;
  result.triple = Triple(Triple::normalize(options.triple.empty() ? sys::getProcessTriple() : options.triple));
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(result.triple, message);
  if (!target)
    return failure("unknown target \"%s\": expected a triple such as x86_64-linux-gnu or aarch64-linux-gnu", options.triple.c_str());
  if (!result.triple.isOSBinFormatELF())
    return failure("target \"%s\" has no ELF object files; expected a Linux or bare-metal triple", result.triple.str().c_str());
  if (!result.triple.isLittleEndian())
    return failure("target \"%s\" is big-endian; expected a little-endian one", result.triple.str().c_str());

  auto cpu = readCpu(options, result.triple);
  if (!cpu)
    return cpu.takeError();
  auto [name, features] = *cpu;
  std::unique_ptr<MCSubtargetInfo> any(target->createMCSubtargetInfo(result.triple, "", ""));
  if (!any->isCPUStringValid(name))
    return failure("unknown processor \"%s\" for %s; expected native, generic-multi or a name that LLVM knows", name.c_str(),
                   result.triple.getArchName().str().c_str());

  Triple::ArchType arch = result.triple.getArch();
  if (arch == Triple::riscv64)
    features = riscvBase.str() + (features.empty() ? "" : "," + features);
  SmallVector<StringRef> asked;
  StringRef(options.features).split(asked, ',', -1, false);
  for (StringRef feature : asked) {
    StringRef bare = feature.drop_front();
    if (!StringRef("+-").contains(feature.front()) ||
        llvm::none_of(any->getAllProcessorFeatures(), [&](const SubtargetFeatureKV &kv) { return bare == kv.Key; }))
      return failure("unknown feature \"%s\" for %s; expected +name or -name of a feature that LLVM knows", feature.str().c_str(),
                     result.triple.getArchName().str().c_str());
    features += (features.empty() ? "" : ",") + feature.str();
  }

  std::unique_ptr<MCSubtargetInfo> info(target->createMCSubtargetInfo(result.triple, name, features));
  result.tune = name;
  std::vector<std::string> extra;
  if (arch == Triple::riscv64)
    extra.push_back(riscvBase.str());
  for (const BaselineRow &row : baselineRows) {
    if (row.arch != arch)
      continue;
    if (!row.features.empty() && !info->checkFeatures(row.features))
      break;
    result.baseline = row.name.str();
    if (row.bit >= 0) {
      result.requiredBits |= uint64_t(1) << row.bit;
      result.requiredIsa = row.name.str();
    }
  }
  if (result.baseline.empty())
    result.baseline = name;
  for (const FeatureRow &row : featureRows) {
    if (row.arch != arch || !info->checkFeatures(("+" + row.name).str()))
      continue;
    result.requiredBits |= uint64_t(1) << row.bit;
    result.requiredIsa += (result.requiredIsa.empty() ? "" : " ") + row.name.str();
    extra.push_back("+" + row.name.str());
  }
  std::unique_ptr<MCSubtargetInfo> reduced(target->createMCSubtargetInfo(result.triple, result.baseline, join(extra, ",")));
  for (StringRef feature : asked) {
    if (reduced->checkFeatures(feature))
      continue;
    extra.push_back(feature.str());
    if (feature.front() == '+')
      result.unchecked.push_back(feature.drop_front().str());
  }
  result.features = join(extra, ",");
  result.vectorBits = widestVector(result, *info);
  return result;
}

std::unique_ptr<TargetMachine> createTargetMachine(const CpuTarget &target, unsigned optLevel) {
  initializeTargets();
  std::string message;
  const Target *llvmTarget = TargetRegistry::lookupTarget(target.triple, message);
  if (!llvmTarget)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  options.FunctionSections = false;
  CodeGenOptLevel level = optLevel == 0   ? CodeGenOptLevel::None
                          : optLevel == 1 ? CodeGenOptLevel::Less
                          : optLevel == 2 ? CodeGenOptLevel::Default
                                          : CodeGenOptLevel::Aggressive;
  return std::unique_ptr<TargetMachine>(llvmTarget->createTargetMachine(target.triple, target.baseline, target.features, options, Reloc::PIC_,
                                                                        std::nullopt, level));
}

} // namespace ingot
