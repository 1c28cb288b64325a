//===- Changes.h - inputs that no model expects --------------------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_CHANGES_H
#define INGOT_TOOLS_NUMERICS_CHANGES_H

#include "ingot/Runtime/ingot.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace ingot::numerics {

/// Other elements of an input or another size along one of its dimensions, or another size of all dimensions that have the same.
struct Change {
  enum What { All, First, Last, Size, EverySize } what;
  unsigned input;
  double value;       // of the elements; of strings the length
  int64_t size = 0;   // of dimension `dim`, or of all that are `former`
  int dim = 0;
  int64_t former = 0;

  bool changes(unsigned other) const { return what == EverySize || other == input; }
};

/// For integers the least, the largest, negative and far ones, for floats those that are no number, infinite or huge, for each dimension
/// none, one, one less and one more; for all equal dimensions together none, one and one more.
std::vector<Change> changesOf(llvm::ArrayRef<ingot_tensor> inputs);

/// "input 1: first element inf"
std::string describe(const Change &change);

/// An input of which nothing lies beside its elements in memory, so that a sanitizer sees every step too far.
class ChangedTensor {
public:
  ChangedTensor(const ingot_tensor &original, const Change &change);
  ~ChangedTensor();
  ChangedTensor(const ChangedTensor &) = delete;

  ingot_tensor tensor;

private:
  void setElements(const Change &change);

  std::vector<std::string *> strings;
};

} // namespace ingot::numerics

#endif
