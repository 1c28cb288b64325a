//===- ValuesTest.cpp - functions on strings, sequences and images, called by hand ----------------===//
#include "ingot/Runtime/custom_op.h"
#include "gtest/gtest.h"

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#define INGOT_OP(name) extern "C" ingot_status ingot_op_##name(ingot_call *)
INGOT_OP(sequence_construct);
INGOT_OP(sequence_at);
INGOT_OP(sequence_insert);
INGOT_OP(sequence_erase);
INGOT_OP(split_to_sequence);
INGOT_OP(concat_from_sequence);
INGOT_OP(optional_get_element);
INGOT_OP(string_split);
INGOT_OP(string_equal);
INGOT_OP(string_to_number);
INGOT_OP(number_to_string);
INGOT_OP(string_normalizer);
INGOT_OP(tfidf_vectorizer);
INGOT_OP(unique);
INGOT_OP(murmur_hash3);
INGOT_OP(image_decoder);
INGOT_OP(label_encoder);
INGOT_OP(dict_vectorizer);
INGOT_OP(map);
INGOT_OP(constant);
INGOT_OP(regex_full_match);
INGOT_OP(regex_tokenizer);

namespace {

/// Calls functions as a model does; every block is its own, so that the address sanitizer sees each edge.
struct Values : testing::Test {
  std::deque<std::vector<char>> blocks;
  std::deque<ingot_tensor> tensors;
  std::deque<std::string> texts;
  std::vector<ingot_attribute> attributes;
  std::vector<std::pair<void *, void (*)(void *)>> states;
  std::vector<ingot_tensor> outputs;
  std::string reason;

  ~Values() override { clearStates(); }
  void clearStates() {
    for (auto &[state, release] : states)
      if (release) release(state);
    states.clear();
  }

  void *room(size_t bytes) {
    blocks.emplace_back(bytes ? bytes : 1);
    return blocks.back().data();
  }

  template <class T> ingot_tensor *tensor(ingot_type type, std::vector<int64_t> dims, std::vector<T> data) {
    ingot_tensor t = {};
    t.type = type;
    t.rank = int32_t(dims.size());
    std::copy(dims.begin(), dims.end(), t.dims);
    t.bytes = data.size() * sizeof(T);
    t.data = room(t.bytes);
    if (t.bytes) std::memcpy(t.data, data.data(), t.bytes);
    tensors.push_back(t);
    return &tensors.back();
  }
  ingot_tensor *ints(std::vector<int64_t> dims, std::vector<int64_t> data) { return tensor(INGOT_INT64, dims, data); }
  ingot_tensor *strings(std::vector<int64_t> dims, std::vector<std::string> data) {
    std::vector<ingot_string> elements;
    for (const std::string &s : data) {
      texts.push_back(s);
      elements.push_back({texts.back().data(), s.size()});
    }
    return tensor(INGOT_STRING, dims, elements);
  }
  void attribute(const char *name, ingot_tensor *value) { attributes.push_back({name, *value}); }

