/*===- Sequence.c - operators on sequences and optionals -------------------------------------===*/
#include "Value.h"

/* A position given as a scalar, counted from the front: in [0, limit). */
static ingot_status positionOf(ingot_call *call, const ingot_tensor *tensor, int64_t count, int64_t limit, int64_t *position) {
  if (ingotCountOf(tensor) != 1)
    return ingotFailCall(call, INGOT_SHAPE_MISMATCH, "the position has %lld elements, expected one", (long long)ingotCountOf(tensor));
  int64_t given = ingotIntegerAt(tensor, 0);
  *position = given < 0 ? given + count : given;
  if (*position < 0 || *position >= limit)
    return ingotFailCall(call, INGOT_OUT_OF_RANGE, "position %lld is out of range for a sequence of %lld elements", (long long)given,
                         (long long)count);
  return INGOT_OK;
}

ingot_status ingot_op_sequence_construct(ingot_call *call) {
  ingot_tensor *out = &call->outputs[0];
  ingot_status status = ingotMakeSequence(call, out, INGOT_SEQUENCE, out->type, call->input_count, 0);
  for (int32_t i = 0; !status && i < call->input_count; ++i)
    status = ingotShare(call, &ingotElements(out)[i], call->inputs[i]);
  return status;
}

ingot_status ingot_op_sequence_at(ingot_call *call) {
  const ingot_tensor *sequence = call->inputs[0];
  int64_t position;
  ingot_status status = positionOf(call, call->inputs[1], sequence->dims[0], sequence->dims[0], &position);
  if (!status)
    call->outputs[0] = ingotElements(sequence)[position];
  return status;
}

ingot_status ingot_op_sequence_length(ingot_call *call) {
  ingot_status status = ingotMakeTensor(call, &call->outputs[0], INGOT_INT64, 0, NULL);
  if (!status)
    *(int64_t *)call->outputs[0].data = call->inputs[0]->dims[0];
  return status;
}

ingot_status ingot_op_sequence_insert(ingot_call *call) {
  const ingot_tensor *sequence = call->inputs[0], *element = call->inputs[1];
  ingot_tensor *out = &call->outputs[0];
  int64_t count = sequence->dims[0], position = count;
  ingot_status status = call->inputs[2] ? positionOf(call, call->inputs[2], count, count + 1, &position) : INGOT_OK;
  if (status)
    return status;
  ingot_tensor *behind = position == count ? ingotRoomBehind(sequence) : NULL;
  if (behind) {
    *out = *sequence;
    out->dims[0] = count + 1;
    out->bytes += sizeof(ingot_tensor);
    return ingotShare(call, behind, element);
  }
  status = ingotMakeSequence(call, out, INGOT_SEQUENCE, out->type, count + 1, count + 3);
  if (status)
    return status;
  const ingot_tensor *from = ingotElements(sequence);
  ingot_tensor *to = ingotElements(out);
  if (position)
    memcpy(to, from, (size_t)position * sizeof *to);
  if (position < count)
    memcpy(to + position + 1, from + position, (size_t)(count - position) * sizeof *to);
  return ingotShare(call, to + position, element);
}

ingot_status ingot_op_sequence_erase(ingot_call *call) {
  const ingot_tensor *sequence = call->inputs[0];
  ingot_tensor *out = &call->outputs[0];
  int64_t count = sequence->dims[0], position = count - 1;
  if (!count)
    return call->fail(call, INGOT_OUT_OF_RANGE, "nothing can be erased from an empty sequence");
  ingot_status status = call->inputs[1] ? positionOf(call, call->inputs[1], count, count, &position) : INGOT_OK;
  if (!status)
    status = ingotMakeSequence(call, out, INGOT_SEQUENCE, out->type, count - 1, 0);
  if (status)
    return status;
  const ingot_tensor *from = ingotElements(sequence);
  memcpy(ingotElements(out), from, (size_t)position * sizeof *from);
  memcpy(ingotElements(out) + position, from + position + 1, (size_t)(count - 1 - position) * sizeof *from);
  return INGOT_OK;
}

