/*===- Cast.c - numbers to strings and back ----------------------------------------------------===
 *
 * A number is written with as few digits as tell it from its neighbours in its type, floats with a point or an exponent.
 *===----------------------------------------------------------------------------------*/
#include "Value.h"
#include "ingot/Runtime/tensor_io.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What reading `text` gives, in the precision of the type. */
static int reads(ingot_type type, const char *text, double value, const void *data, int64_t index) {
  if (type == INGOT_FLOAT)
    return strtof(text, NULL) == (float)value;
  double read = strtod(text, NULL);
  if (type == INGOT_DOUBLE)
    return read == value;
  /* Narrow floats: nearer to this one than to its neighbours, of which the largest has one only. */
  int wide = ingot_element_size(type) == 2;
  uint16_t code = wide ? ((const uint16_t *)data)[index] : ((const uint8_t *)data)[index];
  double neighbours[2];
  for (int k = 0; k < 2; ++k) {
    uint16_t next = (uint16_t)(k ? code + 1 : code - 1);
    uint8_t byte = (uint8_t)next;
    neighbours[k] = ingot_element_get(type, wide ? (const void *)&next : (const void *)&byte, 0);
  }
  for (int k = 0; k < 2; ++k) {
    double neighbour = isfinite(neighbours[k]) ? neighbours[k] : 2 * value - neighbours[!k];
    if (fabs(read - value) >= fabs(read - neighbour))
      return 0;
  }
  return 1;
}

/* Digits as NumPy writes them: scientific below 1e-4 and from 1e16 on. */
static int formatFloat(ingot_type type, const void *data, int64_t index, char *out, size_t size) {
  double value = ingot_element_get(type, data, index), magnitude = fabs(value);
  if (isnan(value))
    return snprintf(out, size, "NaN");
  if (isinf(value))
    return snprintf(out, size, value < 0 ? "-INF" : "INF");
  char text[40];
  int digits = 0;
  do
    snprintf(text, sizeof text, "%.*e", digits, value);
  while (!reads(type, text, value, data, index) && ++digits < 17);
  int exponent = atoi(strchr(text, 'e') + 1);
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    int decimals = digits - exponent;
    return snprintf(out, size, "%.*f", decimals < 1 ? 1 : decimals, magnitude == 0 ? value : strtod(text, NULL));
  }
  return snprintf(out, size, "%s", text);
}

static int formatNumber(const ingot_tensor *x, int64_t i, char *out, size_t size) {
  switch (x->type) {
  case INGOT_INT64: return snprintf(out, size, "%lld", (long long)((const int64_t *)x->data)[i]);
  case INGOT_UINT64: return snprintf(out, size, "%llu", (unsigned long long)((const uint64_t *)x->data)[i]);
  case INGOT_BOOL: return snprintf(out, size, "%d", ((const uint8_t *)x->data)[i] != 0);
  case INGOT_FLOAT: case INGOT_DOUBLE: case INGOT_FLOAT16: case INGOT_BFLOAT16: case INGOT_FLOAT8E4M3FN: case INGOT_FLOAT8E4M3FNUZ:
  case INGOT_FLOAT8E5M2: case INGOT_FLOAT8E5M2FNUZ: case INGOT_FLOAT4E2M1: return formatFloat(x->type, x->data, i, out, size);
  default: return snprintf(out, size, "%lld", (long long)ingot_element_get(x->type, x->data, i));
  }
}

enum { LongestNumber = 48 };

ingot_status ingot_op_number_to_string(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0];
  ingot_tensor *out = &call->outputs[0];
  ingot_status status = ingotMakeTensor(call, out, INGOT_STRING, x->rank, x->dims);
  if (status)
    return status;
  int64_t n = ingotCountOf(x);
  char *text = call->allocate(call, (size_t)n * LongestNumber);
  if (!text)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t i = 0; i < n; ++i) {
    ingot_string *s = (ingot_string *)out->data + i;
    int size = formatNumber(x, i, text, LongestNumber);
    s->data = text;
    s->size = (size_t)size;
    text += size;
  }
  return INGOT_OK;
}

/* Reads `text` into element `i`; zero if it is no number, or not of this type. */
static int readNumber(ingot_tensor *out, int64_t i, const char *text) {
  char *end;
  errno = 0;
  switch (out->type) {
  case INGOT_FLOAT: ((float *)out->data)[i] = strtof(text, &end); break;
  case INGOT_DOUBLE: ((double *)out->data)[i] = strtod(text, &end); break;
  case INGOT_UINT64: ((uint64_t *)out->data)[i] = strtoull(text, &end, 10); break;
  default: {
    int64_t value = strtoll(text, &end, 10);
    if (errno)
      return 0;
    if (out->type == INGOT_BOOL)
      value = value != 0;
    ingot_element_set(out->type, out->data, i, (double)value);
    if (out->type == INGOT_INT64)
      ((int64_t *)out->data)[i] = value;
    else if (ingot_element_get(out->type, out->data, i) != (double)value)
      return 0; /* clamped */
  }
  }
  if (out->type == INGOT_UINT64 && errno)
    return 0;
  while (*end == ' ')
    ++end;
  return end != text && !*end;
}

ingot_status ingot_op_string_to_number(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0];
  ingot_tensor *out = &call->outputs[0];
  ingot_status status = ingotMakeTensor(call, out, out->type, x->rank, x->dims);
  for (int64_t i = 0, n = ingotCountOf(x); !status && i < n; ++i) {
    ingot_string s = ingotStrings(x)[i];
    char text[128];
    size_t size = s.size < sizeof text ? s.size : sizeof text - 1;
    if (size)
      memcpy(text, s.data, size);
    text[size] = 0;
    if (s.size >= sizeof text || strlen(text) != size || !readNumber(out, i, text))
      return ingotFailCall(call, INGOT_INVALID_ARGUMENT, "string %lld, \"%.60s\", is no number of type %s", (long long)i, text,
                           ingot_type_name(out->type));
  }
  return status;
}
