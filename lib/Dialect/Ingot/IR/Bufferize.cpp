//===- Bufferize.cpp - bufferization of the ingot ops -----------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

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
} // namespace

void ingot::registerBufferizableOpInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, IngotDialect *) { ContractOp::attachInterface<ContractBufferization>(*context); });
}
