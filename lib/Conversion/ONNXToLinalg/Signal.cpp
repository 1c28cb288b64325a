//===- Signal.cpp - spectra, windows and mel weights --------------------------------------===//
#include "Families.h"
#include "Fourier.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// The integer that a tensor of one element holds: a constant if it is known now.
static OpFoldResult scalarSize(TensorBuilder &t, const onnx::ShapeAnalysis &shapes, Value original, Value lowered) {
  if (auto contents = shapes.constantContents(original); contents && contents->size() == 1)
    return t.indexAttr(contents->front());
  return t.toIndex(t.scalarOf(lowered));
}

/// Ends the run unless `least` <= v <= 2^31, which keeps products of sizes in range.
static void checkSize(TensorBuilder &t, OpFoldResult v, int64_t least, StringRef what) {
  Value low = t.compare(arith::CmpIPredicate::sge, t.value(v), t.index(least));
  Value high = t.compare(arith::CmpIPredicate::sle, t.value(v), t.index(int64_t(1) << 31));
  auto c = getConstantIntValue(v);
  if (!c || *c < least || *c > int64_t(1) << 31)
    t.check(arith::AndIOp::create(t.b, t.loc, low, high), "expected " + what + " of " + Twine(least) + " or more");
}

/// Complex numbers: a last dimension of which only the run knows whether it is 1 or 2 becomes 2, the imaginary parts being 0.
static Value withKnownComponents(ComputeBuilder &t, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();
  if (rank == 0 || !type.isDynamicDim(rank - 1)) return x;
  OpFoldResult components = t.dim(x, rank - 1), two = t.indexAttr(2);
  Value low = t.compare(arith::CmpIPredicate::sge, t.value(components), t.index(1)), high = t.compare(arith::CmpIPredicate::sle, t.value(components), t.index(2));
  t.check(arith::AndIOp::create(t.b, t.loc, low, high), "expected a last dimension of 1 (real) or 2 (complex numbers)");
  Dims none(rank, t.indexAttr(0)), after = none;
  after.back() = t.sub(two, components);
  Value padded = t.padOrCrop(x, none, after, t.number(type.getElementType(), 0));
  SmallVector<int64_t> shape(cast<RankedTensorType>(padded.getType()).getShape());
  shape.back() = 2;
  return t.castTo(padded, type.clone(shape));
}

namespace {

/// y[k] = sum over j of x[j] exp(-2 pi i j k / n) along an axis; inverse with + and divided by n
struct DFTLowering : ONNXLowering<onnx::DFTOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DFTOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    auto inType = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type || !inType)
      return b.notifyMatchFailure(op, "expected ranked tensors");
    ComputeBuilder t(b, op.getLoc());
    Value numbers = withKnownComponents(t, adaptor.getInput());
    int64_t rank = inType.getRank(), components = cast<RankedTensorType>(numbers.getType()).getDimSize(rank - 1);
    if (components != 1 && components != 2)
      return emitError(op.getLoc()) << "expected a last dimension of 1 (real) or 2 (complex numbers), got " << inType;
    Fourier f;
    f.inverse = op.getInverse() != 0;
    f.onesided = op.getOnesided() != 0;
    if (f.inverse && f.onesided && components != 2)
      return emitError(op.getLoc()) << "expected complex numbers for a one-sided inverse, got " << inType;
    Value x = t.convertElements(numbers, wideType(inType.getElementType()));
    Dims sizes = t.dims(x);
    OpFoldResult axis = isAbsent(op.getAxis()) ? t.indexAttr(-2) : scalarSize(t, shapes, op.getAxis(), adaptor.getAxis()), one = t.indexAttr(1);
    if (auto known = getConstantIntValue(axis)) {
      int64_t a = *known < 0 ? *known + rank : *known;
      if (a < 0 || a >= rank - 1)
        return emitError(op.getLoc()) << "expected an axis from " << -rank << " to " << rank - 2 << " without the last one, got " << *known;
      axis = t.indexAttr(a);
    } else {
      Value a = t.value(axis);
      axis = t.select(t.compare(arith::CmpIPredicate::slt, a, t.index(0)), t.value(t.add(a, t.indexAttr(rank))), a);
      t.check(t.compare(arith::CmpIPredicate::ult, t.value(axis), t.index(rank - 1)), "expected an axis from " + Twine(-rank) + " to " + Twine(rank - 2) + " without the last one");
    }

    // [before the axis, axis, behind it, components]; which dimension is which may be known at run time only.
    OpFoldResult outer = one, size = one, inner = one;
    for (int64_t i = 0; i < rank - 1; ++i) {
      outer = t.mul(outer, choose(t, axis, arith::CmpIPredicate::sgt, i, sizes[i], one));
      size = t.mul(size, choose(t, axis, arith::CmpIPredicate::eq, i, sizes[i], one));
      inner = t.mul(inner, choose(t, axis, arith::CmpIPredicate::slt, i, sizes[i], one));
    }
    f.length = size;
    if (!isAbsent(op.getDftLength())) {
      f.length = scalarSize(t, shapes, op.getDftLength(), adaptor.getDftLength());
      checkSize(t, f.length, 1, "a length");
    } else {
      if (f.inverse && f.onesided)
        f.length = t.mul(t.sub(size, one), t.indexAttr(2));
      checkSize(t, f.length, 1, "a number of points");
    }
    if (auto n = getConstantIntValue(f.length); n && *n < 1)
      return emitError(op.getLoc()) << "expected a transform of 1 point or more, got " << *n;

    // Rows lie behind one another where the axis is the last.
    Value rows = t.reshape(x, {outer, size, inner, sizes.back()});
    bool inPlace = getConstantIntValue(inner) == 1;
    rows = inPlace ? t.dropUnits(rows, {2}) : t.collapse(t.transpose(rows, {0, 2, 1, 3}), {{0, 1}, {2}, {3}});
    Value y = transformRows(t, rows, f);
    OpFoldResult points = t.dim(y, 1), outComponents = t.dim(y, 2);
    if (!inPlace)
      y = t.transpose(t.expand(y, {{0, 1}, {2}, {3}}, {outer, inner, points, outComponents}), {0, 2, 1, 3});
    Dims result;
    for (int64_t i = 0; i < rank - 1; ++i)
      result.push_back(choose(t, axis, arith::CmpIPredicate::eq, i, points, sizes[i]));
    result.push_back(outComponents);
    y = t.convertElements(t.reshape(y, result), type.getElementType());
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }

