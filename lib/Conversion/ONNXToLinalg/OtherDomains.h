//===- OtherDomains.h - lowerings of operators of ai.onnx.ml and com.microsoft --------===//
#ifndef INGOT_CONVERSION_OTHERDOMAINS_H
#define INGOT_CONVERSION_OTHERDOMAINS_H

#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

void populateTreeEnsembleLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateLabelLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateMapLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateBlockedProductLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateInverseLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

} // namespace ingot

#endif
