//===- Scores.h - from scores of classes to labels, as all classifiers of ai.onnx.ml do ----===//
#ifndef INGOT_LIB_IMPORT_OPSET_SCORES_H
#define INGOT_LIB_IMPORT_OPSET_SCORES_H

#include "Chain.h"

namespace ingot {

/// Takes 'post_transform' and checks its value.
mlir::FailureOr<std::string> takePostTransform(Rewriter &r);
/// Scores [rows, classes] through NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT.
mlir::Value postTransform(Chain &c, mlir::Value scores, llvm::StringRef transform);

/// The labels of a classifier as a constant vector, from the attribute of integers or that of strings; null after a diagnostic.
mlir::Value takeLabels(Rewriter &r, llvm::StringRef integers, llvm::StringRef strings);

/// What one score of two classes means where it is the only one: a probability, or a margin around 0.
enum class BinaryScore { Probability, Margin };
/// Label and scores [rows, 2] of a classifier with one score [rows, 1] for the second of two labels.
llvm::LogicalResult replaceBinary(Chain &c, mlir::Value score, mlir::Value labels, BinaryScore kind, llvm::StringRef transform);
/// The label of the largest score, and the scores transformed.  `never` (empty: none) are the classes that cannot be the largest.
llvm::LogicalResult replaceLargest(Chain &c, mlir::Value scores, mlir::Value labels, llvm::StringRef transform, llvm::ArrayRef<bool> never = {});

/// Probabilities [rows, classes] from those of the first of each pair of classes, [rows, pairs].
mlir::Value coupleProbabilities(Chain &c, mlir::Value pairs, int64_t classes);

} // namespace ingot

#endif
