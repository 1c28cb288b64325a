//===- Contraction.cpp - matrix products --------------------------------------------===//
//
// A product with a plain right operand is one ingot.contract whose rows are all leading dimensions of the left one; a batched right
// operand becomes batched weights. Operands that are transposed arrive as linalg.transpose, which packing absorbs.
//===-----------------------------------------------------------------------------===//
#include "Contraction.h"
#include "Families.h"
#include "RepeatedOperand.h"
#include "StoredWeights.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ingot;

/// Repeats a matrix along leading dimensions so that they are `wanted`. Dimensions not known to be equal are decided at run time.
static Value broadcastBatch(ComputeBuilder &t, Value v, ArrayRef<onnx::Dim> dims, ArrayRef<onnx::Dim> wanted,
                            ArrayRef<OpFoldResult> wantedSizes) {
  int64_t batch = wanted.size(), own = static_cast<int64_t>(dims.size()) - 2;
  bool equal = own == batch;
  for (int64_t i = 0; equal && i < batch; ++i)
    equal = dims[i] == wanted[i];
  if (equal)
    return v;
  Dims sizes(wantedSizes.take_front(batch)), ownSizes = t.dims(v);
  sizes.append(ownSizes.end() - 2, ownSizes.end());
  // Missing dimensions of size 1 are no copy, and known ones are read without asking at run time.
  onnx::Dim one = getAffineConstantExpr(1, t.b.getContext());
  bool onlyUnits = own < batch, known = true;
  SmallVector<AffineExpr> read;
  for (int64_t i = 0; i < batch - own; ++i)
    onlyUnits &= wanted[i] == one;
  for (int64_t i = 0; i < own; ++i) {
    bool same = dims[i] == wanted[batch - own + i];
    onlyUnits &= same;
    known &= same || getConstantIntValue(ownSizes[i]);
    read.push_back(same || getConstantIntValue(ownSizes[i]) != 1 ? t.loop(batch - own + i) : t.zero());
  }
  if (onlyUnits) {
    for (int64_t i = 0; i < batch - own; ++i)
      v = t.insertUnitDim(v, 0);
    return v;
  }
  if (known) {
    read.append({t.loop(batch), t.loop(batch + 1)});
    return t.map(v, t.mapOf(batch + 2, read), sizes, elementType(v), [](OpBuilder &, Location, ValueRange x) { return x[0]; });
  }
  return t.compute(sizes, elementType(v), [&](OpBuilder &nested, Location l, ValueRange at) {
    TensorBuilder n(nested, l);
    SmallVector<Value> index;
    for (int64_t i = 0; i < own; ++i) {
      Value here = at[batch - own + i];
      if (dims[i] == wanted[batch - own + i]) {
        index.push_back(here);
        continue;
      }
      auto size = getConstantIntValue(ownSizes[i]);
      if (size == 1)
        index.push_back(n.index(0));
      else if (size)
        index.push_back(here);
      else
        index.push_back(n.select(n.compare(arith::CmpIPredicate::eq, n.value(ownSizes[i]), n.index(1)), n.index(0), here));
    }
    index.push_back(at[batch]);
    index.push_back(at[batch + 1]);
    return n.extract(v, index);
  });
}

/// All dimensions but the last two become one.
static Value collapseBatch(ComputeBuilder &t, Value v) {
  int64_t rank = cast<RankedTensorType>(v.getType()).getRank();
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0; i < rank - 2; ++i)
    groups[0].push_back(i);
  groups.push_back({rank - 2});
  groups.push_back({rank - 1});
  return t.collapse(v, groups);
}

static Value expandBatch(ComputeBuilder &t, Value v, ArrayRef<OpFoldResult> dims) {
  int64_t rank = dims.size();
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0; i < rank - 2; ++i)
    groups[0].push_back(i);
  groups.push_back({rank - 2});
  groups.push_back({rank - 1});
  return t.expand(v, groups, dims);
}

