//===- LoopNest.h - a linalg op over buffers as loops and linear accesses -----------------------===//
#ifndef INGOT_LIB_CODEGEN_GENERIC_LOOPNEST_H
#define INGOT_LIB_CODEGEN_GENERIC_LOOPNEST_H

#include "../IndexBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace ingot {

/// Elements by which an access moves when a loop advances by one.
struct Coefficient {
  std::optional<int64_t> known = 0;
  mlir::Value value; // where not known
  bool is(int64_t v) const { return known == v; }
};

struct Loop {
  mlir::Value size;
  bool parallel = true;
  std::optional<int64_t> known() const { return IndexBuilder::known(size); }
};

/// An operand as one dimension: element = flat[offset + sum of index * coefficient].
struct Access {
  mlir::Value flat;
  mlir::Type element;
  llvm::SmallVector<Coefficient> coefficients; // per loop
};

/// The loops of a linalg op and how its operands move along them. Loops of size one are gone, and neighbours along which every
/// operand moves as along one are one loop (an elementwise op on contiguous buffers has a single loop, whatever its rank).
struct LoopNest {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<Loop> loops;
  llvm::SmallVector<Access> inputs, outputs;
  /// For linalg.index: the loop of each original dimension; none where the dimension has size one. Then no loops are merged.
  llvm::SmallVector<std::optional<unsigned>> originalDims;
  mlir::Block *body() const { return const_cast<mlir::linalg::LinalgOp &>(op).getBlock(); }
};

/// Reads the op. Fails, before anything is built, where an operand is no strided buffer or a map is not linear.
mlir::FailureOr<LoopNest> readLoopNest(mlir::linalg::LinalgOp op, IndexBuilder &ix);

} // namespace ingot

#endif
