//===- Contraction.cpp - lowering of the Contraction family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateContractionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
