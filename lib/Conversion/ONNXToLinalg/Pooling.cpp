//===- Pooling.cpp - windows reduced to one element ----------------------------------===//
//
// Channels last. The padded input gives the neutral element outside, so that the window loops have no conditions; how many elements of a
// window count is the product of small tables, one per dimension.
//===-----------------------------------------------------------------------------===//
#include "Families.h"
#include "Window.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// acc = body(padded x, acc) over each window; the accumulators are wide.
Value reduceWindows(ComputeBuilder &t, Value padded, const Window &w, ArrayRef<OpFoldResult> out, Value init,
                    ComputeBuilder::ScalarBody body) {
  Value shape = w.shapeOperand(t, init.getType());
  AffineMap maps[] = {w.inputMap(t), w.kernelMap(t)};
  return t.fold({padded, shape}, maps, t.full(out, init), w.outputMap(t),
                [&](ScalarBuilder &s, ValueRange x) { return body(s, ValueRange{x[0], x[2]}); });
}

/// For one spatial dimension, 1 / (number of taps of each window that lie in [begin, end) of the unpadded input).
Value reciprocalCounts(ComputeBuilder &t, const Window &w, int64_t dim, OpFoldResult begin, OpFoldResult end, OpFoldResult outputs,
                       Type type) {
  Value low = t.value(begin), high = t.value(end), before = t.value(w.padBefore[dim]);
  return t.compute(outputs, type, [&](OpBuilder &nested, Location l, ValueRange at) {
    ComputeBuilder n(nested, l);
    Value dilation = n.index(w.dilations[dim]), zero = n.index(0);
    Value start = arith::SubIOp::create(nested, l, arith::MulIOp::create(nested, l, at[0], n.index(w.strides[dim])), before);
    // Taps k with low <= start + k * dilation < high.
    auto tapsBelow = [&](Value bound) -> Value {
      Value distance = arith::SubIOp::create(nested, l, bound, start);
      Value taps = arith::CeilDivSIOp::create(nested, l, distance, dilation);
      taps = arith::MaxSIOp::create(nested, l, taps, zero);
      return arith::MinSIOp::create(nested, l, taps, n.index(w.kernel[dim]));
    };
    Value count = arith::SubIOp::create(nested, l, tapsBelow(high), tapsBelow(low));
    count = arith::MaxSIOp::create(nested, l, count, n.index(1));
    Value asInteger = arith::IndexCastOp::create(nested, l, nested.getI64Type(), count);
    Value real = arith::SIToFPOp::create(nested, l, type, asInteger);
    return arith::DivFOp::create(nested, l, n.number(type, 1), real);
  });
}

template <class OpT> LogicalResult requireChannelsLast(ConversionPatternRewriter &b, OpT op) {
  if (op->hasAttr("channels_last"))
    return success();
  return b.notifyMatchFailure(op, "expected channels last");
}

/// Dimensions of the result. How many windows there are with 'ceil_mode' is no affine expression of the size, so that no shape rule says it.
template <class OpT>
Dims resultDims(OpT op, const LoweringContext &lowering, ConversionPatternRewriter &b, TensorBuilder &t, ArrayRef<OpFoldResult> in) {
  Dims out;
  ArrayRef<int64_t> kernel = op.getKernelShape();
  int64_t spatial = kernel.size(), rank = in.size();
  for (int64_t i = 0; i < rank; ++i)
    out.push_back(i == 0 || i == rank - 1 || lowering.isKnown(op.getY(), i)
                      ? lowering.materialize(b, op.getLoc(), lowering.shapes.dim(op.getY(), i))
                      : countWindowsUp(t, windowAttributes(op), i - 1, spatial, kernel[i - 1], in[i]));
  return out;
}

