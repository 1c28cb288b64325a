/*===- Compare.c - results against expected ones ----------------------------------------------===
 *
 * As ONNX's backend tests compare: same type and shape, NaN equal to NaN, infinities equal to themselves, strings byte by byte, and
 * |got - expected| <= atol + rtol * |expected| else.
 *===----------------------------------------------------------------------------------*/
#include "Program.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Difference {
  int64_t count, differing, worst;
  double worstError, worstRatio, largestError;
  double dot, gotSquares, expectedSquares; /* for the cosine */
} Difference;

static int64_t partsOf(const ingot_tensor *tensor) {
  int64_t count = ingot_element_count(tensor);
  return tensor->type == INGOT_COMPLEX64 || tensor->type == INGOT_COMPLEX128 ? 2 * count : count;
}

/* Error of one element; infinite where no tolerance can help. */
static double errorOf(const ingot_tensor *got, const ingot_tensor *expected, int64_t i) {
  if (got->type == INGOT_STRING) {
    const ingot_string *a = (const ingot_string *)got->data + i, *b = (const ingot_string *)expected->data + i;
    return a->size == b->size && (!a->size || !memcmp(a->data, b->data, a->size)) ? 0 : INFINITY;
  }
  if ((got->type == INGOT_INT64 || got->type == INGOT_UINT64) && ((int64_t *)got->data)[i] == ((int64_t *)expected->data)[i])
    return 0;
  double a = ingot_element_get(got->type, got->data, i), b = ingot_element_get(expected->type, expected->data, i);
  if (a == b || (isnan(a) && isnan(b)))
    return 0;
  if (isnan(a) || isnan(b) || isinf(a) || isinf(b))
    return INFINITY;
  /* neighbours beyond 2^53 are equal as doubles, but differ */
  return fmax(fabs(a - b), got->type == INGOT_INT64 || got->type == INGOT_UINT64 ? 1 : 0);
}

static void addTensor(const Options *options, const ingot_tensor *got, const ingot_tensor *expected, Difference *sum) {
  int64_t count = partsOf(got);
  for (int64_t i = 0; i < count; ++i, ++sum->count) {
    double error = errorOf(got, expected, i), allowed = 0;
    if (got->type != INGOT_STRING) {
      double a = ingot_element_get(got->type, got->data, i), b = ingot_element_get(expected->type, expected->data, i);
      allowed = options->atol + options->rtol * (isfinite(b) ? fabs(b) : 0);
      if (isfinite(a) && isfinite(b)) {
        sum->dot += a * b;
        sum->gotSquares += a * a;
        sum->expectedSquares += b * b;
      }
    }
    if (error > sum->largestError)
      sum->largestError = error;
    double ratio = error <= allowed ? 0 : allowed > 0 ? error / allowed : INFINITY;
    if (error <= allowed)
      continue;
    if (!sum->differing || ratio > sum->worstRatio || (isinf(ratio) && error > sum->worstError)) {
      sum->worst = i;
      sum->worstRatio = ratio;
      sum->worstError = error;
    }
    sum->differing++;
  }
}

static double cosineOf(const Difference *sum) {
  if (sum->gotSquares == 0 && sum->expectedSquares == 0)
    return 1;
  return sum->dot / sqrt(sum->gotSquares * sum->expectedSquares);
}

static void printElement(const ingot_tensor *tensor, int64_t i) {
  if (tensor->type == INGOT_STRING) {
    const ingot_string *s = (const ingot_string *)tensor->data + i;
    printf("\"%.*s\"", (int)(s->size < 60 ? s->size : 60), s->size ? s->data : "");
  } else if (tensor->type == INGOT_INT64)
    printf("%lld", (long long)((const int64_t *)tensor->data)[i]);
  else if (tensor->type == INGOT_UINT64)
    printf("%llu", (unsigned long long)((const uint64_t *)tensor->data)[i]);
  else
    printf("%.9g", ingot_element_get(tensor->type, tensor->data, i));
}

