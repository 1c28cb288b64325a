/*===- TensorRead.c - values from ONNX's messages ------------------------------------------===
 *
 * A TensorProto is read twice: once for its type, dims and how many elements it holds, and, when these agree, once to fill them in.
 * Field numbers are those of onnx.proto.
 *===----------------------------------------------------------------------------------*/
#include "Fail.h"
#include "Npy.h"
#include "Wire.h"
#include "ingot/Runtime/tensor_io.h"

#include <stdlib.h>

enum { MaxNesting = 8 };

/* Fields of TensorProto. */
enum { Dims = 1, DataType = 2, FloatData = 4, Int32Data = 5, StringData = 6, Int64Data = 7, RawData = 9, DoubleData = 10,
       Uint64Data = 11, DataLocation = 14 };

typedef struct Reader {
  const char *name; /* of the file */
  ingot_io_error *error;
} Reader;

static ingot_status broken(const Reader *reader, const char *what) {
  return ingotFail(reader->error, INGOT_IO_ERROR, "'%s' %s", reader->name, what);
}

/* Bits of an element on the wire. */
static unsigned wireBits(ingot_type type) {
  switch (type) {
  case INGOT_UINT4: case INGOT_INT4: case INGOT_FLOAT4E2M1: return 4;
  case INGOT_UINT2: case INGOT_INT2: return 2;
  default: return (unsigned)ingot_element_size(type) * 8;
  }
}

/* The field that holds the elements when they are not raw. */
static uint32_t typedField(ingot_type type) {
  switch (type) {
  case INGOT_FLOAT: case INGOT_COMPLEX64: return FloatData;
  case INGOT_DOUBLE: case INGOT_COMPLEX128: return DoubleData;
  case INGOT_INT64: return Int64Data;
  case INGOT_UINT32: case INGOT_UINT64: return Uint64Data;
  case INGOT_STRING: return StringData;
  default: return Int32Data;
  }
}

/* Elements below 8 bits out of a packed byte, one byte each. */
static void unpack(ingot_type type, uint8_t packed, uint8_t *out, int64_t count) {
  unsigned bits = wireBits(type), mask = (1u << bits) - 1;
  for (int64_t i = 0; i < count; ++i)
    out[i] = (uint8_t)(packed >> (i * bits) & mask);
}

typedef struct Contents {
  ingot_type type;
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK];
  int hasRaw, external;
  Wire raw;
} Contents;

static ingot_status addDim(const Reader *reader, Contents *contents, uint64_t value) {
  if (contents->rank == INGOT_MAX_RANK)
    return broken(reader, "has a tensor of more than 16 dimensions");
  if ((int64_t)value < 0)
    return broken(reader, "has a tensor with a negative dimension");
  contents->dims[contents->rank++] = (int64_t)value;
  return INGOT_OK;
}

/* First reading: everything but typed elements. */
static ingot_status readContents(const Reader *reader, Wire wire, Contents *contents) {
  WireField field;
  int64_t type = 0;
  memset(contents, 0, sizeof *contents);
  while (wireNext(&wire, &field)) {
    ingot_status status = INGOT_OK;
    if (field.number == Dims && field.type == WireVarint)
      status = addDim(reader, contents, field.value);
    else if (field.number == Dims && field.type == WireBytes) {
      while (!status && !field.bytes.broken && field.bytes.at < field.bytes.end) {
        uint64_t value = wireVarint(&field.bytes);
        status = addDim(reader, contents, value);
      }
      wire.broken |= field.bytes.broken;
    } else if (field.number == DataType && field.type == WireVarint)
      type = (int64_t)field.value;
    else if (field.number == RawData && field.type == WireBytes) {
      contents->hasRaw = 1;
      contents->raw = field.bytes;
    } else if (field.number == DataLocation && field.type == WireVarint)
      contents->external = field.value == 1;
    if (status)
      return status;
  }
  if (wire.broken)
    return broken(reader, "is no tensor message, or is cut short");
  if (type <= INGOT_UNDEFINED || type > INGOT_INT2)
    return ingotFail(reader->error, INGOT_IO_ERROR, "'%s' has a tensor of unknown element type %lld", reader->name, (long long)type);
  if (contents->external)
    return broken(reader, "keeps its data in another file, expected them inside");
  contents->type = (ingot_type)type;
  return INGOT_OK;
}

