//===- Random.cpp - random numbers by counter ----------------------------------------===//
//
// A number is a hash of (seed, index of the element): any order of evaluation and any number of threads give the same numbers, and
// no state is kept.  The hash is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
// Without a `seed` the seed is a hash of the node's name.
//===-----------------------------------------------------------------------------===//
#include "Families.h"
#include "ScalarBody.h"
#include "TensorBuilder.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace ingot;

static uint64_t seedOf(Operation *op) {
  if (auto seed = op->getAttrOfType<FloatAttr>("seed"))
    return llvm::bit_cast<uint64_t>(seed.getValueAsDouble());
  return llvm::xxh3_64bits(nodeName(op->getLoc()));
}

/// A number in [0, 1) with 24 random bits, f32, from an i64 counter.
static Value uniform(ScalarBuilder &s, Value counter, uint64_t seed) {
  Type i64 = s.b.getI64Type();
  auto constant = [&](uint64_t v) -> Value { return arith::ConstantOp::create(s.b, s.loc, s.b.getIntegerAttr(i64, APInt(64, v))); };
  auto mixed = [&](Value z, unsigned shift, uint64_t factor) { return s.mul(s.bitXor(z, arith::ShRUIOp::create(s.b, s.loc, z, constant(shift))), constant(factor)); };
  Value z = s.add(s.mul(counter, constant(0x9E3779B97F4A7C15)), constant(seed));
  z = mixed(mixed(z, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB);
  z = s.bitXor(z, arith::ShRUIOp::create(s.b, s.loc, z, constant(31)));
  Value bits = arith::ShRUIOp::create(s.b, s.loc, z, constant(40));
  return s.mul(arith::SIToFPOp::create(s.b, s.loc, s.b.getF32Type(), bits), s.constant(s.b.getF32Type(), 0x1p-24));
}

/// The row-major position of an index, i64.
static Value position(OpBuilder &b, Location loc, ValueRange at, ArrayRef<Value> sizes) {
  Value p = arith::ConstantIndexOp::create(b, loc, 0);
  for (auto [i, size] : llvm::zip(at, sizes))
    p = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, p, size), i);
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), p);
}

/// Two uniform numbers per element, from counters 2p and 2p + 1, to a normal one (Box and Muller).
static Value normal(ScalarBuilder &s, Value p, uint64_t seed) {
  Value two = s.like(p, 2), first = s.mul(p, two);
  Value u = uniform(s, first, seed), v = uniform(s, s.add(first, s.like(p, 1)), seed);
  // 1 - u is in (0, 1].
  Value radius = s.sqrt(s.mul(s.like(u, -2), s.log(s.sub(s.like(u, 1), u))));
  return s.mul(radius, s.math<math::CosOp>(s.mul(s.like(v, 6.283185307179586), v)));
}

namespace {

/// Any op that gives each element of its result a random number of its own.
template <class OpT> struct RandomLowering : ONNXLowering<OpT> {
  using ONNXLowering<OpT>::ONNXLowering;
  /// The element, from the position of the element and (if there is one) the element of the operand.
  virtual Value element(OpT op, ScalarBuilder &s, Value p, Value x) const = 0;

  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(this->typeConverter->convertType(op.getType()));
    if (!type || !isNumber(type.getElementType()))
      return b.notifyMatchFailure(op, "expected a result of numbers and known rank");
    TensorBuilder t(b, op.getLoc());
    Dims dims = this->lowering.dims(b, op.getLoc(), op->getResult(0));
    SmallVector<Value> sizes;
    for (OpFoldResult d : dims)
      sizes.push_back(t.value(d));
    Type stored = type.getElementType();
    bool toUnsigned = isUnsigned(op->getResult(0));
    b.replaceOp(op, t.map(adaptor.getOperands(), {}, dims, stored, [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      ScalarBuilder s(nested, loc, false, stored);
      SmallVector<Value> at;
      for (unsigned i = 0; i < sizes.size(); ++i)
        at.push_back(linalg::IndexOp::create(nested, loc, i));
      Value x = args.empty() ? Value() : args[0];
      return s.cast(element(op, s, position(nested, loc, at, sizes), x), stored, false, toUnsigned);
    }));
    return success();
  }
};

