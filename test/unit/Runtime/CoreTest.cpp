//===- CoreTest.cpp - life of an instance, with models written by hand ------------------===//
#include "Handmade.h"
#include "gtest/gtest.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

namespace {

/// An allocator that counts, and fails at the n-th request.
struct Allocator {
  std::map<void *, size_t> live;
  int requests = 0, failAt = -1;
  size_t largest = 0;

  static void *allocate(void *user, size_t bytes, size_t alignment) {
    auto *self = static_cast<Allocator *>(user);
    if (self->requests++ == self->failAt)
      return nullptr;
    void *p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    self->live[p] = bytes;
    self->largest = std::max(self->largest, bytes);
    return p;
  }
  static void release(void *user, void *p, size_t bytes) {
    auto *self = static_cast<Allocator *>(user);
    EXPECT_EQ(self->live.count(p), 1u);
    EXPECT_EQ(self->live[p], bytes) << "released with another size";
    self->live.erase(p);
    std::free(p);
  }
  ingot_options options() {
    ingot_options o = {};
    o.abi_version = INGOT_ABI_VERSION;
    o.allocate = allocate;
    o.release = release;
    o.user = this;
    return o;
  }
};

std::string logged;
void keepLog(void *, const char *message) { logged = message; }

/// Inputs of n rows: x counts up, pick names rows 0 and n-1.
struct Values {
  std::vector<float> x, scale = {1, 10, 100};
  std::vector<int64_t> pick;
  ingot_tensor inputs[3] = {}, outputs[3] = {};

  explicit Values(int64_t n) : x(3 * n), pick({0, n - 1}) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i);
    if (!n)
      pick.clear();
    inputs[0] = {x.data(), x.size() * 4, INGOT_FLOAT, INGOT_TENSOR, 2, 0, {n, 3}};
    inputs[1] = {scale.data(), 12, INGOT_FLOAT, INGOT_TENSOR, 1, 0, {3}};
    inputs[2] = {pick.data(), pick.size() * 8, INGOT_INT64, INGOT_TENSOR, 1, 0, {int64_t(pick.size())}};
  }
};

struct Core : testing::Test {
  const ingot_model *model = handmade_model();
  ingot_instance *instance = nullptr;
  void SetUp() override { ASSERT_EQ(model->create(model, nullptr, &instance), INGOT_OK); }
  void TearDown() override { model->destroy(instance); }

  void expectFailure(Values &v, ingot_status status, const char *text) {
    EXPECT_EQ(model->run(instance, v.inputs, v.outputs), status);
    EXPECT_STREQ(model->error(instance), text);
  }
};

TEST_F(Core, RunsIntoItsOwnBuffers) {
  Values v(4);
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK) << model->error(instance);
  EXPECT_STREQ(model->error(instance), "");
  EXPECT_EQ(v.outputs[0].dims[0], 4);
  EXPECT_EQ(static_cast<float *>(v.outputs[0].data)[4], 2 * 4 * 10);
  EXPECT_EQ(static_cast<float *>(v.outputs[1].data)[5], 2 * 11 * 100);
  EXPECT_EQ(v.outputs[2].type, INGOT_INT64);
  EXPECT_EQ(v.outputs[2].dims[0], 4);
}

TEST_F(Core, RunsIntoTheCallersBuffer) {
  Values v(2);
  float y[6];
  v.outputs[0].data = y;
  v.outputs[0].bytes = sizeof y;
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(v.outputs[0].data, y);
  EXPECT_EQ(y[5], 2 * 5 * 100);
}

TEST_F(Core, RefusesASmallBuffer) {
  Values v(2);
  float y[5];
  v.outputs[0].data = y;
  v.outputs[0].bytes = sizeof y;
  expectFailure(v, INGOT_BUFFER_TOO_SMALL, "the buffer of output 'y' has 20 bytes, the result needs 24");
  EXPECT_EQ(v.outputs[0].dims[0], 2) << "dims are written for a second try";
}

TEST_F(Core, TakesTheSameOutputsForALargerRun) {
  Values small(2), large(1000);
  ASSERT_EQ(model->run(instance, small.inputs, small.outputs), INGOT_OK);
  ASSERT_EQ(model->run(instance, large.inputs, small.outputs), INGOT_OK) << model->error(instance);
  EXPECT_EQ(small.outputs[0].dims[0], 1000);
}

TEST_F(Core, RunsOnNothing) {
  Values v(0);
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK) << model->error(instance);
  EXPECT_NE(v.outputs[0].data, nullptr);
  EXPECT_EQ(v.outputs[2].dims[0], 0);
}

