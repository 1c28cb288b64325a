//===- NestedInputsTest.cpp - what is checked of sequences, optionals and maps before a run --------------===//
#include "Handmade.h"
#include "gtest/gtest.h"

#include <cstring>
#include <vector>

namespace {

/// The handmade model with another declaration of its first input; runs end before its code is reached.
struct NestedInputs : testing::Test {
  ingot_model_image image;
  std::vector<ingot_value_info> infos;
  ingot_instance *instance = nullptr;
  std::vector<float> numbers = {1, 2, 3};
  ingot_tensor elements[3] = {};
  ingot_tensor inputs[3] = {}, outputs[3] = {};

  void SetUp() override {
    std::memcpy(&image, handmade_model(), sizeof image);
    infos.assign(image.model.inputs, image.model.inputs + 3);
    image.model.inputs = infos.data();
    for (ingot_tensor &element : elements) element = dense(INGOT_FLOAT, 3);
    inputs[1] = dense(INGOT_FLOAT, 3);
    inputs[2] = {nullptr, 0, INGOT_INT64, INGOT_TENSOR, 1, 0, {0}};
  }
  void TearDown() override { image.model.destroy(instance); }

  ingot_tensor dense(ingot_type type, int64_t count) { return {numbers.data(), 12, type, INGOT_TENSOR, 1, 0, {count}}; }
  ingot_tensor nested(ingot_kind kind, int64_t count) { return {elements, sizeof elements, INGOT_FLOAT, kind, 1, 0, {count}}; }

  void expectFailure(const ingot_tensor &input, ingot_status status, const char *text) {
    if (!instance) {
      ASSERT_EQ(image.model.create(&image.model, nullptr, &instance), INGOT_OK);
    }
    infos[0].kind = input.kind;
    infos[0].type = input.type;
    inputs[0] = input;
    EXPECT_EQ(image.model.run(instance, inputs, outputs), status);
    EXPECT_STREQ(image.model.error(instance), text);
  }
};

TEST_F(NestedInputs, HaveElementsOfTheirKind) {
  ingot_tensor s = nested(INGOT_SEQUENCE, 3);
  s.reserved = 1;
  expectFailure(s, INGOT_INVALID_ARGUMENT, "input 'x' has a descriptor whose field `reserved` is not zero");
  s = nested(INGOT_SEQUENCE, 3);
  s.rank = 2;
  expectFailure(s, INGOT_SHAPE_MISMATCH, "input 'x' is a sequence without a length (expected rank 1)");
  s = nested(INGOT_SEQUENCE, 4);
  expectFailure(s, INGOT_INVALID_ARGUMENT, "input 'x' is a sequence without the elements that its length says");
  expectFailure(nested(INGOT_OPTIONAL, 2), INGOT_SHAPE_MISMATCH, "input 'x' is an optional of more than one element");
  expectFailure(nested(INGOT_MAP, 1), INGOT_SHAPE_MISMATCH, "input 'x' is a map without its keys and values");
  elements[1].rank = INGOT_MAX_RANK + 1;
  expectFailure(nested(INGOT_SEQUENCE, 2), INGOT_SHAPE_MISMATCH, "input 'x' has an element of rank 17, expected at most 16");
  elements[1] = dense(INGOT_INT32, 3);
  expectFailure(nested(INGOT_SEQUENCE, 2), INGOT_INVALID_ARGUMENT, "input 'x' is int32, expected float");
  elements[0] = nested(INGOT_SEQUENCE, 1);
  expectFailure(nested(INGOT_SEQUENCE, 1), INGOT_INVALID_ARGUMENT, "input 'x' nests sequences too deeply");
}

TEST_F(NestedInputs, HaveNoBitsBeyondTheirType) {
  std::vector<unsigned char> bytes = {1, 2, 99};
  ingot_tensor t = {bytes.data(), 3, INGOT_UINT4, INGOT_TENSOR, 1, 0, {3}};
  elements[0] = t;
  ingot_tensor s = nested(INGOT_SEQUENCE, 1);
  s.type = INGOT_UINT4;
  expectFailure(s, INGOT_INVALID_ARGUMENT, "input 'x' has an element with bits set beyond its type's");
  elements[0].type = s.type = INGOT_BOOL;
  expectFailure(s, INGOT_INVALID_ARGUMENT, "input 'x' has a bool that is neither 0 nor 1");
  std::vector<ingot_string> strings = {{nullptr, 3}};
  elements[0] = {strings.data(), sizeof(ingot_string), INGOT_STRING, INGOT_TENSOR, 1, 0, {1}};
  s.type = INGOT_STRING;
  expectFailure(s, INGOT_INVALID_ARGUMENT, "input 'x' has a string with a null pointer");
}

} // namespace
