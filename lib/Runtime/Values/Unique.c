/*===- Unique.c - the distinct elements or slices of strings -----------------------------------===*/
#define _GNU_SOURCE /* qsort_r */
#include "Value.h"

#include <stdlib.h>

/* Slices along an axis: slice i, outer o is at strings[(o * count + i) * inner]. */
typedef struct Slices {
  const ingot_string *strings;
  int64_t outer, count, inner;
} Slices;

static int compareSlices(const Slices *s, int64_t a, int64_t b) {
  for (int64_t o = 0; o < s->outer; ++o)
    for (int64_t i = 0; i < s->inner; ++i) {
      int order = ingotCompareStrings(s->strings[(o * s->count + a) * s->inner + i], s->strings[(o * s->count + b) * s->inner + i]);
      if (order)
        return order;
    }
  return 0;
}

/* By contents, equal ones in the order that they have. */
static int compareIndices(const void *a, const void *b, void *slices) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  int order = compareSlices(slices, x, y);
  return order ? order : (x > y) - (x < y);
}

static int compareNumbers(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

ingot_status ingot_op_unique(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0], *given = ingot_find_attribute(call, "axis");
  int64_t axis = ingot_attribute_int(call, "axis", 0), dims[INGOT_MAX_RANK] = {0};
  Slices s = {ingotStrings(x), 1, ingotCountOf(x), 1};
  axis += axis < 0 ? x->rank : 0;
  if (given && (axis < 0 || axis >= x->rank))
    return ingotFailCall(call, INGOT_INVALID_ARGUMENT, "axis %lld is out of range for rank %d", (long long)axis, (int)x->rank);
  for (int32_t d = 0; given && d < x->rank; ++d) {
    dims[d] = x->dims[d];
    if (d < axis)
      s.outer *= x->dims[d];
    else if (d > axis)
      s.inner *= x->dims[d];
    else
      s.count = x->dims[d];
  }
  /* order: indices by contents; firsts: one index for each distinct slice; which: the distinct slice of each. */
  size_t bytes = (size_t)(s.count + 1) * sizeof(int64_t);
  int64_t *order = call->allocate(call, bytes), *firsts = call->allocate(call, bytes), *byFirst = call->allocate(call, bytes), distinct = 0;
  if (!order || !firsts || !byFirst)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t i = 0; i < s.count; ++i)
    order[i] = i;
  qsort_r(order, (size_t)s.count, sizeof *order, compareIndices, &s);
  for (int64_t i = 0; i < s.count; ++i)
    if (!i || compareSlices(&s, order[i - 1], order[i]))
      firsts[distinct++] = order[i];
  if (!ingot_attribute_int(call, "sorted", 1))
    qsort(firsts, (size_t)distinct, sizeof *firsts, compareNumbers);
  for (int64_t i = 0; i < distinct; ++i)
    byFirst[firsts[i]] = i;

  ingot_tensor *y = &call->outputs[0];
  dims[given ? axis : 0] = distinct;
  ingot_status status = ingotMakeTensor(call, y, INGOT_STRING, given ? x->rank : 1, dims);
  for (int32_t i = 1; !status && i < call->output_count; ++i)
    status = ingotMakeTensor(call, &call->outputs[i], INGOT_INT64, 1, i == 2 ? &s.count : &distinct);
  if (status)
    return status;
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i = 0; i < distinct; ++i)
      memcpy((ingot_string *)y->data + (o * distinct + i) * s.inner, s.strings + (o * s.count + firsts[i]) * s.inner,
             (size_t)s.inner * sizeof(ingot_string));
  int64_t *indices = call->outputs[1].data, *inverse = call->outputs[2].data, *counts = call->outputs[3].data, current = 0;
  memcpy(indices, firsts, (size_t)distinct * sizeof *indices);
  memset(counts, 0, (size_t)distinct * sizeof *counts);
  for (int64_t i = 0; i < s.count; ++i) {
    if (!i || compareSlices(&s, order[i - 1], order[i]))
      current = byFirst[order[i]];
    inverse[order[i]] = current;
    ++counts[current];
  }
  return INGOT_OK;
}
