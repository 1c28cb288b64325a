//===- Unpooling.cpp - windows put back into images -----------------------------------------===//
#include "ComputeBuilder.h"
#include "Families.h"
#include "Indices.h"

using namespace mlir;
using namespace ingot;

namespace {

/// y = 0, but at the flat position I it is X
struct MaxUnpoolLowering : ONNXLowering<onnx::MaxUnpoolOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MaxUnpoolOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Dims in = t.dims(adaptor.getX()), out = lowering.dims(b, op.getLoc(), op.getOutput());
    if (!isAbsent(op.getOutputShape()))
      t.checkEqual(t.dim(adaptor.getOutputShape(), 0), t.indexAttr(type.getRank()), "expected one size for each dimension in 'output_shape'");
    for (auto [i, d] : llvm::enumerate(out)) {
      t.check(t.compare(arith::CmpIPredicate::sge, t.value(d), t.index(0)), "expected sizes of 0 or more");
      t.checkEqual(in[i], t.dim(adaptor.getI(), i), "dimension " + Twine(i) + " of the indices differs from that of the data");
    }
    // Indices count in the image that the windows cover; a larger one that is asked for begins with it.
    Dims covered = isAbsent(op.getOutputShape()) ? out : coveredBy(op, t, in);
    bool isLarger = !isAbsent(op.getOutputShape());
    for (size_t i = 0; isLarger && i < out.size(); ++i)
      t.check(t.compare(arith::CmpIPredicate::sge, t.value(out[i]), t.value(covered[i])),
              "dimension " + Twine(i) + " of 'output_shape' is smaller than what the windows cover");
    OpFoldResult total = t.product(covered);
    checkIndices(t, adaptor.getI(), total);
    Value zeros = t.full({t.product(out)}, t.number(type.getElementType(), 0)), limit = t.value(total);
    Value flat = forEach(t, in, zeros, [&](OpBuilder &nested, Location loc, ValueRange at, ValueRange carried) -> SmallVector<Value> {
      Value to = wrapIndex(nested, loc, tensor::ExtractOp::create(nested, loc, adaptor.getI(), at), limit);
      if (isLarger)
        to = placeIn(nested, loc, to, covered, out);
      Value v = tensor::ExtractOp::create(nested, loc, adaptor.getX(), at);
      return {tensor::InsertOp::create(nested, loc, v, carried[0], to).getResult()};
    })[0];
    b.replaceOp(op, t.castTo(t.reshape(flat, out), type));
    return success();
  }

private:
  static Dims coveredBy(onnx::MaxUnpoolOp op, TensorBuilder &t, ArrayRef<OpFoldResult> in) {
    Dims dims(in);
    int64_t spatial = op.getKernelShape().size();
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t stride = op.getStrides() ? (*op.getStrides())[i] : 1, pads = op.getPads() ? (*op.getPads())[i] + (*op.getPads())[spatial + i] : 0;
      OpFoldResult last = t.mul(t.sub(in[2 + i], t.indexAttr(1)), t.indexAttr(stride));
      dims[2 + i] = t.max(t.add(last, t.indexAttr(op.getKernelShape()[i] - pads)), t.indexAttr(0));
    }
    return dims;
  }

  /// The row-major position `p` in a tensor of one shape as that of the same element in another.
  static Value placeIn(OpBuilder &b, Location loc, Value p, ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> to) {
    TensorBuilder t(b, loc);
    OpFoldResult result = t.indexAttr(0), rest = p, distance = t.indexAttr(1);
    for (int64_t i = from.size() - 1; i >= 0; --i) {
      Value size = t.value(from[i]);
      result = t.add(result, t.mul(OpFoldResult(arith::RemUIOp::create(b, loc, t.value(rest), size).getResult()), distance));
      rest = arith::DivUIOp::create(b, loc, t.value(rest), size).getResult();
      distance = t.mul(distance, to[i]);
    }
    return t.value(result);
  }
};

/// y[n, c, p] = sum over the taps k of blocks l with l * strides + k * dilations - pads = p of x[n, (c, k), l]
struct Col2ImLowering : ONNXLowering<onnx::Col2ImOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::Col2ImOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override;
};

/// The blocks along one dimension of the image.
struct Blocks {
  int64_t stride, dilation, before, after;
  OpFoldResult size, taps, count;
};

} // namespace

