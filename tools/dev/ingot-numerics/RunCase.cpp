//===- RunCase.cpp - one case from file to verdict --------------------------------------===//
#include "RunCase.h"
#include "Changes.h"
#include "Compare.h"
#include "RandomOutputs.h"
#include "ingot/Driver/Diagnostics.h"
#include "ingot/Runtime/tensor_io.h"
#include "ingot/Target/Execute.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <list>

using namespace mlir;

namespace ingot::numerics {
namespace {

/// Tensors that are freed together.
struct Values {
  explicit Values(size_t count) : tensors(count) {}
  ~Values() {
    for (ingot_tensor &tensor : tensors)
      ingot_value_release(&tensor);
  }
  std::vector<ingot_tensor> tensors; // zeroed
};

std::string readValues(llvm::ArrayRef<std::string> files, const ingot_value_info *infos, Values &values) {
  for (auto [i, file] : llvm::enumerate(files)) {
    ingot_io_error error = {};
    if (ingot_value_read(file.c_str(), &infos[i], &values.tensors[i], &error) != INGOT_OK)
      return file + ": " + error.text;
    // NumPy has no bfloat16: older test data hold the bits as uint16.
    if (infos[i].type == INGOT_BFLOAT16 && values.tensors[i].type == INGOT_UINT16)
      values.tensors[i].type = INGOT_BFLOAT16;
  }
  return {};
}

Verdict runDataSet(const Case &testCase, const DataSet &data, const std::vector<bool> &random, const ingot_model &model, ingot_instance *instance) {
  if (int64_t(data.inputs.size()) != model.input_count || int64_t(data.outputs.size()) > model.output_count)
    return {Outcome::NoData, "the test has " + std::to_string(data.inputs.size()) + " inputs and " + std::to_string(data.outputs.size()) +
                                 " outputs, the model " + std::to_string(model.input_count) + " and " + std::to_string(model.output_count)};
  Values inputs(std::max<size_t>(data.inputs.size(), 1)), expected(std::max<size_t>(data.outputs.size(), 1));
  for (std::string problem : {readValues(data.inputs, model.inputs, inputs), readValues(data.outputs, model.outputs, expected)})
    if (!problem.empty())
      return {Outcome::NoData, problem};
  std::vector<ingot_tensor> outputs(std::max(model.output_count, 1));
  if (ingot_status status = model.run(instance, inputs.tensors.data(), outputs.data()))
    return {Outcome::Refused, "status " + std::to_string(status) + ": " + model.error(instance)};
  for (size_t i = 0; i < data.outputs.size(); ++i) {
    std::string difference = i < random.size() && random[i]
                                 ? compareStatistics(outputs[i], expected.tensors[i])
                                 : compare(outputs[i], expected.tensors[i], testCase.toleranceOf(model.outputs[i].name));
    if (!difference.empty())
      return {Outcome::Differ, "output \"" + std::string(model.outputs[i].name) + "\": " + difference};
  }
  return {};
}

/// "float[2] 1 3": at most eight elements.
void show(const ingot_tensor &value, llvm::raw_ostream &os) {
  os << ingot_type_name(value.type) << "[";
  llvm::interleaveComma(llvm::ArrayRef(value.dims, value.rank), os);
  os << "]";
  if (value.kind != INGOT_TENSOR)
    return;
  bool parts = value.type == INGOT_COMPLEX64 || value.type == INGOT_COMPLEX128;
  int64_t count = ingot_element_count(&value) * (parts ? 2 : 1);
  for (int64_t i = 0; i < std::min<int64_t>(count, 8); ++i) {
    if (value.type == INGOT_STRING) {
      const ingot_string &string = static_cast<const ingot_string *>(value.data)[i];
      os << " \"" << llvm::StringRef(string.data, string.size) << "\"";
    } else {
      os << llvm::format(" %.5g", ingot_element_get(value.type, value.data, i));
    }
  }
  os << (count > 8 ? " ..." : "");
}

/// What a run gave: "ok" with its results, or "status" with its message.
std::string endOf(llvm::ArrayRef<ingot_tensor> inputs, const ingot_model &model, ingot_instance *instance) {
  std::vector<ingot_tensor> outputs(std::max(model.output_count, 1));
  std::string text;
  llvm::raw_string_ostream os(text);
  if (model.run(instance, inputs.data(), outputs.data())) {
    os << "status: " << model.error(instance);
    return text;
  }
  os << "ok";
  for (int64_t i = 0; i < model.output_count; ++i) {
    os << " " << model.outputs[i].name << "=";
    show(outputs[i], os);
  }
  return text;
}

/// Runs the model on changed inputs; one line for each run. Should it die, the last line of standard error says of what.
std::string runHostile(const DataSet &data, const ingot_model &model, ingot_instance *instance) {
  Values inputs(std::max<size_t>(data.inputs.size(), 1));
  if (int64_t(data.inputs.size()) != model.input_count || !readValues(data.inputs, model.inputs, inputs).empty())
    return {};
  std::string ends;
  for (const Change &change : changesOf(llvm::ArrayRef(inputs.tensors).take_front(data.inputs.size()))) {
    llvm::errs() << "run: " << describe(change) << "\n";
    std::vector<ingot_tensor> changed = inputs.tensors;
    std::list<ChangedTensor> others;
    for (unsigned i = 0; i < data.inputs.size(); ++i)
      if (change.changes(i) && changed[i].kind == INGOT_TENSOR)
        changed[i] = others.emplace_back(changed[i], change).tensor;
    ends += describe(change) + " -> " + endOf(changed, model, instance) + "\n";
  }
  return ends;
}

/// Memory of an instance that is given hostile inputs: what they ask for may be much, and is refused. `user` counts the bytes that are out.
void *allocateLittle(void *user, size_t bytes, size_t alignment) {
  size_t &out = *static_cast<size_t *>(user);
  if (bytes > (size_t(1) << 28) || out > (size_t(1) << 30)) return nullptr;
  out += bytes;
  return std::aligned_alloc(alignment, llvm::alignTo(std::max<size_t>(bytes, 1), alignment));
}
void releaseLittle(void *user, void *p, size_t bytes) {
  *static_cast<size_t *>(user) -= bytes;
  std::free(p);
}

/// Runs one stage after the other; the verdict of a failure says which.
Verdict compile(ModuleOp module, const PipelineOptions &options, const Message &firstError) {
  if (failed(checkModel(module)))
    return {firstError.isInternal || firstError.text.empty() ? Outcome::Internal : Outcome::Unsupported, "normalize: " + firstError.text};
  for (const StageInfo &info : allStages()) {
    if (info.stage == Stage::Import || info.stage == Stage::Emit)
      continue;
    PassManager passes(module.getContext());
    buildStage(passes, info.stage, options);
    if (succeeded(passes.run(module)))
      continue;
    bool broken = firstError.isInternal || firstError.text.empty() || info.stage > Stage::Lower || failed(verify(module));
    return {broken ? Outcome::Internal : Outcome::Unsupported, (info.name + ": " + firstError.text).str()};
  }
  return {};
}

} // namespace

llvm::StringRef outcomeName(Outcome outcome) {
  static const llvm::StringRef names[] = {"pass", "unsupported", "internal error", "refused", "differs", "crash", "timeout", "no data"};
  return names[unsigned(outcome)];
}

Verdict runCase(const Case &testCase, MLIRContext &context, const ImportOptions &importOptions, const PipelineOptions &options,
                bool hostile) {
  Message firstError;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && firstError.text.empty())
      firstError = readDiagnostic(diagnostic, testCase.model);
    return success();
  });
  OwningOpRef<ModuleOp> module = importModel(testCase.model, &context, importOptions);
  if (!module)
    return {firstError.isInternal || firstError.text.empty() ? Outcome::Internal : Outcome::Unsupported, "import: " + firstError.text};
  std::vector<bool> random = randomOutputs(*module);
  Verdict verdict = compile(*module, options, firstError);
  if (verdict.outcome != Outcome::Pass || testCase.data.empty())
    return verdict;
  FailureOr<std::unique_ptr<LoadedModel>> loaded = loadModel(*module, options.target);
  if (failed(loaded))
    return {Outcome::Internal, "emit: " + firstError.text};
  module = {};

  const ingot_model &model = *(*loaded)->get();
  struct {
    size_t bytes = 0; // first: what allocateLittle counts
    std::string logged;
  } user;
  ingot_options instanceOptions = {};
  instanceOptions.abi_version = INGOT_ABI_VERSION;
  instanceOptions.log = [](void *data, const char *message) { static_cast<decltype(user) *>(data)->logged += message; };
  instanceOptions.user = &user;
  if (hostile) {
    instanceOptions.allocate = allocateLittle;
    instanceOptions.release = releaseLittle;
  }
  ingot_instance *instance = nullptr;
  if (ingot_status status = model.create(&model, &instanceOptions, &instance))
    return {Outcome::Refused, "no instance, status " + std::to_string(status) + ": " + user.logged};
  std::string ends;
  for (const DataSet &data : testCase.data) {
    if (hostile)
      ends += runHostile(data, model, instance);
    verdict = runDataSet(testCase, data, random, model, instance);
    if (verdict.outcome == Outcome::Pass)
      continue;
    if (testCase.data.size() > 1)
      verdict.message = data.name + ": " + verdict.message;
    break;
  }
  model.destroy(instance);
  if (hostile && verdict.outcome == Outcome::Pass)
    verdict.message = ends;
  return verdict;
}

void warmUp(MLIRContext &context, const PipelineOptions &options) {
  constexpr llvm::StringLiteral text = R"mlir(
    func.func @main_graph(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
      %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
      return %y : tensor<2x3xf32>
    })mlir";
  ScopedDiagnosticHandler silent(&context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (module && succeeded(runStages(*module, options)))
    (void)loadModel(*module, options.target);
}

} // namespace ingot::numerics
