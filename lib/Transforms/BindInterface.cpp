//===- BindInterface.cpp - from a function of tensors to a function of a run's frame -----===//
//
// After this pass the model reads its inputs from the frame and writes its results into buffers that the frame gives.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ingot {
#define GEN_PASS_DEF_BINDINTERFACE
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

/// A result that was made with more dimensions of size 1, and the output's buffer with these, so that the producer can write into it.
static std::pair<Value, Value> withUnitDims(OpBuilder &b, Value result, OutputOp buffer) {
  auto collapse = result.getDefiningOp<tensor::CollapseShapeOp>();
  if (!collapse || collapse.getResultType().getRank() == 0) return {result, buffer};
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  SmallVector<OpFoldResult> sizes;
  auto dynamic = buffer.getSizes().begin();
  for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
    if (llvm::count_if(group, [&](int64_t d) { return shape[d] != 1; }) > 1) return {result, buffer};
    for (int64_t d : group) sizes.push_back(ShapedType::isDynamic(shape[d]) ? OpFoldResult(*dynamic++) : b.getIndexAttr(shape[d]));
  }
  Value expanded = memref::ExpandShapeOp::create(b, result.getLoc(), shape, buffer, collapse.getReassociationIndices(), sizes);
  return {collapse.getSrc(), expanded};
}

namespace {

/// The module attribute that describes the inputs or outputs, as the stage before left it (see Target/Emit.h).
FailureOr<SmallVector<int32_t>> elementTypes(ModuleOp module, StringRef name, size_t count) {
  auto values = module->getAttrOfType<ArrayAttr>(name);
  if (!values || values.size() != count) {
    module.emitError() << "expected the attribute '" << name << "' with " << count << " entries";
    return failure();
  }
  SmallVector<int32_t> types;
  for (Attribute value : values) types.push_back(cast<IntegerAttr>(cast<DictionaryAttr>(value).get("type")).getInt());
  return types;
}

struct BindInterfacePass : ingot::impl::BindInterfaceBase<BindInterfacePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto graph = module.lookupSymbol<func::FuncOp>("main_graph");
    if (!graph) {
      module.emitError("expected a function @main_graph");
      return signalPassFailure();
    }
    auto inputTypes = elementTypes(module, "ingot.inputs", graph.getNumArguments());
    auto outputTypes = elementTypes(module, "ingot.outputs", graph.getNumResults());
    if (failed(inputTypes) || failed(outputTypes)) return signalPassFailure();

    OpBuilder b(&getContext());
    Block &entry = graph.getBody().front();
    Location loc = graph.getLoc();
    Type framePtr = LLVM::LLVMPointerType::get(&getContext());
    unsigned inputCount = entry.getNumArguments();
    Value frame = entry.addArgument(framePtr, loc);
    b.setInsertionPointToStart(&entry);
    for (unsigned i = 0; i < inputCount; ++i) {
      auto type = dyn_cast<RankedTensorType>(entry.getArgument(i).getType());
      if (!type) {
        entry.getArgument(i).replaceAllUsesWith(TakeOp::create(b, loc, framePtr, frame, i).getValue());
        continue;
      }
      auto buffer = InputOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()), frame, i, (*inputTypes)[i]);
      auto tensor = bufferization::ToTensorOp::create(b, loc, type, buffer, /*restrict=*/true, /*writable=*/false);
      entry.getArgument(i).replaceAllUsesWith(tensor);
    }
    entry.eraseArguments(0, inputCount);

    auto ret = cast<func::ReturnOp>(entry.getTerminator());
    for (auto [i, result] : llvm::enumerate(ret.getOperands())) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      b.setInsertionPoint(ret);
      if (!type) {
        GiveOp::create(b, result.getLoc(), frame, i, result);
        continue;
      }
      SmallVector<Value> sizes;
      for (int64_t d = 0; d < type.getRank(); ++d)
        if (type.isDynamicDim(d)) sizes.push_back(tensor::DimOp::create(b, result.getLoc(), result, d));
      auto buffer = OutputOp::create(b, result.getLoc(), MemRefType::get(type.getShape(), type.getElementType()), frame, i,
                                     (*outputTypes)[i], sizes);
      auto [made, place] = withUnitDims(b, result, buffer);
      bufferization::MaterializeInDestinationOp::create(b, result.getLoc(), TypeRange(), made, place, /*restrict=*/true, /*writable=*/true);
      if ((*outputTypes)[i] == INGOT_STRING) GiveOp::create(b, result.getLoc(), frame, i, Value());
    }
    b.setInsertionPoint(ret);
    Value ok = arith::ConstantIntOp::create(b, loc, INGOT_OK, 32);
    func::ReturnOp::create(b, loc, ok);
    ret.erase();
    graph.setName("main");
    graph.setType(FunctionType::get(&getContext(), framePtr, b.getI32Type()));
    graph.removeArgAttrsAttr();
    graph.removeResAttrsAttr();
  }
};
} // namespace
