//===- Contents.cpp - contents of small tensors: constants and shape arithmetic ----------===//
#include "ShapeRules.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace ingot::onnx;

static constexpr int64_t kMaxElements = 1024;

template <class T> static void readAs(ArrayRef<char> data, SmallVectorImpl<Dim> &out, ShapeAnalysis &shapes) {
  for (size_t i = 0; i + sizeof(T) <= data.size(); i += sizeof(T)) {
    T v;
    std::memcpy(&v, data.data() + i, sizeof(T));
    if constexpr (std::is_floating_point_v<T>)
      out.push_back(std::fabs(v) < T(1 << 24) && v == std::floor(v) ? shapes.constant(static_cast<int64_t>(v)) : Dim());
    else
      out.push_back(shapes.constant(static_cast<int64_t>(v)));
  }
}

static Dim wholeNumber(const APFloat &f, ShapeAnalysis &shapes) {
  APSInt v(64, /*isUnsigned=*/false);
  bool exact = false;
  if (f.convertToInteger(v, APFloat::rmTowardZero, &exact) != APFloat::opOK || !exact) return {};
  return shapes.constant(v.getSExtValue());
}

SmallVector<Dim> ingot::onnx::readContents(ElementsAttr elements, ShapeAnalysis &shapes) {
  SmallVector<Dim> out;
  auto type = dyn_cast<RankedTensorType>(elements.getType());
  if (!type || type.getRank() > 1 || type.getNumElements() > kMaxElements) return out;
  Type element = type.getElementType();
  if (auto dense = dyn_cast<DenseIntElementsAttr>(elements)) {
    bool zeroExtend = element.isUnsignedInteger() || element.isInteger(1);
    for (const APInt &v : dense.getValues<APInt>()) out.push_back(shapes.constant(zeroExtend ? v.getZExtValue() : v.getSExtValue()));
  } else if (auto dense = dyn_cast<DenseFPElementsAttr>(elements)) {
    for (const APFloat &v : dense.getValues<APFloat>()) out.push_back(wholeNumber(v, shapes));
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) return out;
    if (element.isInteger(64)) readAs<int64_t>(blob->getData(), out, shapes);
    else if (element.isSignlessInteger(32)) readAs<int32_t>(blob->getData(), out, shapes);
    else if (element.isF32()) readAs<float>(blob->getData(), out, shapes);
    if (static_cast<int64_t>(out.size()) != type.getNumElements()) out.clear();
  }
  return out;
}

//===----------------------------- one element at a time ------------------------------===//

/// Whether x < y, if it is the same for all sizes.
static std::optional<bool> isLess(Dim x, Dim y, const ShapeAnalysis &shapes) {
  if (shapes.isNonNegative(normalize(x - y))) return false;
  if (shapes.isNonNegative(normalize(y - x - 1))) return true;
  return std::nullopt;
}

static Dim truth(std::optional<bool> b, ShapeAnalysis &shapes) { return b ? shapes.constant(*b) : Dim(); }
static std::optional<bool> negated(std::optional<bool> b) { return b ? std::optional<bool>(!*b) : b; }

static Dim divide(Dim x, Dim y, bool onFloats, ShapeAnalysis &shapes) {
  auto cx = ShapeAnalysis::asConstant(x), cy = ShapeAnalysis::asConstant(y);
  if (cy == 0) return {};
  if (cx && cy && *cy != -1) return onFloats && *cx % *cy ? Dim() : shapes.constant(*cx / *cy);
  if (Dim exact = divideExactly(x, y)) return exact;
  // Truncation is the floor where nothing is negative.
  if (!onFloats && cy && *cy > 0 && shapes.isNonNegative(x)) return floorDivide(x, *cy);
  return {};
}

static Dim foldCast(Type to, Dim x, ShapeAnalysis &shapes) {
  auto c = ShapeAnalysis::asConstant(x);
  if (to.isInteger(1)) return c ? shapes.constant(*c != 0) : Dim();
  // Narrower types could change the value; half floats hold whole numbers to 2048 only.
  if (to.isIntOrFloat() && to.getIntOrFloatBitWidth() >= 32) return x;
  return c && *c >= 0 && *c < 128 && to.isIntOrFloat() ? x : Dim();
}

