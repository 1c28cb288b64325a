//===- CpuTarget.h - what processor code is generated for ------------------------------===//
#ifndef INGOT_TARGET_CPUTARGET_H
#define INGOT_TARGET_CPUTARGET_H

#include "ingot/Pipelines/Compiler.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace ingot {

/// A processor, reduced to what an object can check when an instance is created: a baseline and the features that
/// ingot_cpu_feature (Frame.h) has a bit for.  Nothing else of a CPU is used but its scheduling model, so an object never
/// holds an instruction that it did not ask for.
struct CpuTarget {
  llvm::Triple triple;
  std::string baseline;     // LLVM CPU whose instructions are used: "x86-64-v4"
  std::string tune;         // LLVM CPU whose timing is assumed: "znver4"
  std::string features;     // beyond the baseline, LLVM's syntax: "+avx512vnni,+avx512bf16"
  std::string requiredIsa;  // for people: "x86-64-v4 avx512vnni avx512bf16"
  uint64_t requiredBits = 0;
  unsigned vectorBits = 128;               // widest vector register
  std::vector<std::string> unchecked;      // features of --mattr that no instance can check

  bool has(llvm::StringRef feature) const; // "avx512vnni", by LLVM's name
};

/// Fails on a triple, CPU or feature that is not known, with a message for the user.
llvm::Expected<CpuTarget> resolveTarget(const TargetOptions &options);

/// The machine that `target` describes; position independent code.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const CpuTarget &target, unsigned optLevel);

/// Registers LLVM's targets once in a process.
void initializeTargets();

} // namespace ingot

#endif
