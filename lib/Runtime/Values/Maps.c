/*===- Maps.c - operators on maps, and look-ups of strings ----------------------------------------===*/
#define _GNU_SOURCE /* qsort_r */
#include "Value.h"

#include <stdio.h>
#include <stdlib.h>

/*===------------------------------------ ZipMap ----------------------------------===*/

/* A map from labels to scores for each row; all of them share the labels. */
ingot_status ingot_op_zip_map(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0], *labels = ingot_find_attribute(call, "classlabels_int64s");
  if (!labels || !labels->dims[0])
    labels = ingot_find_attribute(call, "classlabels_strings");
  int64_t columns = x->rank ? x->dims[x->rank - 1] : 1, rows = x->rank == 2 ? x->dims[0] : 1;
  if (!labels || labels->dims[0] != columns)
    return ingotFailCall(call, INGOT_SHAPE_MISMATCH, "a row has %lld scores for %lld labels", (long long)columns, (long long)(labels ? labels->dims[0] : 0));
  ingot_tensor *out = &call->outputs[0], scores, shared;
  ingot_status status = ingotMakeSequence(call, out, INGOT_SEQUENCE, out->type, rows, 0);
  if (!status)
    status = ingotShare(call, &scores, x);
  if (!status)
    status = ingotShare(call, &shared, labels);
  for (int64_t row = 0; !status && row < rows; ++row) {
    ingot_tensor values = scores;
    values.rank = 1;
    values.dims[0] = columns;
    values.bytes = (size_t)columns * sizeof(float);
    values.data = (float *)scores.data + row * columns;
    status = ingotMakeMap(call, &ingotElements(out)[row], &shared, &values);
  }
  return status;
}

/*===----------------------------- numbers and strings ----------------------------===*/

/* Element `index` of a tensor as a number; a string as far as it is one. */
static double numberAt(const ingot_tensor *t, int64_t index) {
  switch ((int)t->type) {
  case INGOT_FLOAT: return ((const float *)t->data)[index];
  case INGOT_DOUBLE: return ((const double *)t->data)[index];
  case INGOT_INT32: return ((const int32_t *)t->data)[index];
  case INGOT_INT64: return (double)((const int64_t *)t->data)[index];
  default: break;
  }
  char text[64];
  ingot_string s = ingotStrings(t)[index];
  size_t size = s.size < sizeof text - 1 ? s.size : sizeof text - 1;
  memcpy(text, s.data, size);
  text[size] = 0;
  return strtod(text, NULL);
}

/* Writes an element of one tensor into another of the type FLOAT, DOUBLE, INT64 or STRING. */
static ingot_status convertElement(ingot_call *call, const ingot_tensor *from, int64_t source, ingot_tensor *to, int64_t target) {
  if (to->type == INGOT_STRING) {
    ingot_string *result = (ingot_string *)to->data + target;
    if (from->type == INGOT_STRING) {
      *result = ingotStrings(from)[source];
      return INGOT_OK;
    }
    char *text = call->allocate(call, 64);
    if (!text)
      return INGOT_OUT_OF_MEMORY;
    int size = from->type == INGOT_INT64 ? snprintf(text, 64, "%lld", (long long)((const int64_t *)from->data)[source])
                                         : snprintf(text, 64, "%f", numberAt(from, source));
    *result = (ingot_string){text, (size_t)(size < 63 ? size : 63)};
    return INGOT_OK;
  }
  if (to->type == INGOT_INT64 && from->type == INGOT_INT64) {
    ((int64_t *)to->data)[target] = ((const int64_t *)from->data)[source];
    return INGOT_OK;
  }
  double v = numberAt(from, source);
  if (to->type == INGOT_FLOAT)
    ((float *)to->data)[target] = (float)v;
  else if (to->type == INGOT_DOUBLE)
    ((double *)to->data)[target] = v;
  else
    ((int64_t *)to->data)[target] = v >= -9.2e18 && v <= 9.2e18 ? (int64_t)v : 0;
  return INGOT_OK;
}

/* Zeros, or empty strings, [1, columns]. */
static ingot_status makeRow(ingot_call *call, ingot_tensor *out, int64_t columns) {
  int64_t dims[2] = {1, columns};
  ingot_status status = ingotMakeTensor(call, out, out->type, 2, dims);
  if (!status && out->bytes)
    memset(out->data, 0, out->bytes);
  return status;
}

/*===------------------------- order and search of keys ---------------------------===*/

/* Numbers before numbers, bytes before bytes; NaN behind all. */
static int compareKeys(const ingot_tensor *a, int64_t i, const ingot_tensor *b, int64_t j) {
  if (a->type == INGOT_STRING)
    return ingotCompareStrings(ingotStrings(a)[i], ingotStrings(b)[j]);
  if (a->type == INGOT_INT64) {
    int64_t x = ((const int64_t *)a->data)[i], y = ((const int64_t *)b->data)[j];
    return (x > y) - (x < y);
  }
  double x = numberAt(a, i), y = numberAt(b, j);
  return x != x || y != y ? (x != x) - (y != y) : (x > y) - (x < y);
}

