//===- Quantization.cpp - lowering of the Quantization family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateQuantizationLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