private:
  /// x where the axis compares so with `i`, else y
  static OpFoldResult choose(TensorBuilder &t, OpFoldResult axis, arith::CmpIPredicate predicate, int64_t i, OpFoldResult x, OpFoldResult y) {
    if (auto known = getConstantIntValue(axis))
      return arith::applyCmpPredicate(predicate, APInt(64, *known, true), APInt(64, i, true)) ? x : y;
    return t.select(t.compare(predicate, t.value(axis), t.index(i)), t.value(x), t.value(y));
  }
};

/// Frames of `length` samples, `step` apart, each times the window and transformed
struct STFTLowering : ONNXLowering<onnx::STFTOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::STFTOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    auto inType = dyn_cast<RankedTensorType>(adaptor.getSignal().getType());
    if (!type || !inType)
      return b.notifyMatchFailure(op, "expected ranked tensors");
    if (isAbsent(op.getWindow()) && isAbsent(op.getFrameLength()))
      return emitError(op.getLoc()) << "expected a window or a frame length, got neither";
    ComputeBuilder t(b, op.getLoc());
    Type element = wideType(inType.getElementType());
    Value signal = t.convertElements(adaptor.getSignal(), element);
    if (inType.getRank() == 2)
      signal = t.insertUnitDim(signal, 2);
    signal = withKnownComponents(t, signal);
    int64_t components = cast<RankedTensorType>(signal.getType()).getDimSize(2);
    if (components != 1 && components != 2)
      return emitError(op.getLoc()) << "expected a last dimension of 1 (real) or 2 (complex numbers), got " << inType;
    Value window = isAbsent(op.getWindow()) ? Value() : t.convertElements(adaptor.getWindow(), element);

    Fourier f;
    f.onesided = op.getOnesided() != 0;
    f.length = isAbsent(op.getFrameLength()) ? t.dim(window, 0) : scalarSize(t, shapes, op.getFrameLength(), adaptor.getFrameLength());
    OpFoldResult step = scalarSize(t, shapes, op.getFrameStep(), adaptor.getFrameStep());
    checkSize(t, f.length, 1, "a frame length");
    checkSize(t, step, 1, "a frame step");
    Value samples = t.value(t.dim(signal, 1));
    t.check(t.compare(arith::CmpIPredicate::sge, samples, t.value(f.length)), "expected a signal no shorter than a frame");
    if (window)
      t.check(t.compare(arith::CmpIPredicate::eq, t.value(t.dim(window, 0)), t.value(f.length)), "expected a window as long as a frame");
    // A step of 0 has ended the run by then, if it does not stand in the way of the division.
    OpFoldResult divisor = t.max(step, t.indexAttr(1));
    OpFoldResult frames = t.add(t.floorDiv(t.sub(t.dim(signal, 1), f.length), divisor), t.indexAttr(1));
    auto fixedStep = getConstantIntValue(step);
    Value y = fixedStep && isOneProduct(t, f, components) ? asConvolution(t, signal, window, f, *fixedStep, frames)
                                                          : byFrames(t, signal, window, f, step, frames);
    b.replaceOp(op, t.castTo(t.convertElements(y, type.getElementType()), type));
    return success();
  }

