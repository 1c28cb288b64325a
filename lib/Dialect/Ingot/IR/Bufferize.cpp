//===- Bufferize.cpp - bufferization of the ingot ops -----------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace ingot;

namespace {
/// A contraction writes its destination without reading it; its inputs are only read.
struct ContractBufferization : DstBufferizableOpInterfaceExternalModel<ContractBufferization, ContractOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options, BufferizationState &state) const {
    auto contract = cast<ContractOp>(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer)) return failure();
      buffers.push_back(*buffer);
    }
    rewriter.setInsertionPoint(op);
    OperationState newState(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    newState.addRegion();
    Operation *bufferized = rewriter.create(newState);
    rewriter.inlineRegionBefore(contract.getEpilogue(), bufferized->getRegion(0), bufferized->getRegion(0).begin());
    replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};
/// A call reads its operands, which it gets as dense memory; its results are memory of its own that nothing may write.
struct CallBufferization : BufferizableOpInterface::ExternalModel<CallBufferization, CallOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const AnalysisState &) const { return false; }
  AliasingValueList getAliasingValues(Operation *, OpOperand &, const AnalysisState &) const { return {}; }
  bool isWritable(Operation *, Value, const AnalysisState &) const { return false; }
  FailureOr<BufferLikeType> getBufferType(Operation *, Value value, const BufferizationOptions &, const BufferizationState &,
                                          SmallVector<Value> &) const {
    auto type = cast<RankedTensorType>(value.getType());
    return cast<BufferLikeType>(MemRefType::get(type.getShape(), type.getElementType()));
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options, BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer)) return failure();
      operands.push_back(dense(rewriter, op->getLoc(), *buffer));
    }
    SmallVector<Type> types;
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      types.push_back(tensor ? MemRefType::get(tensor.getShape(), tensor.getElementType()) : type);
    }
    Operation *bufferized = rewriter.create(OperationState(op->getLoc(), op->getName(), operands, types, op->getAttrs()));
    replaceOpWithBufferizedValues(rewriter, op, bufferized->getResults());
    return success();
  }

  /// Slices are copied, since the function sees no strides.
  static Value dense(RewriterBase &b, Location loc, Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    if (type.getLayout().isIdentity()) return buffer;
    SmallVector<Value> sizes;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i)) sizes.push_back(memref::DimOp::create(b, loc, buffer, i));
    Value copy = memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
    memref::CopyOp::create(b, loc, buffer, copy);
    return copy;
  }
};
} // namespace

void ingot::registerBufferizableOpInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, IngotDialect *) { 
    ContractOp::attachInterface<ContractBufferization>(*context);
    CallOp::attachInterface<CallBufferization>(*context);
  });
}
