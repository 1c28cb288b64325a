//===- Rearranging.cpp - blocks to channels and back, reversal, triangles ------------===//
#include "Families.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// Splits each dimension into the given factors, permutes, and joins dimensions again by the given groups.
static Value splitPermuteJoin(TensorBuilder &t, Value input, ArrayRef<SmallVector<OpFoldResult>> factors, ArrayRef<int64_t> permutation,
                              ArrayRef<ReassociationIndices> groups) {
  SmallVector<ReassociationIndices> split;
  Dims dims;
  SmallVector<int64_t> shape, source;
  for (const auto &list : factors) {
    split.emplace_back();
    int64_t known = 1;
    for (OpFoldResult f : list) {
      split.back().push_back(dims.size());
      dims.push_back(f);
      shape.push_back(getConstantIntValue(f).value_or(ShapedType::kDynamic));
      known = ShapedType::isDynamic(known) || ShapedType::isDynamic(shape.back()) ? ShapedType::kDynamic : known * shape.back();
    }
    source.push_back(known);
  }
  auto type = RankedTensorType::get(shape, elementType(input));
  input = t.castTo(input, RankedTensorType::get(source, elementType(input)));
  Value expanded = tensor::ExpandShapeOp::create(t.b, t.loc, type, input, split, dims);
  return tensor::CollapseShapeOp::create(t.b, t.loc, t.transpose(expanded, permutation), groups);
}

namespace {

/// DepthToSpace: channels (b, b, c) or (c, b, b) give blocks of b x b.  Channels last if `channels_last` is set.
struct DepthToSpaceLowering : ONNXLowering<onnx::DepthToSpaceOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::DepthToSpaceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type || type.getRank() != 4)
      return b.notifyMatchFailure(op, "expected a tensor of rank 4");
    TensorBuilder t(b, op.getLoc());
    Dims d = t.dims(adaptor.getInput());
    OpFoldResult block = t.indexAttr(op.getBlocksize()), area = t.indexAttr(op.getBlocksize() * op.getBlocksize());
    bool depthFirst = op.getMode() == "DCR";
    auto channels = [&](OpFoldResult c) {
      OpFoldResult inner = t.floorDiv(c, area);
      return depthFirst ? Dims{block, block, inner} : Dims{inner, block, block};
    };
    if (op->hasAttr("channels_last")) {
      SmallVector<Dims> factors = {{d[0]}, {d[1]}, {d[2]}, channels(d[3])};
      SmallVector<int64_t> perm = depthFirst ? SmallVector<int64_t>{0, 1, 3, 2, 4, 5} : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
      b.replaceOp(op, splitPermuteJoin(t, adaptor.getInput(), factors, perm, {{0}, {1, 2}, {3, 4}, {5}}));
      return success();
    }
    SmallVector<Dims> factors = {{d[0]}, channels(d[1]), {d[2]}, {d[3]}};
    SmallVector<int64_t> perm = depthFirst ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2} : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
    b.replaceOp(op, splitPermuteJoin(t, adaptor.getInput(), factors, perm, {{0}, {1}, {2, 3}, {4, 5}}));
    return success();
  }
};

/// SpaceToDepth: blocks of b x b become channels (b, b, c).
struct SpaceToDepthLowering : ONNXLowering<onnx::SpaceToDepthOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::SpaceToDepthOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type || type.getRank() != 4)
      return b.notifyMatchFailure(op, "expected a tensor of rank 4");
    TensorBuilder t(b, op.getLoc());
    Dims d = t.dims(adaptor.getInput());
    OpFoldResult block = t.indexAttr(op.getBlocksize());
    auto blocks = [&](OpFoldResult size) { return Dims{t.floorDiv(size, block), block}; };
    if (op->hasAttr("channels_last")) {
      SmallVector<Dims> factors = {{d[0]}, blocks(d[1]), blocks(d[2]), {d[3]}};
      b.replaceOp(op, splitPermuteJoin(t, adaptor.getInput(), factors, {0, 1, 3, 2, 4, 5}, {{0}, {1}, {2}, {3, 4, 5}}));
      return success();
    }
    SmallVector<Dims> factors = {{d[0]}, {d[1]}, blocks(d[2]), blocks(d[3])};
    b.replaceOp(op, splitPermuteJoin(t, adaptor.getInput(), factors, {0, 3, 5, 1, 2, 4}, {{0}, {1, 2, 3}, {4}, {5}}));
    return success();
  }
};