private:
  /// Overlapping frames times one matrix: a convolution whose filters are the rows of the transform times the window.
  static Value asConvolution(ComputeBuilder &t, Value signal, Value window, const Fourier &f, int64_t step, OpFoldResult frames) {
    OpFoldResult components = t.dim(signal, 2), outputs = f.outputs(t);
    Type element = elementType(signal);
    Value matrix = fourierMatrix(t, f, *getConstantIntValue(components), element);
    OpFoldResult columns = t.dim(matrix, 1);
    Value filters = t.expand(matrix, {{0, 1}, {2}}, {f.length, components, columns});
    if (window)
      filters = t.mapWide({filters, window}, {t.b.getMultiDimIdentityMap(3), t.select(3, {0})}, t.dims(filters), element,
                          [](ScalarBuilder &s, ValueRange v) { return s.mul(v[0], v[1]); });
    ContractSpec spec;
    spec.strides = {step};
    spec.dilations = {1};
    Value y = contract(t, signal, t.insertUnitDim(filters, 0), {t.dim(signal, 0), frames, columns}, element, spec);
    return t.expand(y, {{0}, {1}, {2, 3}}, {t.dim(signal, 0), frames, outputs, t.indexAttr(2)});
  }

  static Value byFrames(ComputeBuilder &t, Value signal, Value window, const Fourier &f, OpFoldResult step, OpFoldResult frames) {
    Type element = elementType(signal);
    OpFoldResult batch = t.dim(signal, 0), components = t.dim(signal, 2);
    Value stepValue = t.value(step);
    Value cut = t.compute({batch, frames, f.length, components}, element, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
      ScalarBuilder s(b, loc, false, element);
      Value sample = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, at[1], stepValue), at[2]);
      Value v = tensor::ExtractOp::create(b, loc, signal, ValueRange{at[0], sample, at[3]});
      return window ? s.mul(v, tensor::ExtractOp::create(b, loc, window, at[2])) : v;
    });
    Value y = transformRows(t, t.collapse(cut, {{0, 1}, {2}, {3}}), f);
    return t.expand(y, {{0, 1}, {2}, {3}}, {batch, frames, f.outputs(t), t.indexAttr(2)});
  }
};