/* Entries and, for strings, bytes in the typed field. */
static void countEntries(Wire wire, uint32_t number, int64_t *entries, size_t *textBytes) {
  WireField field;
  while (wireNext(&wire, &field)) {
    if (field.number != number)
      continue;
    if (number == StringData) {
      *entries += field.type == WireBytes;
      *textBytes += wireSize(&field.bytes);
    } else if (field.type != WireBytes)
      *entries += 1;
    else if (number == FloatData || number == DoubleData)
      *entries += (int64_t)(wireSize(&field.bytes) / (number == FloatData ? 4 : 8));
    else
      for (const uint8_t *p = field.bytes.at; p < field.bytes.end; ++p)
        *entries += *p < 0x80;
  }
}

/* Entry `index` of the typed field of a numeric type. */
static void storeEntry(ingot_tensor *tensor, int64_t index, int64_t count, uint64_t value) {
  unsigned bits = wireBits(tensor->type);
  if (bits < 8) {
    int64_t first = index * (8 / bits), left = count - first;
    unpack(tensor->type, (uint8_t)value, (uint8_t *)tensor->data + first, left < 8 / bits ? left : 8 / bits);
    return;
  }
  if (tensor->type == INGOT_BOOL)
    value = value != 0;
  size_t size = tensor->type == INGOT_COMPLEX64 ? 4 : tensor->type == INGOT_COMPLEX128 ? 8 : bits / 8;
  memcpy((char *)tensor->data + (size_t)index * size, &value, size);
}

/* Strings of a field, whose bytes follow the elements. */
static void fillStrings(Wire wire, uint32_t number, ingot_tensor *tensor, int64_t count) {
  WireField field;
  ingot_string *s = tensor->data;
  char *text = (char *)(s + count);
  while (wireNext(&wire, &field)) {
    if (field.number != number || field.type != WireBytes)
      continue;
    s->data = text;
    s->size = wireSize(&field.bytes);
    memcpy(text, field.bytes.at, s->size);
    text += s->size;
    ++s;
  }
}

static void fillTyped(Wire wire, uint32_t number, ingot_tensor *tensor, int64_t count) {
  WireField field;
  int64_t index = 0;
  if (tensor->type == INGOT_STRING) {
    fillStrings(wire, number, tensor, count);
    return;
  }
  while (wireNext(&wire, &field)) {
    if (field.number != number)
      continue;
    if (field.type != WireBytes)
      storeEntry(tensor, index++, count, field.value);
    else if (number == FloatData || number == DoubleData) {
      size_t size = number == FloatData ? 4 : 8, whole = wireSize(&field.bytes) / size * size;
      memcpy((char *)tensor->data + (size_t)index * size, field.bytes.at, whole);
      index += (int64_t)(whole / size);
    } else
      while (field.bytes.at < field.bytes.end && !field.bytes.broken) {
        uint64_t value = wireVarint(&field.bytes);
        if (!field.bytes.broken)
          storeEntry(tensor, index++, count, value);
      }
  }
}