/* Bytes before, along and behind an axis: elements of it lie `inner` bytes apart, in each of `outer` blocks. */
static void splitAt(const ingot_tensor *tensor, int32_t axis, int64_t *outer, int64_t *inner) {
  *outer = 1;
  *inner = (int64_t)ingot_element_size(tensor->type);
  for (int32_t d = 0; d < tensor->rank; ++d)
    if (d < axis)
      *outer *= tensor->dims[d];
    else if (d > axis)
      *inner *= tensor->dims[d];
}

/* The size of part `i`; the last one may be smaller where one number is given for all. */
static int64_t partOf(const ingot_tensor *split, int64_t i, int64_t total) {
  if (!split)
    return 1;
  if (split->rank)
    return ingotIntegerAt(split, i);
  int64_t each = ingotIntegerAt(split, 0), left = total - i * each;
  return left < each ? left : each;
}

ingot_status ingot_op_split_to_sequence(ingot_call *call) {
  const ingot_tensor *input = call->inputs[0], *split = call->inputs[1];
  ingot_tensor *out = &call->outputs[0];
  int64_t axis = ingot_attribute_int(call, "axis", 0), keepdims = split || ingot_attribute_int(call, "keepdims", 1);
  axis += axis < 0 ? input->rank : 0;
  if (axis < 0 || axis >= input->rank)
    return ingotFailCall(call, INGOT_INVALID_ARGUMENT, "axis %lld is out of range for rank %d", (long long)axis, (int)input->rank);
  int64_t total = input->dims[axis], parts = total, sum = total;
  if (split && split->rank == 0) {
    int64_t each = ingotIntegerAt(split, 0);
    if (each <= 0)
      return ingotFailCall(call, INGOT_OUT_OF_RANGE, "parts of size %lld, expected 1 or more", (long long)each);
    parts = total / each + (total % each != 0);
  } else if (split) {
    parts = ingotCountOf(split);
    sum = 0;
    for (int64_t i = 0; i < parts; ++i) {
      int64_t size = ingotIntegerAt(split, i);
      if (size < 0 || size > total - sum)
        return ingotFailCall(call, INGOT_OUT_OF_RANGE, "part %lld has size %lld, the dimension has %lld left", (long long)i, (long long)size,
                             (long long)(total - sum));
      sum += size;
    }
  }
  if (sum != total)
    return ingotFailCall(call, INGOT_SHAPE_MISMATCH, "the parts add up to %lld, the dimension has %lld", (long long)sum, (long long)total);
  ingot_status status = ingotMakeSequence(call, out, INGOT_SEQUENCE, input->type, parts, 0);
  int64_t outer, inner, at = 0;
  splitAt(input, (int32_t)axis, &outer, &inner);
  for (int64_t i = 0; !status && i < parts; ++i) {
    int64_t size = partOf(split, i, total), dims[INGOT_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < input->rank; ++d)
      if (d != axis || keepdims)
        dims[rank++] = d == axis ? size : input->dims[d];
    ingot_tensor *part = &ingotElements(out)[i];
    status = ingotMakeTensor(call, part, input->type, rank, dims);
    for (int64_t o = 0; !status && part->bytes && o < outer; ++o)
      memcpy((char *)part->data + o * size * inner, (const char *)input->data + (o * total + at) * inner, (size_t)(size * inner));
    at += size;
  }
  return status;
}

