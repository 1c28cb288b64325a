//===- ML.cpp - shape rules of trees, look-ups and maps -------------------------------------------------===//
#include "ShapeRules.h"

using namespace mlir;
using namespace ingot::onnx;

/// A row of X for each row of the result; a vector is one row.
static Dim rowsOf(Value x, ShapeAnalysis &shapes) {
  if (!shapes.hasRank(x)) return {};
  return shapes.rank(x) < 2 ? shapes.constant(1) : shapes.dim(x, 0);
}

LogicalResult MLTreeEnsembleOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 1, 2))) return failure();
  Type element = shapes.elementType(getX());
  if (!element.isF64()) element = Float32Type::get(getContext());
  shapes.set(getY(), element, {rowsOf(getX(), shapes), shapes.constant(getNTargets())});
  return success();
}

LogicalResult MLLabelEncoderOp::infer(ShapeAnalysis &shapes) {
  Type element = getValuesTensor().getElementType();
  if (getKeysTensor().getElementType() != shapes.elementType(getX()))
    return emitOpError("expected keys of the operand's element type ") << shapes.elementType(getX()) << ", got " << getKeysTensor().getElementType();
  if (getDefaultTensor().getElementType() != element || getDefaultTensor().getNumElements() != 1)
    return emitOpError("expected one default of the values' type ") << element << ", got " << getDefaultTensor().getShapedType();
  if (getKeysTensor().getNumElements() != getValuesTensor().getNumElements())
    return emitOpError("expected as many values as keys, got ") << getValuesTensor().getNumElements() << " and " << getKeysTensor().getNumElements();
  if (shapes.hasRank(getX()))
    shapes.set(getY(), element, SmallVector<Dim>(shapes.dims(getX())));
  else
    shapes.setUnranked(getY(), element);
  return success();
}

LogicalResult MLZipMapOp::infer(ShapeAnalysis &shapes) {
  if (failed(expectRank(*this, shapes, getX(), 1, 2))) return failure();
  bool byString = getClasslabelsStrings() && !getClasslabelsStrings()->empty();
  bool byNumber = getClasslabelsInt64s() && !getClasslabelsInt64s()->empty();
  if (byString == byNumber) return emitOpError("expected either 'classlabels_int64s' or 'classlabels_strings'");
  Type key = byString ? Type(StringType::get(getContext())) : IntegerType::get(getContext(), 64);
  shapes.setType(getZ(), SequenceType::get(getContext(), MapType::get(getContext(), key, Float32Type::get(getContext()))));
  return success();
}

LogicalResult MLCastMapOp::infer(ShapeAnalysis &shapes) {
  if (!isa<MapType>(shapes.type(getX()))) return emitOpError("expected a map, got ") << shapes.type(getX());
  Type element;
  if (getCastTo() == "TO_FLOAT") element = Float32Type::get(getContext());
  if (getCastTo() == "TO_INT64") element = IntegerType::get(getContext(), 64);
  if (getCastTo() == "TO_STRING") element = StringType::get(getContext());
  if (!element) return emitOpError("expected 'cast_to' TO_FLOAT, TO_INT64 or TO_STRING, got ") << getCastTo();
  if (getMapForm() != "DENSE" && getMapForm() != "SPARSE") return emitOpError("expected 'map_form' DENSE or SPARSE, got ") << getMapForm();
  bool isSparse = getMapForm() == "SPARSE";
  if (isSparse && getMaxMap() < 1) return emitOpError("expected 'max_map' of 1 or more, got ") << getMaxMap();
  shapes.set(getY(), element, {shapes.constant(1), isSparse ? shapes.constant(getMaxMap()) : shapes.fresh(getY(), 1)});
  return success();
}

LogicalResult MLDictVectorizerOp::infer(ShapeAnalysis &shapes) {
  auto map = dyn_cast<MapType>(shapes.type(getX()));
  if (!map) return emitOpError("expected a map, got ") << shapes.type(getX());
  bool byString = isa<StringType>(map.getKeyType());
  if (byString ? !getStringVocabulary() : !getInt64Vocabulary())
    return emitOpError("expected '") << (byString ? "string_vocabulary" : "int64_vocabulary") << "' for a map with keys of type " << map.getKeyType();
  int64_t size = byString ? getStringVocabulary()->size() : getInt64Vocabulary()->size();
  Type value = map.getValueType();
  shapes.set(getY(), getElementTypeOrSelf(value), {shapes.constant(1), shapes.constant(size)});
  return success();
}
