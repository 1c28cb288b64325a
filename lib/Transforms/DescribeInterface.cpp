//===- DescribeInterface.cpp - the model's signature as module attributes -----------------------===//
//
// Written while element types and symbolic dimensions are still those of ONNX; the emitter makes the C interface from them.
//===-----------------------------------------------------------------------------===//
#include "ingot/Conversion/DataType.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Transforms/Passes.h"

namespace ingot {
#define GEN_PASS_DEF_DESCRIBEINTERFACE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

struct DescribeInterfacePass : ingot::impl::DescribeInterfaceBase<DescribeInterfacePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto graph = module.lookupSymbol<func::FuncOp>("main_graph");
    if (!graph) return;
    onnx::ShapeAnalysis shapes(&getContext());
    if (failed(shapes.run(graph))) return signalPassFailure();
    SmallVector<Attribute> inputs, outputs;
    for (auto [i, arg] : llvm::enumerate(graph.getArguments())) {
      Attribute entry = describe(graph, arg, graph.getArgAttrOfType<StringAttr>(i, "onnx.name"), shapes);
      if (!entry) return signalPassFailure();
      inputs.push_back(entry);
    }
    for (auto [i, result] : llvm::enumerate(graph.getBody().front().getTerminator()->getOperands())) {
      Attribute entry = describe(graph, result, graph.getResultAttrOfType<StringAttr>(i, "onnx.name"), shapes);
      if (!entry) return signalPassFailure();
      outputs.push_back(entry);
    }
    Builder b(&getContext());
    module->setAttr("ingot.inputs", b.getArrayAttr(inputs));
    module->setAttr("ingot.outputs", b.getArrayAttr(outputs));
  }

  Attribute describe(func::FuncOp graph, Value v, StringAttr name, onnx::ShapeAnalysis &shapes) {
    Builder b(&getContext());
    StringRef label = name ? name.getValue() : "";
    ingot_kind kind = kindOf(v.getType());
    auto type = dyn_cast<RankedTensorType>(v.getType());
    if (kind == INGOT_TENSOR && !type) {
      emitError(v.getLoc()) << "'" << label << "' has type " << v.getType()
                            << "; expected a tensor of known rank at the model's boundary: give its shape with --shape, or export it with one";
      return {};
    }
    ArrayRef<onnx::Dim> known = shapes.dims(v);
    SmallVector<int64_t> dims;
    SmallVector<Attribute> symbols;
    for (auto [i, d] : llvm::enumerate(type ? type.getShape() : ArrayRef<int64_t>())) {
      dims.push_back(ShapedType::isDynamic(d) ? INGOT_UNKNOWN_DIM : d);
      symbols.push_back(b.getStringAttr(ShapedType::isDynamic(d) && i < known.size() ? shapes.str(known[i]) : ""));
    }
    return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(label)),
                                b.getNamedAttr("type", b.getI32IntegerAttr(elementDataTypeOf(v.getType()))),
                                b.getNamedAttr("kind", b.getI32IntegerAttr(kind)),
                                b.getNamedAttr("dims", b.getDenseI64ArrayAttr(dims)),
                                b.getNamedAttr("symbols", b.getArrayAttr(symbols)), b.getNamedAttr("doc", b.getStringAttr(""))});
  }
};
} // namespace
