//===- CausalConvolution.cpp - depthwise convolution over what came before ----------------===//
#include "ComputeBuilder.h"
#include "Families.h"

using namespace mlir;
using namespace ingot;

namespace {

/// y[n, c, l] = activation(b[c] + sum over k of (past, x)[n, c, l + k] w[c, 0, k]); the last inputs are the next past
struct CausalConvWithStateLowering : ONNXLowering<onnx::CausalConvWithStateOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::CausalConvWithStateOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getOutput().getType()));
    auto weightType = cast<RankedTensorType>(adaptor.getWeight().getType());
    bool isSwish = op.getActivation() == "silu" || op.getActivation() == "swish";
    if (!isSwish && op.getActivation() != "none")
      return emitError(op.getLoc()) << "expected the activation 'none', 'silu' or 'swish', got '" << op.getActivation() << "'";
    ComputeBuilder t(b, op.getLoc());
    Type element = type.getElementType(), wide = wideType(element);
    Dims in = t.dims(adaptor.getInput());
    OpFoldResult batch = in[0], channels = in[1], length = in[2], taps = t.dim(adaptor.getWeight(), 2);
    OpFoldResult kept = t.sub(taps, t.indexAttr(1)), zero = t.indexAttr(0);
    t.checkEqual(t.dim(adaptor.getWeight(), 0), channels, "expected one filter for each channel");
    t.checkEqual(t.dim(adaptor.getWeight(), 1), t.indexAttr(1), "expected filters over one channel");
    t.check(t.compare(arith::CmpIPredicate::sge, t.value(taps), t.index(1)), "expected filters of one tap or more");
    Dims all = {batch, channels, t.add(kept, length)}, past = {batch, channels, kept};
    Value before = adaptor.getPastState();
    if (isAbsent(op.getPastState()))
      before = t.full(past, t.number(element, 0));
    else
      for (int64_t i = 0; i < 3; ++i)
        t.checkEqual(t.dim(before, i), past[i], "dimension " + Twine(i) + " of 'past_state' does not fit");
    Value joined = t.insert(before, t.empty(all, element), {zero, zero, zero}, past);
    joined = t.insert(adaptor.getInput(), joined, {zero, zero, kept}, in);

    Value filters = t.removeUnitDim(t.castTo(adaptor.getWeight(), weightType.clone({weightType.getDimSize(0), 1, weightType.getDimSize(2)})), 1);
    AffineMap maps[] = {t.mapOf(4, {t.loop(0), t.loop(1), t.loop(2) + t.loop(3)}), t.select(4, {1, 3})};
    Value sums = t.fold({joined, filters}, maps, t.full(in, t.number(wide, 0)), t.select(4, {0, 1, 2}),
                        [](ScalarBuilder &s, ValueRange x) { return s.add(x[2], s.mul(x[0], x[1])); });
    SmallVector<Value> inputs = {sums};
    SmallVector<AffineMap> reads = {b.getMultiDimIdentityMap(3)};
    if (!isAbsent(op.getBias())) {
      t.checkEqual(t.dim(adaptor.getBias(), 0), channels, "expected one bias for each channel");
      inputs.push_back(adaptor.getBias());
      reads.push_back(t.select(3, {1}));
    }
    Value y = t.mapWide(inputs, reads, in, element, [&](ScalarBuilder &s, ValueRange x) {
      Value v = x.size() > 1 ? s.add(x[0], x[1]) : x[0];
      return isSwish ? s.mul(v, s.sigmoid(v)) : v;
    });
    Value present = t.slice(joined, {zero, zero, length}, past);
    b.replaceOp(op, {t.castTo(y, type), t.castTo(present, typeConverter->convertType(op.getPresentState().getType()))});
    return success();
  }
};

} // namespace

void ingot::populateCausalConvolutionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<CausalConvWithStateLowering>(types, context);
}
