//===- WidenFloats.cpp - 16-bit floats between kernels as f32 -------------------------===//
//
// A processor multiplies f32. Around products and pools of f16 or bf16 values are f32, and each result is rounded to the model's type where it is
// made: the numbers stay those of the narrow type, but no kernel converts what it reads. Weights stay narrow (lowerings read through their Cast).
//===------------------------------------------------------------------------------===//
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

namespace ingot {
#define GEN_PASS_DEF_WIDENFLOATS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot::onnx;

/// What makes widening worth while: every element is read many times.
static bool isSeed(Operation *op) {
  return isa<ConvOp, ConvTransposeOp, MatMulOp, GemmOp, MaxPoolOp, AveragePoolOp, LpPoolOp, GlobalAveragePoolOp, GlobalMaxPoolOp, GlobalLpPoolOp>(op);
}

/// Results are elements of the operands, so that nothing is rounded.
static bool selectsElements(Operation *op) {
  return isa<MaxPoolOp, GlobalMaxPoolOp, ReluOp, ClipOp, MaxOp, MinOp, ConcatOp, SplitOp, SliceOp, PadOp, TransposeOp, ReshapeOp, FlattenOp, SqueezeOp,
             UnsqueezeOp, DepthToSpaceOp, SpaceToDepthOp, ExpandOp, IdentityOp, NegOp, AbsOp>(op);
}

/// What is computed alike in f32, next to a seed.
static bool follows(Operation *op) {
  if (isa<CastOp, CastLikeOp>(op)) return false;
  return selectsElements(op) || isa<ElementwiseInterface>(op) || isa<ResizeOp, SoftmaxOp, LogSoftmaxOp, InstanceNormalizationOp, GroupNormalizationOp,
             LayerNormalizationOp, RMSNormalizationOp, BatchNormalizationOp, LRNOp, ReduceMeanOp, ReduceSumOp, ReduceMaxOp, ReduceMinOp>(op);
}

static FloatType narrowElement(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  auto element = tensor ? dyn_cast<FloatType>(tensor.getElementType()) : FloatType();
  return element && (element.isF16() || element.isBF16()) ? element : FloatType();
}

static bool hasNarrow(Operation *op) {
  auto isNarrow = [](Type type) { return bool(narrowElement(type)); };
  return llvm::any_of(op->getOperandTypes(), isNarrow) || llvm::any_of(op->getResultTypes(), isNarrow);
}

static Type wideType(Type type) { return cast<TensorType>(type).clone(Float32Type::get(type.getContext())); }

namespace {

struct Widening {
  explicit Widening(MLIRContext *context) : b(context) {}

  OpBuilder b;
  DenseMap<Value, Value> wide;
  DenseSet<Value> exact; // f32 values that are numbers of the narrow type

  Value castTo(Value v, Type type, int64_t to) {
    return CastOp::create(b, v.getLoc(), type, v, b.getI64IntegerAttr(to), b.getI64IntegerAttr(1), b.getStringAttr("up"));
  }

  /// The constant in f32, if it is a small one.
  static Value widenConstant(OpBuilder &b, Value v) {
    auto constant = v.getDefiningOp<ConstantOp>();
    auto value = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr();
    if (!value) return {};
    bool losesInfo;
    auto convert = [&](APFloat number) {
      number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
      return number.bitcastToAPInt();
    };
    Attribute wide = value.mapValues(Float32Type::get(b.getContext()), convert);
    return ConstantOp::create(b, v.getLoc(), wideType(v.getType()), cast<ElementsAttr>(wide));
  }

  Value widen(Value v) {
    if (Value known = wide.lookup(v)) return known;
    if (auto cast = v.getDefiningOp<CastOp>(); cast && exact.contains(cast.getInput())) return wide[v] = cast.getInput();
    b.setInsertionPointAfterValue(v);
    Value result = widenConstant(b, v);
    if (!result) result = castTo(v, wideType(v.getType()), INGOT_FLOAT);
    exact.insert(result);
    return wide[v] = result;
  }

  void rewrite(Operation *op) {
    bool isExact = selectsElements(op);
    for (OpOperand &operand : op->getOpOperands())
      if (narrowElement(operand.get().getType())) operand.set(widen(operand.get()));
    for (OpResult result : op->getResults()) {
      FloatType narrow = narrowElement(result.getType());
      if (!narrow) continue;
      Type type = result.getType();
      result.setType(wideType(type));
      if (isExact) exact.insert(result);
      b.setInsertionPointAfter(op);
      Value rounded = castTo(result, type, narrow.isF16() ? INGOT_FLOAT16 : INGOT_BFLOAT16);
      result.replaceAllUsesExcept(rounded, rounded.getDefiningOp());
    }
  }
};

struct WidenFloats : ingot::impl::WidenFloatsBase<WidenFloats> {
  void runOnOperation() override {
    llvm::SetVector<Operation *> chosen;
    getOperation()->walk([&](Operation *op) {
      if (isSeed(op) && hasNarrow(op)) chosen.insert(op);
    });
    auto spread = [&](Operation *op) {
      if (op && follows(op) && hasNarrow(op)) chosen.insert(op);
    };
    for (size_t i = 0; i < chosen.size(); ++i) {
      for (Value v : chosen[i]->getOperands())
        if (narrowElement(v.getType())) spread(v.getDefiningOp());
      for (OpResult v : chosen[i]->getResults())
        if (narrowElement(v.getType())) llvm::for_each(v.getUsers(), spread);
    }
    if (chosen.empty()) return;
    Widening widening(&getContext());
    getOperation()->walk([&](Operation *op) {
      if (chosen.contains(op)) widening.rewrite(op);
    });
    getOperation()->walk([](CastOp cast) {
      if (cast.use_empty()) cast.erase();
    });
  }
};

} // namespace