/// The right operand has no batch: rows are all leading dimensions of the left one.
static Value multiplyRows(ComputeBuilder &t, Value a, Value b, Type outElement, bool unsignedA, bool unsignedB) {
  int64_t rank = cast<RankedTensorType>(a.getType()).getRank();
  if (rank == 2)
    return multiplyMatrices(t, a, b, outElement, unsignedA, unsignedB);
  ContractSpec spec;
  spec.strides.assign(rank - 2, 1);
  spec.dilations = spec.strides;
  spec.unsignedInput = unsignedA;
  spec.unsignedWeights = unsignedB;
  Dims out = t.dims(a);
  out.back() = t.dim(b, 1);
  for (int64_t i = 0; i < rank - 1; ++i)
    b = t.insertUnitDim(b, 0);
  return contract(t, a, b, out, outElement, spec);
}

/// The batch dimensions of a product: those of the operands, broadcast together. Where that is only known at run time it is checked.
static Dims batchDims(ComputeBuilder &t, Value a, Value b, ArrayRef<onnx::Dim> aDims, ArrayRef<onnx::Dim> bDims, int64_t batch) {
  Dims result;
  for (int64_t i = 0; i < batch; ++i) {
    int64_t inA = i - batch + static_cast<int64_t>(aDims.size()) - 2, inB = i - batch + static_cast<int64_t>(bDims.size()) - 2;
    OpFoldResult da = inA >= 0 ? t.dim(a, inA) : t.indexAttr(1), db = inB >= 0 ? t.dim(b, inB) : t.indexAttr(1);
    if (inB < 0 || getConstantIntValue(db) == 1 || (inA >= 0 && aDims[inA] == bDims[inB])) {
      result.push_back(da);
      continue;
    }
    if (inA < 0 || getConstantIntValue(da) == 1) {
      result.push_back(db);
      continue;
    }
    Value va = t.value(da), vb = t.value(db), one = t.index(1);
    Value aIsOne = t.compare(arith::CmpIPredicate::eq, va, one), bIsOne = t.compare(arith::CmpIPredicate::eq, vb, one);
    Value fits = arith::OrIOp::create(t.b, t.loc, arith::OrIOp::create(t.b, t.loc, aIsOne, bIsOne),
                                      t.compare(arith::CmpIPredicate::eq, va, vb));
    t.check(fits, "batch dimension " + Twine(i) + " differs between the operands; expected equal sizes or 1");
    auto ca = getConstantIntValue(da), cb = getConstantIntValue(db);
    result.push_back(ca ? da : cb ? db : OpFoldResult(t.select(aIsOne, vb, va)));
  }
  return result;
}

Value ingot::matMul(ComputeBuilder &t, const MatMulOperands &o, Type outElement) {
  // A vector is a row on the left and a column on the right.
  bool row = o.aDims.size() == 1, column = o.bDims.size() == 1;
  SmallVector<onnx::Dim> aDims(o.aDims), bDims(o.bDims);
  onnx::Dim one = getAffineConstantExpr(1, t.b.getContext());
  Value a = o.a, b = o.b;
  if (row) {
    a = t.insertUnitDim(a, 0);
    aDims.insert(aDims.begin(), one);
  }
  if (column) {
    b = t.insertUnitDim(b, 1);
    bDims.push_back(one);
  }
  // Leading dimensions of size 1 of the right operand say nothing, as long as the left one has as many.
  while (bDims.size() > 2 && bDims.front() == one && bDims.size() <= aDims.size()) {
    b = t.removeUnitDim(b, 0);
    bDims.erase(bDims.begin());
  }

  Value result;
  if (bDims.size() == 2) {
    result = multiplyRows(t, a, b, outElement, o.unsignedA, o.unsignedB);
  } else {
    int64_t batch = static_cast<int64_t>(o.yDims.size()) - 2 + row + column;
    ArrayRef<onnx::Dim> wanted = o.yDims.take_front(batch);
    Dims batchSizes = batchDims(t, a, b, aDims, bDims, batch);
    a = collapseBatch(t, broadcastBatch(t, a, aDims, wanted, batchSizes));
    b = collapseBatch(t, broadcastBatch(t, b, bDims, wanted, batchSizes));
    ContractSpec spec;
    spec.strides = spec.dilations = {1};
    spec.batched = true;
    spec.unsignedInput = o.unsignedA;
    spec.unsignedWeights = o.unsignedB;
    Dims out = {t.product(batchSizes), t.dim(a, 1), t.dim(b, 2)};
    result = contract(t, a, t.insertUnitDim(b, 1), out, outElement, spec);
    Dims full(batchSizes);
    full.push_back(out[1]);
    full.push_back(out[2]);
    result = expandBatch(t, result, full);
  }
  if (column)
    result = t.removeUnitDim(result, cast<RankedTensorType>(result.getType()).getRank() - 1);
  if (row)
    result = t.removeUnitDim(result, cast<RankedTensorType>(result.getType()).getRank() - (column ? 1 : 2));
  return result;
}