  ingot_status run(ingot_function function, std::vector<const ingot_tensor *> inputs, size_t outputCount = 1, ingot_type type = INGOT_FLOAT) {
    outputs.assign(outputCount, ingot_tensor{});
    outputs[0].type = type;
    ingot_call call = {};
    call.abi_version = INGOT_ABI_VERSION;
    call.input_count = int32_t(inputs.size());
    call.output_count = int32_t(outputCount);
    call.attribute_count = int32_t(attributes.size());
    call.node = "Test:node";
    call.inputs = inputs.data();
    call.outputs = outputs.data();
    call.attributes = attributes.data();
    call.run = this;
    call.allocate = [](ingot_call *c, size_t bytes) { return static_cast<Values *>(c->run)->room(bytes); };
    call.fail = [](ingot_call *c, ingot_status status, const char *text) {
      static_cast<Values *>(c->run)->reason = text;
      return status;
    };
    call.state = [](ingot_call *c, size_t bytes, void (*release)(void *)) {
      auto *self = static_cast<Values *>(c->run);
      self->states.emplace_back(self->room(bytes), release);
      return self->states.back().first;
    };
    reason.clear();
    return function(&call);
  }
  ingot_tensor *keep(int i = 0) {
    tensors.push_back(outputs[i]);
    return &tensors.back();
  }
  std::vector<std::string> texted(const ingot_tensor &t) {
    std::vector<std::string> result;
    int64_t count = 1;
    for (int32_t d = 0; d < t.rank; ++d) count *= t.dims[d];
    for (int64_t i = 0; i < count; ++i) {
      ingot_string s = static_cast<ingot_string *>(t.data)[i];
      result.emplace_back(s.data ? s.data : "", s.size);
    }
    return result;
  }
  std::vector<int64_t> numbers(const ingot_tensor &t) {
    auto *p = static_cast<int64_t *>(t.data);
    return {p, p + t.dims[0]};
  }
};

using Texts = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

TEST_F(Values, SequencesThatGrowOutOfOneAnotherStayApart) {
  ingot_tensor *one = ints({}, {1}), *two = ints({}, {2});
  ASSERT_EQ(run(ingot_op_sequence_construct, {one}), INGOT_OK);
  ingot_tensor *a = keep();
  ASSERT_EQ(run(ingot_op_sequence_insert, {a, one, nullptr}), INGOT_OK);
  ingot_tensor *b = keep();
  ASSERT_EQ(run(ingot_op_sequence_insert, {b, one, nullptr}), INGOT_OK);
  ingot_tensor *c = keep();
  ASSERT_EQ(run(ingot_op_sequence_insert, {b, two, nullptr}), INGOT_OK);
  ingot_tensor *d = keep();
  EXPECT_EQ(b->data, c->data) << "appending to the longest is in place";
  EXPECT_NE(b->data, d->data) << "its place is taken";
  ASSERT_EQ(run(ingot_op_sequence_at, {c, ints({}, {2})}), INGOT_OK);
  EXPECT_EQ(*static_cast<int64_t *>(outputs[0].data), 1);
  ASSERT_EQ(run(ingot_op_sequence_at, {d, ints({}, {-1})}), INGOT_OK);
  EXPECT_EQ(*static_cast<int64_t *>(outputs[0].data), 2);
}

TEST_F(Values, PositionsOutOfRangeAreRefused) {
  ASSERT_EQ(run(ingot_op_sequence_construct, {ints({}, {1})}), INGOT_OK);
  ingot_tensor *s = keep();
  for (int64_t bad : {int64_t(1), int64_t(-2), INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(run(ingot_op_sequence_at, {s, ints({}, {bad})}), INGOT_OUT_OF_RANGE) << bad;
    EXPECT_EQ(run(ingot_op_sequence_erase, {s, ints({}, {bad})}), INGOT_OUT_OF_RANGE) << bad;
  }
  EXPECT_EQ(run(ingot_op_sequence_insert, {s, s, ints({}, {2})}), INGOT_OUT_OF_RANGE);
  EXPECT_EQ(run(ingot_op_sequence_at, {s, ints({2}, {0, 0})}), INGOT_SHAPE_MISMATCH);
  ASSERT_EQ(run(ingot_op_sequence_erase, {s, nullptr}), INGOT_OK);
  EXPECT_EQ(run(ingot_op_sequence_erase, {keep(), nullptr}), INGOT_OUT_OF_RANGE);
  ingot_tensor none = {};
  none.kind = INGOT_OPTIONAL;
  none.rank = 1;
  EXPECT_EQ(run(ingot_op_optional_get_element, {&none}), INGOT_OUT_OF_RANGE);
}

TEST_F(Values, PartsMustFitTheDimension) {
  ingot_tensor *x = ints({5}, {1, 2, 3, 4, 5});
  EXPECT_EQ(run(ingot_op_split_to_sequence, {x, ints({2}, {2, 2})}), INGOT_SHAPE_MISMATCH);
  EXPECT_EQ(run(ingot_op_split_to_sequence, {x, ints({2}, {6, -1})}), INGOT_OUT_OF_RANGE);
  EXPECT_EQ(run(ingot_op_split_to_sequence, {x, ints({2}, {INT64_MAX, INT64_MAX})}), INGOT_OUT_OF_RANGE);
  EXPECT_EQ(run(ingot_op_split_to_sequence, {x, ints({}, {0})}), INGOT_OUT_OF_RANGE);
  ASSERT_EQ(run(ingot_op_split_to_sequence, {x, ints({}, {INT64_MAX})}), INGOT_OK);
  EXPECT_EQ(outputs[0].dims[0], 1);
  ASSERT_EQ(run(ingot_op_split_to_sequence, {x, ints({}, {2})}), INGOT_OK);
  ingot_tensor *parts = keep();
  ASSERT_EQ(parts->dims[0], 3);
  ASSERT_EQ(run(ingot_op_concat_from_sequence, {parts}), INGOT_OK);
  EXPECT_EQ(numbers(outputs[0]), (Numbers{1, 2, 3, 4, 5}));
  attribute("new_axis", ints({}, {1}));
  EXPECT_EQ(run(ingot_op_concat_from_sequence, {parts}), INGOT_SHAPE_MISMATCH);
}

TEST_F(Values, StringsSplitAsInPython) {
  auto split = [&](const char *delimiter, int64_t maxsplit, Texts x) {
    attributes.clear();
    if (delimiter) attribute("delimiter", strings({}, {delimiter}));
    attribute("maxsplit", ints({}, {maxsplit}));
    EXPECT_EQ(run(ingot_op_string_split, {strings({int64_t(x.size())}, x)}, 2), INGOT_OK);
    return texted(outputs[0]);
  };
  EXPECT_EQ(split(nullptr, -1, {"  a b  c ", "d"}), (Texts{"a", "b", "c", "d", "", ""}));
  EXPECT_EQ(split(nullptr, 1, {" a b  c "}), (Texts{"a", "b  c "}));
  EXPECT_EQ(split(",", -1, {"a,,b,"}), (Texts{"a", "", "b", ""}));
  EXPECT_EQ(split("::", 1, {"a::b::c"}), (Texts{"a", "b::c"}));
  EXPECT_EQ(split(",", -1, {""}), (Texts{""}));
  EXPECT_EQ(split(nullptr, -1, {"", "  "}), Texts{});
  EXPECT_EQ(split(nullptr, 0, {" a b"}), (Texts{"a b"}));
}

TEST_F(Values, NumbersAreWrittenShortAndReadStrictly) {
  ASSERT_EQ(run(ingot_op_number_to_string, {tensor<float>(INGOT_FLOAT, {6}, {0.1f, 1e20f, -0.0f, 16777216.f, 3.5e-5f, 100})}), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"0.1", "1e+20", "-0.0", "16777216.0", "3.5e-05", "100.0"}));
  ASSERT_EQ(run(ingot_op_number_to_string, {tensor<uint16_t>(INGOT_FLOAT16, {2}, {0x2e66, 0x7bff})}), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"0.1", "65500.0"}));
  ASSERT_EQ(run(ingot_op_string_to_number, {strings({2}, {"7", "-3"})}, 1, INGOT_INT64), INGOT_OK);
  EXPECT_EQ(numbers(outputs[0]), (Numbers{7, -3}));
  for (const char *bad : {"", "x", "1x", "300", "99999999999999999999"})
    EXPECT_EQ(run(ingot_op_string_to_number, {strings({1}, {bad})}, 1, INGOT_INT8), INGOT_INVALID_ARGUMENT) << bad;
  EXPECT_EQ(run(ingot_op_string_to_number, {strings({1}, {std::string(1000, '1')})}), INGOT_INVALID_ARGUMENT);
}

