/*===- Limits.c - what this machine can do at best ---------------------------------------------===
 *
 * The roof that kernels of a profile are held against: the rate of fused multiplications and additions on as many registers as
 * the pipeline is deep, and the rate of reading from buffers that fit each level of cache, and memory.
 *===----------------------------------------------------------------------------------*/
#include "Program.h"

#include <stdlib.h>

enum { Accumulators = 12 }; /* more than latency times units of any processor of today */

/* One set of measuring loops for a width of vectors. */
#define MEASURES(suffix, attribute, width)                                                                                             \
  typedef float Vector##suffix __attribute__((vector_size(width)));                                                                    \
  attribute static double multiply##suffix(int64_t rounds) {                                                                           \
    Vector##suffix a[Accumulators], scale, step;                                                                                       \
    for (unsigned k = 0; k < width / sizeof(float); ++k)                                                                               \
      scale[k] = 0.999f, step[k] = 0.001f;                                                                                             \
    for (int i = 0; i < Accumulators; ++i)                                                                                             \
      a[i] = scale;                                                                                                                    \
    for (int64_t r = 0; r < rounds; ++r)                                                                                               \
      for (int i = 0; i < Accumulators; ++i)                                                                                           \
        a[i] = a[i] * scale + step;                                                                                                    \
    volatile float sink;                                                                                                               \
    for (int i = 0; i < Accumulators; ++i)                                                                                             \
      sink = a[i][0];                                                                                                                  \
    (void)sink;                                                                                                                        \
    return 2.0 * (double)rounds * Accumulators * (width / sizeof(float));                                                              \
  }                                                                                                                                    \
  attribute static void read##suffix(const char *data, int64_t bytes) {                                                                \
    Vector##suffix a = {0}, b = {0}, c = {0}, d = {0};                                                                                 \
    for (int64_t i = 0; i + 4 * width <= bytes; i += 4 * width) {                                                                      \
      const Vector##suffix *v = (const Vector##suffix *)(data + i);                                                                    \
      a += v[0], b += v[1], c += v[2], d += v[3];                                                                                      \
    }                                                                                                                                  \
    volatile float sink = (a + b + c + d)[0];                                                                                          \
    (void)sink;                                                                                                                        \
  }

MEASURES(Plain, , 16)
#if defined(__x86_64__)
MEASURES(Avx2, __attribute__((target("avx2,fma"))), 32)
MEASURES(Avx512, __attribute__((target("avx512f"))), 64)
#endif

typedef struct Measure {
  double (*multiply)(int64_t rounds);
  void (*read)(const char *data, int64_t bytes);
  int64_t rounds, repeats, bytes; /* bytes of each thread */
  const char *data;               /* null: multiply */
} Measure;

static void body(void *context, int64_t begin, int64_t end) {
  const Measure *measure = context;
  for (int64_t t = begin; t < end; ++t)
    if (!measure->data)
      measure->multiply(measure->rounds);
    else
      for (int64_t r = 0; r < measure->repeats; ++r)
        measure->read(measure->data + t * measure->bytes, measure->bytes);
}

/* Best of five, in seconds. */
static double best(Measure *measure, int32_t threads, ingot_parallel_for parallelFor, void *pool) {
  double best = 1e30;
  for (int i = 0; i < 5; ++i) {
    double start = ingotMicroseconds();
    if (parallelFor && threads > 1)
      parallelFor(pool, threads, body, measure);
    else
      body(measure, 0, 1);
    double seconds = (ingotMicroseconds() - start) * 1e-6;
    best = seconds < best ? seconds : best;
  }
  return best;
}

static Measure chooseMeasure(void) {
  Measure measure = {multiplyPlain, readPlain, 1 << 17, 0, 0, NULL};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    measure.multiply = multiplyAvx512, measure.read = readAvx512;
  else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    measure.multiply = multiplyAvx2, measure.read = readAvx2;
#endif
  return measure;
}

void ingotMeasureLimits(int32_t threads, ingot_parallel_for parallelFor, void *pool, Limits *limits) {
  static const int64_t sizes[IngotLimitSizes] = {16 << 10, 256 << 10, 2 << 20, 8 << 20, 64 << 20};
  threads = parallelFor && threads > 1 ? threads : 1;
  Measure measure = chooseMeasure();
  limits->flops = threads * measure.multiply(1) * (double)measure.rounds / best(&measure, threads, parallelFor, pool);
  /* Each thread reads its own part: the caches of the cores add up. */
  char *data = aligned_alloc(64, (size_t)(sizes[IngotLimitSizes - 1] * threads));
  for (int i = 0; i < IngotLimitSizes; ++i) {
    limits->sizes[i] = sizes[i] * threads;
    limits->bandwidths[i] = 1e30; /* no limit known */
    if (!data)
      continue;
    measure.bytes = sizes[i];
    measure.repeats = sizes[i] < 4 << 20 ? (4 << 20) / sizes[i] : 1;
    for (int64_t at = 0; at < limits->sizes[i]; at += 4096) /* pages are there */
      data[at] = 0;
    measure.data = data;
    limits->bandwidths[i] = (double)(limits->sizes[i] * measure.repeats) / best(&measure, threads, parallelFor, pool);
  }
  free(data);
}

double ingotLimitSeconds(const Limits *limits, double flops, double bytes) {
  int level = 0;
  while (level + 1 < IngotLimitSizes && bytes > (double)limits->sizes[level])
    ++level;
  double moving = bytes / limits->bandwidths[level], computing = flops > 0 ? flops / limits->flops : 0;
  return moving > computing ? moving : computing;
}