static int compareIndices(const void *a, const void *b, void *keys) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  int order = compareKeys(keys, x, keys, y);
  return order ? order : (x > y) - (x < y);
}

/* The first of `count` keys, in the order given, that equals an element; -1 if there is none. */
static int64_t findKey(const ingot_tensor *keys, const int64_t *order, int64_t count, const ingot_tensor *x, int64_t index) {
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (compareKeys(keys, order[middle], x, index) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && compareKeys(keys, order[low], x, index) == 0 ? order[low] : -1;
}

/* The keys sorted once for each instance: [1 when done, numbers of the keys in order]. */
static const int64_t *sortedOnce(ingot_call *call, const ingot_tensor *keys) {
  int64_t count = ingotCountOf(keys), *state = call->state(call, (size_t)(count + 1) * sizeof(int64_t), NULL);
  if (!state)
    return NULL;
  if (!state[0]) {
    for (int64_t i = 0; i < count; ++i)
      state[i + 1] = i;
    qsort_r(state + 1, (size_t)count, sizeof(int64_t), compareIndices, (void *)keys);
    state[0] = 1;
  }
  return state + 1;
}

/*===------------------------------- look-ups ---------------------------------------===*/

ingot_status ingot_op_label_encoder(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0], *keys = ingot_find_attribute(call, "keys_tensor"), *values = ingot_find_attribute(call, "values_tensor");
  const ingot_tensor *otherwise = ingot_find_attribute(call, "default_tensor");
  ingot_tensor *out = &call->outputs[0];
  if (!keys || !values || !otherwise || keys->type != x->type)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "expected keys of the operand's type, values and a default");
  const int64_t *order = sortedOnce(call, keys);
  if (!order)
    return INGOT_OUT_OF_MEMORY;
  ingot_status status = ingotMakeTensor(call, out, values->type, x->rank, x->dims);
  size_t size = ingot_element_size(values->type);
  for (int64_t i = 0, n = status ? 0 : ingotCountOf(x), count = ingotCountOf(keys); i < n; ++i) {
    int64_t found = findKey(keys, order, count, x, i);
    const char *from = found < 0 ? (const char *)otherwise->data : (const char *)values->data + (size_t)found * size;
    memcpy((char *)out->data + (size_t)i * size, from, size);
  }
  return status;
}

/* The values of a map in the order of a vocabulary; 0, or an empty string, for words that the map lacks. */
ingot_status ingot_op_dict_vectorizer(ingot_call *call) {
  const ingot_tensor *keys = &ingotElements(call->inputs[0])[0], *values = &ingotElements(call->inputs[0])[1];
  const ingot_tensor *words = ingot_find_attribute(call, keys->type == INGOT_STRING ? "string_vocabulary" : "int64_vocabulary");
  ingot_tensor *out = &call->outputs[0];
  if (!words)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "expected a vocabulary of the keys' type");
  const int64_t *order = sortedOnce(call, words);
  if (!order)
    return INGOT_OUT_OF_MEMORY;
  int64_t count = ingotCountOf(words);
  ingot_status status = makeRow(call, out, count);
  for (int64_t i = 0, n = ingotCountOf(keys); !status && i < n; ++i) {
    int64_t column = findKey(words, order, count, keys, i);
    if (column >= 0)
      status = convertElement(call, values, i, out, column);
  }
  return status;
}

/* The values of a map: by rising keys, or each at the position that its key says. */
ingot_status ingot_op_cast_map(ingot_call *call) {
  const ingot_tensor *keys = &ingotElements(call->inputs[0])[0], *values = &ingotElements(call->inputs[0])[1];
  ingot_tensor *out = &call->outputs[0];
  ingot_string form = ingot_attribute_string(call, "map_form");
  int sparse = form.size == 6 && !memcmp(form.data, "SPARSE", 6);
  int64_t count = ingotCountOf(keys), columns = sparse ? ingot_attribute_int(call, "max_map", 1) : count;
  int64_t *order = call->allocate(call, (size_t)(count + 1) * sizeof(int64_t));
  if (!order)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t i = 0; i < count; ++i)
    order[i] = i;
  qsort_r(order, (size_t)count, sizeof *order, compareIndices, (void *)keys);
  ingot_status status = makeRow(call, out, columns);
  for (int64_t i = 0; !status && i < count; ++i) {
    int64_t column = sparse ? ingotIntegerAt(keys, order[i]) : i;
    if (column < 0)
      return ingotFailCall(call, INGOT_OUT_OF_RANGE, "key %lld of the map is negative", (long long)column);
    if (column < columns)
      status = convertElement(call, values, order[i], out, column);
  }
  return status;
}
