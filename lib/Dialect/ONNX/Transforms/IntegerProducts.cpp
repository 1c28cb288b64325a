//===- IntegerProducts.cpp - products of dequantised operands as products of integers -----------===//
//
// DequantizeLinear(x) * DequantizeLinear(w) = sx * sw * sum (x - zx)(w - zw): the sum is one of 8-bit integers, exact in i32, and the scales multiply its
// columns. Activations then stay bytes between kernels.
//===------------------------------------------------------------------------------------------===//
#include "LayoutRewrites.h"

#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/ONNX/Bytes.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ingot {
#define GEN_PASS_DEF_FORMINTEGERPRODUCTS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

static bool isAbsent(Value v) { return isa<NoneType>(v.getType()); }
static bool isAllOf(ArrayRef<int64_t> values, int64_t wanted) {
  return llvm::all_of(values, [&](int64_t v) { return v == wanted; });
}

namespace {

/// scale * (data - zero)
struct Dequantized {
  DequantizeLinearOp op;
  Value data, scale, zero; // no zero point: an absent value
  bool isScaledByOne() const { return cast<ShapedType>(scale.getType()).getNumElements() == 1; }
  bool isZeroPointZero() const { return isAbsentOrZero(zero); }
};

} // namespace

/// Bytes with a scale in f32 for all, or for each position along an axis.
static std::optional<Dequantized> readDequantized(Value v) {
  auto op = v.getDefiningOp<DequantizeLinearOp>();
  if (!op || !byteType(op.getX()) || op.getBlockSize() != 0) return std::nullopt;
  auto scale = dyn_cast<RankedTensorType>(op.getXScale().getType());
  if (!scale || !scale.hasStaticShape() || scale.getRank() > 1 || !scale.getElementType().isF32()) return std::nullopt;
  if (!isAbsent(op.getXZeroPoint()) && !byteType(op.getXZeroPoint())) return std::nullopt;
  return Dequantized{op, op.getX(), op.getXScale(), op.getXZeroPoint()};
}

static std::optional<Dequantized> readActivation(Value v) {
  auto x = readDequantized(v);
  if (!x || !x->isScaledByOne()) return std::nullopt;
  if (!isAbsent(x->zero) && (!byteType(x->zero).hasStaticShape() || byteType(x->zero).getNumElements() != 1)) return std::nullopt;
  return x;
}

/// Constant weights with a scale for all or for each position along `columnDim`, whose numbers less the zero point fit 8 bits.
static std::optional<Dequantized> readWeights(Value v, int64_t columnDim) {
  auto w = readDequantized(v);
  if (!w) return std::nullopt;
  RankedTensorType type = byteType(w->data);
  int64_t axis = static_cast<int64_t>(w->op.getAxis());
  if (axis < 0) axis += type.getRank();
  bool isOfColumns = axis == columnDim && cast<ShapedType>(w->scale.getType()).getNumElements() == type.getDimSize(columnDim);
  if ((!w->isScaledByOne() && !isOfColumns) || !fitsAround(w->data, w->zero, columnDim)) return std::nullopt;
  return w;
}

namespace {

/// Builds ONNX operators.
struct Operators {
  OpBuilder &b;
  Location loc;

  Value none() { return NoValueOp::create(b, loc, b.getNoneType()); }
  Value reshape(Value v, ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(v.getType());
    if (type.getShape() == shape) return v;
    return ReshapeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), v, indexConstant(b, loc, shape));
  }
  Value cast8(Value v, Type element) {
    auto type = mlir::cast<RankedTensorType>(v.getType());
    if (type.getElementType() == element) return v;
    return BitCastOp::create(b, loc, type.clone(element), v, b.getI64IntegerAttr(INGOT_INT8));
  }
  /// One number of a vector for each position along `dim`, or one number for all, beside a tensor of `rank` dimensions.
  Value along(Value v, int64_t dim, int64_t rank) {
    int64_t count = mlir::cast<RankedTensorType>(v.getType()).getNumElements();
    if (count == 1) return reshape(v, {});
    SmallVector<int64_t> shape(rank - dim, 1);
    shape.front() = count;
    return reshape(v, shape);
  }
  /// Signed weights with a zero point of 0.
  Value centred(const Dequantized &w, int64_t columnDim) {
    RankedTensorType type = byteType(w.data);
    // In 8 bits, where the difference fits whatever the signs were.
    Type element = w.isZeroPointZero() && type.getElementType().isSignlessInteger() ? type.getElementType() : IntegerType::get(b.getContext(), 8);
    Value data = cast8(w.data, element);
    if (w.isZeroPointZero()) return data;
    return SubOp::create(b, loc, type.clone(element), data, along(cast8(w.zero, element), columnDim, type.getRank()));
  }
  /// sum * sx * sw + bias (null: none), in f32; scales of weights and bias run along `dim` of the result.
  Value scaled(Value sum, const Dequantized &x, const Dequantized &w, Value bias, int64_t dim) {
    auto type = RankedTensorType::get(mlir::cast<RankedTensorType>(sum.getType()).getShape(), b.getF32Type());
    int64_t rank = type.getRank();
    Value real = CastOp::create(b, loc, type, sum, b.getI64IntegerAttr(INGOT_FLOAT), b.getI64IntegerAttr(1), b.getStringAttr("up"));
    Value xScale = reshape(x.scale, {}), wScale = along(w.scale, dim, rank);
    Value scale = MulOp::create(b, loc, wScale.getType(), wScale, xScale);
    real = MulOp::create(b, loc, type, real, scale);
    return !bias || isAbsent(bias) ? real : AddOp::create(b, loc, type, real, bias).getResult();
  }
};

