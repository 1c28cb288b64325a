//===- MutationTest.cpp - broken files end in a diagnostic --------------------------------------===//
//
// Five hundred copies of valid models with flipped bytes, lost ends, doubled, moved or overwritten pieces.  Each must import or give a
// diagnostic.  The seed is fixed: a failure is the same in every run, and SCOPED_TRACE tells which copy it was.
//===-----------------------------------------------------------------------------===//
#include "ingot/Import/Import.h"

#include "onnx.pb.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <filesystem>
#include <fstream>
#include <random>

using namespace ingot;

namespace {

wire::ValueInfoProto *describe(wire::ValueInfoProto *info, const std::string &name, std::initializer_list<int64_t> dims) {
  info->set_name(name);
  auto *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(wire::TensorProto::FLOAT);
  for (int64_t dim : dims) {
    auto *d = tensor->mutable_shape()->add_dim();
    dim < 0 ? d->set_dim_param("batch") : d->set_dim_value(dim);
  }
  return info;
}

wire::NodeProto *addNode(google::protobuf::RepeatedPtrField<wire::NodeProto> *nodes, const std::string &op, std::initializer_list<const char *> inputs,
                         std::initializer_list<const char *> outputs) {
  auto *node = nodes->Add();
  node->set_op_type(op);
  node->set_name(op + "_node");
  for (const char *name : inputs) node->add_input(name);
  for (const char *name : outputs) node->add_output(name);
  return node;
}

wire::AttributeProto *addAttribute(wire::NodeProto *node, const std::string &name, wire::AttributeProto::AttributeType type) {
  auto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

// Weights of every way to store them, old forms of operators, a graph in a node, a function with an attribute, a sparse tensor.
std::string handmadeModel() {
  wire::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(11);
  auto *local = model.add_opset_import();
  local->set_domain("local");
  local->set_version(1);
  wire::GraphProto *graph = model.mutable_graph();
  graph->set_name("graph");
  describe(graph->add_input(), "x", {-1, 64});
  describe(graph->add_output(), "y", {-1, 64});

  auto *raw = graph->add_initializer();
  raw->set_name("raw");
  raw->set_data_type(wire::TensorProto::FLOAT);
  raw->add_dims(64);
  raw->add_dims(64);
  raw->set_raw_data(std::string(64 * 64 * 4, '\1'));
  auto *typed = graph->add_initializer();
  typed->set_name("typed");
  typed->set_data_type(wire::TensorProto::FLOAT);
  typed->add_dims(64);
  for (int i = 0; i < 64; ++i) typed->add_float_data(i);
  auto *sparse = graph->add_sparse_initializer();
  sparse->add_dims(64);
  sparse->mutable_values()->set_name("sparse");
  sparse->mutable_values()->set_data_type(wire::TensorProto::FLOAT);
  sparse->mutable_indices()->set_data_type(wire::TensorProto::INT64);
  for (int i = 0; i < 3; ++i) {
    sparse->mutable_values()->add_float_data(i);
    sparse->mutable_indices()->add_int64_data(7 * i);
  }
  sparse->mutable_values()->add_dims(3);
  sparse->mutable_indices()->add_dims(3);

  addNode(graph->mutable_node(), "MatMul", {"x", "raw"}, {"a"});
  addNode(graph->mutable_node(), "Add", {"a", "typed"}, {"b"});
  addNode(graph->mutable_node(), "Mul", {"b", "sparse"}, {"c"});
  auto *unsqueeze = addNode(graph->mutable_node(), "Unsqueeze", {"c"}, {"d"});
  addAttribute(unsqueeze, "axes", wire::AttributeProto::INTS)->add_ints(0);
  addNode(graph->mutable_node(), "Softmax", {"d"}, {"e"});
  auto *squeeze = addNode(graph->mutable_node(), "Squeeze", {"e"}, {"f"});
  addAttribute(squeeze, "axes", wire::AttributeProto::INTS)->add_ints(0);
  auto *condition = addNode(graph->mutable_node(), "Constant", {}, {"cond"});
  auto *value = addAttribute(condition, "value", wire::AttributeProto::TENSOR)->mutable_t();
  value->set_data_type(wire::TensorProto::BOOL);
  value->add_int32_data(1);
  auto *branch = addNode(graph->mutable_node(), "If", {"cond"}, {"g"});
  for (const char *name : {"then_branch", "else_branch"}) {
    auto *body = addAttribute(branch, name, wire::AttributeProto::GRAPH)->mutable_g();
    std::string output = std::string(name) + "_out";
    addNode(body->mutable_node(), "Relu", {"f"}, {output.c_str()});
    describe(body->add_output(), output, {-1, 64});
  }
  auto *call = addNode(graph->mutable_node(), "Leak", {"g"}, {"y"});
  call->set_domain("local");
  addAttribute(call, "slope", wire::AttributeProto::FLOAT)->set_f(0.25f);
  auto *function = model.add_functions();
  function->set_domain("local");
  function->set_name("Leak");
  function->add_input("v");
  function->add_output("w");
  function->add_attribute("slope");
  function->add_opset_import()->set_version(11);
  auto *leaky = addNode(function->mutable_node(), "LeakyRelu", {"v"}, {"w"});
  addAttribute(leaky, "alpha", wire::AttributeProto::FLOAT)->set_ref_attr_name("slope");
  return model.SerializeAsString();
}

// Real exporters' files, where the corpus lies beside the repository.
std::vector<std::string> validModels() {
  std::vector<std::string> models = {handmadeModel()};
  std::filesystem::path corpus = std::filesystem::path(INGOT_SOURCE_DIR) / "../shared/models";
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto &folder : std::filesystem::directory_iterator(corpus, none)) files.push_back(folder.path() / "model.onnx");
  std::sort(files.begin(), files.end());
  for (const auto &file : files) {
    if (!std::filesystem::exists(file) || std::filesystem::file_size(file) > 300000) continue;
    std::ifstream in(file, std::ios::binary);
    models.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return models;
}

std::string mutate(std::string bytes, std::mt19937 &random) {
  auto below = [&](size_t n) { return n ? random() % n : 0; };
  size_t at = below(bytes.size()), length = std::min<size_t>(1 + below(64), bytes.size() - at);
  switch (below(6)) {
  case 0: // some bytes flipped
    for (int i = 0, n = 1 + below(8); i < n; ++i) bytes[below(bytes.size())] ^= 1 << below(8);
    break;
  case 1: bytes.resize(at); break;
  case 2: bytes.insert(below(bytes.size()), bytes.substr(at, length)); break;
  case 3: { // two pieces swapped
    size_t other = below(bytes.size() - length);
    for (size_t i = 0; i < length; ++i) std::swap(bytes[at + i], bytes[other + i]);
    break;
  }
  case 4: bytes.erase(at, length); break;
  case 5: // a number made huge
    for (size_t i = 0; i < std::min<size_t>(length, 9); ++i) bytes[at + i] = char(0xff);
    break;
  }
  return bytes;
}

// True if the import succeeded or said why not.
bool importsOrDiagnoses(const std::string &bytes) {
  std::string path = (std::filesystem::temp_directory_path() / ("ingot-mutation-" + std::to_string(::getpid()) + ".onnx")).string();
  std::ofstream(path, std::ios::binary) << bytes;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  unsigned diagnostics = 0;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &) { ++diagnostics; });
  bool imported = bool(importModel(path, &context));
  std::filesystem::remove(path);
  return imported || diagnostics > 0;
}

TEST(Mutation, ValidModelImports) {
  std::string path = (std::filesystem::temp_directory_path() / ("ingot-valid-" + std::to_string(::getpid()) + ".onnx")).string();
  std::ofstream(path, std::ios::binary) << handmadeModel();
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  EXPECT_TRUE(importModel(path, &context));
  std::filesystem::remove(path);
}

TEST(Mutation, FiveHundredCopiesGiveDiagnosticsOrSucceed) {
  std::vector<std::string> models = validModels();
  std::mt19937 random(20240229);
  for (int i = 0; i < 500; ++i) {
    SCOPED_TRACE("copy " + std::to_string(i));
    EXPECT_TRUE(importsOrDiagnoses(mutate(models[i % models.size()], random)));
  }
}

// Every truncation of a small model, and every byte of it replaced: lengths and tags are all hit.
TEST(Mutation, EveryPrefixOfTheHandmadeModel) {
  std::string model = handmadeModel();
  for (size_t length = 0; length < model.size(); length += length < 600 || model.size() - length < 1800 ? 1 : 997)
    ASSERT_TRUE(importsOrDiagnoses(model.substr(0, length))) << length;
}

} // namespace
