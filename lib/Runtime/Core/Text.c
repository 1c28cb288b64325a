/*===- Text.c - error texts without printf ---------------------------------------------===
 *
 * Failures are formatted into the instance's fixed buffer, so that reporting one allocates nothing and needs no libc.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

ingot_text ingotTextBegin(char *buffer, size_t size) {
  ingot_text text = {buffer, buffer + size - 1};
  *buffer = 0;
  return text;
}

void ingotTextString(ingot_text *text, const char *s) {
  while (*s && text->at < text->end)
    *text->at++ = *s++;
  *text->at = 0;
}

void ingotTextInteger(ingot_text *text, int64_t value) {
  char digits[24], *p = digits + sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  *--p = 0;
  do
    *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    *--p = '-';
  ingotTextString(text, p);
}

void ingotTextType(ingot_text *text, int32_t type) {
  static const char *const names[] = {
      "undefined", "float",     "uint8",      "int8",          "uint16",         "int16",      "int32",
      "int64",     "string",    "bool",       "float16",       "double",         "uint32",     "uint64",
      "complex64", "complex128", "bfloat16",  "float8e4m3fn",  "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
      "uint4",     "int4",      "float4e2m1", "float8e8m0",    "uint2",          "int2"};
  if (type >= 0 && type < (int32_t)(sizeof names / sizeof *names)) {
    ingotTextString(text, names[type]);
    return;
  }
  ingotTextString(text, "type ");
  ingotTextInteger(text, type);
}

void ingotTextKind(ingot_text *text, int32_t kind) {
  static const char *const names[] = {"a tensor", "a sequence", "an optional", "a map"};
  if (kind >= 0 && kind < (int32_t)(sizeof names / sizeof *names)) {
    ingotTextString(text, names[kind]);
    return;
  }
  ingotTextString(text, "kind ");
  ingotTextInteger(text, kind);
}
