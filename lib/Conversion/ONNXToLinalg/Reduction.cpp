//===- Reduction.cpp - lowering of the Reduction family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateReductionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
