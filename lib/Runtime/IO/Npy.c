/*===- Npy.c - NumPy's file format -----------------------------------------------------------===
 *
 * Format: numpy.lib.format.  Six bytes of magic, two of version, the header's length (2 or 4 bytes), then a Python dictionary literal
 * with descr, fortran_order and shape, then the elements.
 *===----------------------------------------------------------------------------------*/
#include "Npy.h"
#include "Fail.h"

#include <stdlib.h>
#include <string.h>

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

int ingotIsNpy(const void *data, size_t bytes) { return bytes >= 10 && !memcmp(data, magic, sizeof magic); }

typedef struct Descr { char kind; int swapped; size_t size; } Descr;

/* The value behind 'key': in the header, or null. The header is terminated. */
static const char *find(const char *header, const char *key) {
  char quoted[32];
  snprintf(quoted, sizeof quoted, "'%s':", key);
  const char *p = strstr(header, quoted);
  if (!p)
    return NULL;
  p += strlen(quoted);
  while (*p == ' ')
    ++p;
  return p;
}

/* "'<f4'" */
static int parseDescr(const char *p, Descr *descr) {
  if (!p || *p++ != '\'')
    return 0;
  descr->swapped = *p == '>';
  if (*p && strchr("<>|=", *p))
    ++p;
  descr->kind = *p;
  if (!*p++)
    return 0;
  char *end;
  unsigned long size = strtoul(p, &end, 10);
  descr->size = size;
  return end != p && *end == '\'' && size < 1u << 30;
}

/* "(1, 3,)" */
static int parseShape(const char *p, ingot_tensor *value) {
  if (!p || *p++ != '(')
    return 0;
  for (;;) {
    while (*p == ' ' || *p == ',')
      ++p;
    if (*p == ')')
      return 1;
    char *end;
    long long dim = strtoll(p, &end, 10);
    if (end == p || dim < 0 || value->rank == INGOT_MAX_RANK)
      return 0;
    value->dims[value->rank++] = dim;
    p = end;
  }
}

/* The bits of an element below 8 bits, 0 for other types. */
static uint8_t narrowMask(ingot_type type) {
  switch (type) {
  case INGOT_INT4: case INGOT_UINT4: case INGOT_FLOAT4E2M1: return 15;
  case INGOT_INT2: case INGOT_UINT2: return 3;
  default: return 0;
  }
}

static ingot_type typeOf(const Descr *descr, ingot_type expected) {
  /* types below 8 bits are bytes to NumPy */
  if (descr->size == 1 && ((descr->kind == 'i' && (expected == INGOT_INT4 || expected == INGOT_INT2)) ||
                           (descr->kind == 'u' && (expected == INGOT_UINT4 || expected == INGOT_UINT2))))
    return expected;
  switch (descr->kind) {
  case 'b': return descr->size == 1 ? INGOT_BOOL : INGOT_UNDEFINED;
  case 'f': return descr->size == 2 ? INGOT_FLOAT16 : descr->size == 4 ? INGOT_FLOAT : descr->size == 8 ? INGOT_DOUBLE : INGOT_UNDEFINED;
  case 'c': return descr->size == 8 ? INGOT_COMPLEX64 : descr->size == 16 ? INGOT_COMPLEX128 : INGOT_UNDEFINED;
  case 'i':
    return descr->size == 1 ? INGOT_INT8 : descr->size == 2 ? INGOT_INT16 : descr->size == 4 ? INGOT_INT32
           : descr->size == 8 ? INGOT_INT64 : INGOT_UNDEFINED;
  case 'u':
    return descr->size == 1 ? INGOT_UINT8 : descr->size == 2 ? INGOT_UINT16 : descr->size == 4 ? INGOT_UINT32
           : descr->size == 8 ? INGOT_UINT64 : INGOT_UNDEFINED;
  case 'U': case 'S': return INGOT_STRING;
  case 'V': return expected && expected != INGOT_STRING && ingot_element_size(expected) == descr->size ? expected : INGOT_UNDEFINED;
  default: return INGOT_UNDEFINED;
  }
}

