/*===- Pool.c - the default thread pool ----------------------------------------------------===
 *
 * An adapter from ingot_parallel_for to pthreadpool.  Debian packages that library as a shared object only; it is opened at run time.
 *===----------------------------------------------------------------------------------*/
#define _GNU_SOURCE
#include "ingot/Runtime/pool.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdlib.h>

/* From pthreadpool.h, whose header a cross build does not have. */
typedef struct pthreadpool *pthreadpool_t;
typedef void (*Task)(void *context, size_t index);
typedef pthreadpool_t (*Create)(size_t threads);
typedef size_t (*ThreadsCount)(pthreadpool_t pool);
typedef void (*Parallelize)(pthreadpool_t pool, Task task, void *context, size_t range, uint32_t flags);
typedef void (*Destroy)(pthreadpool_t pool);

struct ingot_pool {
  void *library;
  pthreadpool_t threads;
  Parallelize parallelize;
  Destroy destroy;
  int32_t count;
};

/* More ranges than threads let fast threads take over from slow ones; many more would cost more than they balance. */
enum { RangesPerThread = 4 };

typedef struct Work { ingot_range_body body; void *context; int64_t count, ranges; } Work;

/* Start of range `i`: count * i / ranges without overflow. */
static int64_t startOf(const Work *work, int64_t i) {
  int64_t whole = work->count / work->ranges, rest = work->count % work->ranges;
  return whole * i + (i < rest ? i : rest);
}

static void runRange(void *context, size_t index) {
  const Work *work = context;
  work->body(work->context, startOf(work, (int64_t)index), startOf(work, (int64_t)index + 1));
}

void ingot_pool_parallel_for(void *pool, int64_t count, ingot_range_body body, void *context) {
  const ingot_pool *self = pool;
  if (count <= 0)
    return;
  if (!self || count == 1) {
    body(context, 0, count);
    return;
  }
  int64_t ranges = (int64_t)self->count * RangesPerThread;
  Work work = {body, context, count, ranges < count ? ranges : count};
  self->parallelize(self->threads, runRange, &work, (size_t)work.ranges, 0);
}

static int32_t usableProcessors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

ingot_pool *ingot_pool_create(int32_t threads) {
  ingot_pool *pool = threads < 0 ? NULL : calloc(1, sizeof *pool);
  if (!pool)
    return NULL;
  pool->library = dlopen("libpthreadpool.so.0", RTLD_NOW | RTLD_LOCAL);
  if (pool->library) {
    Create create = (Create)dlsym(pool->library, "pthreadpool_create");
    ThreadsCount threadsCount = (ThreadsCount)dlsym(pool->library, "pthreadpool_get_threads_count");
    pool->parallelize = (Parallelize)dlsym(pool->library, "pthreadpool_parallelize_1d");
    pool->destroy = (Destroy)dlsym(pool->library, "pthreadpool_destroy");
    if (create && threadsCount && pool->parallelize && pool->destroy)
      pool->threads = create((size_t)(threads ? threads : usableProcessors()));
    if (pool->threads) {
      pool->count = (int32_t)threadsCount(pool->threads);
      return pool;
    }
    dlclose(pool->library);
  }
  free(pool);
  return NULL;
}

void ingot_pool_destroy(ingot_pool *pool) {
  if (!pool)
    return;
  pool->destroy(pool->threads);
  dlclose(pool->library);
  free(pool);
}

int32_t ingot_pool_threads(const ingot_pool *pool) { return pool ? pool->count : 1; }
