//===- TargetTable.cpp - the rows, and finding one --------------------------------------===//
#include "ingot/Codegen/TargetTable.h"

#include "ingot/Runtime/Frame.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <memory>

using namespace ingot;

// Best first within an architecture: the first row whose feature a CPU has is taken.
static const TargetRow kTargets[] = {
    {"x86-64-v4+avx512vnni", "avx512vnni", INGOT_CPU_AVX512VNNI, 64, 14, 2, true, true, DotProduct::Quads, 1 << 20, "x86-64-v4 with dot products of bytes"},
    {"x86-64-v4", "avx512f", INGOT_CPU_X86_64_V4, 64, 14, 2, true, true, DotProduct::Pairs, 1 << 20,
     "measured: 14x32 keeps 28 accumulators, two columns of weights and a broadcast in 32 registers; 114 of 116 GFLOP/s on Zen 4"},
    {"x86-64-v3+avxvnni", "avxvnni", INGOT_CPU_AVXVNNI, 32, 6, 2, true, true, DotProduct::Quads, 512 << 10, "x86-64-v3 with dot products of bytes"},
    {"x86-64-v3", "avx2", INGOT_CPU_X86_64_V3, 32, 6, 2, true, true, DotProduct::Pairs, 512 << 10,
     "6x16 fills 16 registers: 12 accumulators, two columns of weights, a broadcast (BLIS, Haswell)"},
    {"x86-64-v2", "sse4.2", INGOT_CPU_X86_64_V2, 16, 6, 2, false, false, DotProduct::Pairs, 256 << 10,
     "as v3 on four lanes; the product takes the one register that is left"},
    {"aarch64", "neon", -1, 16, 8, 3, true, false, DotProduct::None, 512 << 10,
     "8x12 fills 32 registers: 24 accumulators, three columns of weights, two of rows (BLIS, Cortex-A57)"},
    {"riscv64", "v", INGOT_CPU_RISCV_V, 16, 7, 3, true, true, DotProduct::None, 512 << 10,
     "as aarch64, with vectors of the smallest length the V extension allows"},
    {"wasm32", "simd128", -1, 16, 4, 2, false, false, DotProduct::None, 256 << 10, "sixteen registers on most engines, and no fused product"},
    {"generic", "", -1, 16, 4, 2, false, false, DotProduct::None, 256 << 10, "fits sixteen registers of 16 bytes"},
};

llvm::ArrayRef<TargetRow> ingot::allTargets() { return kTargets; }

llvm::SmallVector<const TargetRow *> ingot::variantsFor(llvm::StringRef triple) {
  llvm::SmallVector<const TargetRow *> variants;
  if (llvm::Triple(triple).getArch() != llvm::Triple::x86_64) return variants;
  // A copy for VNNI without AVX-512 as well would cost each quantised model the time to compile its code once more.
  for (const TargetRow &row : kTargets)
    if (row.name.starts_with("x86-64") && row.cpuFeature != INGOT_CPU_AVXVNNI) variants.push_back(&row);
  return variants;
}

const TargetRow &ingot::targetOf(mlir::Operation *function, llvm::StringRef target) {
  auto own = function->getAttrOfType<mlir::StringAttr>("ingot.target");
  return lookupTarget(own ? own.getValue() : target);
}

const TargetRow &ingot::lookupTarget(llvm::StringRef nameOrFeatures) {
  for (const TargetRow &row : kTargets)
    if (row.name == nameOrFeatures) return row;
  llvm::SmallVector<llvm::StringRef> features;
  nameOrFeatures.split(features, ',', -1, false);
  for (const TargetRow &row : kTargets)
    for (llvm::StringRef f : features)
      if (!row.feature.empty() && f.consume_front("+") && f == row.feature) return row;
  return std::end(kTargets)[-1];
}

const TargetRow &ingot::lookupTarget(llvm::StringRef triple, llvm::StringRef cpu, llvm::StringRef features) {
  std::string error;
  llvm::Triple parsed(triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(parsed, error);
  if (!target) return std::end(kTargets)[-1];
  std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(parsed, cpu, features));
  if (!info) return std::end(kTargets)[-1];
  auto belongs = [&](const TargetRow &row) {
    llvm::StringRef name = row.name;
    if (name.starts_with("x86-64")) return parsed.getArch() == llvm::Triple::x86_64;
    if (name == "aarch64") return parsed.isAArch64();
    if (name == "riscv64") return parsed.isRISCV64();
    if (name == "wasm32") return parsed.isWasm();
    return true;
  };
  for (const TargetRow &row : kTargets)
    if (belongs(row) && (row.feature.empty() || info->checkFeatures(("+" + row.feature).str()))) return row;
  return std::end(kTargets)[-1];
}