static size_t encodeUtf8(uint32_t c, char *out) {
  if (c < 0x80)
    return out[0] = (char)c, 1;
  if (c < 0x800)
    return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3f)), 2;
  if (c < 0x10000)
    return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 0x3f)), out[2] = (char)(0x80 | (c & 0x3f)), 3;
  out[0] = (char)(0xf0 | (c >> 18 & 7)), out[1] = (char)(0x80 | (c >> 12 & 0x3f));
  out[2] = (char)(0x80 | (c >> 6 & 0x3f)), out[3] = (char)(0x80 | (c & 0x3f));
  return 4;
}

/* Fixed-width strings, padded with zeros: 'U' holds UCS-4 (at most 4 bytes each in UTF-8, too), 'S' bytes. */
static void readStrings(const Descr *descr, const char *elements, int64_t count, ingot_tensor *value) {
  size_t width = descr->kind == 'U' ? descr->size * 4 : descr->size;
  ingot_string *strings = value->data;
  char *text = (char *)(strings + count);
  for (int64_t i = 0; i < count; ++i, elements += width) {
    char *start = text;
    if (descr->kind == 'S') {
      memcpy(text, elements, width);
      text += strnlen(text, width);
    } else
      for (size_t k = 0; k < descr->size; ++k) {
        uint32_t c;
        memcpy(&c, elements + 4 * k, 4);
        if (descr->swapped)
          c = __builtin_bswap32(c);
        if (!c)
          break;
        text += encodeUtf8(c, text);
      }
    strings[i].data = start;
    strings[i].size = (size_t)(text - start);
  }
}

static void swapBytes(char *p, size_t bytes, size_t size) {
  for (size_t i = 0; i + size <= bytes; i += size)
    for (size_t a = 0, b = size - 1; a < b; ++a, --b) {
      char t = p[i + a];
      p[i + a] = p[i + b];
      p[i + b] = t;
    }
}

