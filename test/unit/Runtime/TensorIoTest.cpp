//===- TensorIoTest.cpp - values from and to files, broken ones too --------------------------===//
#include "ingot/Runtime/tensor_io.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

namespace {

std::string bytesOf(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct TensorIo : testing::Test {
  std::string path = testing::TempDir() + "ingot-tensor-io-test";
  ingot_tensor value = {};
  ingot_io_error error = {};
  void TearDown() override {
    ingot_value_release(&value);
    std::remove(path.c_str());
  }
  ingot_status parse(const std::string &bytes, const ingot_value_info *expected = nullptr) {
    ingot_value_release(&value);
    return ingot_value_parse(bytes.data(), bytes.size(), "file", expected, &value, &error);
  }
};

std::string field(unsigned number, const std::string &bytes) { return std::string{char(number << 3 | 2), char(bytes.size())} + bytes; }
std::string number(unsigned number, unsigned value) { return {char(number << 3), char(value)}; }

TEST_F(TensorIo, ReturnsEveryTypeAsWritten) {
  for (int type = INGOT_FLOAT; type <= INGOT_INT2; ++type) {
    if (type == INGOT_STRING)
      continue;
    auto t = ingot_type(type);
    std::vector<unsigned char> data(15 * ingot_element_size(t));
    std::mt19937 random(type);
    for (auto &byte : data)
      byte = t == INGOT_BOOL ? random() % 2 : random();
    for (auto &byte : data) // what fits into the type
      if (t == INGOT_UINT4 || t == INGOT_INT4 || t == INGOT_FLOAT4E2M1)
        byte &= 15;
      else if (t == INGOT_UINT2 || t == INGOT_INT2)
        byte &= 3;
    ingot_tensor tensor = {data.data(), data.size(), t, INGOT_TENSOR, 2, 0, {5, 3}};
    ASSERT_EQ(ingot_value_write_pb(path.c_str(), "t", &tensor, &error), INGOT_OK) << error.text;
    ASSERT_EQ(ingot_value_read(path.c_str(), nullptr, &value, &error), INGOT_OK) << error.text;
    EXPECT_EQ(value.type, t);
    EXPECT_EQ(value.rank, 2);
    EXPECT_EQ(value.dims[1], 3);
    ASSERT_EQ(value.bytes, data.size()) << ingot_type_name(t);
    EXPECT_EQ(memcmp(value.data, data.data(), data.size()), 0) << ingot_type_name(t);
    ingot_value_release(&value);

    ingot_value_info info = {"t", "", t, INGOT_TENSOR, 2, nullptr, nullptr};
    ASSERT_EQ(ingot_value_write_npy(path.c_str(), &tensor, &error), INGOT_OK) << error.text;
    ASSERT_EQ(ingot_value_read(path.c_str(), &info, &value, &error), INGOT_OK) << error.text;
    EXPECT_EQ(value.type, t);
    ASSERT_EQ(value.bytes, data.size()) << ingot_type_name(t);
    EXPECT_EQ(memcmp(value.data, data.data(), data.size()), 0) << ingot_type_name(t);
    ingot_value_release(&value);
  }
}

TEST_F(TensorIo, ReturnsStringsAndSequencesAsWritten) {
  ingot_string strings[] = {{"one", 3}, {"", 0}, {"a\0b", 3}};
  float floats[] = {1, 2};
  ingot_tensor inner[] = {{strings, sizeof strings, INGOT_STRING, INGOT_TENSOR, 1, 0, {3}},
                          {floats, 8, INGOT_FLOAT, INGOT_TENSOR, 1, 0, {2}}};
  ingot_tensor sequence = {inner, sizeof inner, INGOT_STRING, INGOT_SEQUENCE, 1, 0, {2}};
  ingot_tensor optional = {&sequence, sizeof sequence, INGOT_STRING, INGOT_OPTIONAL, 1, 0, {1}};
  ingot_value_info info = {"t", "", INGOT_STRING, INGOT_OPTIONAL, 0, nullptr, nullptr};
  ASSERT_EQ(ingot_value_write_pb(path.c_str(), "t", &optional, &error), INGOT_OK) << error.text;
  ASSERT_EQ(ingot_value_read(path.c_str(), &info, &value, &error), INGOT_OK) << error.text;
  ASSERT_EQ(value.kind, INGOT_OPTIONAL);
  ASSERT_EQ(value.dims[0], 1);
  auto *read = static_cast<ingot_tensor *>(value.data);
  ASSERT_EQ(read->kind, INGOT_SEQUENCE);
  ASSERT_EQ(read->dims[0], 2);
  auto *elements = static_cast<ingot_tensor *>(read->data);
  auto *text = static_cast<ingot_string *>(elements[0].data);
  EXPECT_EQ(std::string(text[0].data, text[0].size), "one");
  EXPECT_EQ(text[1].size, 0u);
  EXPECT_EQ(std::string(text[2].data, text[2].size), std::string("a\0b", 3));
  EXPECT_EQ(static_cast<float *>(elements[1].data)[1], 2);
}

TEST_F(TensorIo, ReadsTypedFields) {
  // float_data packed; int32_data of int4 two in an entry; uint64_data of uint32 not packed.
  float floats[] = {1.5f, -2};
  ASSERT_EQ(parse(number(1, 2) + number(2, INGOT_FLOAT) + field(4, std::string((char *)floats, 8))), INGOT_OK) << error.text;
  EXPECT_EQ(static_cast<float *>(value.data)[1], -2);
  ASSERT_EQ(parse(number(1, 3) + number(2, INGOT_INT4) + field(5, std::string("\x71\x0f", 2))), INGOT_OK) << error.text;
  EXPECT_EQ(ingot_element_get(INGOT_INT4, value.data, 1), 7);
  EXPECT_EQ(ingot_element_get(INGOT_INT4, value.data, 2), -1);
  EXPECT_EQ(static_cast<uint8_t *>(value.data)[2], 15) << "the rest of the byte is zero";
  ASSERT_EQ(parse(field(1, "\2\1") + number(2, INGOT_UINT32) + number(11, 7) + number(11, 9)), INGOT_OK) << error.text;
  EXPECT_EQ(static_cast<uint32_t *>(value.data)[1], 9u);
  ASSERT_EQ(parse(number(2, INGOT_BOOL) + number(5, 5)), INGOT_OK) << error.text;
  EXPECT_EQ(*static_cast<uint8_t *>(value.data), 1);
  ASSERT_EQ(parse(number(1, 0) + number(2, INGOT_DOUBLE)), INGOT_OK) << error.text;
  EXPECT_EQ(value.bytes, 0u);
}

TEST_F(TensorIo, NamesWhatIsBroken) {
  EXPECT_EQ(parse("\xff\xff"), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' is no tensor message, or is cut short");
  EXPECT_EQ(parse(number(2, 99)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has a tensor of unknown element type 99");
  EXPECT_EQ(parse(number(1, 4) + number(2, INGOT_FLOAT) + field(9, "abc")), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has 3 bytes of data, its dimensions say 16");
  EXPECT_EQ(parse(number(1, 4) + number(2, INGOT_FLOAT)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has 0 elements, its dimensions say 4");
  EXPECT_EQ(parse(number(2, INGOT_FLOAT) + number(14, 1)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' keeps its data in another file, expected them inside");
  std::string huge = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"; // dims: 2^63-1
  EXPECT_EQ(parse(huge + number(2, INGOT_FLOAT) + number(1, 2)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has dimensions that are beyond any memory");
  std::string negative = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_EQ(parse(negative + number(2, INGOT_FLOAT)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has a tensor with a negative dimension");
  std::string many;
  for (int i = 0; i < 17; ++i)
    many += number(1, 1);
  EXPECT_EQ(parse(many + number(2, INGOT_FLOAT)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has a tensor of more than 16 dimensions");
  EXPECT_EQ(ingot_value_read("/nowhere/at.all", nullptr, &value, &error), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "cannot open '/nowhere/at.all': No such file or directory");
  EXPECT_EQ(ingot_value_read("/", nullptr, &value, &error), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'/' is no regular file");
}

TEST_F(TensorIo, EndsDeepNesting) {
  std::string nested;
  for (int i = 0; i < 30; ++i)
    nested = field(5, nested);
  ingot_value_info info = {"t", "", INGOT_FLOAT, INGOT_SEQUENCE, 0, nullptr, nullptr};
  EXPECT_EQ(parse(nested, &info), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' nests sequences too deeply");
}

TEST_F(TensorIo, SurvivesMutatedFiles) {
  ingot_string strings[] = {{"one", 3}, {"two", 3}};
  float floats[] = {1, 2, 3};
  ingot_tensor inner[] = {{strings, sizeof strings, INGOT_STRING, INGOT_TENSOR, 1, 0, {2}},
                          {floats, 12, INGOT_FLOAT, INGOT_TENSOR, 1, 0, {3}}};
  ingot_tensor sequence = {inner, sizeof inner, INGOT_STRING, INGOT_SEQUENCE, 1, 0, {2}};
  ingot_value_info asSequence = {"t", "", INGOT_STRING, INGOT_SEQUENCE, 0, nullptr, nullptr};
  ASSERT_EQ(ingot_value_write_pb(path.c_str(), "t", &sequence, &error), INGOT_OK);
  std::string message = bytesOf(path);
  ASSERT_EQ(ingot_value_write_npy(path.c_str(), &inner[1], &error), INGOT_OK);
  std::string npy = bytesOf(path);
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = i % 2 ? message : npy;
    for (unsigned k = random() % 4; k-- > 0;)
      bytes[random() % bytes.size()] = char(random());
    if (random() % 2)
      bytes.resize(random() % bytes.size());
    // exactly as large as its bytes, so that a read past the end is seen by sanitizers
    std::vector<char> exact(bytes.begin(), bytes.end());
    for (auto *expected : {&asSequence, (ingot_value_info *)nullptr}) {
      ingot_status status = ingot_value_parse(exact.data(), exact.size(), "file", expected, &value, &error);
      if (status != INGOT_OK)
        EXPECT_EQ(value.data, nullptr);
      ingot_value_release(&value);
    }
  }
}

TEST_F(TensorIo, ReadsWhatNumPyWrites) {
  auto npy = [](std::string header, const std::string &elements) {
    header.resize(118, ' ');
    return std::string("\x93NUMPY\1\0\x76\0", 10) + header + elements;
  };
  ASSERT_EQ(parse(npy("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", std::string("\0\0\1\2\0\0\0\3", 8))), INGOT_OK) << error.text;
  EXPECT_EQ(static_cast<int32_t *>(value.data)[0], 258);
  ASSERT_EQ(parse(npy("{'descr': '<U2', 'fortran_order': False, 'shape': (), }", std::string("\xe9\0\0\0\0\0\0\0", 8))), INGOT_OK) << error.text;
  auto *s = static_cast<ingot_string *>(value.data);
  EXPECT_EQ(std::string(s->data, s->size), "\xc3\xa9");
  EXPECT_EQ(parse(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", std::string(8, 0))), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' is in Fortran order, expected C order (numpy.ascontiguousarray)");
  EXPECT_EQ(parse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", std::string(8, 0))), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has 8 bytes of elements, its shape says more");
  EXPECT_EQ(parse(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", std::string(8, 0))), INGOT_IO_ERROR);
  EXPECT_EQ(parse(npy("{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }", std::string(8, 0))), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has elements 'O8', expected a numeric, bool or string type of NumPy");
}

TEST(Element, ReadsSmallFloats) {
  auto get = [](ingot_type type, unsigned code) {
    uint16_t word = uint16_t(code);
    return ingot_element_get(type, &word, 0);
  };
  EXPECT_EQ(get(INGOT_FLOAT16, 0x3c00), 1);
  EXPECT_EQ(get(INGOT_FLOAT16, 0xfbff), -65504);
  EXPECT_EQ(get(INGOT_FLOAT16, 1), std::ldexp(1, -24));
  EXPECT_TRUE(std::isinf(get(INGOT_FLOAT16, 0x7c00)));
  EXPECT_EQ(get(INGOT_BFLOAT16, 0x3fc0), 1.5);
  EXPECT_EQ(get(INGOT_FLOAT8E4M3FN, 0x7e), 448);
  EXPECT_TRUE(std::isnan(get(INGOT_FLOAT8E4M3FN, 0x7f)));
  EXPECT_EQ(get(INGOT_FLOAT8E4M3FNUZ, 0x7f), 240);
  EXPECT_TRUE(std::isnan(get(INGOT_FLOAT8E4M3FNUZ, 0x80)));
  EXPECT_EQ(get(INGOT_FLOAT8E5M2, 0x7b), 57344);
  EXPECT_TRUE(std::isinf(get(INGOT_FLOAT8E5M2, 0x7c)));
  EXPECT_EQ(get(INGOT_FLOAT8E5M2FNUZ, 0x7f), 57344);
  EXPECT_EQ(get(INGOT_FLOAT4E2M1, 7), 6);
  EXPECT_EQ(get(INGOT_FLOAT4E2M1, 9), -0.5);
  EXPECT_EQ(get(INGOT_FLOAT8E8M0, 128), 2);
}

TEST(Element, ReturnsEveryCodeOfSmallFloats) {
  for (ingot_type type : {INGOT_FLOAT16, INGOT_BFLOAT16, INGOT_FLOAT8E4M3FN, INGOT_FLOAT8E4M3FNUZ, INGOT_FLOAT8E5M2,
                          INGOT_FLOAT8E5M2FNUZ, INGOT_FLOAT4E2M1, INGOT_FLOAT8E8M0}) {
    unsigned last = type == INGOT_FLOAT4E2M1 ? 16 : ingot_element_size(type) == 1 ? 256 : 65536;
    for (unsigned code = 0; code < last; ++code) {
      uint16_t word = uint16_t(code), out = 0;
      double number = ingot_element_get(type, &word, 0);
      if (!std::isfinite(number) || (number == 0 && code))
        continue;
      ingot_element_set(type, &out, 0, number);
      ASSERT_EQ(out, code) << ingot_type_name(type);
    }
  }
}

} // namespace