TEST_F(Values, CaseChangesBeyondAscii) {
  attribute("case_change_action", strings({}, {"UPPER"}));
  attribute("stopwords", strings({1}, {"MONTAG"}));
  ASSERT_EQ(run(ingot_op_string_normalizer, {strings({3}, {"montag", "gr\xc3\xbc\xc3\x9f" "e", "\xff\xc3"})}), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"GR\xc3\x9c\xc3\x9f" "E", "\xff\xc3"}));
  ASSERT_EQ(run(ingot_op_string_normalizer, {strings({1, 1}, {"Montag"})}), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), Texts{""});
  EXPECT_EQ(run(ingot_op_string_normalizer, {strings({2, 1}, {"a", "b"})}), INGOT_SHAPE_MISMATCH);
}

TEST_F(Values, PoolsThatDoNotFitAreRefused) {
  auto counts = [&](Numbers starts) {
    clearStates();
    attributes.clear();
    attribute("ngram_counts", ints({int64_t(starts.size())}, starts));
    attribute("ngram_indexes", ints({3}, {0, 1, 2}));
    attribute("pool_int64s", ints({4}, {1, 2, 3, 4}));
    attribute("mode", strings({}, {"TF"}));
    attribute("max_gram_length", ints({}, {2}));
    return run(ingot_op_tfidf_vectorizer, {ints({3}, {1, 3, 4})});
  };
  ASSERT_EQ(counts({0, 2}), INGOT_OK);
  auto *y = static_cast<float *>(outputs[0].data);
  EXPECT_EQ(std::vector<float>(y, y + 3), (std::vector<float>{1, 0, 1}));
  for (Numbers bad : {Numbers{0, 5}, Numbers{-1, 2}, Numbers{3, 1}, Numbers{0, 3}, Numbers{INT64_MIN}, Numbers{0, INT64_MAX}})
    EXPECT_EQ(counts(bad), INGOT_INVALID_ARGUMENT) << bad.back();
}

