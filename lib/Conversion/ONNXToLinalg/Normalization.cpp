//===- Normalization.cpp - lowering of the Normalization family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateNormalizationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
