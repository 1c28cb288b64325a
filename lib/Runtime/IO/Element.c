/*===- Element.c - elements of every type as numbers ----------------------------------------===
 *
 * Small floating-point formats are rows of one table: width of exponent and mantissa, bias, and what the highest codes mean
 * (ONNX, "Float stored in 8 bits"; IEEE 754 for the halves; OCP MX for E2M1 and E8M0).
 *===----------------------------------------------------------------------------------*/
#include "ingot/Runtime/tensor_io.h"

#include <math.h>
#include <string.h>

typedef enum Specials { Ieee, OnlyNan, NegativeZeroIsNan, NoSpecials } Specials;
typedef struct Format { int exponent, mantissa, bias; Specials specials; } Format;

static const Format *formatOf(ingot_type type) {
  static const Format half = {5, 10, 15, Ieee}, bfloat = {8, 7, 127, Ieee}, e4m3fn = {4, 3, 7, OnlyNan},
                      e4m3fnuz = {4, 3, 8, NegativeZeroIsNan}, e5m2 = {5, 2, 15, Ieee}, e5m2fnuz = {5, 2, 16, NegativeZeroIsNan},
                      e2m1 = {2, 1, 1, NoSpecials};
  switch (type) {
  case INGOT_FLOAT16: return &half;
  case INGOT_BFLOAT16: return &bfloat;
  case INGOT_FLOAT8E4M3FN: return &e4m3fn;
  case INGOT_FLOAT8E4M3FNUZ: return &e4m3fnuz;
  case INGOT_FLOAT8E5M2: return &e5m2;
  case INGOT_FLOAT8E5M2FNUZ: return &e5m2fnuz;
  case INGOT_FLOAT4E2M1: return &e2m1;
  default: return NULL;
  }
}

static double decode(const Format *f, unsigned code) {
  unsigned sign = code >> (f->exponent + f->mantissa) & 1, mantissaMask = (1u << f->mantissa) - 1;
  unsigned exponentMask = (1u << f->exponent) - 1, exponent = code >> f->mantissa & exponentMask, mantissa = code & mantissaMask;
  if (f->specials == Ieee && exponent == exponentMask)
    return mantissa ? NAN : sign ? -INFINITY : INFINITY;
  if (f->specials == OnlyNan && exponent == exponentMask && mantissa == mantissaMask)
    return NAN;
  if (f->specials == NegativeZeroIsNan && sign && !exponent && !mantissa)
    return NAN;
  double value = exponent ? ldexp(1.0 + ldexp(mantissa, -f->mantissa), (int)exponent - f->bias)
                          : ldexp(mantissa, 1 - f->bias - f->mantissa);
  return sign ? -value : value;
}

