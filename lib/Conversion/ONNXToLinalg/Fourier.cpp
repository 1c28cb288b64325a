//===- Fourier.cpp - discrete Fourier transforms of rows ----------------------------------===//
//
// A short transform is a product with a constant matrix, which the contraction generator runs at the speed of the machine's multipliers.  A
// long one is split, n = n1 * n2: products of length n1, a twist by constant factors, transforms of length n2 (Cooley and Tukey 1965).  A
// large prime length becomes a cyclic convolution whose length is a power of two (Bluestein 1970).  A length that only the run knows is one
// product, with a matrix made from a table of one period.
//===-----------------------------------------------------------------------------===//
#include "Fourier.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <cmath>
#include <complex>

using namespace mlir;
using namespace ingot;

using Complex = std::complex<double>;

/// Multiply-adds for each point up to which one product beats a split, whose passes over memory cost about as much as 300.
static constexpr int64_t kProductLimit = 528;
/// Lengths of the products that a split is made of.
static constexpr int64_t kFactorLimit = 64;

OpFoldResult Fourier::inputs(TensorBuilder &t) const {
  return inverse && onesided ? t.add(t.floorDiv(length, t.indexAttr(2)), t.indexAttr(1)) : length;
}
OpFoldResult Fourier::outputs(TensorBuilder &t) const {
  return !inverse && onesided ? t.add(t.floorDiv(length, t.indexAttr(2)), t.indexAttr(1)) : length;
}

bool ingot::isOneProduct(TensorBuilder &t, const Fourier &f, int64_t components) {
  auto outputs = getConstantIntValue(f.outputs(t));
  return !outputs || components * f.outputComponents() * *outputs <= kProductLimit;
}

/// exp(2 pi i k / n), exact where it matters: the angle is reduced before.
static Complex root(int64_t k, int64_t n) {
  double angle = 2 * M_PI * static_cast<double>(k % n) / static_cast<double>(n);
  return {std::cos(angle), std::sin(angle)};
}

static Value constantTensor(TensorBuilder &t, ArrayRef<int64_t> shape, Type element, ArrayRef<double> values) {
  auto type = RankedTensorType::get(shape, element);
  if (element.isF64())
    return arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(type, values));
  SmallVector<float> narrow(values.begin(), values.end());
  return arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(type, ArrayRef<float>(narrow)));
}

//===--------------------------------- one product ----------------------------------------===//

/// The factor of input (j, in) in output (k, out), for w = exp(+-2 pi i j k / n): a complex product as one of real matrices.
static double entryOf(Complex w, int64_t in, int64_t out) {
  return in == 0 ? (out == 0 ? w.real() : w.imag()) : (out == 0 ? -w.imag() : w.real());
}

static Value staticMatrix(ComputeBuilder &t, const Fourier &f, int64_t components, Type element) {
  int64_t n = *getConstantIntValue(f.length), rows = *getConstantIntValue(f.inputs(t)), columns = *getConstantIntValue(f.outputs(t));
  bool isHermitian = f.inverse && f.onesided;
  SmallVector<double> values;
  for (int64_t j = 0; j < rows; ++j) {
    // The half that is not there repeats the other one, except for the first and, of an even length, the last.
    double scale = f.inverse ? 1.0 / static_cast<double>(n) : 1;
    if (isHermitian && j != 0 && 2 * j != n)
      scale *= 2;
    for (int64_t in = 0; in < components; ++in)
      for (int64_t k = 0; k < columns; ++k) {
        Complex w = root(j * k, n);
        for (int64_t out = 0; out < f.outputComponents(); ++out)
          values.push_back(scale * entryOf(f.inverse ? w : std::conj(w), in, out));
      }
  }
  return constantTensor(t, {rows * components, columns * f.outputComponents()}, element, values);
}

