//===- BlockedProduct.cpp - products with weights of few bits ---------------------------------------===//
//
// For a few rows (decoding) the weights are read as they are: what arrives from memory decides the time, and that is a quarter or an eighth of the
// floats. For many rows they become floats first, once for all rows, and the product is a contraction like any other.
//===-----------------------------------------------------------------------------===//
#include "ComputeBuilder.h"
#include "OtherDomains.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kFewRows = 4;

struct MatMulNBitsLowering : ONNXLowering<onnx::MSMatMulNBitsOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MSMatMulNBitsOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// The operands in the forms that both ways read.
struct Blocked {
  int64_t k, n, bits, block;
  Value a;             // [rows, blocks * block], zeros behind k
  Value bytes;         // [n, blocks, block * bits / 8]
  Value scales, zeros; // [n, blocks] f32
  Value groups;        // [k] block of each weight; null: in order
  Type element;
  bool packedZeros = false;

  int64_t blocks() const { return llvm::divideCeil(k, block); }
  int64_t perByte() const { return 8 / bits; }
  int64_t blockBytes() const { return block * bits / 8; }
};

/// Number `i` of a byte, as f32.
Value field(OpBuilder &b, Location loc, Value byte, int64_t i, int64_t bits) {
  Type i32 = b.getI32Type();
  auto constant = [&](int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(v)).getResult(); };
  Value wide = arith::ExtUIOp::create(b, loc, i32, byte);
  if (i) wide = arith::ShRUIOp::create(b, loc, wide, constant(i * bits));
  if (bits < 8) wide = arith::AndIOp::create(b, loc, wide, constant((1 << bits) - 1));
  return arith::SIToFPOp::create(b, loc, b.getF32Type(), wide);
}

/// Zero points as f32: packed like the weights, with each row padded to bytes, or of the activations' type, or half of the range.
Value unpackZeros(ComputeBuilder &t, const Blocked &p, Value zeros) {
  Type f32 = t.b.getF32Type();
  Dims dims = {t.indexAttr(p.n), t.indexAttr(p.blocks())};
  if (!zeros) return t.full(dims, t.number(f32, 1 << (p.bits - 1)));
  if (!p.packedZeros) return t.convertElements(t.reshape(zeros, dims), f32);
  int64_t rowBytes = llvm::divideCeil(p.blocks() * p.bits, 8), perByte = p.perByte(), bits = p.bits;
  Value rows = t.reshape(zeros, {t.indexAttr(p.n), t.indexAttr(rowBytes)});
  return t.compute(dims, f32, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    TensorBuilder n(b, loc);
    Value place = arith::DivUIOp::create(b, loc, at[1], n.index(perByte)), part = arith::RemUIOp::create(b, loc, at[1], n.index(perByte));
    Value byte = n.extract(rows, {at[0], place});
    Value result = field(b, loc, byte, 0, bits);
    for (int64_t i = 1; i < perByte; ++i)
      result = n.select(n.compare(arith::CmpIPredicate::eq, part, n.index(i)), field(b, loc, byte, i, bits), result);
    return result;
  });
}

/// y[m, n] = sum over blocks and bytes of scale * (field - zero) * a, the fields of a byte against as many parts of a.
Value multiplyPacked(ComputeBuilder &t, const Blocked &p) {
  OpBuilder &b = t.b;
  Type f32 = b.getF32Type();
  OpFoldResult rows = t.dim(p.a, 0), blocks = t.indexAttr(p.blocks()), bytes = t.indexAttr(p.blockBytes());
  Value parts = t.reshape(t.convertElements(p.a, f32), {rows, blocks, bytes, t.indexAttr(p.perByte())});
  if (p.perByte() > 1) parts = t.transpose(parts, {3, 0, 1, 2});
  else parts = t.reshape(parts, {t.indexAttr(1), rows, blocks, bytes});
  SmallVector<Value> inputs = {p.bytes, p.scales, p.zeros};
  SmallVector<AffineMap> maps = {t.select(4, {1, 2, 3}), t.select(4, {1, 2}), t.select(4, {1, 2})};
  for (int64_t i = 0; i < p.perByte(); ++i) {
    Value part = t.slice(parts, {t.indexAttr(i), t.indexAttr(0), t.indexAttr(0), t.indexAttr(0)}, {t.indexAttr(1), rows, blocks, bytes});
    inputs.push_back(t.removeUnitDim(part, 0));
    maps.push_back(t.select(4, {0, 2, 3}));
  }
  Value init = t.full({rows, t.indexAttr(p.n)}, t.number(f32, 0));
  int64_t bits = p.bits;
  return t.fold(inputs, maps, init, t.select(4, {0, 1}), [&](ScalarBuilder &s, ValueRange v) {
    Value sum;
    for (int64_t i = 0; i < 8 / bits; ++i) {
      Value term = s.mul(s.sub(field(s.b, s.loc, v[0], i, bits), v[2]), v[3 + i]);
      sum = sum ? s.add(sum, term) : term;
    }
    return s.add(v.back(), s.mul(sum, v[1]));
  });
}