/// y = mean of the window, over all of it or what lies in the input
struct AveragePoolLowering : ONNXLowering<onnx::AveragePoolOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::AveragePoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (failed(requireChannelsLast(b, op)))
      return failure();
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Type wide = wideType(type.getElementType());
    Dims in = t.dims(adaptor.getX()), out = resultDims(op, lowering, b, t, in);
    Window w = makeWindow(t, windowAttributes(op), op.getKernelShape(), in, out);
    Value padded = w.pad(t, adaptor.getX(), t.number(type.getElementType(), 0));
    Value sums = reduceWindows(t, padded, w, out, t.number(wide, 0), [](ScalarBuilder &s, ValueRange x) { return s.add(x[1], x[0]); });

    int64_t rank = type.getRank();
    SmallVector<Value> inputs = {sums};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
    double whole = 1;
    for (int64_t i = 0; i < w.rank(); ++i) {
      OpFoldResult begin = t.indexAttr(0), end = in[1 + i];
      bool padsHere = getConstantIntValue(w.padBefore[i]) != 0 || getConstantIntValue(w.padAfter[i]) != 0;
      if (op.getCountIncludePad() && padsHere) {
        // Padding that was asked for counts; what ceil_mode adds beyond does not.
        OpFoldResult after = w.padAfter[i];
        if (op.getAutoPad() == "NOTSET")
          after = t.indexAttr(op.getPads() ? (*op.getPads())[w.rank() + i] : 0);
        begin = t.sub(begin, w.padBefore[i]);
        end = t.add(end, after);
        auto needed = getConstantIntValue(w.padAfter[i]), given = getConstantIntValue(after);
        padsHere = !(needed && given && *needed <= *given);
      }
      if (!padsHere) {
        whole *= w.kernel[i];
        continue;
      }
      inputs.push_back(reciprocalCounts(t, w, i, begin, end, out[1 + i], wide));
      maps.push_back(t.select(rank, {1 + i}));
    }
    Value y = t.mapWide(inputs, maps, out, type.getElementType(), [&](ScalarBuilder &s, ValueRange x) {
      Value v = whole == 1 ? x[0] : s.div(x[0], s.like(x[0], whole));
      for (Value factor : x.drop_front())
        v = s.mul(v, factor);
      return v;
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = (sum of |x|^p over the window)^(1/p)
struct LpPoolLowering : ONNXLowering<onnx::LpPoolOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::LpPoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (failed(requireChannelsLast(b, op)))
      return failure();
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims in = t.dims(adaptor.getX()), out = resultDims(op, lowering, b, t, in);
    Window w = makeWindow(t, windowAttributes(op), op.getKernelShape(), in, out);
    Value padded = w.pad(t, adaptor.getX(), t.number(type.getElementType(), 0));
    double p = op.getP();
    Value sums = reduceWindows(t, padded, w, out, t.number(wideType(type.getElementType()), 0), [&](ScalarBuilder &s, ValueRange x) {
      Value power = p == 1 ? s.abs(x[0]) : p == 2 ? s.mul(x[0], x[0]) : s.pow(s.abs(x[0]), s.like(x[0], p));
      return s.add(x[1], power);
    });
    Value y = t.mapWide(sums, {}, out, type.getElementType(), [&](ScalarBuilder &s, ValueRange x) {
      return p == 1 ? x[0] : p == 2 ? s.sqrt(x[0]) : s.pow(x[0], s.like(x[0], 1 / p));
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// y = largest of the window; Indices = where it is in the input in ONNX's order
struct MaxPoolLowering : ONNXLowering<onnx::MaxPoolOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MaxPoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    if (failed(requireChannelsLast(b, op)))
      return failure();
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getY().getType()));
    ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getX()));
    Dims in = t.dims(adaptor.getX()), out = resultDims(op, lowering, b, t, in);
    Window w = makeWindow(t, windowAttributes(op), op.getKernelShape(), in, out);
    ScalarBuilder scalars(b, op.getLoc(), t.isUnsigned, type.getElementType());
    Value padded = w.pad(t, adaptor.getX(), scalars.lowest(type.getElementType()));
    Value indices;
    Value y;
    if (op.getIndices().use_empty()) {
      y = reduceWindowsNarrow(t, padded, w, out, scalars.lowest(type.getElementType()));
      indices = t.empty(out, b.getI64Type());
    } else {
      std::tie(y, indices) = withIndices(t, op, padded, w, in, out, type.getElementType());
    }
    b.replaceOp(op, {t.castTo(y, type), t.castTo(indices, typeConverter->convertType(op.getIndices().getType()))});
    return success();
  }

