//===- Families.h - parts of the larger operator families, one per file --------------===//
#ifndef INGOT_CONVERSION_FAMILIES_H
#define INGOT_CONVERSION_FAMILIES_H

#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

void populateSlicingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populatePaddingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateRearrangingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateGatherLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateScatterLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateSelectionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateSortingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateScanningLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateSignalLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateLinearAttentionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateCausalConvolutionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateDeformableConvolutionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateDeterminantLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateUnpoolingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateAffineGridLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateRegionPoolingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateRandomLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

} // namespace ingot

#endif