ingot_status ingotParseNpy(const void *data, size_t bytes, const char *name, ingot_type expected, ingot_tensor *value,
                           ingot_io_error *error) {
  const unsigned char *p = data;
  size_t lengthBytes = p[6] == 1 ? 2 : 4, length = p[8] | (size_t)p[9] << 8, start = 8 + lengthBytes;
  if (lengthBytes == 4 && bytes >= 12)
    length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
  char header[1024];
  if (p[6] < 1 || p[6] > 3 || bytes < start || length > bytes - start || length >= sizeof header)
    return ingotFail(error, INGOT_IO_ERROR, "'%s' is a broken .npy file: its header is cut short or too long", name);
  memcpy(header, p + start, length);
  header[length] = 0;
  const char *elements = (const char *)p + start + length, *order = find(header, "fortran_order");
  size_t present = bytes - start - length;

  Descr descr;
  if (!parseDescr(find(header, "descr"), &descr) || !order || !parseShape(find(header, "shape"), value))
    return ingotFail(error, INGOT_IO_ERROR, "'%s' is a broken .npy file: its header lacks descr, fortran_order or shape", name);
  value->type = typeOf(&descr, expected);
  if (!value->type)
    return ingotFail(error, INGOT_IO_ERROR, "'%s' has elements '%c%zu', expected a numeric, bool or string type of NumPy", name, descr.kind,
                     descr.size);
  int64_t count = ingot_element_count(value);
  size_t width = descr.kind == 'U' ? descr.size * 4 : descr.size;
  if (!strncmp(order, "True", 4) && value->rank > 1)
    return ingotFail(error, INGOT_IO_ERROR, "'%s' is in Fortran order, expected C order (numpy.ascontiguousarray)", name);
  if (count < 0 || (width && (size_t)count > present / width))
    return ingotFail(error, INGOT_IO_ERROR, "'%s' has %zu bytes of elements, its shape says more", name, present);
  if (!width && (size_t)count > present)
    return ingotFail(error, INGOT_IO_ERROR, "'%s' has %lld empty strings, more than are read from a file", name, (long long)count);

  value->bytes = (size_t)count * ingot_element_size(value->type);
  value->data = calloc(1, value->bytes + (value->type == INGOT_STRING ? (size_t)count * width : 0) + 1);
  if (!value->data)
    return ingotFail(error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", name);
  if (value->type == INGOT_STRING) {
    readStrings(&descr, elements, count, value);
    return INGOT_OK;
  }
  memcpy(value->data, elements, value->bytes);
  if (descr.swapped)
    swapBytes(value->data, value->bytes, descr.kind == 'c' ? descr.size / 2 : descr.size);
  uint8_t *bytesOfValue = value->data;
  for (int64_t i = 0; value->type == INGOT_BOOL && i < count; ++i)
    bytesOfValue[i] = bytesOfValue[i] != 0;
  for (int64_t i = 0; narrowMask(value->type) && i < count; ++i)
    bytesOfValue[i] &= narrowMask(value->type);
  return INGOT_OK;
}

static const char *descrOf(ingot_type type) {
  switch (type) {
  case INGOT_BOOL: return "|b1";
  case INGOT_INT8: case INGOT_INT4: case INGOT_INT2: return "|i1";
  case INGOT_UINT8: case INGOT_UINT4: case INGOT_UINT2: return "|u1";
  case INGOT_INT16: return "<i2";
  case INGOT_UINT16: return "<u2";
  case INGOT_INT32: return "<i4";
  case INGOT_UINT32: return "<u4";
  case INGOT_INT64: return "<i8";
  case INGOT_UINT64: return "<u8";
  case INGOT_FLOAT16: return "<f2";
  case INGOT_FLOAT: return "<f4";
  case INGOT_DOUBLE: return "<f8";
  case INGOT_COMPLEX64: return "<c8";
  case INGOT_COMPLEX128: return "<c16";
  case INGOT_BFLOAT16: return "<V2";
  case INGOT_STRING: case INGOT_UNDEFINED: return NULL;
  default: return "|V1";
  }
}

ingot_status ingot_value_write_npy(const char *path, const ingot_tensor *value, ingot_io_error *error) {
  const char *descr = value->kind == INGOT_TENSOR ? descrOf(value->type) : NULL;
  int64_t count = ingot_element_count(value);
  if (!descr || count < 0)
    return ingotFail(error, INGOT_INVALID_ARGUMENT, "cannot write '%s': .npy holds numeric tensors only, use .pb", path);
  char header[512], *at = header, *end = header + sizeof header;
  at += snprintf(at, (size_t)(end - at), "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (int32_t i = 0; i < value->rank; ++i)
    at += snprintf(at, (size_t)(end - at), "%lld,%s", (long long)value->dims[i], i + 1 < value->rank ? " " : "");
  at += snprintf(at, (size_t)(end - at), "), }");
  size_t length = ((size_t)(at - header) + 1 + 10 + 63) / 64 * 64 - 10; /* elements start at a multiple of 64 */
  memset(at, ' ', length - (size_t)(at - header));
  header[length - 1] = '\n';
  unsigned char start[10];
  memcpy(start, magic, sizeof magic);
  start[6] = 1, start[7] = 0, start[8] = (unsigned char)(length & 255), start[9] = (unsigned char)(length >> 8);

  FILE *file = fopen(path, "wb");
  size_t bytes = (size_t)count * ingot_element_size(value->type);
  int good = file && fwrite(start, 1, sizeof start, file) == sizeof start && fwrite(header, 1, length, file) == length;
  if (good && (value->type == INGOT_INT4 || value->type == INGOT_INT2)) /* as |i1 they have their sign */
    for (int64_t i = 0; i < count; ++i)
      good &= fputc((int)ingot_element_get(value->type, value->data, i) & 255, file) != EOF;
  else
    good = good && fwrite(value->data, 1, bytes, file) == bytes;
  if (file && fclose(file))
    good = 0;
  return good ? INGOT_OK : ingotFail(error, INGOT_IO_ERROR, "cannot write '%s'", path);
}
