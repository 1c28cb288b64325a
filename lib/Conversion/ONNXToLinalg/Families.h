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
void populateRandomLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

} // namespace ingot

#endif
