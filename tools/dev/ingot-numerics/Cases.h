//===- Cases.h - models with inputs and expected outputs, found in folders --------------===//
#ifndef INGOT_TOOLS_NUMERICS_CASES_H
#define INGOT_TOOLS_NUMERICS_CASES_H

#include "llvm/ADT/StringRef.h"
#include <map>
#include <string>
#include <vector>

namespace ingot::numerics {

/// |got - expected| <= atol + rtol * |expected|, and where the cosine counts (quantised models) at least that.
struct Tolerance {
  double rtol = 1e-3, atol = 1e-7, minCosine = -1;
};

struct DataSet {
  std::string name;                          // "test_data_set_0"
  std::vector<std::string> inputs, outputs;  // files, by index
};

struct Case {
  std::string name;  // "node/test_add": the last two parts of its folder
  std::string model;
  std::vector<DataSet> data;
  std::map<std::string, Tolerance> tolerances; // by output's name; others have the default

  const Tolerance &toleranceOf(llvm::StringRef output) const;
};

/// All cases below `folder`, by name.  A case is a folder with model.onnx and test_data_set_<k>, with or without an info.json that
/// holds tolerances, or NAME.onnx beside NAME_input_<i>.pb and NAME_output_<i>.pb.  With `bare` models without data are cases, too.
std::vector<Case> findCases(llvm::StringRef folder, bool bare);

} // namespace ingot::numerics

#endif