static ingot_status readTyped(const Reader *reader, Wire wire, ingot_tensor *tensor, int64_t count) {
  uint32_t number = typedField(tensor->type);
  int64_t entries = 0, perEntry = wireBits(tensor->type) < 8 ? 8 / wireBits(tensor->type) : 1;
  size_t textBytes = 0;
  countEntries(wire, number, &entries, &textBytes);
  int64_t needed = tensor->type == INGOT_COMPLEX64 || tensor->type == INGOT_COMPLEX128 ? 2 * count : (count + perEntry - 1) / perEntry;
  if (entries != needed)
    return ingotFail(reader->error, INGOT_IO_ERROR, "'%s' has %lld elements, its dimensions say %lld", reader->name,
                     (long long)entries, (long long)needed);
  tensor->bytes = (size_t)count * ingot_element_size(tensor->type);
  tensor->data = calloc(1, tensor->bytes + textBytes + 1);
  if (!tensor->data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  fillTyped(wire, number, tensor, count);
  return INGOT_OK;
}

static ingot_status readRaw(const Reader *reader, const Wire *raw, ingot_tensor *tensor, int64_t count) {
  unsigned bits = wireBits(tensor->type);
  if (tensor->type == INGOT_STRING)
    return broken(reader, "has strings as raw data");
  size_t needed = bits < 8 ? (size_t)(count + 8 / bits - 1) / (8 / bits) : (size_t)count * (bits / 8);
  if (wireSize(raw) != needed)
    return ingotFail(reader->error, INGOT_IO_ERROR, "'%s' has %zu bytes of data, its dimensions say %zu", reader->name, wireSize(raw),
                     needed);
  tensor->bytes = (size_t)count * ingot_element_size(tensor->type);
  tensor->data = malloc(tensor->bytes + 1);
  if (!tensor->data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  if (bits >= 8)
    memcpy(tensor->data, raw->at, needed);
  else
    for (size_t i = 0; i < needed; ++i)
      storeEntry(tensor, (int64_t)i, count, raw->at[i]);
  for (int64_t i = 0; tensor->type == INGOT_BOOL && i < count; ++i)
    ((uint8_t *)tensor->data)[i] = ((uint8_t *)tensor->data)[i] != 0;
  return INGOT_OK;
}

static ingot_status readNested(const Reader *reader, Wire wire, ingot_kind kind, ingot_type type, ingot_tensor *value, int depth);

static ingot_status readTensor(const Reader *reader, Wire wire, ingot_tensor *tensor) {
  Contents contents;
  ingot_status status = readContents(reader, wire, &contents);
  if (status)
    return status;
  tensor->type = contents.type;
  tensor->kind = INGOT_TENSOR;
  tensor->rank = contents.rank;
  memcpy(tensor->dims, contents.dims, sizeof contents.dims);
  int64_t count = ingot_element_count(tensor);
  if (count < 0)
    return broken(reader, "has dimensions that are beyond any memory");
  return contents.hasRaw ? readRaw(reader, &contents.raw, tensor, count) : readTyped(reader, wire, tensor, count);
}

/* The scalars of a sequence as one tensor, where all are of one type; else the sequence stays. */
static ingot_status joinScalars(const Reader *reader, ingot_tensor *sequence) {
  const ingot_tensor *elements = sequence->data;
  int64_t count = sequence->dims[0];
  for (int64_t i = 0; i < count; ++i)
    if (elements[i].kind != INGOT_TENSOR || elements[i].type != elements[0].type || ingot_element_count(&elements[i]) != 1)
      return INGOT_OK;
  if (!count)
    return INGOT_OK;
  int isText = elements[0].type == INGOT_STRING;
  size_t textBytes = 0;
  for (int64_t i = 0; isText && i < count; ++i)
    textBytes += ((const ingot_string *)elements[i].data)->size;
  ingot_tensor joined = {.type = elements[0].type, .kind = INGOT_TENSOR, .rank = 1};
  size_t size = ingot_element_size(joined.type);
  joined.dims[0] = count;
  joined.bytes = (size_t)count * size;
  joined.data = malloc(joined.bytes + textBytes);
  if (!joined.data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  char *text = (char *)joined.data + joined.bytes;
  for (int64_t i = 0; i < count; ++i) {
    memcpy((char *)joined.data + (size_t)i * size, elements[i].data, size);
    if (!isText)
      continue;
    ingot_string *s = (ingot_string *)joined.data + i; /* its text lies behind all of them */
    if (s->size)
      memcpy(text, s->data, s->size);
    s->data = text;
    text += s->size;
  }
  ingot_value_release(sequence);
  *sequence = joined;
  return INGOT_OK;
}

/* MapProto: keys are numbers in field 3 or strings in field 4, values a sequence in field 5. */
static ingot_status readMap(const Reader *reader, Wire wire, ingot_tensor *value, int depth) {
  Wire scan = wire, sequence = {NULL, NULL, 0};
  WireField field;
  int64_t numbers = 0, strings = 0;
  size_t textBytes = 0;
  while (wireNext(&scan, &field))
    if (field.number == 5 && field.type == WireBytes)
      sequence = field.bytes;
  if (scan.broken)
    return broken(reader, "is no map message, or is cut short");
  countEntries(wire, 3, &numbers, &textBytes);
  textBytes = 0;
  for (scan = wire; wireNext(&scan, &field);)
    if (field.number == 4 && field.type == WireBytes) {
      ++strings;
      textBytes += wireSize(&field.bytes);
    }
  value->type = INGOT_UNDEFINED;
  value->rank = 1;
  value->dims[0] = 2;
  value->bytes = 2 * sizeof(ingot_tensor);
  value->data = calloc(2, sizeof(ingot_tensor));
  if (!value->data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  ingot_tensor *keys = value->data;
  keys->type = strings ? INGOT_STRING : INGOT_INT64;
  keys->rank = 1;
  keys->dims[0] = strings ? strings : numbers;
  keys->bytes = (size_t)keys->dims[0] * ingot_element_size(keys->type);
  keys->data = calloc(1, keys->bytes + textBytes + 1);
  if (!keys->data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  if (strings)
    fillStrings(wire, 4, keys, keys->dims[0]);
  else
    fillTyped(wire, 3, keys, keys->dims[0]);
  ingot_status status = sequence.at ? readNested(reader, sequence, INGOT_SEQUENCE, INGOT_UNDEFINED, &keys[1], depth + 1) : INGOT_OK;
  if (!status && sequence.at)
    status = joinScalars(reader, &keys[1]);
  if (!status && keys[1].dims[0] != keys->dims[0] && sequence.at)
    return broken(reader, "is a map with another number of values than keys");
  return status;
}

/* SequenceProto and OptionalProto: field 3 holds tensors, 5 sequences, 6 maps, 7 optionals. */
static ingot_status readElements(const Reader *reader, Wire wire, ingot_type type, ingot_tensor *value, int depth) {
  Wire scan = wire;
  WireField field;
  int64_t count = 0, index = 0;
  while (wireNext(&scan, &field)) {
    if (field.type == WireBytes && field.number == 4)
      return broken(reader, "holds sparse tensors, expected tensors, sequences, maps or optionals");
    count += field.type == WireBytes && (field.number == 3 || (field.number >= 5 && field.number <= 7));
  }
  if (scan.broken)
    return broken(reader, "is no sequence or optional message, or is cut short");
  if (value->kind == INGOT_OPTIONAL && count > 1)
    return broken(reader, "is an optional of more than one value");
  value->type = type;
  value->rank = 1;
  value->bytes = (size_t)count * sizeof(ingot_tensor);
  value->data = calloc(1, value->bytes + 1);
  if (!value->data)
    return ingotFail(reader->error, INGOT_OUT_OF_MEMORY, "no memory for '%s'", reader->name);
  while (wireNext(&wire, &field)) {
    if (field.type != WireBytes || (field.number != 3 && (field.number < 5 || field.number > 7)))
      continue;
    ingot_kind kind = field.number == 3 ? INGOT_TENSOR : field.number == 5 ? INGOT_SEQUENCE : field.number == 6 ? INGOT_MAP : INGOT_OPTIONAL;
    ingot_tensor *element = (ingot_tensor *)value->data + index++;
    value->dims[0] = index; /* so that a failure releases what is there */
    ingot_status status = readNested(reader, field.bytes, kind, type, element, depth + 1);
    if (status)
      return status;
    value->type = element->type;
  }
  return INGOT_OK;
}

static ingot_status readNested(const Reader *reader, Wire wire, ingot_kind kind, ingot_type type, ingot_tensor *value, int depth) {
  if (depth > MaxNesting)
    return broken(reader, "nests sequences too deeply");
  value->kind = kind;
  if (kind == INGOT_MAP)
    return readMap(reader, wire, value, depth);
  return kind == INGOT_TENSOR ? readTensor(reader, wire, value) : readElements(reader, wire, type, value, depth);
}

ingot_status ingot_value_parse(const void *data, size_t bytes, const char *name, const ingot_value_info *expected, ingot_tensor *value,
                               ingot_io_error *error) {
  Reader reader = {name, error};
  ingot_kind kind = expected ? expected->kind : INGOT_TENSOR;
  ingot_status status;
  memset(value, 0, sizeof *value);
  if (ingotIsNpy(data, bytes))
    status = ingotParseNpy(data, bytes, name, expected ? expected->type : INGOT_UNDEFINED, value, error);
  else {
    Wire wire = {data, (const uint8_t *)data + bytes, 0};
    status = readNested(&reader, wire, kind, expected ? expected->type : INGOT_UNDEFINED, value, 0);
  }
  if (status)
    ingot_value_release(value);
  return status;
}

ingot_status ingot_value_read(const char *path, const ingot_value_info *expected, ingot_tensor *value, ingot_io_error *error) {
  ingot_file file;
  memset(value, 0, sizeof *value);
  ingot_status status = ingot_file_map(path, &file, error);
  if (status)
    return status;
  status = ingot_value_parse(file.data, file.bytes, path, expected, value, error);
  ingot_file_unmap(&file);
  return status;
}

void ingot_value_release(ingot_tensor *value) {
  if (value->kind != INGOT_TENSOR && value->data)
    for (int64_t i = 0; i < value->dims[0]; ++i)
      ingot_value_release((ingot_tensor *)value->data + i);
  free(value->data);
  memset(value, 0, sizeof *value);
}