/// y[n] = a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), N being the size, or one less if symmetric
template <class OpT> struct WindowLowering : ONNXLowering<OpT> {
  WindowLowering(const TypeConverter &types, LoweringContext &context, std::array<double, 3> a) : ONNXLowering<OpT>(types, context), a(a) {}
  std::array<double, 3> a;

  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(this->typeConverter->convertType(op.getType()));
    Type stored = type.getElementType(), i64 = b.getI64Type();
    Type element = isa<FloatType>(stored) ? wideType(stored) : Type(b.getF64Type());
    ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getOutput()));
    OpFoldResult size = scalarSize(t, this->shapes, op.getSize(), adaptor.getSize());
    checkSize(t, size, 0, "a size");
    // A symmetric window of one element has no period: ONNX's definition divides 0 by 0.
    Value period = t.value(op.getPeriodic() ? size : t.sub(size, t.indexAttr(1)));
    // The angle of one step, in f64: long windows lose digits in f32.
    Value turn = arith::DivFOp::create(b, op.getLoc(), t.number(b.getF64Type(), 6.283185307179586),
                                       arith::SIToFPOp::create(b, op.getLoc(), b.getF64Type(), t.fromIndex(period, i64)));
    Value y = t.compute(size, stored, [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      ScalarBuilder s(nested, loc, false, element);
      Value n = arith::SIToFPOp::create(nested, loc, nested.getF64Type(), arith::IndexCastOp::create(nested, loc, i64, at[0]));
      Value angle = s.cast(s.mul(n, turn), element, false, false);
      Value v = s.sub(s.constant(element, a[0]), s.mul(s.constant(element, a[1]), s.math<math::CosOp>(angle)));
      if (a[2] != 0)
        v = s.add(v, s.mul(s.constant(element, a[2]), s.math<math::CosOp>(s.add(angle, angle))));
      return s.cast(v, stored, false, t.isUnsigned);
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

/// Triangles over the bins of a spectrum, their corners at equal distances in mel
struct MelWeightMatrixLowering : ONNXLowering<onnx::MelWeightMatrixOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MelWeightMatrixOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    Type stored = type.getElementType(), f64 = b.getF64Type(), i64 = b.getI64Type();
    ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getOutput()));
    OpFoldResult mels = scalarSize(t, shapes, op.getNumMelBins(), adaptor.getNumMelBins());
    OpFoldResult length = scalarSize(t, shapes, op.getDftLength(), adaptor.getDftLength());
    OpFoldResult rate = scalarSize(t, shapes, op.getSampleRate(), adaptor.getSampleRate());
    checkSize(t, mels, 1, "a number of mel bins");
    checkSize(t, length, 1, "a transform length");
    checkSize(t, rate, 1, "a sample rate");
    ScalarBuilder s(b, op.getLoc(), false, f64);
    auto real = [&](OpFoldResult v) { return s.cast(t.fromIndex(t.value(v), i64), f64, false, false); };
    auto toMel = [&](Value hertz) {
      Value h = s.cast(t.scalarOf(hertz), f64, false, false);
      return s.mul(s.constant(f64, 2595), s.math<math::Log10Op>(s.add(s.constant(f64, 1), s.div(h, s.constant(f64, 700)))));
    };
    Value low = toMel(adaptor.getLowerEdgeHertz()), high = toMel(adaptor.getUpperEdgeHertz());
    OpFoldResult corners = t.add(mels, t.indexAttr(2));
    Value step = s.div(s.sub(high, low), real(corners)), points = real(t.add(length, t.indexAttr(1))), rateValue = real(rate);
    Value bins = t.compute(corners, i64, [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      ScalarBuilder n(nested, loc, false, f64);
      Value i = n.cast(arith::IndexCastOp::create(nested, loc, i64, at[0]), f64, false, false);
      Value mel = n.add(n.mul(i, step), low);
      Value hertz = n.mul(n.constant(f64, 700), n.sub(n.pow(n.constant(f64, 10), n.div(mel, n.constant(f64, 2595))), n.constant(f64, 1)));
      return n.cast(n.math<math::FloorOp>(n.div(n.mul(points, hertz), rateValue)), i64, false, false);
    });
    OpFoldResult rows = t.add(t.floorDiv(length, t.indexAttr(2)), t.indexAttr(1));
    Value y = t.compute({rows, mels}, stored, [&](OpBuilder &nested, Location loc, ValueRange at) -> Value {
      TensorBuilder n(nested, loc);
      ScalarBuilder w(nested, loc, false, f64);
      Value j = arith::IndexCastOp::create(nested, loc, i64, at[0]);
      auto corner = [&](int64_t i) { return n.extract(bins, Value(arith::AddIOp::create(nested, loc, at[1], n.index(i)))); };
      Value left = corner(0), centre = corner(1), right = corner(2);
      auto distance = [&](Value from, Value to) { return w.cast(w.sub(to, from), f64, false, false); };
      auto within = [&](Value from, Value to) { return w.bitAnd(w.le(from, j), w.le(j, to)); };
      Value zero = w.constant(f64, 0), rising = w.sub(centre, left), falling = w.sub(right, centre), none = w.like(rising, 0);
      Value up = w.div(distance(left, j), distance(left, centre)), down = w.div(distance(j, right), distance(centre, right));
      // A side of no width is a peak of 1 at the centre.
      Value v = w.select(within(left, centre), w.select(w.eq(rising, none), w.constant(f64, 1), up), zero);
      Value onFalling = w.bitAnd(w.gt(falling, none), w.bitAnd(w.le(centre, j), w.lt(j, right)));
      return w.cast(w.select(onFalling, down, v), stored, false, t.isUnsigned);
    });
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateSignalLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<DFTLowering, STFTLowering, MelWeightMatrixLowering>(types, context);
  patterns.add<WindowLowering<onnx::HannWindowOp>>(types, context, std::array<double, 3>{0.5, 0.5, 0});
  patterns.add<WindowLowering<onnx::HammingWindowOp>>(types, context, std::array<double, 3>{25.0 / 46, 21.0 / 46, 0});
  patterns.add<WindowLowering<onnx::BlackmanWindowOp>>(types, context, std::array<double, 3>{0.42, 0.5, 0.08});
}
