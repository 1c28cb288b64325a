//===- Compare.cpp - results against expected values ------------------------------------===//
#include "Compare.h"
#include "ingot/Runtime/tensor_io.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace llvm;

namespace ingot::numerics {
namespace {

std::string describe(const ingot_tensor &value) {
  static const char *kinds[] = {"", "sequence of ", "optional ", "map to "};
  std::string text;
  raw_string_ostream os(text);
  os << kinds[value.kind & 3] << ingot_type_name(value.type) << "[";
  interleaveComma(ArrayRef(value.dims, value.rank), os);
  os << "]";
  return text;
}

bool isComplex(ingot_type type) { return type == INGOT_COMPLEX64 || type == INGOT_COMPLEX128; }

StringRef stringAt(const ingot_tensor &tensor, int64_t i) {
  const ingot_string &s = static_cast<const ingot_string *>(tensor.data)[i];
  return StringRef(s.data, s.size);
}

std::string compareStrings(const ingot_tensor &got, const ingot_tensor &expected, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (stringAt(got, i) != stringAt(expected, i))
      return ("element " + Twine(i) + " is \"" + stringAt(got, i).take_front(60) + "\", expected \"" + stringAt(expected, i).take_front(60) + "\"").str();
  return {};
}

double realAt(const ingot_tensor &tensor, int64_t i) { return ingot_element_get(tensor.type, tensor.data, i); }

/// Half a unit in the last place of the largest expected number. A sum of terms of that size, of which a Fourier transform may leave next to
/// nothing, is not known better. Nothing for types that are so narrow that the relative tolerance is of that size itself.
double roundingOfLargest(const ingot_tensor &expected, int64_t count) {
  double unit = 0;
  if (expected.type == INGOT_FLOAT || expected.type == INGOT_COMPLEX64)
    unit = 0x1p-24;
  else if (expected.type == INGOT_DOUBLE || expected.type == INGOT_COMPLEX128)
    unit = 0x1p-53;
  double largest = 0;
  for (int64_t i = 0; unit > 0 && i < count; ++i)
    if (double value = std::fabs(realAt(expected, i)); std::isfinite(value))
      largest = std::max(largest, value);
  return unit * largest;
}

std::string compareNumbers(const ingot_tensor &got, const ingot_tensor &expected, int64_t count, const Tolerance &tolerance) {
  int64_t differing = 0, worst = 0;
  double worstRatio = -1, dot = 0, gotSquares = 0, expectedSquares = 0;
  // 64-bit integers do not fit into a double.
  double atol = std::max(tolerance.atol, roundingOfLargest(expected, count));
  bool wide = got.type == INGOT_INT64 || got.type == INGOT_UINT64;
  for (int64_t i = 0; i < count; ++i) {
    double a = realAt(got, i), b = realAt(expected, i);
    if (std::isfinite(a) && std::isfinite(b)) {
      dot += a * b;
      gotSquares += a * a;
      expectedSquares += b * b;
    }
    if (wide ? std::memcmp(static_cast<const char *>(got.data) + 8 * i, static_cast<const char *>(expected.data) + 8 * i, 8) == 0
             : a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double allowed = atol + tolerance.rtol * std::fabs(b);
    double error = std::isfinite(a) && std::isfinite(b) ? std::max(std::fabs(a - b), wide ? 1.0 : 0.0) : INFINITY;
    if (error <= allowed)
      continue;
    ++differing;
    double ratio = allowed > 0 ? error / allowed : INFINITY;
    if (ratio > worstRatio) {
      worstRatio = ratio;
      worst = i;
    }
  }
  double cosine = gotSquares > 0 && expectedSquares > 0 ? dot / std::sqrt(gotSquares * expectedSquares) : gotSquares == expectedSquares;
  std::string text;
  raw_string_ostream os(text);
  if (differing)
    os << differing << " of " << count << " elements differ, worst " << worst << ": got " << realAt(got, worst) << ", expected "
       << realAt(expected, worst) << " (cosine " << cosine << ")";
  else if (cosine < tolerance.minCosine)
    os << "cosine " << cosine << ", expected at least " << tolerance.minCosine;
  return text;
}

bool sameKind(const ingot_tensor &got, const ingot_tensor &expected) {
  return got.kind == expected.kind && got.rank == expected.rank && std::equal(got.dims, got.dims + got.rank, expected.dims) &&
         (got.kind != INGOT_TENSOR || got.type == expected.type);
}

struct Sample {
  double mean = 0, variance = 0;
};

Sample sampleOf(const ingot_tensor &tensor, int64_t count) {
  Sample sample;
  for (int64_t i = 0; i < count; ++i)
    sample.mean += realAt(tensor, i) / double(count);
  for (int64_t i = 0; i < count; ++i)
    sample.variance += std::pow(realAt(tensor, i) - sample.mean, 2) / double(count);
  return sample;
}

} // namespace

std::string compare(const ingot_tensor &got, const ingot_tensor &expected, const Tolerance &tolerance) {
  if (!sameKind(got, expected))
    return "got " + describe(got) + ", expected " + describe(expected);
  if (got.kind != INGOT_TENSOR) {
    for (int64_t i = 0; i < got.dims[0]; ++i) {
      std::string difference = compare(static_cast<const ingot_tensor *>(got.data)[i], static_cast<const ingot_tensor *>(expected.data)[i], tolerance);
      if (!difference.empty())
        return "element " + std::to_string(i) + " of the sequence: " + difference;
    }
    return {};
  }
  int64_t count = ingot_element_count(&got) * (isComplex(got.type) ? 2 : 1);
  return got.type == INGOT_STRING ? compareStrings(got, expected, count) : compareNumbers(got, expected, count, tolerance);
}

std::string compareStatistics(const ingot_tensor &got, const ingot_tensor &expected) {
  if (!sameKind(got, expected))
    return "got " + describe(got) + ", expected " + describe(expected);
  int64_t count = ingot_element_count(&got);
  if (got.kind != INGOT_TENSOR || got.type == INGOT_STRING || isComplex(got.type) || count < 2)
    return "random values of which no statistics are made: " + describe(got);
  // Means of equal distributions differ by more than four standard errors once in 16,000 times. Our numbers are the same in each run.
  constexpr double errors = 4;
  Sample a = sampleOf(got, count), b = sampleOf(expected, count);
  double allowed = errors * std::sqrt((a.variance + b.variance) / double(count));
  // Of a sample's deviation the standard error is at most the deviation by the root of the count, for normal and for flatter distributions.
  double deviationA = std::sqrt(a.variance), deviationB = std::sqrt(b.variance);
  std::string text;
  raw_string_ostream os(text);
  if (!(std::fabs(a.mean - b.mean) <= allowed) || !(std::fabs(deviationA - deviationB) <= allowed))
    os << "random values of other statistics: mean " << a.mean << " and deviation " << deviationA << ", expected " << b.mean << " and " << deviationB
       << " up to " << allowed;
  return text;
}

} // namespace ingot::numerics