/// The same at run time: cosine and sine of one period, then read at j * k modulo the length.
static Value runtimeMatrix(ComputeBuilder &t, const Fourier &f, int64_t components, Type element) {
  Value n = t.value(f.length);
  Type f64 = t.b.getF64Type(), i64 = t.b.getI64Type();
  auto toReal = [&](OpBuilder &b, Location loc, Value i) -> Value {
    return arith::SIToFPOp::create(b, loc, f64, arith::IndexCastOp::create(b, loc, i64, i));
  };
  auto period = [&](bool sine) {
    return t.compute(f.length, element, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
      ScalarBuilder s(b, loc, false, element);
      Value angle = s.div(s.mul(toReal(b, loc, at[0]), s.constant(f64, f.inverse ? 2 * M_PI : -2 * M_PI)), toReal(b, loc, n));
      Value v = sine ? s.math<math::SinOp>(angle) : s.math<math::CosOp>(angle);
      return s.cast(f.inverse ? s.div(v, toReal(b, loc, n)) : v, element, false, false);
    });
  };
  Value cosine = period(false), sine = period(true);
  Dims sizes = {f.inputs(t), t.indexAttr(components), f.outputs(t), t.indexAttr(f.outputComponents())};
  bool isHermitian = f.inverse && f.onesided;
  Value matrix = t.compute(sizes, element, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    TensorBuilder nested(b, loc);
    ScalarBuilder s(b, loc, false, element);
    Value zero = nested.index(0), j = at[0];
    Value place = arith::RemUIOp::create(b, loc, arith::MulIOp::create(b, loc, j, at[2]), n);
    Value c = nested.extract(cosine, place), w = nested.extract(sine, place);
    auto isZero = [&](Value v) { return nested.compare(arith::CmpIPredicate::eq, v, zero); };
    Value real = s.select(isZero(at[1]), c, s.neg(w)), imaginary = s.select(isZero(at[1]), w, c);
    Value v = s.select(isZero(at[3]), real, imaginary);
    if (!isHermitian)
      return v;
    Value alone = s.bitOr(isZero(j), nested.compare(arith::CmpIPredicate::eq, arith::AddIOp::create(b, loc, j, j), n));
    return s.select(alone, v, s.add(v, v));
  });
  return t.collapse(matrix, {{0, 1}, {2, 3}});
}

Value ingot::fourierMatrix(ComputeBuilder &t, const Fourier &f, int64_t components, Type element) {
  return getConstantIntValue(f.length) ? staticMatrix(t, f, components, element) : runtimeMatrix(t, f, components, element);
}

//===------------------------------------- a split -----------------------------------------===//

namespace {

/// Transforms of all points of complex or real rows, of a length known now.  Rows are [R, components, n] where they are planar.
class LongTransform {
public:
  LongTransform(ComputeBuilder &t, bool inverse, Type element) : t(t), inverse(inverse), element(element) {}

  /// [R, n, components], or [R, components, n] if planar, to [R, n, 2].
  Value run(Value x, int64_t n, bool planar) {
    int64_t components = cast<RankedTensorType>(x.getType()).getDimSize(planar ? 1 : 2);
    if (n <= kFactorLimit || components * 2 * n <= kProductLimit) {
      Value flat = t.collapse(planar ? x : t.transpose(x, {0, 2, 1}), {{0}, {1, 2}});
      Value y = multiplyMatrices(t, flat, matrix(n, components, /*planarOut=*/false), element);
      return t.expand(y, {{0}, {1, 2}}, {t.dim(x, 0), t.indexAttr(n), t.indexAttr(2)});
    }
    int64_t n1 = factorOf(n);
    return n1 > 1 ? split(x, n1, n / n1, components, planar) : convolve(x, n, components, planar);
  }

private:
  struct Pair {
    Value re, im;
  };

  /// The divisor nearest to the root among those that one product can do; 1 if there is none.
  static int64_t factorOf(int64_t n) {
    int64_t best = 1;
    for (int64_t d = 2; d <= kFactorLimit; ++d)
      if (n % d == 0 && (d <= n / d || best == 1))
        best = d;
    return best;
  }

  /// Rows in the order (component, point), columns in that order or in (point, component).
  Value matrix(int64_t n, int64_t components, bool planarOut) {
    SmallVector<double> values;
    double scale = inverse ? 1.0 / static_cast<double>(n) : 1;
    for (int64_t in = 0; in < components; ++in)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t column = 0; column < 2 * n; ++column) {
          int64_t k = planarOut ? column % n : column / 2, out = planarOut ? column / n : column % 2;
          Complex w = root(j * k, n);
          values.push_back(scale * entryOf(inverse ? w : std::conj(w), in, out));
        }
    return constantTensor(t, {components * n, 2 * n}, element, values);
  }

  Value plane(Value x, int64_t axis, int64_t component) {
    Dims sizes = t.dims(x), offsets(sizes.size(), t.indexAttr(0));
    sizes[axis] = t.indexAttr(1);
    offsets[axis] = t.indexAttr(component);
    return t.dropUnits(t.slice(x, offsets, sizes), {axis});
  }