template <class OpT> struct UniformLowering : RandomLowering<OpT> {
  using RandomLowering<OpT>::RandomLowering;
  Value element(OpT op, ScalarBuilder &s, Value p, Value) const override {
    Value u = uniform(s, p, seedOf(op));
    double low = op.getLow().convertToDouble(), high = op.getHigh().convertToDouble();
    return s.add(s.mul(u, s.like(u, high - low)), s.like(u, low));
  }
};

template <class OpT> struct NormalLowering : RandomLowering<OpT> {
  using RandomLowering<OpT>::RandomLowering;
  Value element(OpT op, ScalarBuilder &s, Value p, Value) const override {
    Value n = normal(s, p, seedOf(op));
    return s.add(s.mul(n, s.like(n, op.getScale().convertToDouble())), s.like(n, op.getMean().convertToDouble()));
  }
};

/// 1 with the probability that the operand gives.
struct BernoulliLowering : RandomLowering<onnx::BernoulliOp> {
  using RandomLowering::RandomLowering;
  Value element(onnx::BernoulliOp op, ScalarBuilder &s, Value p, Value x) const override {
    Value u = uniform(s, p, seedOf(op));
    return s.lt(u, s.cast(x, u.getType(), false, false));
  }
};

/// Samples of classes by unnormalised log probabilities: the largest of logit + Gumbel noise.
struct MultinomialLowering : ONNXLowering<onnx::MultinomialOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MultinomialOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
    if (!type || !isNumberTensor(adaptor.getInput()))
      return b.notifyMatchFailure(op, "expected a matrix of numbers");
    TensorBuilder t(b, op.getLoc());
    Type f32 = b.getF32Type(), stored = type.getElementType();
    OpFoldResult rows = t.dim(adaptor.getInput(), 0), samples = t.indexAttr(op.getSampleSize()), classes = t.dim(adaptor.getInput(), 1);
    ScalarBuilder outer(b, op.getLoc(), false, f32);
    Value best = t.full({rows, samples}, outer.lowest(f32)), index = t.full({rows, samples}, t.number(stored, 0));
    AffineExpr r, n, c;
    bindDims(b.getContext(), r, n, c);
    AffineMap out = AffineMap::get(3, 0, {r, n}, b.getContext());
    using utils::IteratorType;
    SmallVector<Value> sizes = {t.value(rows), t.value(samples), t.value(classes)};
    auto generic = linalg::GenericOp::create(
        b, op.getLoc(), TypeRange{best.getType(), index.getType()}, adaptor.getInput(), ValueRange{best, index},
        ArrayRef<AffineMap>{AffineMap::get(3, 0, {r, c}, b.getContext()), out, out},
        ArrayRef<IteratorType>{IteratorType::parallel, IteratorType::parallel, IteratorType::reduction},
        [&](OpBuilder &nested, Location loc, ValueRange args) {
          ScalarBuilder s(nested, loc, false, f32);
          SmallVector<Value> at;
          for (unsigned i = 0; i < 3; ++i)
            at.push_back(linalg::IndexOp::create(nested, loc, i));
          Value u = uniform(s, position(nested, loc, at, sizes), seedOf(op));
          // -log(-log(u)), with u kept above 0.
          Value gumbel = s.neg(s.log(s.neg(s.log(s.add(u, s.like(u, 0x1p-25))))));
          Value score = s.add(s.cast(args[0], f32, false, false), gumbel), better = s.gt(score, args[1]);
          Value here = arith::IndexCastOp::create(nested, loc, stored, at[2]);
          linalg::YieldOp::create(nested, loc, ValueRange{s.select(better, score, args[1]), s.select(better, here, args[2])});
        });
    b.replaceOp(op, generic.getResult(1));
    return success();
  }
};

} // namespace

void ingot::populateRandomLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<UniformLowering<onnx::RandomUniformOp>, NormalLowering<onnx::RandomNormalOp>, BernoulliLowering, MultinomialLowering>(types, context);
  // The operand of the -Like forms gives only the shape.
  patterns.add<UniformLowering<onnx::RandomUniformLikeOp>, NormalLowering<onnx::RandomNormalLikeOp>>(types, context);
}
