//===- Heap.h - the first of many, one after another -----------------------------------------===//
#ifndef INGOT_CONVERSION_HEAP_H
#define INGOT_CONVERSION_HEAP_H

#include "Sorting.h"

namespace ingot {

/// Indices in a binary heap: to take them one after another costs n + k log n steps for `k` of `n`, while sorting takes n log n.  Equal ones come in
/// the order of their indices, as they do from sortedIndices.
class Heap {
public:
  /// The indices below `count`, ordered by `before`.
  Heap(TensorBuilder &t, mlir::Value count, Before before) : Heap(t, count, before, /*lastFirst=*/false) {}

  /// All indices as a heap.
  mlir::Value all() const { return whole; }
  /// The first of a heap of `size` indices.
  mlir::Value first(mlir::Value heap) const;
  /// The heap of the others: one index less.
  mlir::Value withoutFirst(mlir::Value heap, mlir::Value size) const;
  /// The first `k` of the indices below `count` in their order. The best so far are a heap with the last of them on top, so that most indices
  /// cost one comparison.
  static mlir::Value firstOf(TensorBuilder &t, mlir::Value count, mlir::Value k, Before before);

private:
  Heap(TensorBuilder &t, mlir::Value count, Before before, bool lastFirst);
  mlir::Value comesBefore(mlir::Value x, mlir::Value y) const;
  mlir::Value sink(mlir::Value heap, mlir::Value size, mlir::Value from, mlir::Value x) const;

  TensorBuilder &t;
  mlir::Value count;
  Before before;
  bool lastFirst; // in the opposite order
  mlir::Value whole;
};

} // namespace ingot

#endif
