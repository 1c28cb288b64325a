//===- TransposedConvolution.cpp - transposed convolution as convolutions -------------===//
//
// With stride s, outputs whose position is equal modulo s see the same taps: each such phase is a plain convolution of the input with
// every s-th tap, flipped, and phases are interleaved. No zeros are multiplied, as they would be in a stretched input.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "StoredWeights.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

/// The taps of one phase in one dimension, and the outputs that see them.
struct Phase {
  int64_t firstTap, taps;      // every stride-th tap from here
  int64_t firstOutput;         // every stride-th output from here
  int64_t firstInput;          // the input position of the first output's tap 0
  OpFoldResult outputs;
};

struct Geometry {
  SmallVector<int64_t> strides, kernel, padBefore;
  Dims input, output; // spatial dimensions
};

int64_t floorMod(int64_t a, int64_t m) { return ((a % m) + m) % m; }

Phase makePhase(TensorBuilder &t, const Geometry &g, int64_t dim, int64_t phase) {
  int64_t s = g.strides[dim];
  Phase p;
  p.firstTap = phase;
  p.taps = phase < g.kernel[dim] ? (g.kernel[dim] - phase + s - 1) / s : 0;
  // Output o sees input i by tap k where o + pad = i * s + k.
  p.firstOutput = floorMod(phase - g.padBefore[dim], s);
  p.firstInput = (p.firstOutput + g.padBefore[dim] - phase) / s;
  p.outputs = t.max(t.ceilDiv(t.sub(g.output[dim], t.indexAttr(p.firstOutput)), t.indexAttr(s)), t.indexAttr(0));
  return p;
}

/// Zeros between taps, so that the dilation is 1.
Value stretchTaps(ComputeBuilder &t, Value weights, ArrayRef<int64_t> dilations) {
  if (llvm::all_of(dilations, [](int64_t d) { return d == 1; }))
    return weights;
  Dims sizes = t.dims(weights), full = sizes, offsets(sizes.size(), t.indexAttr(0)), steps(sizes.size(), t.indexAttr(1));
  for (auto [i, d] : llvm::enumerate(dilations)) {
    full[2 + i] = t.indexAttr((*getConstantIntValue(sizes[2 + i]) - 1) * d + 1);
    steps[2 + i] = t.indexAttr(d);
  }
  return t.insert(weights, t.full(full, t.number(elementType(weights), 0)), offsets, sizes, steps);
}

/// Weights [G*IC, OC, K...] of the taps of one phase as [G, K..., IC, OC], flipped.
Value phaseWeights(ComputeBuilder &t, Value weights, const Geometry &g, ArrayRef<Phase> phases, int64_t groups) {
  auto type = cast<RankedTensorType>(weights.getType());
  int64_t r = phases.size(), inner = type.getDimSize(0) / groups;
  Dims offsets(2, t.indexAttr(0)), sizes = {t.indexAttr(type.getDimSize(0)), t.indexAttr(type.getDimSize(1))};
  Dims steps(2, t.indexAttr(1)), wanted = {t.indexAttr(groups)};
  for (int64_t i = 0; i < r; ++i) {
    offsets.push_back(t.indexAttr(phases[i].firstTap));
    sizes.push_back(t.indexAttr(phases[i].taps));
    steps.push_back(t.indexAttr(g.strides[i]));
    wanted.push_back(t.indexAttr(phases[i].taps));
  }
  wanted.push_back(t.indexAttr(inner));
  wanted.push_back(t.indexAttr(type.getDimSize(1)));
  Value taps = t.slice(weights, offsets, sizes, steps);
  SmallVector<ReassociationIndices> pieces = {{0, 1}};
  Dims split = {t.indexAttr(groups), t.indexAttr(inner)};
  for (int64_t i = 1; i < r + 2; ++i) {
    pieces.push_back({i + 1});
    split.push_back(sizes[i]);
  }
  taps = t.expand(taps, pieces, split);
  // Positions are g, k..., ic, oc.
  return t.compute(wanted, elementType(weights), [&](OpBuilder &nested, Location l, ValueRange at) {
    TensorBuilder n(nested, l);
    SmallVector<Value> index = {at[0], at[r + 1], at[r + 2]};
    for (int64_t i = 0; i < r; ++i)
      index.push_back(arith::SubIOp::create(nested, l, n.index(phases[i].taps - 1), at[1 + i]));
    return n.extract(taps, index);
  });
}

