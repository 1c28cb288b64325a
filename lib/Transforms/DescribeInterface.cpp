//===- DescribeInterface.cpp - the model's signature as module attributes -----------------------===//
//
// Written while element types and symbolic dimensions are still those of ONNX; the emitter makes the C interface from them.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Transforms/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ingot {
#define GEN_PASS_DEF_DESCRIBEINTERFACE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

ingot_type typeNumber(Type t) {
  if (auto i = dyn_cast<IntegerType>(t)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1: return INGOT_BOOL;
    case 2: return u ? INGOT_UINT2 : INGOT_INT2;
    case 4: return u ? INGOT_UINT4 : INGOT_INT4;
    case 8: return u ? INGOT_UINT8 : INGOT_INT8;
    case 16: return u ? INGOT_UINT16 : INGOT_INT16;
    case 32: return u ? INGOT_UINT32 : INGOT_INT32;
    case 64: return u ? INGOT_UINT64 : INGOT_INT64;
    }
  }
  if (auto c = dyn_cast<ComplexType>(t)) return c.getElementType().isF32() ? INGOT_COMPLEX64 : INGOT_COMPLEX128;
  return llvm::TypeSwitch<Type, ingot_type>(t)
      .Case<Float32Type>([](auto) { return INGOT_FLOAT; })
      .Case<Float64Type>([](auto) { return INGOT_DOUBLE; })
      .Case<Float16Type>([](auto) { return INGOT_FLOAT16; })
      .Case<BFloat16Type>([](auto) { return INGOT_BFLOAT16; })
      .Case<Float8E4M3FNType>([](auto) { return INGOT_FLOAT8E4M3FN; })
      .Case<Float8E4M3FNUZType>([](auto) { return INGOT_FLOAT8E4M3FNUZ; })
      .Case<Float8E5M2Type>([](auto) { return INGOT_FLOAT8E5M2; })
      .Case<Float8E5M2FNUZType>([](auto) { return INGOT_FLOAT8E5M2FNUZ; })
      .Case<Float4E2M1FNType>([](auto) { return INGOT_FLOAT4E2M1; })
      .Case<Float8E8M0FNUType>([](auto) { return INGOT_FLOAT8E8M0; })
      .Case<onnx::StringType>([](auto) { return INGOT_STRING; })
      .Default([](auto) { return INGOT_UNDEFINED; });
}

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
    auto type = dyn_cast<RankedTensorType>(v.getType());
    if (!type) {
      emitError(v.getLoc()) << "'" << label << "' has type " << v.getType()
                            << "; expected a tensor of known rank at the model's boundary: give its shape with --shape, or export it with one";
      return {};
    }
    ArrayRef<onnx::Dim> known = shapes.dims(v);
    SmallVector<int64_t> dims;
    SmallVector<Attribute> symbols;
    for (auto [i, d] : llvm::enumerate(type.getShape())) {
      dims.push_back(ShapedType::isDynamic(d) ? INGOT_UNKNOWN_DIM : d);
      symbols.push_back(b.getStringAttr(ShapedType::isDynamic(d) && i < known.size() ? shapes.str(known[i]) : ""));
    }
    return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(label)),
                                b.getNamedAttr("type", b.getI32IntegerAttr(typeNumber(type.getElementType()))),
                                b.getNamedAttr("kind", b.getI32IntegerAttr(INGOT_TENSOR)),
                                b.getNamedAttr("dims", b.getDenseI64ArrayAttr(dims)),
                                b.getNamedAttr("symbols", b.getArrayAttr(symbols)), b.getNamedAttr("doc", b.getStringAttr(""))});
  }
};
} // namespace