private:
  /// The largest needs no wide arithmetic.
  static Value reduceWindowsNarrow(ComputeBuilder &t, Value padded, const Window &w, ArrayRef<OpFoldResult> out, Value lowest) {
    Value shape = w.shapeOperand(t, lowest.getType());
    SmallVector<AffineMap> maps = {w.inputMap(t), w.kernelMap(t), w.outputMap(t)};
    Value init = t.full(out, lowest);
    SmallVector<utils::IteratorType> loops(w.loops(), utils::IteratorType::parallel);
    for (int64_t i = 2 + w.rank(); i < w.loops(); ++i)
      loops[i] = utils::IteratorType::reduction;
    return linalg::GenericOp::create(t.b, t.loc, init.getType(), ValueRange{padded, shape}, init, maps, loops,
                                     [&](OpBuilder &nested, Location l, ValueRange x) {
                                       ScalarBuilder s(nested, l, t.isUnsigned, lowest.getType());
                                       linalg::YieldOp::create(nested, l, s.max(x[2], x[0]));
                                     })
        .getResult(0);
  }

  /// The first of equal elements wins.
  static std::pair<Value, Value> withIndices(ComputeBuilder &t, onnx::MaxPoolOp op, Value padded, const Window &w, ArrayRef<OpFoldResult> in,
                                             ArrayRef<OpFoldResult> out, Type element) {
    int64_t r = w.rank();
    Type i64 = t.b.getI64Type();
    // Distance of neighbours in each spatial dimension, in the order that the attribute names.
    SmallVector<OpFoldResult> distance(r);
    OpFoldResult plane = t.indexAttr(1);
    for (int64_t k = 0; k < r; ++k) {
      int64_t i = op.getStorageOrder() ? k : r - 1 - k;
      distance[i] = plane;
      plane = t.mul(plane, in[1 + i]);
    }
    SmallVector<Value> distances, before;
    for (int64_t i = 0; i < r; ++i) {
      distances.push_back(t.value(distance[i]));
      before.push_back(t.value(w.padBefore[i]));
    }
    Value planeSize = t.value(plane), channels = t.value(in.back());
    ScalarBuilder scalars(t.b, t.loc, t.isUnsigned, element);
    Value best = t.full(out, scalars.lowest(element)), where = t.full(out, t.number(i64, -1));
    Value shape = w.shapeOperand(t, element);
    SmallVector<AffineMap> maps = {w.inputMap(t), w.kernelMap(t), w.outputMap(t), w.outputMap(t)};
    SmallVector<utils::IteratorType> loops(w.loops(), utils::IteratorType::parallel);
    for (int64_t i = 2 + r; i < w.loops(); ++i)
      loops[i] = utils::IteratorType::reduction;
    auto generic = linalg::GenericOp::create(
        t.b, t.loc, TypeRange{best.getType(), where.getType()}, ValueRange{padded, shape}, ValueRange{best, where}, maps, loops,
        [&](OpBuilder &nested, Location l, ValueRange x) {
          ComputeBuilder n(nested, l);
          ScalarBuilder s(nested, l, t.isUnsigned, element);
          auto at = [&](int64_t i) -> Value { return linalg::IndexOp::create(nested, l, i); };
          auto add = [&](Value a, Value c) -> Value { return arith::AddIOp::create(nested, l, a, c); };
          auto mul = [&](Value a, Value c) -> Value { return arith::MulIOp::create(nested, l, a, c); };
          Value linear = mul(add(mul(at(0), channels), at(1 + r)), planeSize);
          for (int64_t i = 0; i < r; ++i) {
            Value position = add(mul(at(1 + i), n.index(w.strides[i])), mul(at(2 + r + i), n.index(w.dilations[i])));
            position = arith::SubIOp::create(nested, l, position, before[i]);
            linear = add(linear, mul(position, distances[i]));
          }
          Value index = arith::IndexCastOp::create(nested, l, i64, linear);
          Value better = s.gt(x[0], x[2]);
          linalg::YieldOp::create(nested, l, ValueRange{s.select(better, x[0], x[2]), s.select(better, index, x[3])});
        });
    return {generic.getResult(0), generic.getResult(1)};
  }
};

