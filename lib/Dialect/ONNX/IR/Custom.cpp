//===- Custom.cpp - operators that the user brings ---------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

LogicalResult CustomOp::infer(ShapeAnalysis &shapes) {
  if (getTypes().size() != getNumResults()) return emitOpError("expected a type for each of ") << getNumResults() << " results, got " << getTypes().size();
  // Only the model says what the function gives; sizes are checked after each call.
  for (auto [result, type] : llvm::zip(getResults(), getTypes().getAsValueRange<TypeAttr>())) shapes.setType(result, type);
  return success();
}