/// All weights as [k, n] of the activations' type.
Value dequantize(ComputeBuilder &t, const Blocked &p) {
  Type f32 = t.b.getF32Type();
  int64_t k = p.groups ? p.k : p.blocks() * p.block, perByte = p.perByte(), bits = p.bits;
  Value flat = t.reshape(p.bytes, {t.indexAttr(p.n), t.indexAttr(p.blocks() * p.blockBytes())});
  Value weights;
  if (p.groups) {
    weights = t.compute({t.indexAttr(p.n), t.indexAttr(k)}, p.element, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
      TensorBuilder n(b, loc);
      ScalarBuilder s(b, loc, false, f32);
      Value place = arith::DivUIOp::create(b, loc, at[1], n.index(perByte)), part = arith::RemUIOp::create(b, loc, at[1], n.index(perByte));
      Value byte = n.extract(flat, {at[0], place}), q = field(b, loc, byte, 0, bits);
      for (int64_t i = 1; i < perByte; ++i) q = n.select(n.compare(arith::CmpIPredicate::eq, part, n.index(i)), field(b, loc, byte, i, bits), q);
      Value group = n.toIndex(n.extract(p.groups, at[1]));
      Value w = s.mul(s.sub(q, n.extract(p.zeros, {at[0], group})), n.extract(p.scales, {at[0], group}));
      return s.cast(w, p.element, false, false);
    });
  } else {
    // One field of every byte at a time, written with a stride.
    Dims dims = {t.indexAttr(p.n), t.indexAttr(p.blocks()), t.indexAttr(p.blockBytes())}, sizes = dims, zero(4, t.indexAttr(0));
    sizes.push_back(t.indexAttr(1));
    Dims whole = dims;
    whole.push_back(t.indexAttr(perByte));
    weights = t.empty(whole, p.element);
    for (int64_t i = 0; i < perByte; ++i) {
      Value part = t.mapWide({p.bytes, p.zeros, p.scales}, {t.select(3, {0, 1, 2}), t.select(3, {0, 1}), t.select(3, {0, 1})}, dims, p.element,
                             [&](ScalarBuilder &s, ValueRange v) { return s.mul(s.sub(field(s.b, s.loc, v[0], i, bits), v[1]), v[2]); });
      Dims offsets = zero;
      offsets[3] = t.indexAttr(i);
      weights = t.insert(t.insertUnitDim(part, 3), weights, offsets, sizes);
    }
    weights = t.reshape(weights, {t.indexAttr(p.n), t.indexAttr(k)});
    if (k != p.k) weights = t.slice(weights, {t.indexAttr(0), t.indexAttr(0)}, {t.indexAttr(p.n), t.indexAttr(p.k)});
  }
  return t.transpose(weights, {1, 0});
}

} // namespace

