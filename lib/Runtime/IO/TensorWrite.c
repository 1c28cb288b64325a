/*===- TensorWrite.c - values to ONNX's messages --------------------------------------------===
 *
 * A message is written front to back; the lengths of nested messages are computed before, so that nothing is held in memory twice.
 *===----------------------------------------------------------------------------------*/
#include "Fail.h"
#include "ingot/Runtime/tensor_io.h"

#include <string.h>

/* Where bytes go: counted only, while `file` is null. */
typedef struct Sink { FILE *file; uint64_t size; int failed; } Sink;

static void putBytes(Sink *sink, const void *data, size_t size) {
  sink->size += size;
  if (sink->file && size && fwrite(data, 1, size, sink->file) != size)
    sink->failed = 1;
}

static void putVarint(Sink *sink, uint64_t value) {
  uint8_t bytes[10];
  size_t size = 0;
  do {
    bytes[size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>= 7;
  } while (value);
  putBytes(sink, bytes, size);
}

static void putNumber(Sink *sink, unsigned field, uint64_t value) {
  putVarint(sink, field << 3);
  putVarint(sink, value);
}

static void putHead(Sink *sink, unsigned field, uint64_t size) {
  putVarint(sink, field << 3 | 2);
  putVarint(sink, size);
}

static void putText(Sink *sink, unsigned field, const char *text) {
  putHead(sink, field, strlen(text));
  putBytes(sink, text, strlen(text));
}

static unsigned wireBits(ingot_type type) {
  switch (type) {
  case INGOT_UINT4: case INGOT_INT4: case INGOT_FLOAT4E2M1: return 4;
  case INGOT_UINT2: case INGOT_INT2: return 2;
  default: return (unsigned)ingot_element_size(type) * 8;
  }
}

static void putPacked(Sink *sink, unsigned bits, const uint8_t *elements, int64_t count) {
  unsigned perByte = 8 / bits, mask = (1u << bits) - 1;
  for (int64_t i = 0; i < count; i += perByte) {
    uint8_t byte = 0;
    for (unsigned k = 0; k < perByte && i + k < count; ++k)
      byte |= (uint8_t)((elements[i + k] & mask) << (k * bits));
    putBytes(sink, &byte, 1);
  }
}

static void putTensor(Sink *sink, const char *name, const ingot_tensor *tensor) {
  int64_t count = ingot_element_count(tensor);
  for (int32_t i = 0; i < tensor->rank; ++i)
    putNumber(sink, 1, (uint64_t)tensor->dims[i]);
  putNumber(sink, 2, (uint64_t)tensor->type);
  putText(sink, 8, name);
  if (tensor->type == INGOT_STRING) {
    const ingot_string *strings = tensor->data;
    for (int64_t i = 0; i < count; ++i) {
      putHead(sink, 6, strings[i].size);
      putBytes(sink, strings[i].data, strings[i].size);
    }
    return;
  }
  unsigned bits = wireBits(tensor->type);
  if (bits < 8) {
    putHead(sink, 9, (uint64_t)(count + 8 / bits - 1) / (8 / bits));
    putPacked(sink, bits, tensor->data, count);
    return;
  }
  putHead(sink, 9, (uint64_t)count * (bits / 8));
  putBytes(sink, tensor->data, (size_t)count * (bits / 8));
}

static void putValue(Sink *sink, const char *name, const ingot_tensor *value);

/* MapProto; values are a sequence of scalars. */
static void putMap(Sink *sink, const char *name, const ingot_tensor *map) {
  const ingot_tensor *keys = map->data, *values = keys + 1;
  putText(sink, 1, name);
  putNumber(sink, 2, (uint64_t)keys->type);
  for (int64_t i = 0; i < keys->dims[0]; ++i)
    if (keys->type == INGOT_STRING) {
      const ingot_string *s = (const ingot_string *)keys->data + i;
      putHead(sink, 4, s->size);
      putBytes(sink, s->data, s->size);
    } else
      putNumber(sink, 3, (uint64_t)ingot_element_get(keys->type, keys->data, i));
  Sink counted = {NULL, 0, 0};
  for (int pass = 0; pass < 2; ++pass) {
    Sink *to = pass ? sink : &counted;
    if (pass)
      putHead(sink, 5, counted.size);
    if (values->kind != INGOT_TENSOR) {
      putValue(to, "", values);
      continue;
    }
    putNumber(to, 2, 1);
    for (int64_t i = 0; i < values->dims[0]; ++i) {
      size_t size = ingot_element_size(values->type);
      ingot_tensor scalar = {.data = (char *)values->data + (size_t)i * size, .bytes = size, .type = values->type};
      Sink one = {NULL, 0, 0};
      putTensor(&one, "", &scalar);
      putHead(to, 3, one.size);
      putTensor(to, "", &scalar);
    }
  }
}

/* SequenceProto (elem_type 1 tensor, 3 sequence, 5 optional, of its field 2) or OptionalProto, whose fields have the same numbers. */
static void putValue(Sink *sink, const char *name, const ingot_tensor *value) {
  if (value->kind == INGOT_TENSOR) {
    putTensor(sink, name, value);
    return;
  }
  if (value->kind == INGOT_MAP) {
    putMap(sink, name, value);
    return;
  }
  const ingot_tensor *elements = value->data;
  ingot_kind kind = value->dims[0] ? elements[0].kind : INGOT_TENSOR;
  putText(sink, 1, name);
  if (value->kind == INGOT_SEQUENCE || value->dims[0])
    putNumber(sink, 2, kind == INGOT_TENSOR ? 1 : kind == INGOT_SEQUENCE ? 3 : kind == INGOT_MAP ? 4 : 5);
  for (int64_t i = 0; i < value->dims[0]; ++i) {
    Sink counted = {NULL, 0, 0};
    putValue(&counted, "", &elements[i]);
    putHead(sink, elements[i].kind == INGOT_TENSOR ? 3 : elements[i].kind == INGOT_SEQUENCE ? 5 : elements[i].kind == INGOT_MAP ? 6 : 7, counted.size);
    putValue(sink, "", &elements[i]);
  }
}

static int writable(const ingot_tensor *value) {
  if (value->kind == INGOT_TENSOR)
    return ingot_element_size(value->type) && ingot_element_count(value) >= 0;
  if (value->rank != 1 || (value->kind == INGOT_MAP && value->dims[0] != 2))
    return 0;
  for (int64_t i = 0; i < value->dims[0]; ++i)
    if (!writable((const ingot_tensor *)value->data + i))
      return 0;
  return 1;
}

ingot_status ingot_value_write_pb(const char *path, const char *name, const ingot_tensor *value, ingot_io_error *error) {
  if (!writable(value))
    return ingotFail(error, INGOT_INVALID_ARGUMENT, "cannot write '%s': expected tensors, sequences, maps or optionals of known types", path);
  Sink sink = {fopen(path, "wb"), 0, 0};
  if (sink.file)
    putValue(&sink, name, value);
  if (!sink.file || fclose(sink.file) || sink.failed)
    return ingotFail(error, INGOT_IO_ERROR, "cannot write '%s'", path);
  return INGOT_OK;
}
