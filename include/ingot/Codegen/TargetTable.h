//===- TargetTable.h - what the kernel generators know of a CPU ----------------------===//
#ifndef INGOT_CODEGEN_TARGETTABLE_H
#define INGOT_CODEGEN_TARGETTABLE_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace ingot {

/// How a CPU sums products of 8-bit integers into 32 bits.
enum class DotProduct {
  None,
  Pairs, // two products of 16 bits in an instruction
  Quads, // four products of 8 bits, unsigned by signed, and the sum before them in an instruction
};

/// Numbers of the depth that a step of such sums takes; and the fewest columns that it has instructions for.
constexpr int64_t kDotDepth = 4;

/// One class of CPUs: registers and caches, and the register tile of the contraction kernel that follows from them.
struct TargetRow {
  llvm::StringRef name;
  llvm::StringRef feature;   // LLVM's subtarget feature that a CPU of this class has; empty: any
  int cpuFeature;            // the bit of ingot_cpu_feature that says so at run time; -1: none
  int64_t vectorBytes;       // of one register
  int64_t tileRows;          // rows of the register tile
  int64_t tileVectors;       // vectors of one row of the tile; tileRows * tileVectors accumulators stay in registers
  bool fma;                  // multiply and add as one instruction
  bool maskedMemory;         // masked loads and stores are single instructions
  DotProduct dots;
  int64_t cacheBytes;        // of the cache that a core has alone (L2): blocks of rows and panels are sized to it
  llvm::StringRef source;    // where the numbers come from

  int64_t vectorLength(int64_t elementBits) const { return std::max<int64_t>(1, vectorBytes * 8 / elementBits); }
  /// Columns of the register tile, and of a panel of packed weights.
  int64_t tileColumns(int64_t elementBits) const { return tileVectors * vectorLength(elementBits); }
};

llvm::ArrayRef<TargetRow> allTargets();

/// The classes of processors that an object for all of the architecture has code for, best first; empty where one serves all.
llvm::SmallVector<const TargetRow *> variantsFor(llvm::StringRef triple);

/// The row that a function is generated for: of its attribute `ingot.target` (CloneForTargets), else of `target`.
const TargetRow &targetOf(mlir::Operation *function, llvm::StringRef target);

/// The row of a name ("x86-64-v3"); else of the best feature in a list such as "+avx2,+fma"; else the generic one.
const TargetRow &lookupTarget(llvm::StringRef nameOrFeatures);

/// The row for a CPU as LLVM knows it.  The target of `triple` must have been initialised (LLVMInitializeAllTargetMCs).
const TargetRow &lookupTarget(llvm::StringRef triple, llvm::StringRef cpu, llvm::StringRef features);

} // namespace ingot

#endif
