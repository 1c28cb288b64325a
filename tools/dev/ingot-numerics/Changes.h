//===- Changes.h - inputs that no model expects --------------------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_CHANGES_H
#define INGOT_TOOLS_NUMERICS_CHANGES_H

#include "ingot/Runtime/ingot.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace ingot::numerics {

/// One change of one input: other elements, or another size along a dimension.
struct Change {
  enum What { All, First, Last, Size } what;
  unsigned input;
  double value;     // of the elements; of strings the length
  int64_t size = 0; // of dimension `dim`
  int dim = 0;
};

/// For integers the least, the largest, negative and far ones, for floats those that are no number, infinite or huge, for each dimension
/// none, one, one less and one more.
std::vector<Change> changesOf(llvm::ArrayRef<ingot_tensor> inputs);

/// "input 1: first element inf"
std::string describe(const Change &change);

/// An input of which nothing lies beside its elements in memory, so that a sanitizer sees every step too far.
class ChangedTensor {
public:
  explicit ChangedTensor(const ingot_tensor &original) : ChangedTensor(original, original.dims) {}
  ChangedTensor(const ingot_tensor &original, const int64_t *dims);
  ~ChangedTensor();
  ChangedTensor(const ChangedTensor &) = delete;

  void set(const Change &change);
  ingot_tensor tensor;

private:
  std::vector<std::string *> strings;
};

} // namespace ingot::numerics

#endif
