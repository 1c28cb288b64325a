//===- Indexing.cpp - lowering of the Indexing family
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

using namespace mlir;
using namespace ingot;

void ingot::populateIndexingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {}