/// y[n, o, c] = sum over i, k with o + pads = i * strides + k * dilations of x[n, i, ic] * w[ic, c, k] + b[c]
struct ConvTransposeLowering : ONNXLowering<onnx::ConvTransposeOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ConvTransposeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
  std::optional<Geometry> geometry(onnx::ConvTransposeOp op, ComputeBuilder &t, Value x, RankedTensorType weights, ArrayRef<OpFoldResult> out) const;
  Value lowerDynamic(onnx::ConvTransposeOp op, ComputeBuilder &t, OpAdaptor adaptor, ArrayRef<OpFoldResult> out, Type element) const;
};

bool padsBySize(onnx::ConvTransposeOp op) { return op.getOutputShape() || op.getAutoPad().starts_with("SAME"); }

int64_t strideOf(onnx::ConvTransposeOp op, int64_t i) { return op.getStrides() ? (*op.getStrides())[i] : 1; }
int64_t dilationOf(onnx::ConvTransposeOp op, int64_t i) { return op.getDilations() ? (*op.getDilations())[i] : 1; }

/// Padding that is given as a number.
int64_t givenPad(onnx::ConvTransposeOp op, int64_t i) { return op.getPads() && op.getAutoPad() != "VALID" ? (*op.getPads())[i] : 0; }

Value addBias(onnx::ConvTransposeOp op, ComputeBuilder &t, Value y, Value bias, ArrayRef<OpFoldResult> out) {
  if (isAbsent(op.getB()))
    return y;
  int64_t rank = out.size();
  AffineMap maps[] = {t.b.getMultiDimIdentityMap(rank), t.select(rank, {rank - 1})};
  return t.mapWide({y, bias}, maps, out, elementType(y), [](ScalarBuilder &s, ValueRange x) { return s.add(x[0], x[1]); });
}

} // namespace

/// The same as a sum over all taps of a stretched input, for sizes that only the run knows.
Value ConvTransposeLowering::lowerDynamic(onnx::ConvTransposeOp op, ComputeBuilder &t, OpAdaptor adaptor, ArrayRef<OpFoldResult> out,
                                          Type element) const {
  Dims in = t.dims(adaptor.getX()), kernel = t.dims(adaptor.getW()), before;
  DynamicWindow window;
  for (int64_t i = 0, r = out.size() - 2; i < r; ++i) {
    window.strides.push_back(strideOf(op, i));
    window.dilations.push_back(dilationOf(op, i));
    if (!padsBySize(op)) {
      before.push_back(t.indexAttr(givenPad(op, i)));
      continue;
    }
    int64_t extra = op.getOutputPadding() ? (*op.getOutputPadding())[i] : 0;
    OpFoldResult one = t.indexAttr(1), last = t.mul(t.sub(in[1 + i], one), t.indexAttr(window.strides[i]));
    OpFoldResult spread = t.add(t.mul(t.sub(kernel[2 + i], one), t.indexAttr(window.dilations[i])), t.indexAttr(1 + extra));
    OpFoldResult total = t.max(t.sub(t.add(last, spread), out[1 + i]), t.indexAttr(0)), half = t.floorDiv(total, t.indexAttr(2));
    before.push_back(op.getAutoPad() == "SAME_UPPER" ? half : t.sub(total, half));
  }
  Value y = convolveTransposedDynamic(t, adaptor.getX(), adaptor.getW(), window, op.getGroup(), before, out, element);
  return addBias(op, t, y, adaptor.getB(), out);
}

