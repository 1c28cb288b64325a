/*===- Check.c - inputs against what the model demands -----------------------------------===
 *
 * Generated code trusts types, ranks, fixed dimensions and equal symbols; this is where that trust is earned.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

#define INGOT_MAX_NESTING 4

static ingot_text beginInput(ingot_frame *frame, int32_t index) {
  ingot_text text = ingotTextBegin(frame->instance->error, INGOT_ERROR_SIZE);
  ingotTextString(&text, "input '");
  ingotTextString(&text, frame->instance->model->inputs[index].name);
  ingotTextString(&text, "' ");
  return text;
}

static int32_t fail(ingot_frame *frame, int32_t status, int32_t index, const char *reason) {
  if (ingotClaimFailure(frame, status)) {
    ingot_text text = beginInput(frame, index);
    ingotTextString(&text, reason);
  }
  return status;
}

static int32_t failNumbers(ingot_frame *frame, int32_t status, int32_t index, const char *has, int64_t got, const char *expected,
                           int64_t want) {
  if (ingotClaimFailure(frame, status)) {
    ingot_text text = beginInput(frame, index);
    ingotTextString(&text, has);
    ingotTextInteger(&text, got);
    ingotTextString(&text, expected);
    ingotTextInteger(&text, want);
  }
  return status;
}

static int32_t failDimension(ingot_frame *frame, int32_t index, int32_t d, int64_t want, const char *symbol) {
  if (ingotClaimFailure(frame, INGOT_SHAPE_MISMATCH)) {
    ingot_text text = beginInput(frame, index);
    ingotTextString(&text, "has ");
    ingotTextInteger(&text, frame->inputs[index].dims[d]);
    ingotTextString(&text, " in dimension ");
    ingotTextInteger(&text, d);
    ingotTextString(&text, ", expected ");
    ingotTextInteger(&text, want);
    if (symbol) {
      ingotTextString(&text, " (\"");
      ingotTextString(&text, symbol);
      ingotTextString(&text, "\" of an earlier input)");
    }
  }
  return INGOT_SHAPE_MISMATCH;
}

static int32_t checkType(ingot_frame *frame, int32_t index, int32_t got, int32_t want) {
  if (got == want)
    return INGOT_OK;
  if (ingotClaimFailure(frame, INGOT_INVALID_ARGUMENT)) {
    ingot_text text = beginInput(frame, index);
    ingotTextString(&text, "is ");
    ingotTextType(&text, got);
    ingotTextString(&text, ", expected ");
    ingotTextType(&text, want);
  }
  return INGOT_INVALID_ARGUMENT;
}

/* Bits of an element that may be set, for types that do not fill their byte. */
static unsigned char bitsInUse(ingot_type type) {
  switch (type) {
  case INGOT_BOOL: return 1;
  case INGOT_INT2: case INGOT_UINT2: return 3;
  case INGOT_INT4: case INGOT_UINT4: case INGOT_FLOAT4E2M1: return 15;
  default: return 255;
  }
}

/* Elements that no code should have to doubt: a bool is 0 or 1, narrow types leave the rest of their byte zero, a string has its bytes. */
static int32_t checkElements(ingot_frame *frame, int32_t index, const ingot_tensor *tensor, int64_t count) {
  if (bitsInUse(tensor->type) != 255) {
    const unsigned char *p = tensor->data;
    unsigned char all = 0;
    for (int64_t i = 0; i < count; ++i)
      all |= p[i];
    if (all & ~bitsInUse(tensor->type))
      return fail(frame, INGOT_INVALID_ARGUMENT, index,
                  tensor->type == INGOT_BOOL ? "has a bool that is neither 0 nor 1" : "has an element with bits set beyond its type's");
  }
  if (tensor->type == INGOT_STRING) {
    const ingot_string *p = tensor->data;
    for (int64_t i = 0; i < count; ++i)
      if (!p[i].data && p[i].size)
        return fail(frame, INGOT_INVALID_ARGUMENT, index, "has a string with a null pointer");
  }
  return INGOT_OK;
}

/* The buffer of a dense tensor holds what its dims say. */
static int32_t checkBuffer(ingot_frame *frame, int32_t index, const ingot_tensor *tensor) {
  size_t elementSize = ingot_element_size(tensor->type);
  int64_t count = ingotElementCount(tensor->rank, tensor->dims, elementSize);
  if (count < 0)
    return fail(frame, INGOT_SHAPE_MISMATCH, index, "has dimensions that are negative or beyond any memory");
  if (frame->query || !count)
    return INGOT_OK;
  size_t bytes = (size_t)count * elementSize, alignment = elementSize > 8 && tensor->type != INGOT_COMPLEX128 ? 8 : elementSize;
  if (!tensor->data)
    return fail(frame, INGOT_INVALID_ARGUMENT, index, "has no data");
  if (tensor->bytes < bytes)
    return failNumbers(frame, INGOT_INVALID_ARGUMENT, index, "has ", (int64_t)tensor->bytes, " bytes of data, its dimensions need ",
                       (int64_t)bytes);
  if ((uintptr_t)tensor->data % alignment)
    return failNumbers(frame, INGOT_INVALID_ARGUMENT, index, "has data at an address that is ",
                       (int64_t)((uintptr_t)tensor->data % alignment), " past a multiple of its element size, ", (int64_t)alignment);
  return checkElements(frame, index, tensor, count);
}

