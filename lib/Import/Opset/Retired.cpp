//===- Retired.cpp - experimental operators that were taken back ----------------------------===//
//
// They were never versioned, and models of 2017 and 2018 hold them.  Their meaning is from the operators' documentation of ONNX 1.1.
//===-----------------------------------------------------------------------------===//
#include "Upgrade.h"
#include "Types.h"

using namespace mlir;
using namespace ingot;

// A list per channel of NCHW as [C, 1, 1].
static Value perChannel(Rewriter &r, ArrayRef<float> values) {
  return r.op("Unsqueeze", {r.floats(values), r.ints({1, 2})});
}

// alpha * x + beta
static LogicalResult affineToMulAdd(Rewriter &r) {
  Value x = r.operand(0);
  if (!x) return r.error() << "expected an input";
  Value scaled = r.op("Mul", {x, r.scalarLike(x, r.takeFloat("alpha", 1.0))});
  return scaled ? r.replace(r.op("Add", {scaled, r.scalarLike(x, r.takeFloat("beta", 0.0))})) : failure();
}

static LogicalResult scale(Rewriter &r) {
  Value x = r.operand(0);
  return x ? r.replace(r.op("Mul", {x, r.scalarLike(x, r.takeFloat("scale", 1.0))})) : r.error() << "expected an input";
}

// scale * x + bias[channel]
static LogicalResult imageScaler(Rewriter &r) {
  Value x = r.operand(0);
  auto bias = r.takeFloats("bias");
  if (!x || !bias) return r.error() << "expected an input and the attribute 'bias'";
  Value scaled = r.op("Mul", {x, r.scalarLike(x, r.takeFloat("scale", 1.0))}), column = perChannel(r, *bias);
  return scaled && column ? r.replace(r.op("Add", {scaled, column})) : failure();
}

// alpha * log(exp(beta * x) + 1)
static LogicalResult parametricSoftplus(Rewriter &r) {
  Value x = r.operand(0);
  if (!x) return r.error() << "expected an input";
  Value inner = r.op("Mul", {x, r.scalarLike(x, r.takeFloat("beta", 1.0))});
  Value soft = inner ? r.op("Softplus", inner) : Value();
  return soft ? r.replace(r.op("Mul", {soft, r.scalarLike(x, r.takeFloat("alpha", 1.0))})) : failure();
}

// alpha * tanh(beta * x)
static LogicalResult scaledTanh(Rewriter &r) {
  Value x = r.operand(0);
  if (!x) return r.error() << "expected an input";
  Value inner = r.op("Mul", {x, r.scalarLike(x, r.takeFloat("beta", 1.0))});
  Value tanh = inner ? r.op("Tanh", inner) : Value();
  return tanh ? r.replace(r.op("Mul", {tanh, r.scalarLike(x, r.takeFloat("alpha", 1.0))})) : failure();
}

// Cuts `border` = [left, top, right, bottom] off the last two dimensions, or takes `scale` = [height, width] behind left and top.
static LogicalResult crop(Rewriter &r) {
  Value x = r.operand(0);
  auto border = r.takeInts("border"), size = r.takeInts("scale");
  if (!x || !border || border->size() != 4 || (size && size->size() != 2))
    return r.error() << "expected an input, an attribute 'border' of 4 numbers and, if there is one, a 'scale' of 2";
  int64_t left = (*border)[0], top = (*border)[1], right = (*border)[2], bottom = (*border)[3];
  constexpr int64_t toEnd = std::numeric_limits<int64_t>::max();
  SmallVector<int64_t> ends = {bottom ? -bottom : toEnd, right ? -right : toEnd};
  if (size) ends = {top + (*size)[0], left + (*size)[1]};
  return r.replace(r.op("Slice", {x, r.ints({top, left}), r.ints(ends), r.ints({2, 3})}));
}

// A constant by its shape and values.
static LogicalResult givenTensorFill(Rewriter &r) {
  auto values = r.takeFloats("values");
  auto shape = r.takeInts("shape"), extra = r.takeInts("extra_shape");
  bool fromInput = r.takeInt("input_as_shape", 0) != 0;
  if (!values || (!shape && !r.operand(0))) return r.error() << "expected the attributes 'values' and 'shape'";
  Value data = r.floats(*values), target;
  if (shape) {
    target = r.ints(*shape);
  } else {
    target = fromInput ? r.operand(0) : r.op("Shape", r.operand(0), {}, r.b.getI64Type());
    if (target && extra) target = r.op("Concat", {target, r.ints(*extra)}, r.attr("axis", int64_t(0)));
  }
  return target ? r.replace(r.op("Reshape", {data, target})) : failure();
}

// One value in a shape given by an attribute, or by an input (its contents, or its own shape).
static LogicalResult constantFill(Rewriter &r) {
  auto shape = r.takeInts("shape"), extra = r.takeInts("extra_shape");
  bool fromInput = r.takeInt("input_as_shape", 0) != 0;
  Type element = elementTypeOf(r.takeInt("dtype", 1), r.b.getContext());
  double value = r.takeFloat("value", 0.0);
  if (!element || !element.isIntOrFloat()) return r.error() << "expected an attribute 'dtype' that is a type of numbers";
  Value target = shape ? r.ints(*shape) : r.operand(0);
  if (!target) return r.error() << "expected the attribute 'shape' or an input";
  if (!shape && !fromInput) target = r.op("Shape", target, {}, r.b.getI64Type());
  if (target && extra) target = r.op("Concat", {target, r.ints(*extra)}, r.attr("axis", int64_t(0)));
  if (!target) return failure();
  auto type = RankedTensorType::get(1, element);
  Attribute scalar = isa<FloatType>(element) ? Attribute(r.b.getFloatAttr(element, value)) : Attribute(IntegerAttr::get(element, (int64_t)value));
  return r.replace(r.op("ConstantOfShape", target, r.attr("value", DenseElementsAttr::get(type, scalar)), element));
}

// Slice with operands, years before Slice-10.
static LogicalResult dynamicSlice(Rewriter &r) {
  r.node.opType = "Slice";
  return success();
}

// MeanVarianceNormalization of ONNX 1.1: per channel or across, with or without the variance.
static LogicalResult meanVariance(Rewriter &r) {
  bool across = r.takeInt("across_channels", 0) != 0, variance = r.takeInt("normalize_variance", 1) != 0;
  if (!variance) return r.error() << "has normalize_variance 0, which is not supported; expected 1";
  SmallVector<int64_t> axes = across ? SmallVector<int64_t>{1, 2, 3} : SmallVector<int64_t>{2, 3};
  r.node.attributes.set("axes", r.b.getDenseI64ArrayAttr(axes));
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "Affine", kAnyVersion, affineToMulAdd},
    {"", "Scale", kAnyVersion, scale},
    {"", "ImageScaler", kAnyVersion, imageScaler},
    {"", "ParametricSoftplus", kAnyVersion, parametricSoftplus},
    {"", "ScaledTanh", kAnyVersion, scaledTanh},
    {"", "Crop", kAnyVersion, crop},
    {"", "GivenTensorFill", kAnyVersion, givenTensorFill},
    {"", "ConstantFill", kAnyVersion, constantFill},
    {"", "DynamicSlice", 10, dynamicSlice},
    {"", "MeanVarianceNormalization", 9, meanVariance},
};
ArrayRef<OpsetRow> ingot::retiredRows() { return kRows; }
