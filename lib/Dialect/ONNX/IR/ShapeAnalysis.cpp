//===- ShapeAnalysis.cpp - what is known of each value, and running the shape rules -------===//
#include "ingot/Dialect/ONNX/ShapeAnalysis.h"

#include "ShapeRules.h"
#include "ingot/Dialect/ONNX/InferOp.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace ingot::onnx;

//===------------------------------- what is known ---------------------------------===//

Type ShapeAnalysis::type(Value v) const {
  auto it = known.find(v);
  return it == known.end() ? v.getType() : it->second.type;
}
Type ShapeAnalysis::elementType(Value v) const {
  auto shaped = dyn_cast<ShapedType>(type(v));
  return shaped ? shaped.getElementType() : Type();
}
bool ShapeAnalysis::hasRank(Value v) const {
  auto it = known.find(v);
  return it != known.end() && it->second.ranked;
}
ArrayRef<Dim> ShapeAnalysis::dims(Value v) const {
  auto it = known.find(v);
  return it == known.end() ? ArrayRef<Dim>() : ArrayRef<Dim>(it->second.dims);
}
std::optional<int64_t> ShapeAnalysis::asConstant(Dim d) {
  if (auto constant = dyn_cast_or_null<AffineConstantExpr>(d)) return constant.getValue();
  return std::nullopt;
}
std::optional<ArrayRef<Dim>> ShapeAnalysis::contents(Value v) const {
  auto it = known.find(v);
  if (it == known.end() || !it->second.contents) return std::nullopt;
  return ArrayRef<Dim>(*it->second.contents);
}
std::optional<SmallVector<int64_t>> ShapeAnalysis::constantContents(Value v) const {
  auto elements = contents(v);
  if (!elements) return std::nullopt;
  SmallVector<int64_t> result;
  for (Dim d : *elements) {
    auto c = asConstant(d);
    if (!c) return std::nullopt;
    result.push_back(*c);
  }
  return result;
}
Dim ShapeAnalysis::at(Value v, int64_t index) {
  auto elements = contents(v);
  if (elements && index < static_cast<int64_t>(elements->size()) && (*elements)[index]) return (*elements)[index];
  return element(v, index);
}
std::optional<int64_t> ShapeAnalysis::length(Value v) const {
  if (!hasRank(v) || rank(v) > 1) return std::nullopt;
  return rank(v) == 0 ? 1 : asConstant(dim(v, 0));
}

//===------------------------------- what rules set --------------------------------===//

void ShapeAnalysis::require(Operation *op, Dim a, Dim b, StringRef what) {
  if (a && b && a != b) required[op].push_back({a, b, what.str()});
}
ArrayRef<SizeRequirement> ShapeAnalysis::requirements(Operation *op) const {
  auto it = required.find(op);
  return it == required.end() ? ArrayRef<SizeRequirement>() : ArrayRef<SizeRequirement>(it->second);
}


/// An operand of the wrong kind has no element type; the verifier, which runs after inference, says so.
static bool isElement(Type type) { return type && TensorType::isValidElementType(type); }

void ShapeAnalysis::set(Value result, Type elementType, ArrayRef<Dim> dims) {
  Known k;
  if (!isElement(elementType)) return setType(result, NoneType::get(context));
  k.ranked = true;
  SmallVector<int64_t> sizes;
  for (auto [i, d] : llvm::enumerate(dims)) {
    k.dims.push_back(d ? normalize(d) : fresh(result, i));
    // A size below 0 can come of a broken model only; at run time a check refuses it.
    auto c = asConstant(k.dims.back());
    sizes.push_back(c && *c >= 0 ? *c : ShapedType::kDynamic);
  }
  k.type = RankedTensorType::get(sizes, elementType);
  known[result] = std::move(k);
}
void ShapeAnalysis::setLike(Value result, Value other) {
  Known k;
  k.type = type(other);
  k.ranked = hasRank(other);
  k.dims.assign(dims(other).begin(), dims(other).end());
  known[result] = std::move(k);
}
void ShapeAnalysis::setUnranked(Value result, Type elementType) {
  if (!isElement(elementType)) return setType(result, NoneType::get(context));
  Known k;
  k.type = UnrankedTensorType::get(elementType);
  known[result] = std::move(k);
}
void ShapeAnalysis::setType(Value result, Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked) {
    Known k;
    k.type = type;
    known[result] = std::move(k);
    return;
  }
  SmallVector<Dim> dims;
  for (int64_t size : ranked.getShape()) dims.push_back(ShapedType::isDynamic(size) ? Dim() : constant(size));
  set(result, ranked.getElementType(), dims);
}
void ShapeAnalysis::setContents(Value result, ArrayRef<Dim> contents) {
  constexpr size_t kMaxElements = 1024;
  auto it = known.find(result);
  if (it == known.end() || contents.size() > kMaxElements || length(result) != static_cast<int64_t>(contents.size())) return;
  if (llvm::none_of(contents, [](Dim d) { return static_cast<bool>(d); }) && !contents.empty()) return;
  it->second.contents = llvm::map_to_vector(contents, [](Dim d) { return normalize(d); });
}