/* A sequence, optional or map: its elements are sound, and those that are tensors have the type of the input (a map may mix). */
static int32_t checkElementsOfSequence(ingot_frame *frame, int32_t index, const ingot_tensor *sequence, int depth) {
  if (depth == INGOT_MAX_NESTING)
    return fail(frame, INGOT_INVALID_ARGUMENT, index, "nests sequences too deeply");
  if (sequence->reserved)
    return fail(frame, INGOT_INVALID_ARGUMENT, index, "has a descriptor whose field `reserved` is not zero");
  int64_t count = sequence->rank == 1 ? ingotElementCount(1, sequence->dims, sizeof(ingot_tensor)) : -1;
  if (count < 0)
    return fail(frame, INGOT_SHAPE_MISMATCH, index, "is a sequence without a length (expected rank 1)");
  if (sequence->kind == INGOT_OPTIONAL && count > 1)
    return fail(frame, INGOT_SHAPE_MISMATCH, index, "is an optional of more than one element");
  if (sequence->kind == INGOT_MAP && count != 2)
    return fail(frame, INGOT_SHAPE_MISMATCH, index, "is a map without its keys and values");
  if (count && (!sequence->data || sequence->bytes < (size_t)count * sizeof(ingot_tensor)))
    return fail(frame, INGOT_INVALID_ARGUMENT, index, "is a sequence without the elements that its length says");
  const ingot_tensor *element = sequence->data;
  for (int64_t i = 0; i < count; ++i) {
    int32_t status;
    if (element[i].kind != INGOT_TENSOR)
      status = checkElementsOfSequence(frame, index, &element[i], depth + 1);
    else if (element[i].rank < 0 || element[i].rank > INGOT_MAX_RANK)
      status = failNumbers(frame, INGOT_SHAPE_MISMATCH, index, "has an element of rank ", element[i].rank, ", expected at most ",
                           INGOT_MAX_RANK);
    else {
      ingot_type type = frame->instance->model->inputs[index].type;
      status = sequence->kind == INGOT_MAP || !type ? INGOT_OK : checkType(frame, index, element[i].type, type);
      if (!status)
        status = checkBuffer(frame, index, &element[i]);
    }
    if (status)
      return status;
  }
  return INGOT_OK;
}

int32_t ingot_frame_input(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims) {
  const ingot_tensor *input = &frame->inputs[index];
  if (input->kind != INGOT_TENSOR)
    return fail(frame, INGOT_INVALID_ARGUMENT, index, "is no tensor");
  int32_t status = checkType(frame, index, input->type, type);
  if (status)
    return status;
  if (input->rank != rank)
    return failNumbers(frame, INGOT_SHAPE_MISMATCH, index, "has rank ", input->rank, ", expected ", rank);
  for (int32_t d = 0; d < rank; ++d)
    if (dims[d] != INGOT_UNKNOWN_DIM && input->dims[d] != dims[d])
      return failDimension(frame, index, d, dims[d], 0);
  return checkBuffer(frame, index, input);
}

static int sameText(const char *a, const char *b) {
  size_t n = strlen(a);
  return n == strlen(b) && !memcmp(a, b, n);
}

/* Dimension `d` of input `index` against the first one that carries the same symbol. */
static int32_t checkSymbol(ingot_frame *frame, int32_t index, int32_t d) {
  const ingot_value_info *inputs = frame->instance->model->inputs;
  const char *symbol = inputs[index].symbols ? inputs[index].symbols[d] : "";
  if (!symbol || !*symbol)
    return INGOT_OK;
  for (int32_t i = 0; i <= index; ++i) {
    if (inputs[i].kind != INGOT_TENSOR || !inputs[i].symbols)
      continue;
    for (int32_t k = 0; k < (i == index ? d : inputs[i].rank); ++k) {
      const char *other = inputs[i].symbols[k];
      if (inputs[i].dims[k] != INGOT_UNKNOWN_DIM || !other || !sameText(symbol, other))
        continue;
      int64_t want = frame->inputs[i].dims[k];
      return frame->inputs[index].dims[d] == want ? INGOT_OK : failDimension(frame, index, d, want, symbol);
    }
  }
  return INGOT_OK;
}

ingot_status ingotCheckInputs(ingot_frame *frame) {
  const ingot_model *model = frame->instance->model;
  for (int32_t i = 0; i < model->input_count; ++i) {
    const ingot_value_info *info = &model->inputs[i];
    if (frame->inputs[i].kind != info->kind) {
      if (ingotClaimFailure(frame, INGOT_INVALID_ARGUMENT)) {
        ingot_text text = beginInput(frame, i);
        ingotTextString(&text, "is ");
        ingotTextKind(&text, frame->inputs[i].kind);
        ingotTextString(&text, ", expected ");
        ingotTextKind(&text, info->kind);
      }
      return INGOT_INVALID_ARGUMENT;
    }
    int32_t status = info->kind == INGOT_TENSOR ? ingot_frame_input(frame, i, info->type, info->rank, info->dims)
                                                : checkElementsOfSequence(frame, i, &frame->inputs[i], 0);
    for (int32_t d = 0; !status && info->kind == INGOT_TENSOR && d < info->rank; ++d)
      if (info->dims[d] == INGOT_UNKNOWN_DIM)
        status = checkSymbol(frame, i, d);
    if (status)
      return (ingot_status)status;
  }
  return INGOT_OK;
}