/* The code of the largest magnitude that is not above `value`'s: magnitudes ascend with their codes. */
static unsigned encode(const Format *f, double value) {
  unsigned low = 0, high = (1u << (f->exponent + f->mantissa)) - 1;
  double magnitude = fabs(value);
  while (!(decode(f, high) <= ldexp(1, 1 << f->exponent))) /* NaN and infinity end the table */
    --high;
  while (low < high) {
    unsigned middle = (low + high + 1) / 2;
    if (decode(f, middle) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  return low && signbit(value) ? low | 1u << (f->exponent + f->mantissa) : low;
}

double ingot_element_get(ingot_type type, const void *data, int64_t index) {
  const Format *format = formatOf(type);
  if (format)
    return decode(format, ingot_element_size(type) == 2 ? ((const uint16_t *)data)[index] : ((const uint8_t *)data)[index]);
  switch (type) {
  case INGOT_FLOAT: case INGOT_COMPLEX64: return ((const float *)data)[index];
  case INGOT_DOUBLE: case INGOT_COMPLEX128: return ((const double *)data)[index];
  case INGOT_INT8: return ((const int8_t *)data)[index];
  case INGOT_INT4: return (((const uint8_t *)data)[index] ^ 8) - 8; /* extends the sign of four bits, the others being zero */
  case INGOT_INT2: return (((const uint8_t *)data)[index] ^ 2) - 2;
  case INGOT_UINT8: case INGOT_UINT4: case INGOT_UINT2: case INGOT_BOOL: return ((const uint8_t *)data)[index];
  case INGOT_INT16: return ((const int16_t *)data)[index];
  case INGOT_UINT16: return ((const uint16_t *)data)[index];
  case INGOT_INT32: return ((const int32_t *)data)[index];
  case INGOT_UINT32: return ((const uint32_t *)data)[index];
  case INGOT_INT64: return (double)((const int64_t *)data)[index];
  case INGOT_UINT64: return (double)((const uint64_t *)data)[index];
  case INGOT_FLOAT8E8M0: return ((const uint8_t *)data)[index] == 255 ? NAN : ldexp(1, ((const uint8_t *)data)[index] - 127);
  default: return NAN;
  }
}

static double clamp(double value, double low, double high) { return !(value > low) ? low : value > high ? high : value; }

void ingot_element_set(ingot_type type, void *data, int64_t index, double value) {
  const Format *format = formatOf(type);
  if (format) {
    unsigned code = encode(format, value);
    if (ingot_element_size(type) == 2)
      ((uint16_t *)data)[index] = (uint16_t)code;
    else
      ((uint8_t *)data)[index] = (uint8_t)code;
    return;
  }
  switch (type) {
  case INGOT_FLOAT: case INGOT_COMPLEX64: ((float *)data)[index] = (float)value; break;
  case INGOT_DOUBLE: case INGOT_COMPLEX128: ((double *)data)[index] = value; break;
  case INGOT_INT2: ((uint8_t *)data)[index] = (uint8_t)((int)clamp(value, -2, 1) & 3); break;
  case INGOT_INT4: ((uint8_t *)data)[index] = (uint8_t)((int)clamp(value, -8, 7) & 15); break;
  case INGOT_INT8: ((int8_t *)data)[index] = (int8_t)clamp(value, -128, 127); break;
  case INGOT_BOOL: ((uint8_t *)data)[index] = value != 0; break;
  case INGOT_UINT2: ((uint8_t *)data)[index] = (uint8_t)clamp(value, 0, 3); break;
  case INGOT_UINT4: ((uint8_t *)data)[index] = (uint8_t)clamp(value, 0, 15); break;
  case INGOT_UINT8: ((uint8_t *)data)[index] = (uint8_t)clamp(value, 0, 255); break;
  case INGOT_INT16: ((int16_t *)data)[index] = (int16_t)clamp(value, -32768, 32767); break;
  case INGOT_UINT16: ((uint16_t *)data)[index] = (uint16_t)clamp(value, 0, 65535); break;
  case INGOT_INT32: ((int32_t *)data)[index] = (int32_t)clamp(value, -2147483648.0, 2147483647.0); break;
  case INGOT_UINT32: ((uint32_t *)data)[index] = (uint32_t)clamp(value, 0, 4294967295.0); break;
  case INGOT_INT64: ((int64_t *)data)[index] = (int64_t)clamp(value, -9223372036854775808.0, 9223372036854774784.0); break;
  case INGOT_UINT64: ((uint64_t *)data)[index] = (uint64_t)clamp(value, 0, 18446744073709549568.0); break;
  case INGOT_FLOAT8E8M0: ((uint8_t *)data)[index] = value > 0 ? (uint8_t)clamp(ilogb(value) + 127, 0, 254) : 0; break;
  default: break;
  }
}

int64_t ingot_element_count(const ingot_tensor *tensor) {
  int64_t count = 1;
  for (int32_t i = 0; i < tensor->rank; ++i) {
    if (tensor->dims[i] < 0)
      return -1;
    if (tensor->dims[i] == 0)
      count = 0;
  }
  for (int32_t i = 0; count && i < tensor->rank; ++i) {
    if (count > INT64_MAX / 32 / tensor->dims[i])
      return -1;
    count *= tensor->dims[i];
  }
  return count;
}

const char *ingot_type_name(ingot_type type) {
  static const char *const names[] = {
      "undefined", "float",      "uint8",     "int8",          "uint16",         "int16",      "int32",
      "int64",     "string",     "bool",      "float16",       "double",         "uint32",     "uint64",
      "complex64", "complex128", "bfloat16",  "float8e4m3fn",  "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
      "uint4",     "int4",       "float4e2m1", "float8e8m0",   "uint2",          "int2"};
  return (unsigned)type < sizeof names / sizeof *names ? names[type] : "unknown";
}