LogicalResult Col2ImLowering::matchAndRewrite(onnx::Col2ImOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
  auto type = dyn_cast<RankedTensorType>(typeConverter->convertType(op.getType()));
  if (!type || !isa<FloatType, IntegerType>(type.getElementType()))
    return b.notifyMatchFailure(op, "expected an image of known rank and numbers");
  int64_t spatial = type.getRank() - 2;
  auto entry = [&](std::optional<ArrayRef<int64_t>> list, int64_t i, int64_t otherwise) {
    return list && i < static_cast<int64_t>(list->size()) ? (*list)[i] : otherwise;
  };
  ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getInput()));
  Type element = type.getElementType(), wide = wideType(element);
  t.checkEqual(t.dim(adaptor.getBlockShape(), 0), t.indexAttr(spatial), "expected a block of as many dimensions as the image");
  auto sizeAt = [&](Value original, Value lowered, int64_t i) -> OpFoldResult {
    if (auto known = shapes.constantContents(original); known && i < static_cast<int64_t>(known->size()))
      return t.indexAttr((*known)[i]);
    Value v = t.toIndex(t.extract(lowered, t.index(i)));
    Value fits = t.compare(arith::CmpIPredicate::ule, v, t.index(int64_t(1) << 31));
    t.check(fits, "expected sizes of 0 or more of image and block");
    return v;
  };
  SmallVector<Blocks> blocks;
  OpFoldResult taps = t.indexAttr(1), places = taps;
  for (int64_t i = 0; i < spatial; ++i) {
    Blocks d{entry(op.getStrides(), i, 1), entry(op.getDilations(), i, 1), entry(op.getPads(), i, 0), entry(op.getPads(), spatial + i, 0),
             sizeAt(op.getImageShape(), adaptor.getImageShape(), i), sizeAt(op.getBlockShape(), adaptor.getBlockShape(), i), {}};
    if (d.stride < 1 || d.dilation < 1)
      return emitError(op.getLoc()) << "expected strides and dilations of 1 or more, got " << d.stride << " and " << d.dilation;
    OpFoldResult reach = t.add(t.mul(t.sub(d.taps, t.indexAttr(1)), t.indexAttr(d.dilation)), t.indexAttr(1));
    OpFoldResult span = t.sub(t.add(d.size, t.indexAttr(d.before + d.after)), reach);
    d.count = t.max(t.add(t.floorDiv(span, t.indexAttr(d.stride)), t.indexAttr(1)), t.indexAttr(0));
    taps = t.mul(taps, d.taps);
    places = t.mul(places, d.count);
    blocks.push_back(d);
  }
  Value x = adaptor.getInput();
  OpFoldResult batch = t.dim(x, 0), rows = t.dim(x, 1), some = t.max(taps, t.indexAttr(1)), channels = t.floorDiv(rows, some);
  t.checkEqual(t.mul(channels, taps), rows, "expected a multiple of the elements of a block in dimension 1");
  t.checkEqual(t.dim(x, 2), places, "expected one column for each place of the block in the image");

  // Loops: n, c, position..., tap...; each reads the column that has this tap at this position, if there is one.
  Dims image = {batch, channels}, window;
  // Where the block has no place at all there is nothing to read.
  OpFoldResult exists = t.min(places, t.indexAttr(1));
  for (const Blocks &d : blocks) {
    image.push_back(d.size);
    window.push_back(t.mul(d.taps, exists));
  }
  SmallVector<int64_t> kept = llvm::to_vector(llvm::seq<int64_t>(0, 2 + spatial)), reduced = llvm::to_vector(llvm::seq<int64_t>(2 + spatial, 2 + 2 * spatial));
  unsigned loops = 2 + 2 * spatial;
  Value shape = t.empty(window, element), sums = t.full(image, t.number(wide, 0));
  Value y = t.fold({shape}, {t.select(loops, reduced)}, sums, t.select(loops, kept), [&](ScalarBuilder &s, ValueRange v) {
    TensorBuilder n(s.b, s.loc);
    auto loop = [&](int64_t i) -> Value { return linalg::IndexOp::create(s.b, s.loc, i); };
    auto add = [&](Value p, Value q) -> Value { return arith::AddIOp::create(s.b, s.loc, p, q); };
    auto mul = [&](Value p, OpFoldResult q) -> Value { return arith::MulIOp::create(s.b, s.loc, p, n.value(q)); };
    Value row = loop(1), column = n.index(0), inside = n.boolean(true), zero = n.index(0);
    for (auto [i, d] : llvm::enumerate(blocks)) {
      Value tap = loop(2 + spatial + i), stride = n.index(d.stride);
      row = add(mul(row, d.taps), tap);
      Value at = arith::SubIOp::create(s.b, s.loc, add(loop(2 + i), n.index(d.before)), mul(tap, n.indexAttr(d.dilation)));
      Value place = d.stride == 1 ? at : arith::FloorDivSIOp::create(s.b, s.loc, at, stride).getResult();
      Value starts = n.compare(arith::CmpIPredicate::eq, mul(place, n.indexAttr(d.stride)), at);
      Value here = s.bitAnd(starts, n.compare(arith::CmpIPredicate::ult, place, n.value(d.count)));
      inside = s.bitAnd(inside, here);
      column = add(mul(column, d.count), s.select(here, place, zero));
    }
    // Where no column is, another stands in.
    Value element = n.extract(x, {loop(0), row, s.select(inside, column, zero)});
    Value number = s.cast(element, wide, t.isUnsigned, t.isUnsigned), total = s.add(v.back(), number);
    return s.select(inside, total, v.back());
  });
  b.replaceOp(op, t.castTo(t.convertElements(y, element), type));
  return success();
}

void ingot::populateUnpoolingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<MaxUnpoolLowering, Col2ImLowering>(types, context);
}
