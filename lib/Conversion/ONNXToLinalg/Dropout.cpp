//===- Dropout.cpp - identity, or a random mask in training -------------------------------===//
//
// The numbers are those of the Mersenne Twister (Matsumoto and Nishimura, 1998) as NumPy's RandomState gives them for the same seed, which
// ONNX's reference implementation and its test data use. The generator's state is a constant of the model, so that every run draws the
// same mask. Without a `seed` it is a hash of the node's name.
//===-----------------------------------------------------------------------------===//
#include "Indices.h"
#include "Normalization.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace ingot;

static constexpr int64_t kWords = 624, kMiddle = 397;

/// The state after seeding.
static Value seededState(TensorBuilder &t, uint32_t seed) {
  SmallVector<APInt> words;
  for (uint32_t i = 0; i < kWords; ++i) {
    words.push_back(APInt(32, seed));
    seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
  }
  auto type = RankedTensorType::get({kWords}, t.b.getI32Type());
  return arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(type, words));
}

namespace {

/// The generator as code: words are made anew one at a time, in the order in which they are drawn.
struct Twister {
  ScalarBuilder s;
  Value state, at; // at: the next word, index

  Twister(OpBuilder &b, Location loc, Value state, Value at) : s(b, loc, true, b.getI32Type()), state(state), at(at) {}

  Value word(int64_t v) { return s.constant(s.b.getI32Type(), v); }
  Value right(Value x, unsigned by) { return arith::ShRUIOp::create(s.b, s.loc, x, word(by)); }
  Value left(Value x, unsigned by) { return arith::ShLIOp::create(s.b, s.loc, x, word(by)); }
  /// The place `by` words on, around the end.
  Value after(int64_t by) {
    Value sum = s.add(at, s.like(at, by)), wrapped = s.sub(sum, s.like(at, kWords));
    return s.select(s.ge(sum, s.like(at, kWords)), wrapped, sum);
  }
  Value read(Value i) { return tensor::ExtractOp::create(s.b, s.loc, state, i); }

  Value next() {
    Value following = after(1);
    Value y = s.bitOr(s.bitAnd(read(at), word(0x80000000)), s.bitAnd(read(following), word(0x7fffffff)));
    Value odd = arith::TruncIOp::create(s.b, s.loc, s.b.getI1Type(), y);
    Value x = s.bitXor(s.bitXor(read(after(kMiddle)), right(y, 1)), s.select(odd, word(0x9908b0df), word(0)));
    state = tensor::InsertOp::create(s.b, s.loc, x, state, at);
    at = following;
    x = s.bitXor(x, right(x, 11));
    x = s.bitXor(x, s.bitAnd(left(x, 7), word(0x9d2c5680)));
    x = s.bitXor(x, s.bitAnd(left(x, 15), word(0xefc60000)));
    return s.bitXor(x, right(x, 18));
  }
  /// In [0, 1), with 53 random bits of two words.
  Value uniform() {
    Type f64 = s.b.getF64Type();
    auto number = [&](Value x) -> Value { return arith::UIToFPOp::create(s.b, s.loc, f64, x); };
    Value high = number(right(next(), 5)), low = number(right(next(), 6));
    return s.mul(s.add(s.mul(high, s.constant(f64, 0x1p26)), low), s.constant(f64, 0x1p-53));
  }
};

/// y = x / (1 - ratio) where a random number is at least ratio, else 0; in inference y = x
struct DropoutLowering : ONNXLowering<onnx::DropoutOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DropoutOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getOutput().getType()));
    if (!type)
      return b.notifyMatchFailure(op, "expected a tensor of known rank");
    ComputeBuilder t(b, op.getLoc());
    auto maskType = cast<RankedTensorType>(typeConverter->convertType(op.getMask().getType()));
    Value data = adaptor.getData();
    if (isAbsent(op.getTrainingMode()) || isConstant(op.getTrainingMode(), 0) || isConstant(op.getRatio(), 0)) {
      b.replaceOp(op, {data, t.castTo(t.full(t.dims(data), t.boolean(true)), maskType)});
      return success();
    }
    if (!isa<FloatType>(type.getElementType()))
      return emitError(op.getLoc()) << "expected a tensor of floats, got " << op.getData().getType();
    // Outside of training the ratio is 0, and no number is below that.
    Type f64 = b.getF64Type();
    ScalarBuilder s(b, op.getLoc(), false, f64);
    Value ratio = isAbsent(op.getRatio()) ? s.constant(f64, 0.5) : s.cast(t.scalarOf(adaptor.getRatio()), f64, false, false);
    ratio = s.select(t.scalarOf(adaptor.getTrainingMode()), ratio, s.constant(f64, 0));
    uint32_t seed = op.getSeed() ? static_cast<uint32_t>(*op.getSeed()) : static_cast<uint32_t>(llvm::xxh3_64bits(nodeName(op.getLoc())));
    Value mask = drawMask(t, t.dims(data), ratio, seed);
    Value scale = s.div(s.constant(f64, 1), s.sub(s.constant(f64, 1), ratio));
    Value y = t.mapWide({data, mask}, {}, t.dims(data), type.getElementType(), [&](ScalarBuilder &inner, ValueRange v) {
      return inner.select(v[1], inner.mul(v[0], inner.cast(scale, v[0].getType(), false, false)), inner.like(v[0], 0));
    });
    b.replaceOp(op, {t.castTo(y, type), t.castTo(mask, maskType)});
    return success();
  }

private:
  static Value drawMask(TensorBuilder &t, ArrayRef<OpFoldResult> dims, Value ratio, uint32_t seed) {
    Value mask = t.empty(dims, t.b.getI1Type());
    return forEach(t, dims, {mask, seededState(t, seed), t.index(0)},
                   [&](OpBuilder &b, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
                     Twister twister(b, loc, carried[1], carried[2]);
                     Value kept = twister.s.ge(twister.uniform(), ratio);
                     return {tensor::InsertOp::create(b, loc, kept, carried[0], at), twister.state, twister.at};
                   })
        .front();
  }

  static bool isConstant(Value v, double wanted) {
    ElementsAttr elements;
    if (!matchPattern(v, m_Constant(&elements)) || elements.getNumElements() != 1)
      return false;
    if (isa<IntegerType>(elements.getElementType()))
      return (*elements.tryGetValues<APInt>()->begin()).getSExtValue() == wanted;
    return (*elements.tryGetValues<APFloat>()->begin()).convertToDouble() == wanted;
  }
};

} // namespace

void ingot::populateDropoutLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<DropoutLowering>(types, context);
}
