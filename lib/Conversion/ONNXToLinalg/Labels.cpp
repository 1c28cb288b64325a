//===- Labels.cpp - values of keys ---------------------------------------------------------------===//
//
// A few keys are compared one after another on vectors; many are sorted, and found by halving their range a fixed number of times.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "OtherDomains.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kMostCompared = 16;

/// Keys and values as attributes of single numbers.
struct Pairs {
  SmallVector<Attribute> keys, values;
  std::optional<size_t> nan; // the key that is NaN
};

Attribute signlessNumber(Builder &b, Attribute a) {
  if (auto i = dyn_cast<IntegerAttr>(a)) return IntegerAttr::get(b.getIntegerType(i.getValue().getBitWidth()), i.getValue());
  return a;
}

/// The first value of each key.
Pairs distinctPairs(Builder &b, DenseElementsAttr keys, DenseElementsAttr values) {
  Pairs pairs;
  llvm::DenseSet<Attribute> seen;
  for (auto [key, value] : llvm::zip(keys.getValues<Attribute>(), values.getValues<Attribute>())) {
    Attribute k = signlessNumber(b, key), v = signlessNumber(b, value);
    auto real = dyn_cast<FloatAttr>(k);
    if (real && real.getValue().isZero()) k = FloatAttr::get(real.getType(), 0.0);
    if (real && real.getValue().isNaN()) {
      if (pairs.nan) continue;
      pairs.nan = pairs.keys.size();
    } else if (!seen.insert(k).second) {
      continue;
    }
    pairs.keys.push_back(k);
    pairs.values.push_back(v);
  }
  return pairs;
}

bool isLess(Attribute x, Attribute y) {
  if (auto f = dyn_cast<FloatAttr>(x)) return f.getValue() < cast<FloatAttr>(y).getValue();
  return cast<IntegerAttr>(x).getValue().slt(cast<IntegerAttr>(y).getValue());
}

Value number(OpBuilder &b, Location loc, Attribute a) { return arith::ConstantOp::create(b, loc, cast<TypedAttr>(a)); }
Value table(OpBuilder &b, Location loc, ArrayRef<Attribute> numbers) {
  Type element = cast<TypedAttr>(numbers.front()).getType();
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(RankedTensorType::get(numbers.size(), element), numbers));
}

/// y = value of the key equal to x, else the default
struct LabelEncoderLowering : ONNXLowering<onnx::MLLabelEncoderOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MLLabelEncoderOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto keys = dyn_cast<DenseElementsAttr>(op.getKeysTensor()), values = dyn_cast<DenseElementsAttr>(op.getValuesTensor());
    auto otherwise = dyn_cast<DenseElementsAttr>(op.getDefaultTensor());
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!keys || !values || !otherwise || !type || !keys.getElementType().isIntOrFloat() || !values.getElementType().isIntOrFloat())
      return b.notifyMatchFailure(op, "expected keys and values that are numbers");
    Location loc = op.getLoc();
    ComputeBuilder t(b, loc);
    Pairs pairs = distinctPairs(b, keys, values);
    Value none = number(b, loc, signlessNumber(b, *otherwise.getValues<Attribute>().begin()));
    Value x = adaptor.getX(), y = pairs.keys.empty() ? t.full(t.dims(x), none) : lookUp(t, x, pairs, none, type.getElementType());
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }

  Value lookUp(ComputeBuilder &t, Value x, const Pairs &pairs, Value none, Type element) const {
    if ((int64_t)pairs.keys.size() > kMostCompared) return search(t, x, pairs, none, element);
    return t.map(x, {}, t.dims(x), element, [&](OpBuilder &b, Location loc, ValueRange args) {
      ScalarBuilder s(b, loc, false, element);
      Value result = none;
      for (auto [i, key] : llvm::enumerate(pairs.keys)) {
        Value equal = pairs.nan == i ? s.isNaN(args[0]) : s.eq(args[0], number(b, loc, key));
        result = s.select(equal, number(b, loc, pairs.values[i]), result);
      }
      return result;
    });
  }

  Value search(ComputeBuilder &t, Value x, const Pairs &pairs, Value none, Type element) const {
    SmallVector<size_t> order;
    for (size_t i = 0; i < pairs.keys.size(); ++i)
      if (pairs.nan != i) order.push_back(i);
    llvm::sort(order, [&](size_t i, size_t j) { return isLess(pairs.keys[i], pairs.keys[j]); });
    SmallVector<Attribute> sorted, matching;
    for (size_t i : order) sorted.push_back(pairs.keys[i]), matching.push_back(pairs.values[i]);
    // Filled up with the largest, so that every probe is inside.
    int64_t size = llvm::PowerOf2Ceil(sorted.size());
    sorted.resize(size, sorted.back());
    matching.resize(size, matching.back());
    Value keys = table(t.b, t.loc, sorted), values = table(t.b, t.loc, matching);
    Value nanValue = pairs.nan ? number(t.b, t.loc, pairs.values[*pairs.nan]) : Value();
    return t.map(x, {}, t.dims(x), element, [&](OpBuilder &b, Location loc, ValueRange args) {
      TensorBuilder n(b, loc);
      ScalarBuilder s(b, loc, false, element);
      Value at = n.index(0);
      for (int64_t step = size / 2; step > 0; step /= 2) {
        Value probe = arith::AddIOp::create(b, loc, at, n.index(step));
        at = n.select(s.le(n.extract(keys, probe), args[0]), probe, at);
      }
      Value result = s.select(s.eq(n.extract(keys, at), args[0]), n.extract(values, at), none);
      return nanValue ? s.select(s.isNaN(args[0]), nanValue, result) : result;
    });
  }
};

} // namespace

void ingot::populateLabelLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<LabelEncoderLowering>(types, context);
}
