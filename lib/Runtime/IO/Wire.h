/*===- Wire.h - reading Protobuf's wire format ---------------------------------------------===
 *
 * Every read is bounded by the message it is in; what cannot be right marks the reader as broken and ends it.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_LIB_RUNTIME_IO_WIRE_H
#define INGOT_LIB_RUNTIME_IO_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Wire { const uint8_t *at, *end; int broken; } Wire;

typedef enum WireType { WireVarint = 0, WireFixed64 = 1, WireBytes = 2, WireFixed32 = 5 } WireType;

typedef struct WireField {
  uint32_t number;
  WireType type;
  uint64_t value; /* of a varint or fixed field */
  Wire bytes;     /* of a field with a length; for fixed ones the bytes too */
} WireField;

static inline uint64_t wireVarint(Wire *wire) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && wire->at < wire->end; shift += 7) {
    uint8_t byte = *wire->at++;
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80)
      return value;
  }
  wire->broken = 1;
  return 0;
}

/* Reads the next field. Zero at the end of the message, and when it is broken. */
static inline int wireNext(Wire *wire, WireField *field) {
  if (wire->broken || wire->at == wire->end)
    return 0;
  uint64_t tag = wireVarint(wire), size = 0;
  field->number = (uint32_t)(tag >> 3);
  field->type = (WireType)(tag & 7);
  field->value = 0;
  switch (field->type) {
  case WireVarint: field->value = wireVarint(wire); break;
  case WireFixed64: size = 8; break;
  case WireFixed32: size = 4; break;
  case WireBytes: size = wireVarint(wire); break;
  default: wire->broken = 1; /* groups are not used by ONNX */
  }
  if (wire->broken || !field->number || tag >> 32 || size > (uint64_t)(wire->end - wire->at)) {
    wire->broken = 1;
    return 0;
  }
  field->bytes.at = wire->at;
  field->bytes.end = wire->at + size;
  field->bytes.broken = 0;
  if (field->type == WireFixed32 || field->type == WireFixed64)
    memcpy(&field->value, wire->at, (size_t)size); /* little-endian, as are all targets */
  wire->at += size;
  return 1;
}

static inline size_t wireSize(const Wire *wire) { return (size_t)(wire->end - wire->at); }

#endif