Dim ingot::onnx::foldElement(Operation *op, ArrayRef<Dim> args, ShapeAnalysis &shapes) {
  // Where can be decided by its condition alone.
  if (isa<WhereOp>(op)) {
    if (args[1] && args[1] == args[2]) return args[1];
    auto c = ShapeAnalysis::asConstant(args[0]);
    return c ? args[*c ? 1 : 2] : Dim();
  }
  if (llvm::is_contained(args, Dim())) return {};
  bool onFloats = isa_and_nonnull<FloatType>(shapes.elementType(op->getOperand(0)));
  Dim x = args[0], y = args.size() > 1 ? args[1] : Dim();
  auto cx = ShapeAnalysis::asConstant(x), cy = ShapeAnalysis::asConstant(y);
  auto foldAll = [&](auto step) {
    Dim acc = x;
    for (Dim d : args.drop_front()) acc = acc ? step(acc, d) : acc;
    return acc;
  };
  return llvm::TypeSwitch<Operation *, Dim>(op)
      .Case<AddOp>([&](auto) { return x + y; })
      .Case<SubOp>([&](auto) { return x - y; })
      .Case<MulOp>([&](auto) { return x * y; })
      .Case<DivOp>([&](auto) { return divide(x, y, onFloats, shapes); })
      .Case<ModOp>([&](auto) { return cy && *cy > 0 && shapes.isNonNegative(x) ? normalize(x % y) : Dim(); })
      .Case<NegOp>([&](auto) { return -x; })
      .Case<AbsOp>([&](auto) { return shapes.isNonNegative(x) ? x : cx ? shapes.constant(-*cx) : Dim(); })
      .Case<FloorOp, CeilOp, RoundOp>([&](auto) { return x; })
      .Case<MaxOp>([&](auto) {
        return foldAll([&](Dim a, Dim b) { auto less = isLess(a, b, shapes); return less ? (*less ? b : a) : Dim(); });
      })
      .Case<MinOp>([&](auto) {
        return foldAll([&](Dim a, Dim b) { auto less = isLess(a, b, shapes); return less ? (*less ? a : b) : Dim(); });
      })
      .Case<EqualOp>([&](auto) {
        if (normalize(x - y) == shapes.constant(0)) return shapes.constant(1);
        return isLess(x, y, shapes) == true || isLess(y, x, shapes) == true ? shapes.constant(0) : Dim();
      })
      .Case<LessOp>([&](auto) { return truth(isLess(x, y, shapes), shapes); })
      .Case<GreaterOp>([&](auto) { return truth(isLess(y, x, shapes), shapes); })
      .Case<LessOrEqualOp>([&](auto) { return truth(negated(isLess(y, x, shapes)), shapes); })
      .Case<GreaterOrEqualOp>([&](auto) { return truth(negated(isLess(x, y, shapes)), shapes); })
      .Case<NotOp>([&](auto) { return cx ? shapes.constant(!*cx) : Dim(); })
      .Case<AndOp>([&](auto) { return cx && cy ? shapes.constant(*cx && *cy) : Dim(); })
      .Case<OrOp>([&](auto) { return cx && cy ? shapes.constant(*cx || *cy) : Dim(); })
      .Case<CastOp, CastLikeOp>([&](auto cast) {
        if (!onFloats || !shapes.elementType(cast.getOutput()).isInteger(1)) return foldCast(shapes.elementType(cast.getOutput()), x, shapes);
        return cx ? shapes.constant(*cx != 0) : Dim();
      })
      .Default([](auto) { return Dim(); });
}

void ingot::onnx::foldContents(Operation *op, ShapeAnalysis &shapes) {
  Value result = op->getResult(0);
  std::optional<int64_t> n = shapes.length(result);
  if (!n || *n > kMaxElements || op->getNumOperands() == 0) return;
  SmallVector<std::optional<ArrayRef<Dim>>> operands;
  for (Value v : op->getOperands()) operands.push_back(shapes.contents(v));
  if (llvm::none_of(operands, [](auto &c) { return c.has_value(); })) return;
  SmallVector<Dim> out;
  for (int64_t i = 0; i < *n; ++i) {
    SmallVector<Dim> args;
    for (auto &c : operands) {
      bool known = c && (c->size() == 1 || i < static_cast<int64_t>(c->size()));
      args.push_back(known ? (*c)[c->size() == 1 ? 0 : i] : Dim());
    }
    out.push_back(foldElement(op, args, shapes));
  }
  shapes.setContents(result, out);
}
