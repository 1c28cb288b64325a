//===- Recurrent.cpp - lowering of the Recurrent family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateRecurrentLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
