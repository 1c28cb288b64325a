//===- ONNXToLinalg.h - operators to linalg, tensor, scf and ingot ------------------===//
//
// One file per operator family under lib/Conversion/ONNXToLinalg, each with one populate function. Patterns are
// ONNXLowering<OpT>: they read symbolic shapes from the analysis and build tensors of signless types.
//===-----------------------------------------------------------------------------===//
#ifndef INGOT_CONVERSION_ONNXTOLINALG_H
#define INGOT_CONVERSION_ONNXTOLINALG_H

#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace ingot {

/// Element types to those they are stored in (NarrowTypes.h); sequences, optionals, maps and tensors of unknown rank to handles (!llvm.ptr).
class ONNXTypeConverter : public mlir::TypeConverter {
public:
  ONNXTypeConverter();
};

/// What every lowering needs of the function it works in.
class LoweringContext {
public:
  explicit LoweringContext(onnx::ShapeAnalysis &shapes) : shapes(shapes) {}
  onnx::ShapeAnalysis &shapes;

  /// The run-time value of a symbolic dimension: an attribute if it is a constant, else index arithmetic over tensor.dim of the values that
  /// the symbols stand for.
  mlir::OpFoldResult materialize(mlir::ConversionPatternRewriter &b, mlir::Location loc, onnx::Dim d) const;
  /// Whether dimension `i` of a result can be materialized before the result exists (else its symbol stands for the result's own size).
  bool isKnown(mlir::Value result, int64_t i) const;
  bool areKnown(mlir::Value result) const;
  /// All dimensions of an ONNX value (as ONNX sees it, before lowering).
  llvm::SmallVector<mlir::OpFoldResult> dims(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::Value v) const;
  /// tensor.empty of the shape of an ONNX value, with its lowered element type (or the one given).
  mlir::Value empty(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::Value v, mlir::Type elementType = {}) const;
};

template <class OpT> class ONNXLowering : public mlir::OpConversionPattern<OpT> {
public:
  ONNXLowering(const mlir::TypeConverter &types, LoweringContext &context)
      : mlir::OpConversionPattern<OpT>(types, context.shapes.getContext()), lowering(context), shapes(context.shapes) {}

protected:
  LoweringContext &lowering;
  onnx::ShapeAnalysis &shapes;
};

/// True if the ONNX element type of `v` is an unsigned integer.
bool isUnsigned(mlir::Value v);
/// True for the value of an onnx.NoValue.
bool isAbsent(mlir::Value v);

void populateElementwiseLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateReductionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateShapeLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateIndexingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateGenerationLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateContractionLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populatePoolingLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateNormalizationLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateResizeLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateControlFlowLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateRecurrentLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateSequenceLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateTextLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);
void populateQuantizationLowering(mlir::RewritePatternSet &, const mlir::TypeConverter &, LoweringContext &);

} // namespace ingot

#endif
