//===- PoolTest.cpp - the default thread pool -----------------------------------------------===//
#include "ingot/Runtime/pool.h"
#include "gtest/gtest.h"

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

namespace {

struct Ranges {
  std::mutex lock;
  std::set<std::pair<int64_t, int64_t>> all;
  static void body(void *context, int64_t begin, int64_t end) {
    auto *self = static_cast<Ranges *>(context);
    std::lock_guard<std::mutex> guard(self->lock);
    self->all.insert({begin, end});
  }
};

TEST(Pool, CoversEveryIndexOnceAndAlwaysTheSameWay) {
  ingot_pool *pool = ingot_pool_create(3);
  ASSERT_NE(pool, nullptr) << "libpthreadpool.so.0 is not installed";
  EXPECT_EQ(ingot_pool_threads(pool), 3);
  for (int64_t count : {0, 1, 2, 3, 11, 12, 13, 1000, 1001}) {
    Ranges first, second;
    ingot_pool_parallel_for(pool, count, Ranges::body, &first);
    ingot_pool_parallel_for(pool, count, Ranges::body, &second);
    EXPECT_EQ(first.all, second.all);
    int64_t next = 0;
    for (auto [begin, end] : first.all) {
      EXPECT_EQ(begin, next);
      EXPECT_LT(begin, end);
      next = end;
    }
    EXPECT_EQ(next, count);
  }
  ingot_pool_destroy(pool);
}

TEST(Pool, SplitsTheLargestCountWithoutOverflow) {
  ingot_pool *pool = ingot_pool_create(2);
  ASSERT_NE(pool, nullptr);
  Ranges ranges;
  ingot_pool_parallel_for(pool, INT64_MAX, Ranges::body, &ranges);
  EXPECT_EQ(ranges.all.begin()->first, 0);
  EXPECT_EQ(ranges.all.rbegin()->second, INT64_MAX);
  ingot_pool_destroy(pool);
}

TEST(Pool, RunsSeriallyWithoutOne) {
  Ranges ranges;
  ingot_pool_parallel_for(nullptr, 5, Ranges::body, &ranges);
  EXPECT_EQ(ranges.all.size(), 1u);
  EXPECT_EQ(ingot_pool_threads(nullptr), 1);
  EXPECT_EQ(ingot_pool_create(-1), nullptr);
  ingot_pool_destroy(nullptr);
}

} // namespace