  /// (x * factors) over loops whose sizes are `sizes`; factors are constants read at `factorMap`.
  Pair twist(Pair x, AffineMap xMap, ArrayRef<Complex> factors, ArrayRef<int64_t> factorShape, AffineMap factorMap, ArrayRef<OpFoldResult> sizes) {
    SmallVector<double> re, im;
    for (Complex w : factors) {
      re.push_back(w.real());
      im.push_back(w.imag());
    }
    Value wr = constantTensor(t, factorShape, element, re), wi = constantTensor(t, factorShape, element, im);
    SmallVector<Value> in = {x.re, wr, wi};
    SmallVector<AffineMap> maps = {xMap, factorMap, factorMap};
    if (x.im) {
      in.push_back(x.im);
      maps.push_back(xMap);
    }
    Value real = t.mapWide(in, maps, sizes, element, [&](ScalarBuilder &s, ValueRange v) {
      Value p = s.mul(v[0], v[1]);
      return x.im ? s.sub(p, s.mul(v[3], v[2])) : p;
    });
    Value imaginary = t.mapWide(in, maps, sizes, element, [&](ScalarBuilder &s, ValueRange v) {
      Value p = s.mul(v[0], v[2]);
      return x.im ? s.add(p, s.mul(v[3], v[1])) : p;
    });
    return {real, imaginary};
  }

  /// Two planes [R..., n] as [R..., 2, n'], with zeros behind n.
  Value joinPlanes(Pair p, OpFoldResult padded) {
    Dims sizes = t.dims(p.re), whole = sizes;
    whole.back() = padded;
    whole.insert(whole.end() - 1, t.indexAttr(2));
    bool isPadded = getConstantIntValue(sizes.back()) != getConstantIntValue(padded);
    Value all = isPadded ? t.full(whole, t.number(element, 0)) : t.empty(whole, element);
    Dims offsets(whole.size(), t.indexAttr(0)), part = sizes;
    part.insert(part.end() - 1, t.indexAttr(1));
    all = t.insert(p.re, all, offsets, part);
    offsets[whole.size() - 2] = t.indexAttr(1);
    return t.insert(p.im, all, offsets, part);
  }

  /// j = n2 j1 + j2, k = k1 + n1 k2
  Value split(Value x, int64_t n1, int64_t n2, int64_t components, bool planar) {
    OpFoldResult rows = t.dim(x, 0), c = t.indexAttr(components), s1 = t.indexAttr(n1), s2 = t.indexAttr(n2), two = t.indexAttr(2);
    // Over j1, to rows (r, j2) of (component, j1).
    Value columns = planar ? t.transpose(t.expand(x, {{0}, {1}, {2, 3}}, {rows, c, s1, s2}), {0, 3, 1, 2})
                           : t.transpose(t.expand(x, {{0}, {1, 2}, {3}}, {rows, s1, s2, c}), {0, 2, 3, 1});
    Value first = multiplyMatrices(t, t.collapse(columns, {{0, 1}, {2, 3}}), matrix(n1, components, /*planarOut=*/true), element);
    first = t.expand(first, {{0, 1}, {2, 3}}, {rows, s2, two, s1});
    // Turned to (r, k1, j2) on the way.
    SmallVector<Complex> factors;
    for (int64_t k1 = 0; k1 < n1; ++k1)
      for (int64_t j2 = 0; j2 < n2; ++j2) {
        Complex w = root(k1 * j2, n1 * n2);
        factors.push_back(inverse ? w : std::conj(w));
      }
    Pair turned = twist({plane(first, 2, 0), plane(first, 2, 1)}, t.select(3, {0, 2, 1}), factors, {n1, n2}, t.select(3, {1, 2}), {rows, s1, s2});
    Value second = t.collapse(joinPlanes(turned, s2), {{0, 1}, {2}, {3}});
    Value y = t.expand(run(second, n2, /*planar=*/true), {{0, 1}, {2}, {3}}, {rows, s1, s2, two});
    return t.collapse(t.transpose(y, {0, 2, 1, 3}), {{0}, {1, 2}, {3}});
  }