//===--------------------------------- dimensions ----------------------------------===//

Dim ShapeAnalysis::symbol(SymbolSource source) {
  sources.push_back(std::move(source));
  return getAffineSymbolExpr(sources.size() - 1, context);
}
Dim ShapeAnalysis::fresh(Value v, int64_t index) {
  Dim &d = dimensions[{v, index}];
  if (!d) d = symbol({v, index, /*isElement=*/false, ""});
  return d;
}
Dim ShapeAnalysis::element(Value v, int64_t index) {
  Dim &d = elements[{v, index}];
  if (!d) d = symbol({v, index, /*isElement=*/true, ""});
  return d;
}

Dim ShapeAnalysis::broadcast(Operation *op, Dim a, Dim b, Value result, int64_t index) {
  auto ca = asConstant(a), cb = asConstant(b);
  if (a == b || cb == 1) return a;
  if (ca == 1) return b;
  if (ca && cb) {
    op->emitOpError("expected operands that broadcast together, got sizes ") << *ca << " and " << *cb << " in dimension " << index;
    return {};
  }
  // The size that is known and not 1 wins: the other is equal to it or 1.
  if (ca) return a;
  if (cb) return b;
  return fresh(result, index);
}

bool ShapeAnalysis::isNonNegative(Dim d) const {
  switch (d.getKind()) {
  case AffineExprKind::Constant: return cast<AffineConstantExpr>(d).getValue() >= 0;
  case AffineExprKind::SymbolId: return !sources[cast<AffineSymbolExpr>(d).getPosition()].isElement;
  case AffineExprKind::DimId: return false;
  default: break;
  }
  auto binary = cast<AffineBinaryOpExpr>(d);
  return isNonNegative(binary.getLHS()) && isNonNegative(binary.getRHS());
}

bool ShapeAnalysis::isDefinedOutside(Dim d, Operation *op) const {
  bool outside = true;
  d.walk([&](AffineExpr e) {
    auto s = dyn_cast<AffineSymbolExpr>(e);
    if (!s) return;
    Value value = sources[s.getPosition()].value;
    outside &= !op->isAncestor(value.getParentBlock()->getParentOp());
  });
  return outside;
}