TEST_F(Core, NamesWhatIsWrongWithAnInput) {
  Values v(2);
  v.inputs[0].type = INGOT_DOUBLE;
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'x' is double, expected float");
  v = Values(2);
  v.inputs[0].type = ingot_type(77);
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'x' is type 77, expected float");
  v = Values(2);
  v.inputs[0].rank = 3;
  expectFailure(v, INGOT_SHAPE_MISMATCH, "input 'x' has rank 3, expected 2");
  v = Values(2);
  v.inputs[0].dims[1] = 4;
  expectFailure(v, INGOT_SHAPE_MISMATCH, "input 'x' has 4 in dimension 1, expected 3");
  v = Values(2);
  v.inputs[1].kind = INGOT_SEQUENCE;
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'scale' is a sequence, expected a tensor");
  v = Values(2);
  v.inputs[1].kind = ingot_kind(9);
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'scale' is kind 9, expected a tensor");
  v = Values(2);
  v.inputs[0].data = nullptr;
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'x' has no data");
  v = Values(2);
  v.inputs[0].bytes = 23;
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'x' has 23 bytes of data, its dimensions need 24");
  v = Values(2);
  v.inputs[0].dims[0] = -5;
  expectFailure(v, INGOT_SHAPE_MISMATCH, "input 'x' has dimensions that are negative or beyond any memory");
  v = Values(2);
  v.inputs[0].dims[0] = INT64_MAX / 2;
  expectFailure(v, INGOT_SHAPE_MISMATCH, "input 'x' has dimensions that are negative or beyond any memory");
  v = Values(3);
  v.inputs[0].dims[0] = 2;
  v.inputs[0].data = reinterpret_cast<char *>(v.x.data()) + 1;
  expectFailure(v, INGOT_INVALID_ARGUMENT, "input 'x' has data at an address that is 1 past a multiple of its element size, 4");
}

TEST_F(Core, NamesAnIndexOutOfRange) {
  Values v(2);
  v.pick[1] = 2;
  expectFailure(v, INGOT_OUT_OF_RANGE, "Gather:pick: an index is outside of 'x'");
  Values good(2);
  EXPECT_EQ(model->run(instance, good.inputs, good.outputs), INGOT_OK) << "an instance lives on after a failure";
  EXPECT_STREQ(model->error(instance), "");
}