/* The shape of all elements joined along `axis`; they agree everywhere else. */
static ingot_status joinedShape(ingot_call *call, const ingot_tensor *sequence, int64_t axis, int isNew, int64_t *dims) {
  const ingot_tensor *first = ingotElements(sequence);
  memcpy(dims, first->dims, sizeof first->dims);
  for (int64_t i = 1; i < sequence->dims[0]; ++i) {
    const ingot_tensor *element = first + i;
    int same = element->rank == first->rank && element->type == first->type;
    for (int32_t d = 0; same && d < first->rank; ++d)
      same = element->dims[d] == first->dims[d] || (!isNew && d == axis);
    if (!same)
      return ingotFailCall(call, INGOT_SHAPE_MISMATCH, "element %lld of the sequence has another shape than the first, expected the same except along axis %lld",
                           (long long)i, (long long)axis);
    if (!isNew && __builtin_add_overflow(dims[axis], element->dims[axis], &dims[axis]))
      return call->fail(call, INGOT_OUT_OF_MEMORY, "the result is beyond any memory");
  }
  if (isNew) {
    memmove(dims + axis + 1, dims + axis, (size_t)(first->rank - axis) * sizeof *dims);
    dims[axis] = sequence->dims[0];
  }
  return INGOT_OK;
}

ingot_status ingot_op_concat_from_sequence(ingot_call *call) {
  const ingot_tensor *sequence = call->inputs[0], *elements = ingotElements(sequence);
  ingot_tensor *out = &call->outputs[0];
  int isNew = ingot_attribute_int(call, "new_axis", 0) != 0;
  int64_t axis = ingot_attribute_int(call, "axis", 0), dims[INGOT_MAX_RANK + 1];
  if (!sequence->dims[0])
    return call->fail(call, INGOT_SHAPE_MISMATCH, "the sequence is empty, expected at least one tensor");
  int32_t rank = elements->rank + isNew;
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank || rank > INGOT_MAX_RANK)
    return ingotFailCall(call, INGOT_INVALID_ARGUMENT, "axis %lld is out of range for rank %d", (long long)axis, (int)rank);
  ingot_status status = joinedShape(call, sequence, axis, isNew, dims);
  if (!status)
    status = ingotMakeTensor(call, out, elements->type, rank, dims);
  if (status || !out->bytes)
    return status;
  int64_t outer, inner, at = 0;
  splitAt(out, (int32_t)axis, &outer, &inner);
  for (int64_t i = 0; i < sequence->dims[0]; ++i) {
    int64_t bytes = (isNew ? 1 : elements[i].dims[axis]) * inner;
    for (int64_t o = 0; o < outer; ++o)
      memcpy((char *)out->data + o * out->dims[axis] * inner + at, (const char *)elements[i].data + o * bytes, (size_t)bytes);
    at += bytes;
  }
  return INGOT_OK;
}

/*===------------------------------- optional ---------------------------------===*/

ingot_status ingot_op_optional(ingot_call *call) {
  ingot_tensor *out = &call->outputs[0];
  const ingot_tensor *value = call->input_count ? call->inputs[0] : NULL;
  if (value && value->kind == INGOT_OPTIONAL) {
    *out = *value;
    return INGOT_OK;
  }
  ingot_status status = ingotMakeSequence(call, out, INGOT_OPTIONAL, out->type, value != NULL, 0);
  return status || !value ? status : ingotShare(call, ingotElements(out), value);
}

ingot_status ingot_op_optional_get_element(ingot_call *call) {
  const ingot_tensor *value = call->inputs[0];
  if (value->kind == INGOT_OPTIONAL && !value->dims[0])
    return call->fail(call, INGOT_OUT_OF_RANGE, "the optional value is absent");
  if (value->kind == INGOT_OPTIONAL) {
    call->outputs[0] = *ingotElements(value);
    return INGOT_OK;
  }
  return ingotShare(call, &call->outputs[0], value);
}

ingot_status ingot_op_optional_has_element(ingot_call *call) {
  const ingot_tensor *value = call->input_count ? call->inputs[0] : NULL;
  ingot_status status = ingotMakeTensor(call, &call->outputs[0], INGOT_BOOL, 0, NULL);
  if (!status)
    *(uint8_t *)call->outputs[0].data = value && (value->kind != INGOT_OPTIONAL || value->dims[0]);
  return status;
}
