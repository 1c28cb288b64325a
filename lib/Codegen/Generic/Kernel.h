//===- Kernel.h - explicit SIMD loops for a loop nest ---------------------------------------------===//
#ifndef INGOT_LIB_CODEGEN_GENERIC_KERNEL_H
#define INGOT_LIB_CODEGEN_GENERIC_KERNEL_H

#include "LoopNest.h"
#include "ingot/Codegen/TargetTable.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace ingot {

/// How a loop nest runs on vectors.
struct GenericPlan {
  std::optional<unsigned> vectorLoop; // none: scalar loops
  bool vectorReduces = false;         // the vector loop is a reduction
  int64_t length = 0;                 // lanes; 0: scalar
  int64_t unroll = 1;                 // vectors side by side
  std::optional<unsigned> jamLoop;    // a second parallel loop whose neighbours share loads
  int64_t jam = 1;
  llvm::SmallVector<mlir::vector::CombiningKind> kinds; // of each result, when the vector loop reduces
  llvm::SmallVector<mlir::Operation *> combiners;
  bool sumsFloats = false;            // every result is a sum of floats: long ones are summed in blocks
  bool masked = false;                // the tail is a masked vector, not a scalar loop
};

/// Whether the body can run on vectors along a loop: what it computes from positions (tables, other loops) is the same for all lanes, and what
/// it reads by such positions lies side by side along the loop, as the channels of an element that is gathered.
bool isVectorizableAlong(const LoopNest &nest, unsigned loop);
/// Whether the op reads neighbouring elements for neighbouring indices of the loop.
bool readsRun(const LoopNest &nest, mlir::memref::LoadOp load, unsigned loop);

/// Fails where the nest is no set of independent points (then it stays for scalar loops in order).
mlir::FailureOr<GenericPlan> planGeneric(const LoopNest &nest, const TargetRow &target);

/// Emits the points of one row: everything below the loop over tasks.
class GenericKernel {
public:
  GenericKernel(IndexBuilder &ix, const LoopNest &nest, const GenericPlan &plan);

  /// `at`: index of every parallel loop (that of the vector loop is ignored); vector loop over [begin, end).
  void emitRow(llvm::ArrayRef<mlir::Value> at, int64_t jam, mlir::Value begin, mlir::Value end);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  struct Points {
    Values index;        // per loop; null for reductions not entered
    int64_t jam = 1, unroll = 1, length = 0;
    mlir::Value valid, mask; // of a partial vector
    int64_t count() const { return jam * unroll; }
  };

  mlir::Value address(const Access &access, const Points &at, int64_t jam, int64_t vector, mlir::Value lane = {});
  mlir::Value load(const Access &access, const Points &at, int64_t jam, int64_t vector);
  void store(const Access &access, const Points &at, int64_t jam, int64_t vector, mlir::Value value);
  mlir::Value loadLanes(const Access &access, const Points &at, int64_t jam, int64_t vector);

  Values body(const Points &at, Values acc);
  mlir::Value indexValue(mlir::linalg::IndexOp op, const Points &at, int64_t jam, int64_t vector);
  mlir::Value loadRun(mlir::memref::LoadOp op, const Points &at, const mlir::IRMapping &map);
  Values reduce(Points &at, unsigned loop, Values acc);
  Values reduceVector(Points &at, Values acc);
  void emitPoints(Points at);
  void emitReduction(Points at, mlir::Value begin, mlir::Value end);
  mlir::Value flatBytes(const Access &access);

  IndexBuilder &ix;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const LoopNest &nest;
  const GenericPlan &plan;
};

/// Generates the kernel in place of the op; fails and leaves the op where it cannot.
mlir::LogicalResult generateGeneric(mlir::linalg::LinalgOp op, const TargetRow &target);
/// The same for a transpose whose result has a few channels side by side that lay apart; others fail.
mlir::LogicalResult generateInterleave(mlir::linalg::LinalgOp op, const TargetRow &target);

} // namespace ingot

#endif
