//===- TreeTable.h - a tree ensemble as a table of nodes ------------------------------===//
//
// A node is four words: feature (with two flags), split, where to go if x <= split does not hold, and where if it does. Leaves lead to
// themselves, so that several trees of different depth can be walked side by side without a branch:
//
//   next = words[at + 2 + (x[words[at]] <= words[at + 1])]
//
// Every comparison is made this one at compile time: x < s is x <= the number below s, x >= s is x < s with its ways exchanged. What is
// left is equality, and where NaN goes, both told by flags that are looked at only if some node has them.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_TREETABLE_H
#define INGOT_CONVERSION_TREETABLE_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"

namespace ingot {

struct TreeTable {
  static constexpr int64_t kNaNGoesTrue = 1 << 30, kEquals = int64_t(1) << 31, kFeatureMask = kNaNGoesTrue - 1;

  struct Node {
    int64_t feature = 0; // with flags
    double split = 0;
    int64_t onFalse = 0, onTrue = 0; // numbers of nodes
  };
  llvm::SmallVector<Node> nodes; // inner nodes, then leaves, then what members of sets need
  int64_t firstLeaf = 0, leaves = 0, features = 0;
  bool hasNaN = false, hasEquals = false;

  struct Tree {
    int64_t root, depth;
  };
  llvm::SmallVector<Tree> trees;
  /// Weights of leaf i: [begins[i], begins[i + 1]).
  llvm::SmallVector<int64_t> begins, targets;
  llvm::SmallVector<double> weights;

  /// The leaves that a tree can reach.
  void visitLeaves(int64_t root, llvm::function_ref<void(int64_t leaf)> visit) const;
};

/// Fails after a diagnostic where the arrays contradict each other, or a node can reach itself.
mlir::FailureOr<TreeTable> readTreeTable(onnx::MLTreeEnsembleOp op);

} // namespace ingot

#endif
