//===- Heap.h - the first of many, one after another -----------------------------------------===//
#ifndef INGOT_CONVERSION_HEAP_H
#define INGOT_CONVERSION_HEAP_H

#include "Sorting.h"

namespace ingot {

/// Indices in a binary heap: the first `k` of `n` take n + k log n steps, while sorting takes n log n.  Equal ones come in the order of their
/// indices, as they do from sortedIndices.
class Heap {
public:
  /// The indices below `count`, ordered by `before`.
  Heap(TensorBuilder &t, mlir::Value count, Before before);

  /// All indices as a heap.
  mlir::Value all() const { return whole; }
  /// The first of a heap of `size` indices.
  mlir::Value first(mlir::Value heap) const;
  /// The heap of the others: one index less.
  mlir::Value withoutFirst(mlir::Value heap, mlir::Value size) const;
  /// The first `k` indices in their order.
  mlir::Value take(mlir::Value k) const;

private:
  mlir::Value comesBefore(mlir::Value x, mlir::Value y) const;
  mlir::Value sink(mlir::Value heap, mlir::Value size, mlir::Value from, mlir::Value x) const;

  TensorBuilder &t;
  mlir::Value count;
  Before before;
  mlir::Value whole;
};

} // namespace ingot

#endif
