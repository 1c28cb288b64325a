/*===- Give.c - results that are no dense numbers ------------------------------------------===
 *
 * Values share memory with one another and with the inputs while a run lasts; a result owns all of its own, in the instance until its next run.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

#define INGOT_MAX_NESTING 4

/* Bytes of strings at `strings`, moved to memory that stays. */
static int32_t keepStrings(ingot_frame *frame, ingot_string *strings, int64_t count) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < count; ++i)
    if (__builtin_add_overflow(bytes, (int64_t)strings[i].size, &bytes))
      bytes = INT64_MAX;
  if (!bytes)
    return INGOT_OK;
  char *to = ingot_frame_keep(frame, bytes);
  if (!to)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t i = 0; i < count; ++i) {
    if (strings[i].size)
      memcpy(to, strings[i].data, strings[i].size);
    strings[i].data = to;
    to += strings[i].size;
  }
  return INGOT_OK;
}

/* A copy of `from` with everything it refers to. */
static int32_t keepValue(ingot_frame *frame, ingot_tensor *to, const ingot_tensor *from, int depth) {
  size_t size = from->kind == INGOT_TENSOR ? ingot_element_size(from->type) : sizeof(ingot_tensor);
  int64_t count = ingotElementCount(from->rank, from->dims, size);
  if (count < 0 || depth == INGOT_MAX_NESTING) {
    ingot_frame_fail(frame, INGOT_INVALID_ARGUMENT, "a result is nested too deeply or beyond any memory");
    return INGOT_INVALID_ARGUMENT;
  }
  *to = *from;
  to->reserved = 0;
  to->bytes = (size_t)count * size;
  to->data = ingot_frame_keep(frame, (int64_t)to->bytes);
  if (!to->data)
    return INGOT_OUT_OF_MEMORY;
  if (from->kind != INGOT_TENSOR) {
    for (int64_t i = 0; i < count; ++i) {
      int32_t status = keepValue(frame, (ingot_tensor *)to->data + i, (const ingot_tensor *)from->data + i, depth + 1);
      if (status)
        return status;
    }
    return INGOT_OK;
  }
  if (count)
    memcpy(to->data, from->data, to->bytes);
  return from->type == INGOT_STRING ? keepStrings(frame, to->data, count) : INGOT_OK;
}

int32_t ingot_frame_give(ingot_frame *frame, int32_t index, const ingot_tensor *value) {
  if (frame->query)
    return INGOT_OK;
  ingot_tensor *output = &frame->outputs[index];
  if (value)
    return keepValue(frame, output, value, 0);
  return keepStrings(frame, output->data, ingotElementCount(output->rank, output->dims, sizeof(ingot_string)));
}
