//===- StoredWeights.cpp - weights in the type that the model stores them in ----------------===//
//
// A kernel converts weights once for a task of many rows, so that they take the room that the model gives them, in the file and in memory.
//===------------------------------------------------------------------------------------===//
#include "StoredWeights.h"

#include "ingot/Conversion/ONNXToLinalg.h"
#include "ingot/Dialect/ONNX/Bytes.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace ingot;

AffineMap StoredWeights::scaleMap(ComputeBuilder &t, int64_t rank) const {
  auto type = cast<RankedTensorType>(scale.getType());
  if (type.getRank() == 0) return AffineMap::get(rank, 0, t.b.getContext());
  return type.getDimSize(0) == 1 ? t.mapOf(rank, {t.zero()}) : t.mapOf(rank, {t.loop(rank - 1)});
}

StoredWeights ingot::storedWeights(ConversionPatternRewriter &b, Value weights, Value converted) {
  auto isNarrow = [](Type type) {
    auto tensor = dyn_cast<TensorType>(type);
    return tensor && (tensor.getElementType().isF16() || tensor.getElementType().isBF16());
  };
  auto cast = weights.getDefiningOp<onnx::CastOp>();
  if (!cast || !elementType(converted).isF32() || !isNarrow(cast.getInput().getType())) return {converted};
  // What was computed in f32 and rounded is there in f32.
  if (cast.getInput().getDefiningOp<onnx::CastOp>()) return {converted};
  Value stored = b.getRemappedValue(cast.getInput());
  return {stored ? stored : converted};
}

StoredWeights ingot::quantizedWeights(ConversionPatternRewriter &b, Value weights, Value converted, int64_t columnDim) {
  auto dequantize = weights.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!dequantize) return storedWeights(b, weights, converted);
  auto type = dyn_cast<RankedTensorType>(dequantize.getX().getType());
  auto scaleType = dyn_cast<RankedTensorType>(dequantize.getXScale().getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isInteger(8) || !dequantize.getX().getDefiningOp<onnx::ConstantOp>()) return {converted};
  if (!scaleType || !scaleType.hasStaticShape() || !scaleType.getElementType().isF32() || !elementType(converted).isF32()) return {converted};
  if (dequantize.getBlockSize() != 0 || !onnx::isAbsentOrZero(dequantize.getXZeroPoint())) return {converted};
  int64_t axis = static_cast<int64_t>(dequantize.getAxis());
  if (axis < 0) axis += type.getRank();
  bool uniform = scaleType.getNumElements() == 1, ofColumns = scaleType.getRank() == 1 && axis == columnDim;
  if (!uniform && !ofColumns) return {converted};
  Value stored = b.getRemappedValue(dequantize.getX()), scale = b.getRemappedValue(dequantize.getXScale());
  if (!stored || !scale) return {converted};
  return {stored, isUnsigned(dequantize.getX()), scale};
}