std::string ShapeAnalysis::str(Dim d) const {
  if (!d) return "?";
  if (auto c = asConstant(d)) return std::to_string(*c);
  if (auto s = dyn_cast<AffineSymbolExpr>(d)) {
    const std::string &name = sources[s.getPosition()].name;
    return name.empty() ? "?" + std::to_string(s.getPosition()) : name;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(d);
  if (!binary) return "?";
  std::string l = str(binary.getLHS()), r = str(binary.getRHS());
  auto inParentheses = [](AffineExpr e, const std::string &s) { return e.getKind() == AffineExprKind::Add ? "(" + s + ")" : s; };
  if (d.getKind() == AffineExprKind::Add) {
    if (auto c = asConstant(binary.getRHS()); c && *c < 0) return l + " - " + std::to_string(-*c);
    return l + " + " + r;
  }
  l = inParentheses(binary.getLHS(), l);
  r = inParentheses(binary.getRHS(), r);
  switch (d.getKind()) {
  case AffineExprKind::Mul: return asConstant(binary.getRHS()) ? r + "*" + l : l + "*" + r;
  case AffineExprKind::Mod: return l + " mod " + r;
  case AffineExprKind::FloorDiv: return "floor(" + l + " / " + r + ")";
  default: return "ceil(" + l + " / " + r + ")";
  }
}
std::string ShapeAnalysis::str(ArrayRef<Dim> dims) const {
  std::string s = "[";
  for (auto [i, d] : llvm::enumerate(dims)) s += (i ? ", " : "") + str(d);
  return s + "]";
}

//===------------------------------------ runs --------------------------------------===//

void ShapeAnalysis::seedArguments(func::FuncOp function) {
  std::map<std::string, Dim> named;
  for (BlockArgument arg : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(arg.getType());
    auto names = function.getArgAttrOfType<ArrayAttr>(arg.getArgNumber(), "onnx.dim_params");
    if (!type || !names) {
      seed(arg);
      continue;
    }
    SmallVector<Dim> dims;
    for (auto [i, size] : llvm::enumerate(type.getShape())) {
      auto name = i < names.size() ? dyn_cast<StringAttr>(names[i]) : StringAttr();
      if (!ShapedType::isDynamic(size)) {
        dims.push_back(constant(size));
      } else if (!name || name.empty()) {
        dims.push_back(fresh(arg, i));
      } else {
        // One name is one size, wherever it stands.
        Dim &d = named[name.str()];
        if (!d) {
          d = fresh(arg, i);
          sources[cast<AffineSymbolExpr>(d).getPosition()].name = name.str();
        }
        dims.push_back(d);
      }
    }
    set(arg, type.getElementType(), dims);
  }
}

LogicalResult ShapeAnalysis::run(func::FuncOp function) {
  if (function.isExternal()) return success();
  seedArguments(function);
  return runOnBlock(function.getBody().front());
}

/// Ranks that no rule could find are taken from the model's own annotations, if it has some.
static bool saysMore(Type declared, Type inferred) { return isa<UnrankedTensorType>(inferred) && isa<RankedTensorType>(declared); }

LogicalResult ingot::onnx::inferOp(Operation &op, ShapeAnalysis &shapes) {
  if (auto rule = dyn_cast<InferInterface>(op)) {
    if (failed(checkOperands(&op, shapes)) || failed(rule.infer(shapes))) return failure();
    for (Value result : op.getResults()) {
      // The type of a value that the rule did not set is the one in the IR.
      Type inferred = shapes.type(result);
      if (inferred == result.getType() ? !shapes.hasRank(result) : saysMore(result.getType(), inferred)) shapes.setType(result, result.getType());
      if (failed(checkSizes(&op, result, shapes))) return failure();
    }
    return success();
  }
  for (Value result : op.getResults()) shapes.setType(result, result.getType());
  if (auto constantOp = dyn_cast<ConstantOp>(op)) shapes.setContents(constantOp.getOutput(), readContents(constantOp.getValue(), shapes));
  return success();
}

LogicalResult ShapeAnalysis::runOnBlock(Block &block) {
  for (Operation &op : block) {
    // Bodies of loops are inferred several times.
    required.erase(&op);
    if (failed(inferOp(op, *this))) return failure();
  }
  return success();
}

/// The type with what the analysis knows in addition: sizes and a rank are only ever added.
static Type refined(Type old, Type inferred) {
  auto ranked = dyn_cast<RankedTensorType>(inferred), oldRanked = dyn_cast<RankedTensorType>(old);
  if (!ranked || !oldRanked || ranked.getRank() != oldRanked.getRank()) return ranked || !isa<RankedTensorType>(old) ? inferred : old;
  SmallVector<int64_t> sizes(ranked.getShape());
  for (auto [size, oldSize] : llvm::zip(sizes, oldRanked.getShape()))
    if (ShapedType::isDynamic(size)) size = oldSize;
  return RankedTensorType::get(sizes, ranked.getElementType());
}

void ShapeAnalysis::updateTypes(func::FuncOp function) {
  if (function.isExternal()) return;
  auto update = [&](Value v) {
    if (auto it = known.find(v); it != known.end() && it->second.type) v.setType(refined(v.getType(), it->second.type));
  };
  function.walk([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (op != function)
          for (Value arg : block.getArguments()) update(arg);
    for (Value result : op->getResults()) update(result);
  });
  auto returned = llvm::to_vector(function.getBody().front().getTerminator()->getOperandTypes());
  function.setType(FunctionType::get(context, function.getArgumentTypes(), returned));
}
