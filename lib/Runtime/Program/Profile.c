/*===- Profile.c - kernels by time --------------------------------------------------------------===
 *
 * Runs for as long as the benchmark does and prints, for each kernel, what its calls in one run take (the median over runs), how much work that was, and how near to
 * what this machine can do. For people the calls that share a kernel are one line; for programs (--json) every place is told apart.
 *===----------------------------------------------------------------------------------*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Row {
  const char *name, *nodes;
  int places;
  double calls, seconds, flops, bytes, limit; /* of one run; flops are negative where they are not known */
} Row;

typedef struct Profile {
  Row *rows;
  int count, runs;
  double run, kernels; /* seconds of one run, and of its kernels */
  double *times;       /* seconds of place p in run r at p * MostRuns + r; the whole runs are one place more */
} Profile;

enum { FewestRuns = 3, MostRuns = 1000 };

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of `count` values, which it sorts. */
static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 2];
}

static Row rowOf(const ingot_kernel_info *info, const ingot_kernel_time *before, const ingot_kernel_time *after, double seconds, int runs,
                 const Limits *limits) {
  Row row = {info->name, info->nodes, 1, (double)(after->calls - before->calls) / runs, seconds, -1, 0, 0};
  row.bytes = (double)(after->bytes - before->bytes) / runs;
  if (after->flops != INGOT_UNKNOWN_DIM)
    row.flops = (double)(after->flops - before->flops) / runs;
  if (row.calls > 0)
    row.limit = row.calls * ingotLimitSeconds(limits, row.flops / row.calls, row.bytes / row.calls);
  return row;
}

static void merge(Row *into, const Row *row) {
  into->places += row->places;
  into->calls += row->calls;
  into->seconds += row->seconds;
  into->bytes += row->bytes;
  into->limit += row->limit;
  into->flops = into->flops < 0 || row->flops < 0 ? -1 : into->flops + row->flops;
}

static int bySeconds(const void *a, const void *b) {
  double x = ((const Row *)a)->seconds, y = ((const Row *)b)->seconds;
  return (x < y) - (x > y);
}

static void makeRows(const Options *options, const ingot_model *model, const ingot_kernel_time *before, const ingot_kernel_time *after,
                     const Limits *limits, Profile *profile) {
  for (int32_t i = 0; i < model->kernel_count; ++i) {
    double seconds = median(profile->times + (size_t)i * MostRuns, profile->runs);
    Row row = rowOf(&model->kernels[i], &before[i], &after[i], seconds, profile->runs, limits);
    profile->kernels += row.seconds;
    Row *same = NULL;
    for (int k = 0; k < profile->count && !same && !options->json; ++k)
      same = strcmp(profile->rows[k].name, row.name) ? NULL : &profile->rows[k];
    if (same)
      merge(same, &row);
    else
      profile->rows[profile->count++] = row;
  }
  qsort(profile->rows, (size_t)profile->count, sizeof *profile->rows, bySeconds);
}

static void printText(const ingot_model *model, const Profile *profile, const Limits *limits, int32_t threads) {
  printf("%s: %.1f us in a run, %.1f us of it in kernels, medians of %d runs\n", model->name, profile->run * 1e6, profile->kernels * 1e6,
         profile->runs);
  printf("limit on %d thread%s: %.1f GFLOP/s of f32, reading %.1f to %.1f GB/s from cache and %.1f from memory\n", threads,
         threads == 1 ? "" : "s", limits->flops * 1e-9, limits->bandwidths[0] * 1e-9, limits->bandwidths[IngotLimitSizes - 2] * 1e-9,
         limits->bandwidths[IngotLimitSizes - 1] * 1e-9);
  printf("%10s %6s %6s %8s %7s %9s  %-26s %s\n", "us", "share", "calls", "GFLOP/s", "GB/s", "of limit", "kernel", "nodes");
  for (int i = 0; i < profile->count; ++i) {
    const Row *row = &profile->rows[i];
    char rate[32] = "?";
    if (row->flops >= 0 && row->seconds > 0)
      snprintf(rate, sizeof rate, "%.1f", row->flops / row->seconds * 1e-9);
    double seconds = row->seconds > 0 ? row->seconds : 1e30;
    printf("%10.2f %5.1f%% %6.4g %8s %7.1f %8.1f%%  %-26s %.*s%s", row->seconds * 1e6, 100 * row->seconds / profile->run, row->calls, rate,
           row->bytes / seconds * 1e-9, 100 * row->limit / seconds, row->name, 90, row->nodes, strlen(row->nodes) > 90 ? "..." : "");
    if (row->places > 1)
      printf(" and at %d more places", row->places - 1);
    printf("\n");
  }
}

