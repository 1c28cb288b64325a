//===- Changes.cpp - inputs that no model expects ------------------------------------------===//
#include "Changes.h"
#include "ingot/Runtime/tensor_io.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

using namespace llvm;

namespace ingot::numerics {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
// What a type does not hold becomes its least or largest number.
constexpr double largest = 1e300;

std::vector<double> hostileElements(ingot_type type) {
  switch (type) {
  case INGOT_BOOL:
    return {0, 1};
  case INGOT_STRING:
    return {0, 1, 5000};
  case INGOT_FLOAT: case INGOT_DOUBLE: case INGOT_FLOAT16: case INGOT_BFLOAT16: case INGOT_COMPLEX64: case INGOT_COMPLEX128:
    return {nan, infinity, -infinity, 0, -1, 1e-42, 3e38, -3e38, 4.5e9};
  default:
    return {-1, 0, 1, 7, 1000, -1000, 3e9, -largest, largest};
  }
}

size_t bytesOf(const ingot_tensor &tensor) { return size_t(ingot_element_count(&tensor)) * ingot_element_size(tensor.type); }

} // namespace

std::vector<Change> changesOf(ArrayRef<ingot_tensor> inputs) {
  std::vector<Change> changes;
  std::set<int64_t> sizes;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    const ingot_tensor &input = inputs[i];
    if (input.kind != INGOT_TENSOR)
      continue;
    int64_t count = ingot_element_count(&input);
    for (double value : hostileElements(input.type)) {
      if (count > 0)
        changes.push_back({Change::All, i, value});
      if (count > 1)
        changes.push_back({value == 0 || value > 1 ? Change::First : Change::Last, i, value});
    }
    for (int dim = 0; dim < input.rank; ++dim) {
      int64_t size = input.dims[dim];
      sizes.insert(size);
      for (int64_t other : std::set<int64_t>{0, 1, std::max<int64_t>(size - 1, 0), size + 1})
        if (other != size)
          changes.push_back({Change::Size, i, 0, other, dim});
    }
  }
  for (int64_t size : sizes)
    for (int64_t other : std::set<int64_t>{0, 1, size + 1})
      if (other != size)
        changes.push_back({Change::EverySize, 0, 0, other, 0, size});
  return changes;
}

std::string describe(const Change &change) {
  std::string text;
  raw_string_ostream os(text);
  if (change.what == Change::EverySize) {
    os << "every dimension of " << change.former << " is " << change.size;
    return text;
  }
  os << "input " << change.input << ": ";
  if (change.what == Change::Size)
    os << "dimension " << change.dim << " is " << change.size;
  else
    os << (change.what == Change::All ? "all elements " : change.what == Change::First ? "first element " : "last element ") << change.value;
  return text;
}

ChangedTensor::ChangedTensor(const ingot_tensor &original, const Change &change) : tensor(original) {
  if (change.what == Change::Size)
    tensor.dims[change.dim] = change.size;
  else if (change.what == Change::EverySize)
    std::replace(tensor.dims, tensor.dims + tensor.rank, change.former, change.size);
  tensor.bytes = bytesOf(tensor);
  tensor.data = std::malloc(std::max<size_t>(tensor.bytes, 1));
  size_t had = bytesOf(original), element = ingot_element_size(tensor.type);
  // Elements are repeated where there are more of them than before.
  for (size_t at = 0; at < tensor.bytes; at += element) {
    if (had)
      std::memcpy(static_cast<char *>(tensor.data) + at, static_cast<const char *>(original.data) + at % had, element);
    else
      std::memset(static_cast<char *>(tensor.data) + at, 0, element);
  }
  if (change.what != Change::Size && change.what != Change::EverySize)
    setElements(change);
}

ChangedTensor::~ChangedTensor() {
  std::free(tensor.data);
  for (std::string *string : strings)
    delete string;
}

void ChangedTensor::setElements(const Change &change) {
  int64_t count = ingot_element_count(&tensor);
  bool isComplex = tensor.type == INGOT_COMPLEX64 || tensor.type == INGOT_COMPLEX128;
  for (int64_t i = 0; i < count; ++i) {
    if ((change.what == Change::First && i > 0) || (change.what == Change::Last && i + 1 < count))
      continue;
    if (tensor.type == INGOT_STRING) {
      strings.push_back(new std::string(size_t(change.value), '\xe4'));
      static_cast<ingot_string *>(tensor.data)[i] = {strings.back()->data(), strings.back()->size()};
    } else {
      for (int64_t part = 0; part < (isComplex ? 2 : 1); ++part)
        ingot_element_set(tensor.type, tensor.data, (isComplex ? 2 : 1) * i + part, change.value);
    }
  }
}

} // namespace ingot::numerics
