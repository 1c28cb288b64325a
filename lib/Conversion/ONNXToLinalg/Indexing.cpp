//===- Indexing.cpp - the indexing family, file by file ------------------------------===//
#include "Families.h"

using namespace mlir;
using namespace ingot;

void ingot::populateIndexingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  populateGatherLowering(patterns, types, context);
  populateScatterLowering(patterns, types, context);
  populateSelectionLowering(patterns, types, context);
  populateSortingLowering(patterns, types, context);
  populateScanningLowering(patterns, types, context);
}
