/*===- Value.c - making values ---------------------------------------------------------------===*/
#include "Value.h"

#include <stdarg.h>
#include <stdio.h>

int64_t ingotCountOf(const ingot_tensor *tensor) {
  int64_t count = 1;
  for (int32_t i = 0; i < tensor->rank; ++i) {
    if (tensor->dims[i] < 0)
      return -1;
    count = tensor->dims[i] ? count : 0;
  }
  for (int32_t i = 0; count && i < tensor->rank; ++i)
    if (__builtin_mul_overflow(count, tensor->dims[i], &count) || count > INT64_MAX / 256)
      return -1;
  return count;
}

ingot_status ingotFailCall(ingot_call *call, ingot_status status, const char *format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return call->fail(call, status, text);
}

ingot_status ingotMakeTensor(ingot_call *call, ingot_tensor *to, ingot_type type, int32_t rank, const int64_t *dims) {
  memset(to, 0, sizeof *to);
  to->type = type;
  to->rank = rank;
  for (int32_t i = 0; i < rank; ++i)
    to->dims[i] = dims[i];
  int64_t count = ingotCountOf(to);
  if (count < 0)
    return ingotFailCall(call, INGOT_OUT_OF_MEMORY, "the result is beyond any memory");
  to->bytes = (size_t)count * ingot_element_size(type);
  to->data = call->allocate(call, to->bytes);
  to->reserved = INGOT_STAYS;
  return to->data ? INGOT_OK : INGOT_OUT_OF_MEMORY;
}

ingot_status ingotShare(ingot_call *call, ingot_tensor *to, const ingot_tensor *from) {
  if (from->kind != INGOT_TENSOR || from->reserved == INGOT_STAYS) {
    *to = *from;
    return INGOT_OK;
  }
  ingot_status status = ingotMakeTensor(call, to, from->type, from->rank, from->dims);
  if (!status && to->bytes)
    memcpy(to->data, from->data, to->bytes);
  return status;
}

/* Before the elements of a sequence made here.  Sequences that grew out of one another share one array: each sees the first dims[0] elements of
 * it, and whoever sees all that are in use may append in place. */
typedef struct Storage { int64_t used, room; char pad[48]; } Storage;

ingot_status ingotMakeSequence(ingot_call *call, ingot_tensor *to, ingot_kind kind, ingot_type type, int64_t count, int64_t room) {
  memset(to, 0, sizeof *to);
  to->kind = kind;
  to->type = type;
  to->rank = 1;
  to->dims[0] = count;
  to->bytes = (size_t)count * sizeof(ingot_tensor);
  Storage *storage = call->allocate(call, sizeof(Storage) + (size_t)(count + room) * sizeof(ingot_tensor));
  if (!storage)
    return INGOT_OUT_OF_MEMORY;
  storage->used = count;
  storage->room = count + room;
  to->data = storage + 1;
  to->reserved = INGOT_STAYS;
  memset(to->data, 0, to->bytes);
  return INGOT_OK;
}

ingot_status ingotMakeMap(ingot_call *call, ingot_tensor *to, const ingot_tensor *keys, const ingot_tensor *values) {
  ingot_status status = ingotMakeSequence(call, to, INGOT_MAP, INGOT_UNDEFINED, 2, 0);
  if (!status)
    status = ingotShare(call, &ingotElements(to)[0], keys);
  return status ? status : ingotShare(call, &ingotElements(to)[1], values);
}

/* Room behind the elements of `sequence` for one more, which no other sequence uses. */
ingot_tensor *ingotRoomBehind(const ingot_tensor *sequence) {
  if (sequence->reserved != INGOT_STAYS)
    return NULL;
  Storage *storage = (Storage *)sequence->data - 1;
  if (storage->used != sequence->dims[0] || storage->used == storage->room)
    return NULL;
  return ingotElements(sequence) + storage->used++;
}

int ingotBroadcast(ingot_broadcast *b, const ingot_tensor *x, const ingot_tensor *y) {
  const ingot_tensor *operands[2] = {x, y};
  b->rank = x->rank > y->rank ? x->rank : y->rank;
  for (int32_t d = 0; d < b->rank; ++d)
    b->dims[d] = 1;
  for (int k = 0; k < 2; ++k) {
    int32_t lead = b->rank - operands[k]->rank;
    int64_t step = 1;
    memset(b->steps[k], 0, sizeof b->steps[k]);
    for (int32_t d = operands[k]->rank; d-- > 0;) {
      int64_t size = operands[k]->dims[d];
      b->steps[k][lead + d] = size == 1 ? 0 : step;
      step *= size;
      if (size == 1)
        continue;
      if (b->dims[lead + d] != 1 && b->dims[lead + d] != size)
        return 0;
      b->dims[lead + d] = size;
    }
  }
  return 1;
}

void ingotAdvance(const ingot_broadcast *b, int64_t *index, int64_t position[2]) {
  for (int32_t d = b->rank; d-- > 0;) {
    position[0] += b->steps[0][d];
    position[1] += b->steps[1][d];
    if (++index[d] < b->dims[d])
      return;
    position[0] -= b->steps[0][d] * b->dims[d];
    position[1] -= b->steps[1][d] * b->dims[d];
    index[d] = 0;
  }
}

/* A constant of strings: its elements are an attribute. */
ingot_status ingot_op_constant(ingot_call *call) {
  const ingot_tensor *value = ingot_find_attribute(call, "value");
  if (!value)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "has no value");
  call->outputs[0] = *value;
  return INGOT_OK;
}

/* A dense tensor as a handle, and a handle as a dense tensor. */
ingot_status ingot_op_hold(ingot_call *call) { return ingotShare(call, &call->outputs[0], call->inputs[0]); }
ingot_status ingot_op_view(ingot_call *call) {
  call->outputs[0] = *call->inputs[0];
  return INGOT_OK;
}

/* (keys, values) to a map. */
ingot_status ingot_op_map(ingot_call *call) {
  if (ingotCountOf(call->inputs[0]) != ingotCountOf(call->inputs[1]))
    return call->fail(call, INGOT_SHAPE_MISMATCH, "a map needs as many values as keys");
  return ingotMakeMap(call, &call->outputs[0], call->inputs[0], call->inputs[1]);
}