TEST_F(Values, DistinctStringsInEitherOrder) {
  ingot_tensor *x = strings({5}, {"b", "a", "b", "c", "a"});
  ASSERT_EQ(run(ingot_op_unique, {x}, 4), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"a", "b", "c"}));
  EXPECT_EQ(numbers(outputs[1]), (Numbers{1, 0, 3}));
  EXPECT_EQ(numbers(outputs[2]), (Numbers{1, 0, 1, 2, 0}));
  EXPECT_EQ(numbers(outputs[3]), (Numbers{2, 2, 1}));
  attribute("sorted", ints({}, {0}));
  ASSERT_EQ(run(ingot_op_unique, {x}, 4), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"b", "a", "c"}));
  attribute("axis", ints({}, {1}));
  EXPECT_EQ(run(ingot_op_unique, {x}, 4), INGOT_INVALID_ARGUMENT);
  ASSERT_EQ(run(ingot_op_unique, {strings({2, 3}, {"x", "y", "x", "z", "z", "z"})}, 4), INGOT_OK);
  EXPECT_EQ(texted(outputs[0]), (Texts{"x", "y", "z", "z"}));
  ASSERT_EQ(run(ingot_op_unique, {strings({2, 0}, {})}, 4), INGOT_OK);
}

TEST_F(Values, HashesAreThoseOfTheReference) {
  ASSERT_EQ(run(ingot_op_murmur_hash3, {strings({3}, {"", "test", "Hello, world!"})}, 1, INGOT_UINT32), INGOT_OK);
  auto *h = static_cast<uint32_t *>(outputs[0].data);
  EXPECT_EQ(h[0], 0u);
  EXPECT_EQ(h[1], 0xba6bd213u);
  EXPECT_EQ(h[2], 0xc0363e43u);
}

