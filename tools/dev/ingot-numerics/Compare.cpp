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

std::string compareNumbers(const ingot_tensor &got, const ingot_tensor &expected, int64_t count, const Tolerance &tolerance) {
  int64_t differing = 0, worst = 0;
  double worstRatio = -1, dot = 0, gotSquares = 0, expectedSquares = 0;
  // 64-bit integers do not fit into a double.
  bool wide = got.type == INGOT_INT64 || got.type == INGOT_UINT64;
  for (int64_t i = 0; i < count; ++i) {
    double a = ingot_element_get(got.type, got.data, i), b = ingot_element_get(expected.type, expected.data, i);
    if (std::isfinite(a) && std::isfinite(b)) {
      dot += a * b;
      gotSquares += a * a;
      expectedSquares += b * b;
    }
    if (wide ? std::memcmp(static_cast<const char *>(got.data) + 8 * i, static_cast<const char *>(expected.data) + 8 * i, 8) == 0
             : a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double allowed = tolerance.atol + tolerance.rtol * std::fabs(b);
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
    os << differing << " of " << count << " elements differ, worst " << worst << ": got " << ingot_element_get(got.type, got.data, worst)
       << ", expected " << ingot_element_get(expected.type, expected.data, worst) << " (cosine " << cosine << ")";
  else if (cosine < tolerance.minCosine)
    os << "cosine " << cosine << ", expected at least " << tolerance.minCosine;
  return text;
}

} // namespace

std::string compare(const ingot_tensor &got, const ingot_tensor &expected, const Tolerance &tolerance) {
  if (got.kind != expected.kind || got.rank != expected.rank || !std::equal(got.dims, got.dims + got.rank, expected.dims) ||
      (got.kind == INGOT_TENSOR && got.type != expected.type))
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

} // namespace ingot::numerics
