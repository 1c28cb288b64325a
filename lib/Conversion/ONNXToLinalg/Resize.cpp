//===- Resize.cpp - lowering of the Resize family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateResizeLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
