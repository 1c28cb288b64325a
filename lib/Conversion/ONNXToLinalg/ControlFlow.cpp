//===- ControlFlow.cpp - lowering of the ControlFlow family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateControlFlowLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
