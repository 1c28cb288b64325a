/*===- Benchmark.c - how long a run takes ------------------------------------------------------===*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double ingotMicroseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

ExitCode ingotBenchmark(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                        ingot_tensor *outputs) {
  enum { FewestRuns = 5, MostRuns = 1 << 22 };
  size_t count = 0, capacity = 1024;
  double *times = malloc(capacity * sizeof *times), first = 0, begin = ingotMicroseconds(), now = begin;
  if (!times)
    return ingotComplain(options, "no memory for the times");
  /* The first run fills caches and takes the arena: it is told apart and not among the others. */
  while (count < FewestRuns || (now < begin + options->seconds * 1e6 && count < MostRuns)) {
    double start = ingotMicroseconds();
    ingot_status status = model->run(instance, inputs, outputs);
    now = ingotMicroseconds();
    if (status) {
      free(times);
      return ingotComplain(options, "%s", model->error(instance));
    }
    if (first == 0) {
      first = now - start;
      begin = now;
      continue;
    }
    if (count == capacity) {
      double *grown = realloc(times, 2 * capacity * sizeof *times);
      if (!grown)
        break;
      times = grown;
      capacity *= 2;
    }
    times[count++] = now - start;
  }
  qsort(times, count, sizeof *times, ascending);
  printf("first_us=%.1f p50_us=%.1f p90_us=%.1f min_us=%.1f runs=%zu\n", first, times[count / 2], times[count * 9 / 10], times[0], count);
  free(times);
  return ExitGood;
}