TEST_F(Core, ChecksEveryArgument) {
  Values v(2);
  ingot_instance *other = instance;
  EXPECT_EQ(model->create(nullptr, nullptr, &other), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(other, nullptr);
  ingot_options options = {};
  options.abi_version = INGOT_ABI_VERSION;
  options.log = keepLog;
  EXPECT_EQ(model->create(model, &options, nullptr), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(logged, "create needs a model and a place for the instance");
  EXPECT_EQ(model->run(nullptr, v.inputs, v.outputs), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(model->error(nullptr), "no instance");
  model->destroy(nullptr);
  EXPECT_EQ(model->run(instance, nullptr, v.outputs), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(model->error(instance), "run got no inputs");
  EXPECT_EQ(model->run(instance, v.inputs, nullptr), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(model->error(instance), "run got no place for outputs");
  EXPECT_EQ(model->arena_for(instance, v.inputs, nullptr), INGOT_INVALID_ARGUMENT);
  EXPECT_STREQ(model->error(instance), "arena_for needs inputs with dims and a place for the size");
}

TEST_F(Core, ChecksTheOptions) {
  ingot_instance *other = nullptr;
  ingot_options options = {};
  EXPECT_EQ(model->create(model, &options, &other), INGOT_INVALID_ARGUMENT) << "version 0";
  options.abi_version = INGOT_ABI_VERSION;
  options.allocate = Allocator::allocate;
  options.log = keepLog;
  EXPECT_EQ(model->create(model, &options, &other), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(logged, "an allocator needs both allocate and release");
  Allocator empty;
  empty.failAt = 0;
  options = empty.options();
  options.log = keepLog;
  EXPECT_EQ(model->create(model, &options, &other), INGOT_OUT_OF_MEMORY);
  EXPECT_EQ(logged, "no memory for the instance");
  ingot_model older = *model;
  older.abi_version = INGOT_ABI_VERSION - 1;
  EXPECT_EQ(model->create(&older, &options, &other), INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(logged, "the model was made for another version of this interface");
}

TEST_F(Core, SaysTheArenaBeforeItTakesIt) {
  Values v(100);
  for (auto &input : v.inputs)
    input.data = nullptr;
  int64_t bytes = -1;
  ASSERT_EQ(model->arena_for(instance, v.inputs, &bytes), INGOT_OK) << model->error(instance);
  EXPECT_EQ(bytes, 1200);
  v.inputs[0].dims[1] = 2;
  EXPECT_EQ(model->arena_for(instance, v.inputs, &bytes), INGOT_SHAPE_MISMATCH);
  EXPECT_EQ(bytes, 0);
}

TEST(CoreMemory, KeepsArenaAndResultsBetweenRuns) {
  const ingot_model *model = handmade_model();
  Allocator allocator;
  ingot_options options = allocator.options();
  ingot_instance *instance = nullptr;
  ASSERT_EQ(model->create(model, &options, &instance), INGOT_OK);
  Values v(1000), small(10), larger(2000);
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  int after = allocator.requests;
  size_t live = allocator.live.size();
  ASSERT_EQ(model->run(instance, small.inputs, v.outputs), INGOT_OK);
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(allocator.requests, after + 2) << "one segment a run of another size, nothing else";
  EXPECT_EQ(allocator.live.size(), live);
  after = allocator.requests;
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(allocator.requests, after) << "a run like the one before uses its segments again";
  ASSERT_EQ(model->run(instance, larger.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(allocator.live.size(), live) << "what grew replaced what was there";
  model->destroy(instance);
  EXPECT_TRUE(allocator.live.empty());
}

TEST(CoreMemory, RefusesAnArenaThatNoMemoryHolds) {
  static const ingot_code code = {[](ingot_frame *frame) -> ingot_status { return ingot_frame_arena(frame, -1) ? INGOT_OK : ingot_status(frame->status); },
                                  nullptr, nullptr, 0, 0, nullptr};
  ingot_model_image image;
  memcpy(&image, handmade_model(), sizeof image);
  image.code = &code;
  ingot_instance *instance = nullptr;
  ASSERT_EQ(image.model.create(&image.model, nullptr, &instance), INGOT_OK);
  Values v(2);
  EXPECT_EQ(image.model.run(instance, v.inputs, v.outputs), INGOT_OUT_OF_MEMORY);
  EXPECT_STREQ(image.model.error(instance), "the arena is beyond any memory");
  image.model.destroy(instance);
}

TEST(CoreMemory, SurvivesEveryFailedAllocation) {
  const ingot_model *model = handmade_model();
  Values v(50);
  for (int failAt = 0;; ++failAt) {
    ASSERT_LT(failAt, 20);
    Allocator allocator;
    allocator.failAt = failAt;
    ingot_options options = allocator.options();
    options.log = keepLog;
    ingot_instance *instance = nullptr;
    memset(v.outputs, 0, sizeof v.outputs);
    ingot_status status = model->create(model, &options, &instance);
    if (status == INGOT_OK) {
      status = model->run(instance, v.inputs, v.outputs);
      if (status != INGOT_OK) {
        EXPECT_EQ(std::string(model->error(instance)).substr(0, 14), "no memory for ");
        EXPECT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK) << "later there is memory again";
      }
      model->destroy(instance);
    }
    EXPECT_TRUE(allocator.live.empty()) << "leak after failure " << failAt;
    if (status == INGOT_OK)
      break;
    EXPECT_EQ(status, INGOT_OUT_OF_MEMORY);
  }
}

TEST(CoreCpu, RefusesAProcessorThatLacksSomething) {
  const ingot_model *model = handmade_cpu_model();
  ingot_options options = {};
  options.abi_version = INGOT_ABI_VERSION;
  options.log = keepLog;
  ingot_instance *instance = nullptr;
  EXPECT_EQ(model->create(model, &options, &instance), INGOT_UNSUPPORTED_CPU);
  EXPECT_EQ(instance, nullptr);
  EXPECT_EQ(logged.substr(0, 80), "model 'handmade_cpu' was compiled for x86-64-v9, this processor lacks an extensi");
}

struct CoreWeightsFile : testing::Test {
  std::string path = testing::TempDir() + "ingot-core-test.weights";
  const ingot_model *model = handmade_side_model();
  ingot_instance *instance = nullptr;

  ingot_status createWith(uint64_t checksum, size_t bytes, const char *magic = INGOT_WEIGHTS_MAGIC) {
    ingot_weights_header header = {};
    memcpy(header.magic, magic, 8);
    header.bytes = 64;
    header.checksum = checksum;
    std::vector<float> weights(16);
    weights[0] = 3;
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<char *>(&header), sizeof header).write(reinterpret_cast<char *>(weights.data()), bytes);
    file.close();
    ingot_options options = {};
    options.abi_version = INGOT_ABI_VERSION;
    options.log = keepLog;
    options.weights_path = path.c_str();
    return model->create(model, &options, &instance);
  }
  void TearDown() override { std::remove(path.c_str()); }
};

TEST_F(CoreWeightsFile, IsMapped) {
  ASSERT_EQ(createWith(42, 64), INGOT_OK) << logged;
  Values v(1);
  ASSERT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(static_cast<float *>(v.outputs[0].data)[1], 3 * 1 * 10);
  model->destroy(instance);
}

TEST_F(CoreWeightsFile, IsRefusedWhenItIsNotTheModels) {
  EXPECT_EQ(createWith(43, 64), INGOT_IO_ERROR);
  EXPECT_EQ(logged, "weights file '" + path + "' belongs to another compilation of the model");
  EXPECT_EQ(createWith(42, 60), INGOT_IO_ERROR);
  EXPECT_EQ(logged, "weights file '" + path + "' is cut short");
  EXPECT_EQ(createWith(42, 64, "INGOTWT0"), INGOT_IO_ERROR);
  EXPECT_EQ(logged, "weights file '" + path + "' is no weights file");
  std::ofstream(path, std::ios::binary).close();
  EXPECT_EQ(instance, nullptr);
}

TEST_F(CoreWeightsFile, IsMissed) {
  ingot_options options = {};
  options.abi_version = INGOT_ABI_VERSION;
  options.log = keepLog;
  options.weights_path = "/nowhere/at.all";
  EXPECT_EQ(model->create(model, &options, &instance), INGOT_IO_ERROR);
  EXPECT_EQ(logged, "weights file '/nowhere/at.all' cannot be opened");
}

TEST(CoreThreads, RefusesTwoRunsOfOneInstance) {
  const ingot_model *model = handmade_model();
  // A parallel_for that, in the middle of a run, tries to run the same instance.
  static ingot_instance *instance;
  static Values inner(2);
  static ingot_status second;
  instance = nullptr;
  ingot_options options = {};
  options.abi_version = INGOT_ABI_VERSION;
  options.parallel_for = [](void *, int64_t count, ingot_range_body body, void *context) {
    second = handmade_model()->run(instance, inner.inputs, inner.outputs);
    body(context, 0, count);
  };
  ASSERT_EQ(model->create(model, &options, &instance), INGOT_OK);
  Values v(2);
  EXPECT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OK);
  EXPECT_EQ(second, INGOT_INVALID_ARGUMENT);
  model->destroy(instance);
}

TEST(CoreThreads, KeepsTheFirstOfManyFailures) {
  const ingot_model *model = handmade_model();
  ingot_options options = {};
  options.abi_version = INGOT_ABI_VERSION;
  options.parallel_for = [](void *, int64_t count, ingot_range_body body, void *context) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i)
      threads.emplace_back(body, context, i, i + 1);
    for (auto &thread : threads)
      thread.join();
  };
  ingot_instance *instance = nullptr;
  ASSERT_EQ(model->create(model, &options, &instance), INGOT_OK);
  Values v(4);
  v.pick = {9, -1, 9, 9, 9, 9, 9, 9};
  v.inputs[2].data = v.pick.data();
  v.inputs[2].bytes = 64;
  v.inputs[2].dims[0] = 8;
  EXPECT_EQ(model->run(instance, v.inputs, v.outputs), INGOT_OUT_OF_RANGE);
  EXPECT_STREQ(model->error(instance), "Gather:pick: an index is outside of 'x'");
  model->destroy(instance);
}

TEST(CoreFeatures, FollowsTheLevels) {
#ifdef __x86_64__
  __builtin_cpu_init();
  // The frame's features are seen through a model whose main reports them.
  static uint64_t features;
  static const ingot_code code = {[](ingot_frame *frame) { features = frame->features; return INGOT_OK; }, nullptr, nullptr, 0, 0, nullptr};
  static ingot_model_image image = {*handmade_model(), &code};
  image.model.input_count = image.model.output_count = 0;
  ingot_instance *instance = nullptr;
  ASSERT_EQ(image.model.create(&image.model, nullptr, &instance), INGOT_OK);
  ASSERT_EQ(image.model.run(instance, nullptr, nullptr), INGOT_OK);
  image.model.destroy(instance);
  EXPECT_EQ(features >> INGOT_CPU_X86_64_V3 & 1, uint64_t(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
  EXPECT_EQ(features >> INGOT_CPU_X86_64_V4 & 1, uint64_t(__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")));
  EXPECT_EQ(features >> INGOT_CPU_AVX512VNNI & 1, uint64_t(!!__builtin_cpu_supports("avx512vnni")));
#endif
}

} // namespace
