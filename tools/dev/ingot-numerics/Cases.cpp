//===- Cases.cpp - models with inputs and expected outputs, found in folders ------------===//
#include "Cases.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace ingot::numerics {

const Tolerance &Case::toleranceOf(StringRef output) const {
  static const Tolerance standard;
  auto found = tolerances.find(output.str());
  return found == tolerances.end() ? standard : found->second;
}

/// PREFIX0.pb, PREFIX1.pb ... as long as they exist.
static std::vector<std::string> numbered(const Twine &prefix) {
  std::vector<std::string> files;
  for (std::string file; sys::fs::exists(file = (prefix + Twine(files.size()) + ".pb").str());)
    files.push_back(file);
  return files;
}

static void readTolerances(StringRef path, Case &result) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return;
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return consumeError(value.takeError());
  const json::Object *info = value->getAsObject();
  const json::Object *tolerances = info ? info->getObject("tolerance") : nullptr;
  if (!tolerances)
    return;
  std::optional<double> cosine = info->getNumber("min_cosine");
  for (auto &[name, entry] : *tolerances) {
    const json::Object *fields = entry.getAsObject();
    if (!fields)
      continue;
    Tolerance &tolerance = result.tolerances[name.str()];
    tolerance.rtol = fields->getNumber("rtol").value_or(tolerance.rtol);
    tolerance.atol = fields->getNumber("atol").value_or(tolerance.atol);
    tolerance.minCosine = fields->getNumber("min_cosine").value_or(cosine.value_or(tolerance.minCosine));
  }
}

static std::string nameOf(StringRef folder) {
  return (sys::path::filename(sys::path::parent_path(folder)) + "/" + sys::path::filename(folder)).str();
}

static void findFolderCase(const std::string &model, bool bare, std::vector<Case> &cases) {
  StringRef folder = sys::path::parent_path(model);
  Case result{nameOf(folder), model, {}, {}};
  for (unsigned k = 0;; ++k) {
    std::string set = "test_data_set_" + std::to_string(k);
    std::string path = (folder + "/" + set).str();
    if (!sys::fs::is_directory(path))
      break;
    result.data.push_back({set, numbered(path + "/input_"), numbered(path + "/output_")});
  }
  readTolerances((folder + "/info.json").str(), result);
  if (bare || !result.data.empty())
    cases.push_back(std::move(result));
}

static void findFlatCase(const std::string &model, std::vector<Case> &cases) {
  StringRef stem = StringRef(model).drop_back(5);
  DataSet data{"", numbered(stem + "_input_"), numbered(stem + "_output_")};
  if (!data.outputs.empty())
    cases.push_back({nameOf(stem), model, {std::move(data)}, {}});
}

std::vector<Case> findCases(StringRef folder, bool bare) {
  std::vector<Case> cases;
  std::error_code error;
  for (sys::fs::recursive_directory_iterator it(folder, error), end; it != end && !error; it.increment(error)) {
    std::string path = it->path();
    if (sys::path::filename(path) == "model.onnx")
      findFolderCase(path, bare, cases);
    else if (sys::path::extension(path) == ".onnx")
      findFlatCase(path, cases);
  }
  llvm::sort(cases, [](const Case &a, const Case &b) { return a.name < b.name; });
  return cases;
}

} // namespace ingot::numerics