//===--------------------------------- whole images -------------------------------===//

SmallVector<int64_t> spatialAxes(int64_t rank) {
  SmallVector<int64_t> axes;
  for (int64_t i = 1; i < rank - 1; ++i)
    axes.push_back(i);
  return axes;
}

/// [N, C] as [N, 1..., C].
Value insertSpatialDims(ComputeBuilder &t, Value v, int64_t rank) {
  for (int64_t i = 2; i < rank; ++i)
    v = t.insertUnitDim(v, 1);
  return v;
}

/// Reduces the spatial dimensions of a channels-last tensor: `combine` from `init`, then `finish` with the number of elements.
template <class OpT> struct GlobalPoolLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    if (failed(requireChannelsLast(b, op)))
      return failure();
    auto type = cast<RankedTensorType>(this->typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Type element = type.getElementType(), wide = wideType(element);
    ScalarBuilder scalars(b, op.getLoc(), false, wide);
    Value init = std::is_same_v<OpT, onnx::GlobalMaxPoolOp> ? scalars.lowest(wide) : t.number(wide, 0);
    Value acc = t.reduceWide(adaptor.getX(), spatialAxes(type.getRank()), init,
                             [&](ScalarBuilder &s, ValueRange x) { return combine(op, s, x[0], x[1]); });
    Dims sizes = t.dims(adaptor.getX());
    Value count = t.value(t.product(ArrayRef<OpFoldResult>(sizes).drop_front().drop_back()));
    count = arith::SIToFPOp::create(b, op.getLoc(), wide, t.fromIndex(count, b.getI64Type()));
    Value y = t.mapWide(acc, {}, t.dims(acc), element, [&](ScalarBuilder &s, ValueRange x) { return finish(op, s, x[0], count); });
    b.replaceOp(op, t.castTo(insertSpatialDims(t, y, type.getRank()), type));
    return success();
  }

private:
  static Value combine(onnx::GlobalAveragePoolOp, ScalarBuilder &s, Value x, Value acc) { return s.add(acc, x); }
  static Value combine(onnx::GlobalMaxPoolOp, ScalarBuilder &s, Value x, Value acc) { return s.max(acc, x); }
  static Value combine(onnx::GlobalLpPoolOp op, ScalarBuilder &s, Value x, Value acc) {
    double p = op.getP();
    return s.add(acc, p == 1 ? s.abs(x) : p == 2 ? s.mul(x, x) : s.pow(s.abs(x), s.like(x, p)));
  }
  static Value finish(onnx::GlobalAveragePoolOp, ScalarBuilder &s, Value acc, Value count) { return s.div(acc, count); }
  static Value finish(onnx::GlobalMaxPoolOp, ScalarBuilder &, Value acc, Value) { return acc; }
  static Value finish(onnx::GlobalLpPoolOp op, ScalarBuilder &s, Value acc, Value) {
    double p = op.getP();
    return p == 1 ? acc : p == 2 ? s.sqrt(acc) : s.pow(acc, s.like(acc, 1 / p));
  }
};

} // namespace

void ingot::populatePoolingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<AveragePoolLowering, LpPoolLowering, MaxPoolLowering, GlobalPoolLowering<onnx::GlobalAveragePoolOp>,
               GlobalPoolLowering<onnx::GlobalMaxPoolOp>, GlobalPoolLowering<onnx::GlobalLpPoolOp>>(types, context);
  populateUnpoolingLowering(patterns, types, context);
}