static void printPlace(const ingot_tensor *tensor, int64_t i) {
  int64_t position[INGOT_MAX_RANK], rest = partsOf(tensor) == ingot_element_count(tensor) ? i : i / 2;
  for (int32_t d = tensor->rank - 1; d >= 0; --d) {
    position[d] = rest % tensor->dims[d];
    rest /= tensor->dims[d];
  }
  printf("[");
  for (int32_t d = 0; d < tensor->rank; ++d)
    printf("%s%lld", d ? "," : "", (long long)position[d]);
  printf("]");
}

static ExitCode compareTensor(const Options *options, const char *label, const ingot_tensor *got, const ingot_tensor *expected) {
  char a[512], b[512];
  ingotDescribeValue(got, a, sizeof a);
  ingotDescribeValue(expected, b, sizeof b);
  if (strcmp(a, b)) {
    printf("%s: got %s, expected %s\n", label, a, b);
    return ExitDifferent;
  }
  Difference sum = {0};
  addTensor(options, got, expected, &sum);
  double cosine = cosineOf(&sum);
  if (sum.differing) {
    printf("%s %s: %lld of %lld elements differ, worst at ", label, a, (long long)sum.differing, (long long)sum.count);
    printPlace(got, sum.worst);
    printf(": got ");
    printElement(got, sum.worst);
    printf(", expected ");
    printElement(expected, sum.worst);
    if (got->type != INGOT_STRING)
      printf(" (allowed error %.3g, cosine %.6f)",
             options->atol + options->rtol * fabs(ingot_element_get(expected->type, expected->data, sum.worst)), cosine);
    printf("\n");
    return ExitDifferent;
  }
  if (options->minCosine > 0 && !(cosine >= options->minCosine)) {
    printf("%s %s: cosine %.6f, expected at least %.6f\n", label, a, cosine, options->minCosine);
    return ExitDifferent;
  }
  if (!options->quiet)
    printf("%s %s: equal, largest error %.3g\n", label, a, sum.largestError);
  return ExitGood;
}

ExitCode ingotCompareValue(const Options *options, const char *label, const ingot_tensor *got, const ingot_tensor *expected) {
  if (got->kind == INGOT_TENSOR && expected->kind == INGOT_TENSOR)
    return compareTensor(options, label, got, expected);
  if (got->kind != expected->kind || got->dims[0] != expected->dims[0]) {
    char a[512], b[512];
    printf("%s: got %s, expected %s\n", label, ingotDescribeValue(got, a, sizeof a), ingotDescribeValue(expected, b, sizeof b));
    return ExitDifferent;
  }
  ExitCode result = ExitGood;
  for (int64_t i = 0; i < got->dims[0]; ++i) {
    char inner[600];
    snprintf(inner, sizeof inner, "%s element %lld", label, (long long)i);
    ExitCode code = ingotCompareValue(options, inner, (const ingot_tensor *)got->data + i, (const ingot_tensor *)expected->data + i);
    result = code ? code : result;
  }
  if (!got->dims[0] && !options->quiet)
    printf("%s: equal, empty\n", label);
  return result;
}

ExitCode ingotCompareOutputs(const Options *options, const ingot_model *model, const ingot_tensor *outputs) {
  ExitCode result = ExitGood;
  int compared = 0;
  for (int32_t i = 0; i < model->output_count; ++i) {
    char path[4096], label[512];
    if (!ingotFindValueFile(options->testData, "output", i, path, sizeof path))
      continue;
    ingot_tensor expected;
    ingot_io_error error;
    if (ingot_value_read(path, &model->outputs[i], &expected, &error))
      return ingotComplain(options, "output '%s': %s", model->outputs[i].name, error.text);
    snprintf(label, sizeof label, "output '%s'", model->outputs[i].name);
    ExitCode code = ingotCompareValue(options, label, &outputs[i], &expected);
    ingot_value_release(&expected);
    result = code ? code : result;
    ++compared;
  }
  if (!compared)
    return ingotComplain(options, "'%s' has no output_N.pb or .npy to compare with", options->testData);
  return result;
}
