//===- FilesTest.cpp - values that cannot be read, written or held ---------------------------------------===//
#include "ingot/Runtime/file.h"
#include "ingot/Runtime/tensor_io.h"
#include "gtest/gtest.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

// The linker leads the libraries' allocations here (--wrap): the one that is asked for fails.
static int requests, failAt = -1;
extern "C" {
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_malloc(size_t bytes) { return requests++ == failAt ? nullptr : __real_malloc(bytes); }
void *__wrap_calloc(size_t count, size_t bytes) { return requests++ == failAt ? nullptr : __real_calloc(count, bytes); }
}

namespace {

struct Files : testing::Test {
  ingot_tensor value = {};
  ingot_io_error error = {};

  ingot_status parse(const std::string &bytes, const ingot_value_info *expected = nullptr) {
    ingot_value_release(&value);
    return ingot_value_parse(bytes.data(), bytes.size(), "file", expected, &value, &error);
  }
  void TearDown() override { ingot_value_release(&value); }

  /// Parses with each allocation failing in turn; all but the last try must say so, and leave nothing behind.
  void expectNoMemory(const std::string &bytes, const ingot_value_info *expected = nullptr) {
    for (int tries = 0; tries < 20; ++tries) {
      requests = 0;
      failAt = tries;
      ingot_status status = parse(bytes, expected);
      failAt = -1;
      if (status == INGOT_OK) {
        EXPECT_GT(tries, 0);
        return;
      }
      EXPECT_EQ(status, INGOT_OUT_OF_MEMORY);
      EXPECT_STREQ(error.text, "no memory for 'file'");
      EXPECT_EQ(value.data, nullptr);
    }
    FAIL() << "still no memory";
  }
};

std::string field(unsigned number, const std::string &bytes) { return std::string{char(number << 3 | 2), char(bytes.size())} + bytes; }
std::string number(unsigned number, unsigned value) { return {char(number << 3), char(value)}; }
std::string npy(std::string header, const std::string &elements) {
  header.resize(118, ' ');
  return std::string("\x93NUMPY\1\0\x76\0", 10) + header + elements;
}

TEST_F(Files, SurviveEveryFailedAllocation) {
  std::string tensor = number(1, 1) + number(2, INGOT_INT64) + number(7, 5), raw = number(1, 1) + number(2, INGOT_UINT8) + field(9, "a");
  expectNoMemory(tensor);
  expectNoMemory(raw);
  expectNoMemory(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", "a"));
  ingot_value_info sequence = {"t", "", INGOT_INT64, INGOT_SEQUENCE, 0, nullptr, nullptr};
  expectNoMemory(field(3, tensor) + field(3, tensor), &sequence);
  ingot_value_info map = {"t", "", INGOT_INT64, INGOT_MAP, 0, nullptr, nullptr};
  std::string scalar = number(2, INGOT_INT64) + number(7, 5);
  expectNoMemory(number(3, 1) + number(3, 2) + field(5, field(3, scalar) + field(3, scalar)), &map);
}

TEST_F(Files, NumPysAreCheckedFirst) {
  EXPECT_EQ(parse(std::string("\x93NUMPY\1\0\xff\0{", 11)), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' is a broken .npy file: its header is cut short or too long");
  EXPECT_EQ(parse(npy("{'descr': '<f4', 'shape': (1,), }", "1234")), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' is a broken .npy file: its header lacks descr, fortran_order or shape");
  EXPECT_EQ(parse(npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9000,), }", "")), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "'file' has 9000 empty strings, more than are read from a file");
}

TEST_F(Files, AreMappedIfTheyFit) {
  int handle = memfd_create("large", 0);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(ftruncate(handle, int64_t(1) << 62), 0);
  std::string path = "/proc/self/fd/" + std::to_string(handle);
  ingot_file file;
  EXPECT_EQ(ingot_file_map(path.c_str(), &file, &error), INGOT_IO_ERROR);
  EXPECT_EQ(error.text, "cannot map '" + path + "': Cannot allocate memory");
  close(handle);
}

TEST_F(Files, AreWrittenInFullOrNotAtAll) {
  float one = 1;
  ingot_tensor number = {&one, 4, INGOT_FLOAT, INGOT_TENSOR, 0, 0, {}}, sequence = {&number, sizeof number, INGOT_FLOAT, INGOT_SEQUENCE, 1, 0, {1}};
  EXPECT_EQ(ingot_value_write_npy("/dev/full", &number, &error), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "cannot write '/dev/full'");
  EXPECT_EQ(ingot_value_write_pb("/nowhere/at.pb", "t", &number, &error), INGOT_IO_ERROR);
  EXPECT_STREQ(error.text, "cannot write '/nowhere/at.pb'");
  EXPECT_EQ(ingot_value_write_npy("t.npy", &sequence, &error), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "cannot write 't.npy': .npy holds numeric tensors only, use .pb");
  number.type = INGOT_UNDEFINED;
  EXPECT_EQ(ingot_value_write_pb("t.pb", "t", &sequence, &error), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "cannot write 't.pb': expected tensors, sequences, maps or optionals of known types");
}

} // namespace