TEST_F(Values, BrokenImagesAreRefused) {
  std::string png("\x89PNG\r\n\x1a\n"), jpeg("\xff\xd8\xff\xe0"), bmp("BM"), tiff("II*\0", 4), webp("RIFF\x10\0\0\0WEBPVP8 ", 16), ppm("P6 2 2 255\n123");
  std::string jp2("\0\0\0\x0cjP  \r\n\x87\n", 12), large("P5 999999 999999 255\n"), bitmap = bmp + std::string(52, '\x7f');
  for (const std::string &bytes : {std::string(), std::string("GIF89a"), png, jpeg, bmp, tiff, webp, ppm, jp2, large, bitmap}) {
    std::vector<uint8_t> data(bytes.begin(), bytes.end());
    EXPECT_EQ(run(ingot_op_image_decoder, {tensor(INGOT_UINT8, {int64_t(data.size())}, data)}, 1, INGOT_UINT8), INGOT_INVALID_ARGUMENT) << bytes;
    EXPECT_FALSE(reason.empty());
  }
  EXPECT_EQ(run(ingot_op_image_decoder, {tensor<uint8_t>(INGOT_UINT8, {3}, {'G', 'I', 'F'})}, 1, INGOT_UINT8), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(reason, "the image is of no known format, expected JPEG, JPEG 2000, PNG, BMP, WebP, TIFF or PNM");
  std::string two("P6 2 1 255\nabcdef");
  attribute("pixel_format", strings({}, {"BGR"}));
  ASSERT_EQ(run(ingot_op_image_decoder, {tensor<char>(INGOT_UINT8, {int64_t(two.size())}, {two.begin(), two.end()})}, 1, INGOT_UINT8), INGOT_OK);
  EXPECT_EQ(std::string(static_cast<char *>(outputs[0].data), outputs[0].bytes), "cbafed");
}

TEST_F(Values, EachRefusalSaysWhy) {
  auto refuses = [&](ingot_function function, std::vector<const ingot_tensor *> inputs, ingot_status status, const char *text) {
    EXPECT_EQ(run(function, inputs, 2), status) << text;
    EXPECT_EQ(reason, text);
    clearStates();
    attributes.clear();
  };
  ingot_tensor empty = {};
  empty.kind = INGOT_SEQUENCE;
  empty.rank = 1;
  refuses(ingot_op_sequence_erase, {&empty, nullptr}, INGOT_OUT_OF_RANGE, "nothing can be erased from an empty sequence");
  refuses(ingot_op_concat_from_sequence, {&empty}, INGOT_SHAPE_MISMATCH, "the sequence is empty, expected at least one tensor");
  ingot_tensor *wide = ints({0, INT64_MAX / 2 + 1}, {});
  ASSERT_EQ(run(ingot_op_sequence_construct, {wide, wide}), INGOT_OK);
  attribute("axis", ints({}, {1}));
  refuses(ingot_op_concat_from_sequence, {keep()}, INGOT_OUT_OF_MEMORY, "the result is beyond any memory");
  ingot_tensor none = empty;
  none.kind = INGOT_OPTIONAL;
  refuses(ingot_op_optional_get_element, {&none}, INGOT_OUT_OF_RANGE, "the optional value is absent");

  ingot_tensor *one = strings({1}, {"a"});
  refuses(ingot_op_string_equal, {strings({2}, {"a", "b"}), strings({3}, {"a", "b", "c"})}, INGOT_SHAPE_MISMATCH, "the operands' shapes do not broadcast together");
  ingot_tensor *deep = strings(std::vector<int64_t>(INGOT_MAX_RANK, 1), {"a"});
  refuses(ingot_op_string_split, {deep}, INGOT_SHAPE_MISMATCH, "the operand has as many dimensions as a tensor can have");
  attribute("pattern", strings({}, {"("}));
  refuses(ingot_op_regex_full_match, {one}, INGOT_INVALID_ARGUMENT, "the expression is not valid: missing ): (");
  attribute("tokenexp", strings({}, {"["}));
  refuses(ingot_op_regex_tokenizer, {one}, INGOT_INVALID_ARGUMENT, "tokenexp is not valid: missing ]: [");
  attribute("separators", strings({1}, {"*"}));
  refuses(ingot_op_regex_tokenizer, {one}, INGOT_INVALID_ARGUMENT, "a separator is not valid: no argument for repetition operator: *");
  refuses(ingot_op_regex_tokenizer, {one}, INGOT_INVALID_ARGUMENT, "has neither separators nor tokenexp");

  refuses(ingot_op_constant, {}, INGOT_INVALID_ARGUMENT, "has no value");
  refuses(ingot_op_map, {ints({2}, {1, 2}), ints({1}, {1})}, INGOT_SHAPE_MISMATCH, "a map needs as many values as keys");
  attribute("keys_tensor", ints({1}, {1}));
  refuses(ingot_op_label_encoder, {one}, INGOT_INVALID_ARGUMENT, "expected keys of the operand's type, values and a default");
  ASSERT_EQ(run(ingot_op_map, {ints({1}, {1}), ints({1}, {1})}), INGOT_OK);
  refuses(ingot_op_dict_vectorizer, {keep()}, INGOT_INVALID_ARGUMENT, "expected a vocabulary of the keys' type");
  attribute("ngram_indexes", ints({1}, {0}));
  refuses(ingot_op_tfidf_vectorizer, {one}, INGOT_INVALID_ARGUMENT, "has no pool of the operand's type");
  attribute("ngram_indexes", ints({1}, {0}));
  attribute("pool_strings", strings({1}, {"a"}));
  attribute("weights", tensor<float>(INGOT_FLOAT, {2}, {1, 2}));
  refuses(ingot_op_tfidf_vectorizer, {one}, INGOT_INVALID_ARGUMENT, "has not as many weights as indices");
}

} // namespace