/// Whether the kernel has a form for such a sum, and 32 bits hold it: 2^16 * 255 * 128 < 2^31.
bool takesDots(int64_t depth, int64_t terms, int64_t columns) {
  constexpr int64_t kMostTerms = 1 << 16;
  return depth > 0 && depth % ingot::kDotDepth == 0 && columns >= ingot::kDotDepth && terms <= kMostTerms;
}

struct IntegerConv : OpRewritePattern<ConvOp> {
  ingot::DotProduct dots;
  IntegerConv(MLIRContext *context, ingot::DotProduct dots) : OpRewritePattern(context), dots(dots) {}

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &b) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type || !type.getElementType().isF32()) return b.notifyMatchFailure(op, "expected a result of f32 and known rank");
    auto x = readActivation(op.getX());
    auto weights = dyn_cast<RankedTensorType>(op.getW().getType());
    if (!x || !weights || !weights.hasStaticShape()) return b.notifyMatchFailure(op, "expected dequantised bytes and weights of known size");
    ArrayRef<int64_t> shape = weights.getShape();
    int64_t depth = shape[1], terms = depth, columns = shape[0] / std::max<int64_t>(1, op.getGroup());
    for (int64_t taps : shape.drop_front(2)) terms *= taps;
    if (!takesDots(depth, terms, columns)) return b.notifyMatchFailure(op, "expected a depth of fours");
    bool unpadded = op.getAutoPad() == "VALID" || (op.getAutoPad() == "NOTSET" && (!op.getPads() || isAllOf(*op.getPads(), 0)));
    // What counts as zero outside of the image is the number 0.
    if (!unpadded && !x->isZeroPointZero()) return b.notifyMatchFailure(op, "expected padding with the zero point");
    if (isWinograds(op, shape)) return b.notifyMatchFailure(op, "expected a convolution that Winograd's form does not take");
    auto w = readWeights(op.getW(), /*columnDim=*/0);
    if (!w) return b.notifyMatchFailure(op, "expected constant weights that fit 8 bits around their zero point");

    Operators o{b, op.getLoc()};
    auto sumType = RankedTensorType::get(type.getShape(), b.getI32Type());
    auto sum = ConvIntegerOp::create(b, op.getLoc(), sumType, x->data, o.centred(*w, 0), x->zero, o.none(), op.getAutoPadAttr(), op.getDilationsAttr(),
                                     op.getGroupAttr(), op.getKernelShapeAttr(), op.getPadsAttr(), op.getStridesAttr());
    Value bias = isAbsent(op.getB()) ? op.getB() : o.along(op.getB(), 1, type.getRank());
    b.replaceOp(op, o.scaled(sum, *x, *w, bias, /*dim=*/1));
    return success();
  }

  /// In f32 it has fewer than half of the multiplications, which pairs of products do not make up for.
  bool isWinograds(ConvOp op, ArrayRef<int64_t> weights) const {
    bool square = weights.size() == 4 && weights[2] == 3 && weights[3] == 3;
    auto areOne = [](std::optional<ArrayRef<int64_t>> values) { return !values || isAllOf(*values, 1); };
    return dots != ingot::DotProduct::Quads && square && op.getGroup() == 1 && areOne(op.getStrides()) && areOne(op.getDilations());
  }
};

