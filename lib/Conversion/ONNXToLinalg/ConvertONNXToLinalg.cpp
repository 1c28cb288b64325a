//===- ConvertONNXToLinalg.cpp - the pass convert-onnx-to-linalg ---------------------===//
//
// Runs the shape analysis, then the lowerings of all operator families in one conversion.  Operators that are left are reported
// together, each once with how often it occurs and its first node.
//===-----------------------------------------------------------------------------===//
#include "CallBuilder.h"
#include "OtherDomains.h"
#include "ingot/Conversion/ONNXToLinalg.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "llvm/ADT/MapVector.h"

namespace ingot {
#define GEN_PASS_DEF_CONVERTONNXTOLINALG
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

/// The same bytes read as the type that the elements are stored in.
static ElementsAttr retyped(ElementsAttr value, RankedTensorType type) {
  if (value.getShapedType() == type)
    return value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense || !type.getElementType().isInteger())
    return {};
  unsigned width = type.getElementTypeBitWidth();
  auto from = value.getElementType();
  if (from.isIntOrFloat() && from.getIntOrFloatBitWidth() == width)
    return dense.bitcast(type.getElementType());
  if (width > 64 || isa<ComplexType>(from))
    return DenseElementsAttr::getFromRawBuffer(type, dense.getRawData());
  // Below a byte; the bits above are zero.
  SmallVector<APInt> bytes;
  auto widened = [&](const APInt &v) { bytes.push_back(v.zext(width)); };
  if (isa<FloatType>(from))
    llvm::for_each(dense.getValues<APFloat>(), [&](const APFloat &f) { widened(f.bitcastToAPInt()); });
  else
    llvm::for_each(dense.getValues<APInt>(), widened);
  return DenseElementsAttr::get(type, bytes);
}

namespace {

/// Constant -> arith.constant
struct ConstantLowering : ONNXLowering<onnx::ConstantOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConstantOp op, OpAdaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type)
      return b.notifyMatchFailure(op, "expected a ranked tensor");
    if (isa<onnx::StringType>(op.getValue().getElementType())) return replaceWithCall(op, {}, "ingot_op_constant", b);
    auto value = retyped(op.getValue(), type.clone(op.getValue().getShapedType().getShape(), type.getElementType()));
    if (!value)
      return b.notifyMatchFailure(op, "expected dense elements of numbers");
    b.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(value));
    return success();
  }
};

/// Before an operator is lowered, ingot.check of the sizes that its shape rule wants equal and could not compare.
struct SizeRequirements : ConversionPattern {
  SizeRequirements(const TypeConverter &types, LoweringContext &context)
      : ConversionPattern(types, MatchAnyOpTypeTag(), /*benefit=*/100, context.shapes.getContext()), context(context) {
    setHasBoundedRewriteRecursion();
  }

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value>, ConversionPatternRewriter &b) const override {
    ArrayRef<onnx::SizeRequirement> requirements = context.shapes.requirements(op);
    if (requirements.empty() || op->hasAttr(kChecked))
      return b.notifyMatchFailure(op, "expected sizes that are not checked yet");
    TensorBuilder t(b, op->getLoc());
    for (const onnx::SizeRequirement &r : requirements)
      t.checkEqual(context.materialize(b, op->getLoc(), r.a), context.materialize(b, op->getLoc(), r.b), "expected equal sizes of " + r.what);
    // The other patterns still see the operator.
    b.modifyOpInPlace(op, [&] { op->setAttr(kChecked, b.getUnitAttr()); });
    return success();
  }

  static constexpr llvm::StringLiteral kChecked = "ingot.sizes_checked";
  LoweringContext &context;
};

struct ConvertONNXToLinalgPass : ingot::impl::ConvertONNXToLinalgBase<ConvertONNXToLinalgPass> {
  using ConvertONNXToLinalgBase::ConvertONNXToLinalgBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(convert(function)))
        return signalPassFailure();
  }

private:
  LogicalResult convert(func::FuncOp function);
  LogicalResult requireRanks(func::FuncOp function);
  LogicalResult reportLeft(func::FuncOp function);
};

} // namespace

