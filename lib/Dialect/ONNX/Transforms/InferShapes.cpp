//===- InferShapes.cpp - writes inferred types into the IR -----------------------------------===//
//
// Every later pass reads sizes off the types; relations between sizes stay in ShapeAnalysis, which is run again where they are needed.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Transforms/Passes.h"

namespace ingot {
#define GEN_PASS_DEF_INFERSHAPES
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

namespace {
struct InferShapes : ingot::impl::InferShapesBase<InferShapes> {
  using InferShapesBase::InferShapesBase;
  void runOnOperation() override {
    ShapeAnalysis shapes(&getContext());
    if (failed(shapes.run(getOperation()))) return signalPassFailure();
    shapes.updateTypes(getOperation());
    if (!annotate) return;
    Builder builder(&getContext());
    getOperation().walk([&](Operation *op) {
      SmallVector<Attribute> dims;
      for (Value v : op->getResults()) dims.push_back(builder.getStringAttr(shapes.hasRank(v) ? shapes.str(shapes.dims(v)) : "?"));
      if (!dims.empty() && isa_and_nonnull<ingot::onnx::InferInterface>(op)) op->setAttr("dims", builder.getArrayAttr(dims));
    });
  }
};
} // namespace