/// One filter per channel: the kernel converts bytes as it reads them, so that they need not be floats in memory.
struct BytesIntoFilters : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &b) const override {
    auto weights = dyn_cast<RankedTensorType>(op.getW().getType());
    auto type = dyn_cast<RankedTensorType>(op.getX().getType());
    if (!weights || !type || !type.getElementType().isF32() || op.getGroup() == 1 || weights.getDimSize(1) != 1 || weights.getDimSize(0) != op.getGroup())
      return b.notifyMatchFailure(op, "expected one filter per channel");
    auto x = readActivation(op.getX());
    if (!x || !x->isZeroPointZero()) return b.notifyMatchFailure(op, "expected dequantised bytes with a zero point of 0");
    Operators o{b, op.getLoc()};
    Value number = CastOp::create(b, op.getLoc(), type, x->data, b.getI64IntegerAttr(INGOT_FLOAT), b.getI64IntegerAttr(1), b.getStringAttr("up"));
    Value scaled = MulOp::create(b, op.getLoc(), weights, op.getW(), o.reshape(x->scale, {}));
    b.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(number);
      op.getWMutable().assign(scaled);
    });
    return success();
  }
};

/// A product of rows with a constant matrix [K, N].
static FailureOr<Value> integerProduct(PatternRewriter &b, Operation *op, Value a, Value matrix, bool transposed, Value bias) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  auto aType = dyn_cast<RankedTensorType>(a.getType());
  if (!type || !type.getElementType().isF32() || !aType || aType.getRank() < 2)
    return b.notifyMatchFailure(op, "expected matrices of f32");
  auto x = readActivation(a);
  auto matrixType = dyn_cast<RankedTensorType>(matrix.getType());
  if (!x || !matrixType || matrixType.getRank() != 2 || !matrixType.hasStaticShape())
    return b.notifyMatchFailure(op, "expected dequantised bytes and a matrix of known size");
  int64_t depth = matrixType.getDimSize(transposed ? 1 : 0), columns = matrixType.getDimSize(transposed ? 0 : 1);
  if (!takesDots(depth, depth, columns)) return b.notifyMatchFailure(op, "expected a depth of fours");
  auto w = readWeights(matrix, /*columnDim=*/transposed ? 0 : 1);
  if (!w) return b.notifyMatchFailure(op, "expected constant weights that fit 8 bits around their zero point");
  Operators o{b, op->getLoc()};
  Value weights = o.centred(*w, transposed ? 0 : 1);
  if (transposed) {
    auto turned = RankedTensorType::get({depth, columns}, cast<RankedTensorType>(weights.getType()).getElementType());
    weights = TransposeOp::create(b, op->getLoc(), turned, weights, b.getDenseI64ArrayAttr({1, 0}));
  }
  auto sumType = RankedTensorType::get(type.getShape(), b.getI32Type());
  Value sum = MatMulIntegerOp::create(b, op->getLoc(), sumType, x->data, weights, x->zero, o.none());
  return o.scaled(sum, *x, *w, bias, type.getRank() - 1);
}

struct IntegerMatMul : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op, PatternRewriter &b) const override {
    auto product = integerProduct(b, op, op.getA(), op.getB(), /*transposed=*/false, /*bias=*/{});
    if (failed(product)) return failure();
    b.replaceOp(op, *product);
    return success();
  }
};

struct IntegerGemm : OpRewritePattern<GemmOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GemmOp op, PatternRewriter &b) const override {
    if (op.getTransA() || op.getAlpha().convertToDouble() != 1 || (!isAbsent(op.getC()) && op.getBeta().convertToDouble() != 1))
      return b.notifyMatchFailure(op, "expected a product without factors");
    auto product = integerProduct(b, op, op.getA(), op.getB(), op.getTransB(), op.getC());
    if (failed(product)) return failure();
    b.replaceOp(op, *product);
    return success();
  }
};

struct FormIntegerProducts : ingot::impl::FormIntegerProductsBase<FormIntegerProducts> {
  using Base::Base;
  void runOnOperation() override {
    ingot::DotProduct dots = ingot::lookupTarget(target).dots;
    if (dots == ingot::DotProduct::None) return;
    RewritePatternSet patterns(&getContext());
    patterns.add<IntegerConv>(&getContext(), dots);
    patterns.add<IntegerMatMul, IntegerGemm, BytesIntoFilters>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

} // namespace
