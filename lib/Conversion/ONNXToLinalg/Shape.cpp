//===- Shape.cpp - lowering of the Shape family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateShapeLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
