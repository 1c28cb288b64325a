//===- Pooling.cpp - lowering of the Pooling family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populatePoolingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