/// result[t, n] = input[length[n] - 1 - t, n] for t < length[n], else input[t, n]
struct ReverseSequenceLowering : ONNXLowering<onnx::ReverseSequenceOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::ReverseSequenceOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type || type.getRank() < 2)
      return b.notifyMatchFailure(op, "expected a tensor of rank 2 or more");
    int64_t rank = type.getRank();
    int64_t batch = fromFront(op.getBatchAxis(), rank);
    int64_t time = fromFront(op.getTimeAxis(), rank);
    TensorBuilder t(b, op.getLoc());
    Value input = adaptor.getInput(), lengths = adaptor.getSequenceLens();
    Value steps = t.fromIndex(t.value(t.dim(input, time)), b.getI64Type());
    Value ok = t.reduce(lengths, {0}, t.boolean(true), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      Value inside = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::ule, args[0], steps);
      return arith::AndIOp::create(nested, loc, args[1], inside);
    });
    t.check(t.extract(ok), "a sequence length is out of range, expected at most dimension " + Twine(time) + " of the input");
    AffineMap read = AffineMap::get(rank, 0, b.getAffineDimExpr(batch), b.getContext());
    b.replaceOp(op, t.map(lengths, read, t.dims(input), type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      SmallVector<Value> at;
      for (int64_t i = 0; i < rank; ++i)
        at.push_back(linalg::IndexOp::create(nested, loc, i));
      Value length = arith::IndexCastOp::create(nested, loc, nested.getIndexType(), args[0]);
      Value inside = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::slt, at[time], length);
      Value one = arith::ConstantIndexOp::create(nested, loc, 1);
      Value mirrored = arith::SubIOp::create(nested, loc, arith::SubIOp::create(nested, loc, length, one), at[time]);
      at[time] = arith::SelectOp::create(nested, loc, inside, mirrored, at[time]);
      return tensor::ExtractOp::create(nested, loc, input, at);
    }));
    return success();
  }
};

/// result[.., i, j] = input[.., i, j] where j - i >= k (upper) or j - i <= k (lower), else 0
struct TriluLowering : ONNXLowering<onnx::TriluOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::TriluOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
    if (!type || type.getRank() < 2)
      return b.notifyMatchFailure(op, "expected a tensor of rank 2 or more");
    TensorBuilder t(b, op.getLoc());
    Value k = isAbsent(op.getK()) ? t.index(0) : t.toIndex(t.scalarOf(adaptor.getK()));
    auto keep = op.getUpper() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
    b.replaceOp(op, t.map(adaptor.getInput(), {}, t.dims(adaptor.getInput()), type.getElementType(),
                          [&](OpBuilder &nested, Location loc, ValueRange args) -> Value {
      Value i = linalg::IndexOp::create(nested, loc, type.getRank() - 2), j = linalg::IndexOp::create(nested, loc, type.getRank() - 1);
      Value kept = arith::CmpIOp::create(nested, loc, keep, arith::SubIOp::create(nested, loc, j, i), k);
      return arith::SelectOp::create(nested, loc, kept, args[0], TensorBuilder(nested, loc).number(type.getElementType(), 0));
    }));
    return success();
  }
};

} // namespace

void ingot::populateRearrangingLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<DepthToSpaceLowering, SpaceToDepthLowering, ReverseSequenceLowering, TriluLowering>(types, context);
}
