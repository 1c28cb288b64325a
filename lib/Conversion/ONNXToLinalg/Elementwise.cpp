//===- Elementwise.cpp - lowering of the Elementwise family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateElementwiseLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
