//===- LoweringContext.cpp - types and run-time dimensions for the lowerings ---------===//
#include "NarrowTypes.h"
#include "TensorBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

#include "mlir/Dialect/LLVMIR/LLVMTypes.h"

using namespace mlir;
using namespace ingot;

ONNXTypeConverter::ONNXTypeConverter() {
  addConversion([](Type type) { return type; });
  addConversion([](RankedTensorType type) -> Type { return type.clone(storageType(type.getElementType())); });
  // Handles (IngotOps.td), also for tensors whose rank only the run knows.
  addConversion([](UnrankedTensorType type) -> Type { return LLVM::LLVMPointerType::get(type.getContext()); });
  addConversion([](onnx::SequenceType type) -> Type { return LLVM::LLVMPointerType::get(type.getContext()); });
  addConversion([](onnx::OptionalType type) -> Type { return LLVM::LLVMPointerType::get(type.getContext()); });
  addConversion([](onnx::MapType type) -> Type { return LLVM::LLVMPointerType::get(type.getContext()); });
  // Between tensors that differ only in what is known of their dimensions.
  auto castTensor = [](OpBuilder &b, Type type, ValueRange values, Location loc) -> Value {
    if (values.size() != 1)
      return {};
    if (isa<TensorType>(type) && tensor::CastOp::areCastCompatible(values.front().getType(), type))
      return tensor::CastOp::create(b, loc, type, values.front());
    return UnrealizedConversionCastOp::create(b, loc, type, values).getResult(0);
  };
  addSourceMaterialization(castTensor);
  addTargetMaterialization(castTensor);
}

bool ingot::isUnsigned(Value v) { return getElementTypeOrSelf(v.getType()).isUnsignedInteger(); }
bool ingot::isAbsent(Value v) { return isa<NoneType>(v.getType()); }

/// The value of a symbol: a dimension of a tensor, or an element of an integer tensor.
static OpFoldResult symbolValue(ConversionPatternRewriter &b, TensorBuilder &t, const onnx::SymbolSource &source) {
  Value tensor = b.getRemappedValue(source.value);
  if (!tensor)
    tensor = source.value;
  if (!source.isElement)
    return t.dim(tensor, source.index);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 1 && type.isDynamicDim(0))
    t.check(t.compare(arith::CmpIPredicate::sgt, t.value(t.dim(tensor, 0)), t.index(source.index)),
            "expected " + Twine(source.index + 1) + " or more elements of an operand that says sizes");
  SmallVector<Value> indices(type.getRank());
  int64_t rest = source.index;
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    int64_t size = i == 0 ? std::max<int64_t>(rest + 1, 1) : type.getDimSize(i);
    indices[i] = t.index(rest % size);
    rest /= size;
  }
  return t.toIndex(t.extract(tensor, indices), isUnsigned(source.value));
}

OpFoldResult LoweringContext::materialize(ConversionPatternRewriter &b, Location loc, onnx::Dim d) const {
  TensorBuilder t(b, loc);
  if (auto constant = dyn_cast<AffineConstantExpr>(d))
    return t.indexAttr(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(d))
    return symbolValue(b, t, shapes.source(symbol.getPosition()));
  auto binary = cast<AffineBinaryOpExpr>(d);
  OpFoldResult x = materialize(b, loc, binary.getLHS()), y = materialize(b, loc, binary.getRHS());
  switch (binary.getKind()) {
  case AffineExprKind::Add: return t.add(x, y);
  case AffineExprKind::Mul: return t.mul(x, y);
  case AffineExprKind::Mod: return t.mod(x, y);
  case AffineExprKind::FloorDiv: return t.floorDiv(x, y);
  case AffineExprKind::CeilDiv: return t.ceilDiv(x, y);
  default: llvm_unreachable("a dimension is an expression over symbols");
  }
}

bool LoweringContext::isKnown(Value result, int64_t i) const {
  bool found = false;
  Operation *op = result.getDefiningOp();
  shapes.dim(result, i).walk([&](AffineExpr e) {
    auto symbol = dyn_cast<AffineSymbolExpr>(e);
    if (!symbol || !op)
      return;
    // The op itself, or a subgraph of it. The function's entry block has no parent once the conversion has made a new one.
    Value source = shapes.source(symbol.getPosition()).value;
    Operation *parent = source.getParentBlock()->getParentOp();
    found |= source.getDefiningOp() == op || (parent && op->isAncestor(parent));
  });
  return !found;
}

bool LoweringContext::areKnown(Value result) const {
  return llvm::all_of(llvm::seq<int64_t>(0, shapes.rank(result)), [&](int64_t i) { return isKnown(result, i); });
}

SmallVector<OpFoldResult> LoweringContext::dims(ConversionPatternRewriter &b, Location loc, Value v) const {
  SmallVector<OpFoldResult> result;
  for (onnx::Dim d : shapes.dims(v))
    result.push_back(materialize(b, loc, d));
  return result;
}

Value LoweringContext::empty(ConversionPatternRewriter &b, Location loc, Value v, Type elementType) const {
  if (!elementType)
    elementType = storageType(getElementTypeOrSelf(v.getType()));
  return TensorBuilder(b, loc).empty(dims(b, loc, v), elementType);
}