/// Nothing where a size is not known that the phases follow from. Padding as given, or what brings the result to the size asked for, the odd one at the end for SAME_UPPER, else at the beginning.
std::optional<Geometry> ConvTransposeLowering::geometry(onnx::ConvTransposeOp op, ComputeBuilder &t, Value x, RankedTensorType weights,
                                                    ArrayRef<OpFoldResult> out) const {
  if (!weights.hasStaticShape())
    return std::nullopt;
  Geometry g;
  int64_t r = weights.getRank() - 2;
  Dims in = t.dims(x);
  for (int64_t i = 0; i < r; ++i) {
    int64_t dilation = dilationOf(op, i);
    g.strides.push_back(strideOf(op, i));
    g.kernel.push_back((weights.getDimSize(2 + i) - 1) * dilation + 1);
    g.input.push_back(in[1 + i]);
    g.output.push_back(out[1 + i]);
    int64_t before = givenPad(op, i);
    if (padsBySize(op)) {
      auto inSize = getConstantIntValue(in[1 + i]), outSize = getConstantIntValue(out[1 + i]);
      if (!inSize || !outSize)
        return std::nullopt;
      int64_t extra = op.getOutputPadding() ? (*op.getOutputPadding())[i] : 0;
      int64_t total = std::max<int64_t>(g.strides[i] * (*inSize - 1) + extra + g.kernel[i] - *outSize, 0);
      before = op.getAutoPad() == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    g.padBefore.push_back(before);
  }
  return g;
}

LogicalResult ConvTransposeLowering::matchAndRewrite(onnx::ConvTransposeOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto weights = cast<RankedTensorType>(adaptor.getW().getType());
  if (!op->hasAttr("channels_last"))
    return b.notifyMatchFailure(op, "expected channels last");
  auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  Type element = type.getElementType();
  ComputeBuilder t(b, op.getLoc());
  Dims out = lowering.dims(b, op.getLoc(), op.getY());
  auto g = geometry(op, t, adaptor.getX(), weights, out);
  if (!g) {
    b.replaceOp(op, t.castTo(lowerDynamic(op, t, adaptor, out, element), type));
    return success();
  }
  int64_t r = g->kernel.size();
  SmallVector<int64_t> dilations(r, 1);
  if (op.getDilations())
    dilations.assign(op.getDilations()->begin(), op.getDilations()->end());
  Value taps = stretchTaps(t, storedWeights(b, op.getW(), adaptor.getW()).value, dilations);

  bool interleaved = llvm::any_of(g->strides, [](int64_t s) { return s != 1; });
  Value y = interleaved ? t.full(out, t.number(element, 0)) : Value();
  SmallVector<int64_t> phase(r, 0);
  do {
    SmallVector<Phase> phases;
    for (int64_t i = 0; i < r; ++i)
      phases.push_back(makePhase(t, *g, i, phase[i]));
    if (llvm::any_of(phases, [](const Phase &p) { return p.taps == 0; }))
      continue;
    Dims low = {t.indexAttr(0)}, high = {t.indexAttr(0)}, sizes = {out[0]}, offsets = {t.indexAttr(0)}, steps = {t.indexAttr(1)};
    for (int64_t i = 0; i < r; ++i) {
      // Window t of the phase starts at input firstInput + t - (taps - 1).
      low.push_back(t.indexAttr(phases[i].taps - 1 - phases[i].firstInput));
      high.push_back(t.sub(t.add(phases[i].outputs, t.indexAttr(phases[i].firstInput)), g->input[i]));
      sizes.push_back(phases[i].outputs);
      offsets.push_back(t.indexAttr(phases[i].firstOutput));
      steps.push_back(t.indexAttr(g->strides[i]));
    }
    for (Dims *d : {&low, &high, &offsets})
      d->push_back(t.indexAttr(0));
    sizes.push_back(out.back());
    steps.push_back(t.indexAttr(1));
    Value padded = t.padOrCrop(adaptor.getX(), low, high, t.number(element, 0));
    ContractSpec spec;
    spec.strides.assign(r, 1);
    spec.dilations = spec.strides;
    spec.groups = op.getGroup();
    Value part = contract(t, padded, phaseWeights(t, taps, *g, phases, op.getGroup()), sizes, element, spec);
    y = interleaved ? t.insert(part, y, offsets, sizes, steps) : part;
  } while ([&] {
    for (int64_t i = r - 1; i >= 0; --i) {
      if (++phase[i] < g->strides[i])
        return true;
      phase[i] = 0;
    }
    return false;
  }());

  b.replaceOp(op, t.castTo(addBias(op, t, y, adaptor.getB(), out), type));
  return success();
}

void ingot::populateTransposedConvolutionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<ConvTransposeLowering>(types, context);
}