namespace {

/// Y = A B over the last two dimensions
struct MatMulLowering : ONNXLowering<onnx::MatMulOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::MatMulOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    ComputeBuilder t(b, op.getLoc());
    Value y = multiplyShared(op, adaptor.getA(), b);
    if (!y) {
      StoredWeights w = quantizedWeights(b, op.getB(), adaptor.getB(), /*columnDim=*/1);
      MatMulOperands operands{adaptor.getA(), w.value, shapes.dims(op.getA()), shapes.dims(op.getB()), shapes.dims(op.getY())};
      operands.unsignedB = w.isUnsigned;
      y = matMul(t, operands, type.getElementType());
      if (w.scale) {
        int64_t rank = type.getRank();
        y = t.mapWide({y, w.scale}, {b.getMultiDimIdentityMap(rank), w.scaleMap(t, rank)}, t.dims(y), type.getElementType(),
                      [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); });
      }
    }
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }

  /// Matrices of A that meet the same matrix of B, which is repeated for them, are rows of one product:
  /// [.., n * times, rows, k] = [.., n, times * rows, k]. Null where B repeats nothing.
  Value multiplyShared(onnx::MatMulOp op, Value a, ConversionPatternRewriter &b) const {
    ArrayRef<onnx::Dim> aDims = shapes.dims(op.getA()), bDims = shapes.dims(op.getB()), yDims = shapes.dims(op.getY());
    int64_t rank = aDims.size();
    if (rank < 3 || bDims.size() != aDims.size() || aDims.drop_back(2) != bDims.drop_back(2)) return {};
    std::optional<RepeatedOperand> repeated = findRepeatedOperand(shapes, op.getB());
    // Between the shared dimension and the rows there is nothing.
    if (!repeated || repeated->dim != rank - 3) return {};
    Value matrices = b.getRemappedValue(repeated->matrices);
    if (!matrices) return {};
    matrices = storedWeights(b, repeated->matrices, matrices).value;
    ComputeBuilder t(b, op.getLoc());
    matrices = t.removeUnitDim(matrices, rank - 2);
    if (repeated->transposed) {
      auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      std::swap(order[rank - 2], order[rank - 1]);
      matrices = t.transpose(matrices, order);
    }
    Dims split = t.dims(a), full(split);
    OpFoldResult times = t.indexAttr(repeated->times), shared = t.dim(matrices, rank - 3);
    split[rank - 3] = shared;
    split.insert(split.begin() + rank - 2, times);
    full.back() = t.dim(matrices, rank - 1);
    // [.., n * times, rows, k] to [.., n, times, rows, k], and to [.., n, times * rows, k].
    SmallVector<ReassociationIndices> apart, together;
    for (int64_t i = 0; i < rank; ++i) {
      if (i == rank - 3) apart.push_back({i, i + 1});
      else apart.push_back({i < rank - 3 ? i : i + 1});
      if (i == rank - 2) together.push_back({i, i + 1});
      else together.push_back({i < rank - 2 ? i : i + 1});
    }
    Value rows = t.collapse(t.expand(a, apart, split), together);
    SmallVector<onnx::Dim> rowDims(aDims), matrixDims(bDims), productDims(yDims);
    onnx::Dim n = shapes.dim(repeated->matrices, rank - 3), joined = aDims[rank - 2] * repeated->times;
    rowDims[rank - 3] = matrixDims[rank - 3] = productDims[rank - 3] = n;
    rowDims[rank - 2] = productDims[rank - 2] = joined;
    Type element = cast<RankedTensorType>(typeConverter->convertType(op.getType())).getElementType();
    Value product = matMul(t, {rows, matrices, rowDims, matrixDims, productDims}, element);
    split.back() = full.back();
    return t.collapse(t.expand(product, together, split), apart);
  }
};

