//===- DimArithmetic.cpp - polynomials of dimensions -------------------------------------===//
#include "DimArithmetic.h"

#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <map>
#include <vector>

using namespace mlir;
using namespace ingot::onnx;

/// A total order that does not depend on addresses: by kind, then content.
static int compare(AffineExpr a, AffineExpr b) {
  if (a == b) return 0;
  auto rank = [](AffineExpr e) {
    if (e.getKind() == AffineExprKind::SymbolId) return 0;
    return e.getKind() == AffineExprKind::Constant ? 1 : 2 + static_cast<int>(e.getKind());
  };
  if (int d = rank(a) - rank(b)) return d;
  if (auto symbol = dyn_cast<AffineSymbolExpr>(a)) return symbol.getPosition() < cast<AffineSymbolExpr>(b).getPosition() ? -1 : 1;
  if (auto constant = dyn_cast<AffineConstantExpr>(a)) return constant.getValue() < cast<AffineConstantExpr>(b).getValue() ? -1 : 1;
  auto x = cast<AffineBinaryOpExpr>(a), y = cast<AffineBinaryOpExpr>(b);
  if (int d = compare(x.getLHS(), y.getLHS())) return d;
  return compare(x.getRHS(), y.getRHS());
}

namespace {
/// A product of atoms, in order.
using Monomial = std::vector<AffineExpr>;
struct MonomialLess {
  // Higher degrees first, so that the constant comes last.
  bool operator()(const Monomial &a, const Monomial &b) const {
    if (a.size() != b.size()) return a.size() > b.size();
    for (size_t i = 0; i < a.size(); ++i)
      if (int d = compare(a[i], b[i])) return d < 0;
    return false;
  }
};
using Polynomial = std::map<Monomial, int64_t, MonomialLess>;
constexpr size_t kMaxTerms = 64;
} // namespace

// Sizes that overflow are refused where memory is planned; here they must only not be undefined.
static int64_t wrappingMul(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b)); }
static int64_t wrappingAdd(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

static void addTerm(Polynomial &p, const Monomial &m, int64_t c) {
  int64_t &slot = p[m];
  slot = wrappingAdd(slot, c);
  if (slot == 0) p.erase(m);
}

static Polynomial multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial out;
  for (auto &[ma, ca] : a)
    for (auto &[mb, cb] : b) {
      Monomial m = ma;
      m.insert(m.end(), mb.begin(), mb.end());
      std::sort(m.begin(), m.end(), [](AffineExpr x, AffineExpr y) { return compare(x, y) < 0; });
      addTerm(out, m, wrappingMul(ca, cb));
    }
  return out;
}

static AffineExpr build(const Polynomial &p, MLIRContext *context) {
  AffineExpr sum;
  for (auto &[monomial, coefficient] : p) {
    AffineExpr term;
    for (AffineExpr atom : monomial) term = term ? term * atom : atom;
    AffineExpr c = getAffineConstantExpr(coefficient, context);
    term = !term ? c : coefficient == 1 ? term : term * c;
    sum = sum ? sum + term : term;
  }
  return sum ? sum : getAffineConstantExpr(0, context);
}

static Polynomial atom(AffineExpr e) { return {{Monomial{e}, 1}}; }

static Polynomial read(AffineExpr e);

/// Quotient or remainder by a constant: terms that the constant divides are taken out.
static Polynomial readDivision(AffineExprKind kind, AffineExpr lhs, int64_t divisor) {
  Polynomial whole, rest;
  for (auto &[monomial, coefficient] : read(lhs)) {
    // A constant is split, so that (s0 * 2 + 3) floordiv 2 is s0 + 1.
    int64_t remainder = coefficient % divisor;
    if (monomial.empty() && remainder < 0) remainder += divisor;
    if (!monomial.empty() && remainder != 0) remainder = coefficient;
    if (remainder != coefficient) addTerm(whole, monomial, (coefficient - remainder) / divisor);
    if (remainder != 0) addTerm(rest, monomial, remainder);
  }
  MLIRContext *context = lhs.getContext();
  AffineExpr r = build(rest, context), d = getAffineConstantExpr(divisor, context);
  Polynomial result = kind == AffineExprKind::Mod ? Polynomial() : whole;
  AffineExpr tail = kind == AffineExprKind::Mod ? r % d : kind == AffineExprKind::FloorDiv ? r.floorDiv(d) : r.ceilDiv(d);
  if (auto constant = dyn_cast<AffineConstantExpr>(tail))
    addTerm(result, {}, constant.getValue());
  else
    for (auto &[monomial, coefficient] : tail.getKind() == kind ? atom(tail) : read(tail)) addTerm(result, monomial, coefficient);
  return result;
}

static Polynomial read(AffineExpr e) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return constant.getValue() == 0 ? Polynomial() : Polynomial{{Monomial{}, constant.getValue()}};
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  if (!binary) return atom(e);
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  switch (e.getKind()) {
  case AffineExprKind::Add: {
    Polynomial sum = read(lhs);
    for (auto &[monomial, coefficient] : read(rhs)) addTerm(sum, monomial, coefficient);
    return sum.size() > kMaxTerms ? atom(e) : sum;
  }
  case AffineExprKind::Mul: {
    Polynomial a = read(lhs), b = read(rhs);
    return a.size() * b.size() > kMaxTerms ? atom(e) : multiply(a, b);
  }
  default:
    if (auto constant = dyn_cast<AffineConstantExpr>(normalize(rhs)); constant && constant.getValue() > 0)
      return readDivision(e.getKind(), lhs, constant.getValue());
    return atom(e);
  }
}

Dim ingot::onnx::normalize(Dim d) {
  if (!d || isa<AffineConstantExpr, AffineSymbolExpr>(d)) return d;
  return build(read(d), d.getContext());
}

Dim ingot::onnx::divideExactly(Dim a, Dim b) {
  Polynomial divisor = read(b), result;
  if (divisor.size() != 1) return normalize(a) == normalize(b) && !divisor.empty() ? getAffineConstantExpr(1, a.getContext()) : Dim();
  auto &[atoms, factor] = *divisor.begin();
  for (auto &[monomial, coefficient] : read(a)) {
    if (coefficient % factor != 0) return {};
    Monomial rest = monomial;
    for (AffineExpr atom : atoms) {
      auto it = std::find(rest.begin(), rest.end(), atom);
      if (it == rest.end()) return {};
      rest.erase(it);
    }
    addTerm(result, rest, coefficient / factor);
  }
  return build(result, a.getContext());
}

Dim ingot::onnx::floorDivide(Dim a, int64_t b) { return normalize(a.floorDiv(b)); }

Dim ingot::onnx::product(ArrayRef<Dim> dims, MLIRContext *context) {
  Dim result = getAffineConstantExpr(1, context);
  for (Dim d : dims) result = result * d;
  return normalize(result);
}
