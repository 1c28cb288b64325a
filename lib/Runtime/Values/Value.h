/*===- Value.h - what the functions on strings, sequences and maps share -------------------===
 *
 * Functions of this folder are called through include/ingot/Runtime/custom_op.h, one `ingot_op_<name>` for each operator.  Values never change
 * once they are made, so elements are shared and not copied; only dense buffers of generated code, which are used again, are.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_LIB_RUNTIME_VALUES_VALUE_H
#define INGOT_LIB_RUNTIME_VALUES_VALUE_H

#include "ingot/Runtime/custom_op.h"

#include <string.h>

/* `reserved` of a descriptor whose memory stays to the end of the run; a sequence's was made by ingotMakeSequence. */
#define INGOT_STAYS 1

/* Number of elements; -1 if the dims overflow or are negative. */
int64_t ingotCountOf(const ingot_tensor *tensor);
/* Fails with a printf text. */
__attribute__((format(printf, 3, 4))) ingot_status ingotFailCall(ingot_call *call, ingot_status status, const char *format, ...);

/* `to` becomes a tensor of this shape with memory of its own (rank 0: dims may be null). */
ingot_status ingotMakeTensor(ingot_call *call, ingot_tensor *to, ingot_type type, int32_t rank, const int64_t *dims);
/* `to` becomes the value `from`, with memory that stays. */
ingot_status ingotShare(ingot_call *call, ingot_tensor *to, const ingot_tensor *from);
/* `to` becomes a sequence, optional or map of `count` elements, which the caller fills in: zeroed, with room for `room` more. */
ingot_status ingotMakeSequence(ingot_call *call, ingot_tensor *to, ingot_kind kind, ingot_type type, int64_t count, int64_t room);
static inline ingot_tensor *ingotElements(const ingot_tensor *sequence) { return (ingot_tensor *)sequence->data; }
/* Room behind the elements of a sequence for one more, if no other sequence uses it; else null. */
ingot_tensor *ingotRoomBehind(const ingot_tensor *sequence);
/* `to` becomes a map of keys and values, two tensors of rank 1. */
ingot_status ingotMakeMap(ingot_call *call, ingot_tensor *to, const ingot_tensor *keys, const ingot_tensor *values);

/* The integer at `index` of a tensor of int32 or int64. */
static inline int64_t ingotIntegerAt(const ingot_tensor *tensor, int64_t index) {
  return tensor->type == INGOT_INT32 ? ((const int32_t *)tensor->data)[index] : ((const int64_t *)tensor->data)[index];
}
static inline const ingot_string *ingotStrings(const ingot_tensor *tensor) { return (const ingot_string *)tensor->data; }
static inline int ingotSameString(ingot_string a, ingot_string b) { return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size)); }
/* Bytes before bytes, shorter before longer. */
static inline int ingotCompareStrings(ingot_string a, ingot_string b) {
  size_t common = a.size < b.size ? a.size : b.size;
  int order = common ? memcmp(a.data, b.data, common) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Two shapes broadcast together: `dims` and `rank` of the result, and the steps of each operand along it.  Zero: they contradict. */
typedef struct ingot_broadcast {
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK], steps[2][INGOT_MAX_RANK];
} ingot_broadcast;
int ingotBroadcast(ingot_broadcast *b, const ingot_tensor *x, const ingot_tensor *y);
/* Moves the index over the result on by one, and the positions in the operands. */
void ingotAdvance(const ingot_broadcast *b, int64_t *index, int64_t position[2]);

#endif