LogicalResult ConvertONNXToLinalgPass::convert(func::FuncOp function) {
  onnx::ShapeAnalysis shapes(&getContext());
  if (failed(shapes.run(function)))
    return failure();
  shapes.updateTypes(function);

  if (failed(requireRanks(function)))
    return failure();
  ONNXTypeConverter types;
  LoweringContext context(shapes);
  RewritePatternSet patterns(&getContext());
  patterns.add<ConstantLowering, SizeRequirements>(types, context);
  populateElementwiseLowering(patterns, types, context);
  populateReductionLowering(patterns, types, context);
  populateShapeLowering(patterns, types, context);
  populateIndexingLowering(patterns, types, context);
  populateGenerationLowering(patterns, types, context);
  populateContractionLowering(patterns, types, context);
  populatePoolingLowering(patterns, types, context);
  populateNormalizationLowering(patterns, types, context);
  populateResizeLowering(patterns, types, context);
  populateControlFlowLowering(patterns, types, context);
  populateRecurrentLowering(patterns, types, context);
  populateQuantizationLowering(patterns, types, context);
  populateTreeEnsembleLowering(patterns, types, context);
  populateLabelLowering(patterns, types, context);
  populateMapLowering(patterns, types, context);
  populateBlockedProductLowering(patterns, types, context);
  populateInverseLowering(patterns, types, context);
  populateSequenceLowering(patterns, types, context);
  populateTextLowering(patterns, types, context);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
  populateReturnOpTypeConversionPattern(patterns, types);

  ConversionTarget target(getContext());
  target.addLegalDialect<arith::ArithDialect, complex::ComplexDialect, linalg::LinalgDialect, math::MathDialect, scf::SCFDialect, tensor::TensorDialect,
                         bufferization::BufferizationDialect, IngotDialect>();
  // Of what subgraphs yield before it is lowered; none is left in the end.
  target.addLegalOp<UnrealizedConversionCastOp>();
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) { return types.isSignatureLegal(op.getFunctionType()); });
  target.addDynamicallyLegalOp<func::ReturnOp>([&](func::ReturnOp op) { return types.isLegal(op.getOperandTypes()); });
  // Operators of the onnx dialect are neither legal nor illegal: those without a lowering stay, to be reported together.
  if (failed(applyPartialConversion(function, target, std::move(patterns))))
    return failure();
  return reportLeft(function);
}

/// Operators that only hand values on; the ranks of these may be known to the run only.
static bool handsOn(Operation *op) {
  return isa<onnx::SequenceConstructOp, onnx::SequenceEmptyOp, onnx::SequenceAtOp, onnx::SequenceInsertOp, onnx::SequenceEraseOp, onnx::SequenceMapOp,
             onnx::SplitToSequenceOp, onnx::ConcatFromSequenceOp, onnx::OptionalOp, onnx::OptionalGetElementOp, onnx::OptionalHasElementOp,
             onnx::IdentityOp, onnx::IfOp, onnx::LoopOp, onnx::ScanOp, onnx::YieldOp, onnx::CustomOp>(op);
}

LogicalResult ConvertONNXToLinalgPass::requireRanks(func::FuncOp function) {
  LogicalResult result = success();
  function.walk([&](Operation *op) {
    if (!isa_and_nonnull<onnx::ONNXDialect>(op->getDialect()) || handsOn(op)) return;
    for (Value v : op->getOperands())
      if (isa<UnrankedTensorType>(v.getType())) {
        result = op->emitError("expected operands whose rank is known when the model is compiled, got ") << v.getType();
        return;
      }
  });
  return result;
}

LogicalResult ConvertONNXToLinalgPass::reportLeft(func::FuncOp function) {
  // NoValue has no use left once its users are lowered.
  function.walk([](onnx::NoValueOp op) {
    if (op->use_empty())
      op->erase();
  });
  llvm::MapVector<StringRef, std::pair<unsigned, Operation *>> left;
  function.walk([&](Operation *op) {
    if (!isa_and_nonnull<onnx::ONNXDialect>(op->getDialect()) || isa<onnx::YieldOp, onnx::NoValueOp>(op))
      return;
    auto &entry = left[op->getName().stripDialect()];
    if (entry.first++ == 0)
      entry.second = op;
  });
  if (left.empty())
    return success();
  if (reportEach) {
    function.walk([&](Operation *op) {
      if (left.contains(op->getName().stripDialect()) && isa_and_nonnull<onnx::ONNXDialect>(op->getDialect()))
        emitError(op->getLoc()) << "no lowering for these element types and attributes: " << op->getOperandTypes() << " to " << op->getResultTypes();
    });
    return failure();
  }
  InFlightDiagnostic diag = emitError(left.front().second.second->getLoc()) << "unsupported operators:";
  StringRef separator = " ";
  for (auto &[name, entry] : left) {
    diag << separator << name << " (" << entry.first << (entry.first == 1 ? " node" : " nodes");
    if (std::string node = nodeName(entry.second->getLoc()); !node.empty())
      diag << ", first '" << node << "'";
    diag << ")";
    separator = ", ";
  }
  diag << "; expected operators, element types and attributes that have a lowering";
  return failure();
}
