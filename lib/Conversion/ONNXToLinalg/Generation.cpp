//===- Generation.cpp - lowering of the Generation family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateGenerationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