  /// X[k] = w[k] * sum over j of (x[j] w[j]) / w[k - j], with w[j] = exp(-+ pi i j^2 / n): a convolution, done by transforms of length m.
  Value convolve(Value x, int64_t n, int64_t components, bool planar) {
    int64_t m = llvm::PowerOf2Ceil(2 * n - 1);
    SmallVector<Complex> chirp;
    for (int64_t j = 0; j < n; ++j) {
      Complex w = root(static_cast<int64_t>((static_cast<__int128>(j) * j) % (2 * n)), 2 * n);
      chirp.push_back(inverse ? w : std::conj(w));
    }
    SmallVector<Complex> filter(m);
    for (int64_t j = 0; j < n; ++j)
      filter[j] = filter[(m - j) % m] = std::conj(chirp[j]);
    transformNow(filter);

    OpFoldResult rows = t.dim(x, 0), length = t.indexAttr(n), padded = t.indexAttr(m);
    int64_t axis = planar ? 1 : 2;
    AffineMap all = t.b.getMultiDimIdentityMap(2), along = t.select(2, {1});
    Pair in{plane(x, axis, 0), components == 2 ? plane(x, axis, 1) : Value()};
    Pair chirped = twist(in, all, chirp, {n}, along, {rows, length});
    LongTransform forward(t, false, element), backward(t, true, element);
    Value spectrum = forward.run(joinPlanes(chirped, padded), m, /*planar=*/true);
    Pair filtered = twist({plane(spectrum, 2, 0), plane(spectrum, 2, 1)}, all, filter, {m}, along, {rows, padded});
    Value back = backward.run(joinPlanes(filtered, padded), m, /*planar=*/true);
    Value kept = t.slice(back, {t.indexAttr(0), t.indexAttr(0), t.indexAttr(0)}, {rows, length, t.indexAttr(2)});
    if (inverse)
      for (Complex &w : chirp)
        w /= static_cast<double>(n);
    Pair result = twist({plane(kept, 2, 0), plane(kept, 2, 1)}, all, chirp, {n}, along, {rows, length});
    return t.transpose(joinPlanes(result, length), {0, 2, 1});
  }

  /// The transform of constants of a power-of-two length, in place.
  static void transformNow(MutableArrayRef<Complex> a) {
    size_t n = a.size();
    for (size_t i = 1, j = 0; i < n; ++i) {
      size_t bit = n >> 1;
      for (; j & bit; bit >>= 1)
        j ^= bit;
      j ^= bit;
      if (i < j)
        std::swap(a[i], a[j]);
    }
    for (size_t length = 2; length <= n; length *= 2)
      for (size_t i = 0; i < n; i += length)
        for (size_t k = 0; k < length / 2; ++k) {
          Complex u = a[i + k], v = a[i + k + length / 2] * std::conj(root(k, length));
          a[i + k] = u + v;
          a[i + k + length / 2] = u - v;
        }
  }

  ComputeBuilder &t;
  bool inverse;
  Type element;
};

} // namespace

/// The second half of a Hermitian spectrum: x[k] for k <= n / 2, then the conjugates of x[n - k].
static Value completeSpectrum(ComputeBuilder &t, Value rows, int64_t n) {
  Value length = t.index(n), half = t.index(n / 2);
  return t.compute({t.dim(rows, 0), t.indexAttr(n), t.indexAttr(2)}, elementType(rows), [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    TensorBuilder nested(b, loc);
    ScalarBuilder s(b, loc, false, elementType(rows));
    Value mirrored = nested.compare(arith::CmpIPredicate::ugt, at[1], half);
    Value k = s.select(mirrored, arith::SubIOp::create(b, loc, length, at[1]), at[1]);
    Value v = nested.extract(rows, {at[0], k, at[2]});
    Value imaginary = nested.compare(arith::CmpIPredicate::eq, at[2], nested.index(1));
    return s.select(s.bitAnd(mirrored, imaginary), s.neg(v), v);
  });
}

Value ingot::transformRows(ComputeBuilder &t, Value rows, const Fourier &f) {
  Type element = elementType(rows);
  int64_t components = cast<RankedTensorType>(rows.getType()).getDimSize(2);
  OpFoldResult zero = t.indexAttr(0), count = f.inputs(t);
  Value x = t.padOrCrop(rows, {zero, zero, zero}, {zero, t.sub(count, t.dim(rows, 1)), zero}, t.number(element, 0));
  OpFoldResult outputs = f.outputs(t), outComponents = t.indexAttr(f.outputComponents());
  if (isOneProduct(t, f, components)) {
    Value y = multiplyMatrices(t, t.collapse(x, {{0}, {1, 2}}), fourierMatrix(t, f, components, element), element);
    return t.expand(y, {{0}, {1, 2}}, {t.dim(rows, 0), outputs, outComponents});
  }
  int64_t n = *getConstantIntValue(f.length);
  if (f.inverse && f.onesided)
    x = completeSpectrum(t, x, n);
  Value y = LongTransform(t, f.inverse, element).run(x, n, /*planar=*/false);
  if (!f.onesided)
    return y;
  return t.slice(y, {zero, zero, zero}, {t.dim(rows, 0), outputs, outComponents});
}