LogicalResult MatMulNBitsLowering::matchAndRewrite(onnx::MSMatMulNBitsOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = dyn_cast_or_null<RankedTensorType>(typeConverter->convertType(op.getType()));
  if (!type) return b.notifyMatchFailure(op, "expected a result of known rank");
  Location loc = op.getLoc();
  ComputeBuilder t(b, loc);
  Blocked p{int64_t(op.getK()), int64_t(op.getN()), int64_t(op.getBits()), int64_t(op.getBlockSize())};
  p.element = type.getElementType();
  auto expectCount = [&](Value v, int64_t count, StringRef what) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(v.getType());
    if (tensor && tensor.hasStaticShape() && tensor.getNumElements() == count) return success();
    return emitError(loc) << "expected " << what << " of " << count << " elements, got " << v.getType();
  };
  Value scales = adaptor.getScales();
  if (failed(expectCount(adaptor.getB(), p.n * p.blocks() * p.blockBytes(), "weights")) || failed(expectCount(scales, p.n * p.blocks(), "scales")))
    return failure();
  Value zeros = isAbsent(op.getZeroPoints()) ? Value() : adaptor.getZeroPoints();
  p.packedZeros = zeros && elementType(zeros).isInteger();
  if (zeros && failed(expectCount(zeros, p.n * (p.packedZeros ? llvm::divideCeil(p.blocks() * p.bits, 8) : p.blocks()), "zero points"))) return failure();
  if (!isAbsent(op.getGIdx())) {
    p.groups = adaptor.getGIdx();
    auto groups = cast<RankedTensorType>(p.groups.getType());
    if (!groups.hasStaticShape() || groups.getNumElements() < p.k) return emitError(loc) << "expected 'g_idx' of " << p.k << " elements, got " << groups;
    p.groups = t.slice(p.groups, {t.indexAttr(0)}, {t.indexAttr(p.k)});
    Value limit = t.number(elementType(p.groups), p.blocks());
    Value fine = t.reduce(p.groups, {0}, t.boolean(true), [&](OpBuilder &nested, Location l, ValueRange v) -> Value {
      return arith::AndIOp::create(nested, l, v[1], arith::CmpIOp::create(nested, l, arith::CmpIPredicate::ult, v[0], limit));
    });
    t.check(t.extract(fine), "an element of 'g_idx' is out of range, expected 0 to " + Twine(p.blocks() - 1));
  }
  p.bytes = t.reshape(adaptor.getB(), {t.indexAttr(p.n), t.indexAttr(p.blocks()), t.indexAttr(p.blockBytes())});
  p.scales = t.convertElements(t.reshape(scales, {t.indexAttr(p.n), t.indexAttr(p.blocks())}), b.getF32Type());
  p.zeros = unpackZeros(t, p, zeros);
  Dims dims = t.dims(adaptor.getA());
  OpFoldResult rows = t.product(ArrayRef(dims).drop_back());
  Value a = t.reshape(adaptor.getA(), {rows, t.indexAttr(p.k)});
  auto packed = [&](ComputeBuilder &in) {
    Blocked q = p;
    OpFoldResult none = in.indexAttr(0), more = in.indexAttr(p.blocks() * p.block - p.k);
    q.a = p.blocks() * p.block == p.k ? a : in.padOrCrop(a, {none, none}, {none, more}, in.number(p.element, 0));
    return in.convertElements(multiplyPacked(in, q), p.element);
  };
  auto unpacked = [&](ComputeBuilder &in) { return multiplyMatrices(in, a, dequantize(in, p), p.element); };
  Value y;
  auto known = getConstantIntValue(rows);
  if (p.groups || (known && *known > kFewRows)) {
    y = unpacked(t);
  } else if (known) {
    y = packed(t);
  } else {
    Value few = t.compare(arith::CmpIPredicate::ule, t.value(rows), t.index(kFewRows));
    Type either = RankedTensorType::get({ShapedType::kDynamic, p.n}, p.element);
    auto branch = [&](auto make) {
      return [&, make](OpBuilder &nested, Location l) {
        ComputeBuilder in(nested, l);
        scf::YieldOp::create(nested, l, in.castTo(make(in), either));
      };
    };
    y = scf::IfOp::create(b, loc, few, branch(packed), branch(unpacked)).getResult(0);
  }
  if (!isAbsent(op.getBias()))
    y = t.mapWide({y, adaptor.getBias()}, {b.getMultiDimIdentityMap(2), t.select(2, {1})}, t.dims(y), p.element,
                  [](ScalarBuilder &s, ValueRange v) { return s.add(v[0], v[1]); });
  dims.back() = t.indexAttr(p.n);
  b.replaceOp(op, t.castTo(t.reshape(y, dims), type));
  return success();
}

void ingot::populateBlockedProductLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<MatMulNBitsLowering>(types, context);
}