/// Y = alpha A' B' + beta C
struct GemmLowering : ONNXLowering<onnx::GemmOp> {
  using ONNXLowering::ONNXLowering;
  LogicalResult matchAndRewrite(onnx::GemmOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(typeConverter->convertType(op.getType()));
    Type element = type.getElementType();
    ComputeBuilder t(b, op.getLoc(), isUnsigned(op.getY()));
    Value a = op.getTransA() ? t.transpose(adaptor.getA(), {1, 0}) : adaptor.getA();
    StoredWeights stored = quantizedWeights(b, op.getB(), adaptor.getB(), /*columnDim=*/op.getTransB() ? 0 : 1);
    Value w = op.getTransB() ? t.transpose(stored.value, {1, 0}) : stored.value;
    Value y = multiplyMatrices(t, a, w, element, /*unsignedX=*/false, stored.isUnsigned);

    double alpha = op.getAlpha().convertToFloat(), beta = op.getBeta().convertToFloat();
    bool hasBias = !isAbsent(op.getC()) && beta != 0;
    if (hasBias || alpha != 1 || stored.scale) {
      SmallVector<Value> inputs = {y};
      SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(2)};
      if (stored.scale) {
        maps.push_back(stored.scaleMap(t, 2));
        inputs.push_back(stored.scale);
      }
      if (hasBias) {
        Value bias = adaptor.getC();
        maps.push_back(t.broadcastMap(bias, t.dims(y)));
        inputs.push_back(bias);
      }
      y = t.mapWide(inputs, maps, t.dims(y), element, [&](ScalarBuilder &s, ValueRange x) {
        Value v = stored.scale ? s.mul(x[0], x[1]) : x[0];
        if (alpha != 1) v = s.mul(v, s.like(v, alpha));
        if (hasBias) v = s.add(v, beta == 1 ? x.back() : s.mul(x.back(), s.like(x.back(), beta)));
        return v;
      });
    }
    b.replaceOp(op, t.castTo(y, type));
    return success();
  }
};

} // namespace

void ingot::populateContractionLowering(RewritePatternSet &patterns, const TypeConverter &types, LoweringContext &context) {
  patterns.add<MatMulLowering, GemmLowering>(types, context);
  populateConvolutionLowering(patterns, types, context);
  populateTransposedConvolutionLowering(patterns, types, context);
  populateIntegerContractionLowering(patterns, types, context);
  populateEinsumLowering(patterns, types, context);
  populateAttentionLowering(patterns, types, context);
  populateRotaryLowering(patterns, types, context);
  populateLinearAttentionLowering(patterns, types, context);
  populateCausalConvolutionLowering(patterns, types, context);
  populateDeformableConvolutionLowering(patterns, types, context);
  populateDeterminantLowering(patterns, types, context);
}