static void printNumber(const char *name, double value, const char *end) {
  if (value < 0)
    printf("\"%s\": null%s", name, end);
  else
    printf("\"%s\": %.9g%s", name, value, end);
}

static void printJson(const ingot_model *model, const Profile *profile, const Limits *limits, int32_t threads) {
  printf("{\"model\": ");
  ingotPrintJsonString(model->name);
  printf(", \"threads\": %d, \"runs\": %d, ", threads, profile->runs);
  printNumber("run_us", profile->run * 1e6, ", ");
  printNumber("kernels_us", profile->kernels * 1e6, ", ");
  printNumber("limit_gflops", limits->flops * 1e-9, ", ");
  printf("\"limit_gbs\": [");
  for (int i = 0; i < IngotLimitSizes; ++i)
    printf("%s[%lld, %.4g]", i ? ", " : "", (long long)limits->sizes[i], limits->bandwidths[i] * 1e-9);
  printf("],\n \"kernels\": [");
  for (int i = 0; i < profile->count; ++i) {
    const Row *row = &profile->rows[i];
    printf("%s\n  {\"kernel\": ", i ? "," : "");
    ingotPrintJsonString(row->name);
    printf(", \"nodes\": ");
    ingotPrintJsonString(row->nodes);
    printf(", ");
    printNumber("calls", row->calls, ", ");
    printNumber("us", row->seconds * 1e6, ", ");
    printNumber("flops", row->flops, ", ");
    printNumber("bytes", row->bytes, ", ");
    printNumber("of_limit", row->seconds > 0 ? row->limit / row->seconds : -1, "}");
  }
  printf("\n ]}\n");
}

/* Runs until the time is over; 0: a run failed. `last` holds the times so far. */
static int runAll(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                  ingot_tensor *outputs, ingot_kernel_time *last, Profile *profile) {
  double begin = ingotMicroseconds(), now = begin;
  size_t count = (size_t)model->kernel_count;
  int r = 0;
  for (; r < FewestRuns || (now < begin + options->seconds * 1e6 && r < MostRuns); ++r) {
    double start = ingotMicroseconds();
    if (model->run(instance, inputs, outputs))
      return 0;
    now = ingotMicroseconds();
    const ingot_kernel_time *times = model->kernel_times(instance);
    for (size_t i = 0; i < count; ++i)
      profile->times[i * MostRuns + (size_t)r] = (double)(times[i].nanoseconds - last[i].nanoseconds) * 1e-9;
    profile->times[count * MostRuns + (size_t)r] = (now - start) * 1e-6;
    memcpy(last, times, count * sizeof *last);
  }
  profile->runs = r;
  profile->run = median(profile->times + count * MostRuns, r);
  return 1;
}

ExitCode ingotProfile(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                      ingot_tensor *outputs, ingot_parallel_for parallelFor, void *pool, int32_t threads) {
  Limits limits;
  ingotMeasureLimits(threads, parallelFor, pool, &limits);
  size_t count = (size_t)model->kernel_count + 1;
  Profile profile = {calloc(count, sizeof(Row)), 0, 0, 0, 0, calloc(count * MostRuns, sizeof(double))};
  ingot_kernel_time *before = calloc(2 * count, sizeof *before);
  ExitCode code = ExitGood;
  /* The first run fills caches and takes the arena: its times are taken off. */
  if (!profile.rows || !profile.times || !before)
    code = ingotComplain(options, "no memory for the profile");
  else if (model->run(instance, inputs, outputs))
    code = ingotComplain(options, "%s", model->error(instance));
  else {
    for (int i = 0; i < 2; ++i)
      memcpy(before + (size_t)i * count, model->kernel_times(instance), (size_t)model->kernel_count * sizeof *before);
    if (!runAll(options, model, instance, inputs, outputs, before + count, &profile))
      code = ingotComplain(options, "%s", model->error(instance));
    else {
      makeRows(options, model, before, model->kernel_times(instance), &limits, &profile);
      (options->json ? printJson : printText)(model, &profile, &limits, threads);
    }
  }
  free(profile.rows);
  free(profile.times);
  free(before);
  return code;
}
