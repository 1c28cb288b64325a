//===- Normalization.h - statistics over dimensions ------------------------------------===//
#ifndef INGOT_CONVERSION_NORMALIZATION_H
#define INGOT_CONVERSION_NORMALIZATION_H

#include "ComputeBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

void populateSoftmaxLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateChannelNormalizationLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateDropoutLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateLossLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

/// Statistics of a tensor over some of its dimensions.
class Statistics {
public:
  Statistics(ComputeBuilder &t, mlir::Value x, llvm::ArrayRef<int64_t> axes);
  /// Reads a tensor without the reduced dimensions from loops over all of them.
  mlir::AffineMap keptMap();
  mlir::Value mean();
  /// Mean of (x - mean)^2.
  mlir::Value variance(mlir::Value mean);
  /// Mean of x^2.
  mlir::Value meanSquare();
  /// 1 / sqrt(v + epsilon)
  mlir::Value inverseRoot(mlir::Value v, double epsilon);
  /// The number of elements that are reduced, as a float.
  mlir::Value count();

  ComputeBuilder &t;
  mlir::Value x;
  llvm::SmallVector<int64_t> axes, kept;
  mlir::Type wide;

private:
  mlir::Value sum(mlir::ValueRange others, llvm::ArrayRef<mlir::AffineMap> otherMaps, ComputeBuilder::ScalarBody first);
  mlir::Value divideByCount(mlir::Value sums);
};

/// softmax along `axis`, and its logarithm, in wide floats, stored as `element`.
mlir::Value softmax(ComputeBuilder &t, mlir::Value x, int64_t axis, mlir::Type element);
mlir::Value logSoftmax(ComputeBuilder &t, mlir::Value x, int64_t axis, mlir::Type element);

} // namespace ingot

#endif
