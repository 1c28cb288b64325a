/*===- Memory.c - arena, segments and results of a run ----------------------------------===
 *
 * Nothing is allocated on the hot path: the arena and the results stay with the instance and only grow; segments are for sizes that
 * are known only on the way and end with the run; their memory waits for the next run, which mostly asks for the same.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

/* Larger requests are refused before they reach an allocator, and sums of two sizes cannot overflow. */
#define INGOT_MAX_BYTES ((int64_t)(SIZE_MAX / 4))

void *ingotAcquire(ingot_instance *instance, size_t bytes) {
  return instance->options.allocate(instance->options.user, bytes, INGOT_ALIGNMENT);
}

void ingotRelease(ingot_instance *instance, void *p, size_t bytes) {
  if (p)
    instance->options.release(instance->options.user, p, bytes);
}

static void *failAllocation(ingot_frame *frame, const char *what, int64_t bytes) {
  if (ingotClaimFailure(frame, INGOT_OUT_OF_MEMORY)) {
    ingot_text text = ingotTextBegin(frame->instance->error, INGOT_ERROR_SIZE);
    if (bytes < 0 || bytes > INGOT_MAX_BYTES) {
      ingotTextString(&text, what);
      ingotTextString(&text, " is beyond any memory");
    } else {
      ingotTextString(&text, "no memory for ");
      ingotTextInteger(&text, bytes);
      ingotTextString(&text, " bytes of ");
      ingotTextString(&text, what);
    }
  }
  return 0;
}

static size_t roundUp(int64_t bytes) {
  size_t n = bytes ? (size_t)bytes : 1;
  return (n + INGOT_ALIGNMENT - 1) / INGOT_ALIGNMENT * INGOT_ALIGNMENT;
}

void *ingot_frame_arena(ingot_frame *frame, int64_t bytes) {
  ingot_instance *instance = frame->instance;
  frame->arena_bytes = bytes;
  if (bytes < 0 || bytes > INGOT_MAX_BYTES)
    return failAllocation(frame, "the arena", bytes);
  if (frame->query)
    return 0;
  if (instance->arena && instance->arenaBytes >= (size_t)bytes)
    return instance->arena;
  ingotRelease(instance, instance->arena, instance->arenaBytes);
  instance->arenaBytes = roundUp(bytes);
  instance->arena = ingotAcquire(instance, instance->arenaBytes);
  if (!instance->arena) {
    instance->arenaBytes = 0;
    return failAllocation(frame, "arena", bytes);
  }
  return instance->arena;
}

static void *acquireBlock(ingot_frame *frame, ingot_block **list, const char *what, int64_t bytes) {
  if (bytes < 0 || bytes > INGOT_MAX_BYTES)
    return failAllocation(frame, what, bytes);
  size_t total = roundUp(bytes) + sizeof(ingot_block);
  ingot_block *block = ingotAcquire(frame->instance, total);
  if (!block)
    return failAllocation(frame, what, bytes);
  block->bytes = total;
  block->next = *list;
  *list = block;
  return block + 1;
}

/* A segment of the run before that is large enough and not much too large; runs ask in the same order, so it is among the first. */
static ingot_block *takeSpare(ingot_instance *instance, int64_t bytes) {
  ingot_block **link = &instance->spare;
  for (int i = 0; i < 8 && *link; ++i, link = &(*link)->next) {
    ingot_block *block = *link;
    size_t room = block->bytes - sizeof(ingot_block);
    if (bytes < 0 || room < (size_t)bytes || room / 2 > roundUp(bytes))
      continue;
    *link = block->next;
    return block;
  }
  return 0;
}

void ingotKeepSegments(ingot_instance *instance) {
  ingotReleaseBlocks(instance, &instance->spare);
  /* The list has the last one first. */
  while (instance->segments) {
    ingot_block *block = instance->segments;
    instance->segments = block->next;
    block->next = instance->spare;
    instance->spare = block;
  }
}

void *ingot_frame_allocate(ingot_frame *frame, int64_t bytes) {
  ingot_instance *instance = frame->instance;
  ingot_block *block = takeSpare(instance, bytes);
  if (block) {
    block->next = instance->segments;
    instance->segments = block;
    return block + 1;
  }
  return acquireBlock(frame, &frame->instance->segments, "a segment", bytes);
}

void *ingot_frame_keep(ingot_frame *frame, int64_t bytes) {
  return acquireBlock(frame, &frame->instance->kept, "a result", bytes);
}

void ingotReleaseBlocks(ingot_instance *instance, ingot_block **list) {
  while (*list) {
    ingot_block *block = *list;
    *list = block->next;
    ingotRelease(instance, block, block->bytes);
  }
}

int64_t ingotElementCount(int32_t rank, const int64_t *dims, size_t elementSize) {
  int64_t count = 1, limit = INGOT_MAX_BYTES / (int64_t)(elementSize ? elementSize : 1);
  int empty = 0;
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return -1;
    empty |= dims[i] == 0;
  }
  /* Where nothing is, too, no product of dimensions may overflow. */
  for (int32_t i = 0; i < rank; ++i) {
    int64_t d = dims[i] ? dims[i] : 1;
    if (count > limit / d)
      return -1;
    count *= d;
  }
  return empty ? 0 : count;
}

/* The caller's buffer is too small for the result. */
static void *failSmallBuffer(ingot_frame *frame, int32_t index, size_t bytes) {
  if (ingotClaimFailure(frame, INGOT_BUFFER_TOO_SMALL)) {
    ingot_text text = ingotTextBegin(frame->instance->error, INGOT_ERROR_SIZE);
    ingotTextString(&text, "the buffer of output '");
    ingotTextString(&text, frame->instance->model->outputs[index].name);
    ingotTextString(&text, "' has ");
    ingotTextInteger(&text, (int64_t)frame->outputs[index].bytes);
    ingotTextString(&text, " bytes, the result needs ");
    ingotTextInteger(&text, (int64_t)bytes);
  }
  return 0;
}

void *ingot_frame_output(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims) {
  ingot_instance *instance = frame->instance;
  if (frame->query)
    return 0;
  size_t elementSize = ingot_element_size((ingot_type)type);
  int64_t count = ingotElementCount(rank, dims, elementSize);
  if (count < 0)
    return failAllocation(frame, instance->model->outputs[index].name, -1);
  size_t bytes = (size_t)count * elementSize;

  ingot_tensor *output = &frame->outputs[index];
  output->type = (ingot_type)type;
  output->kind = INGOT_TENSOR;
  output->rank = rank;
  for (int32_t i = 0; i < rank; ++i)
    output->dims[i] = dims[i];

  /* A caller that passes the same array again hands back the instance's buffer of the last run. */
  ingot_result *result = &instance->results[index];
  if (output->data && output->data != result->data)
    return output->bytes >= bytes ? output->data : failSmallBuffer(frame, index, bytes);
  if (!result->data || result->bytes < bytes) {
    ingotRelease(instance, result->data, result->bytes);
    output->data = 0;
    result->bytes = roundUp((int64_t)bytes);
    result->data = ingotAcquire(instance, result->bytes);
    if (!result->data) {
      result->bytes = 0;
      return failAllocation(frame, "a result", (int64_t)bytes);
    }
  }
  output->data = result->data;
  output->bytes = bytes;
  return result->data;
}
