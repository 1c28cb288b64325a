/*===- Instance.h - what the files of the runtime core share ---------------------------===
 *
 * The core is compiled to bitcode for every target and linked into every object: it includes the two freestanding headers only,
 * declares the libc functions it calls, and has no mutable global.  All state is in the instance and in the frame of a run.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_LIB_RUNTIME_CORE_INSTANCE_H
#define INGOT_LIB_RUNTIME_CORE_INSTANCE_H

#include "ingot/Runtime/Frame.h"

#define INGOT_ALIGNMENT 64u
#define INGOT_ERROR_SIZE 640u

/* libc, declared here because a cross build has no system headers. */
void *aligned_alloc(size_t alignment, size_t size);
void free(void *p);
void *memset(void *p, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* Text written into a fixed buffer; what does not fit is cut and the end stays terminated. Cold: failures must not grow the object. */
#define INGOT_COLD __attribute__((cold, noinline))
typedef struct ingot_text { char *at, *end; } ingot_text;
INGOT_COLD ingot_text ingotTextBegin(char *buffer, size_t size);
INGOT_COLD void ingotTextString(ingot_text *text, const char *s);
INGOT_COLD void ingotTextInteger(ingot_text *text, int64_t value);
INGOT_COLD void ingotTextType(ingot_text *text, int32_t type);
INGOT_COLD void ingotTextKind(ingot_text *text, int32_t kind);

/* Header of a block outside of the arena; as large as the alignment, so that what follows is aligned too. */
typedef struct ingot_block {
  struct ingot_block *next;
  size_t bytes; /* with this header */
  char pad[INGOT_ALIGNMENT - 2 * sizeof(void *)];
} ingot_block;

/* What a call site keeps in an instance: its attributes as descriptors, and the function's own state. */
typedef struct ingot_node_state {
  struct ingot_node_state *next;
  const ingot_site *site;
  size_t bytes; /* of this block */
  ingot_attribute *attributes;
  void *own;
  size_t ownBytes;
  void (*releaseOwn)(void *own);
} ingot_node_state;

/* The instance's own buffer of one output, reused while it is large enough. */
typedef struct ingot_result { void *data; size_t bytes; } ingot_result;

struct ingot_instance {
  const ingot_model *model;
  const ingot_code *code;
  ingot_options options; /* `allocate` and `release` are never null */
  const char *weights;
  ingot_mapping mapping;
  uint64_t features;
  void *arena;
  size_t arenaBytes;
  ingot_block *segments; /* of the run */
  ingot_block *spare;    /* segments of the run before, in the order in which it asked for them */
  ingot_block *kept;     /* until the next run */
  ingot_result *results; /* model->output_count */
  ingot_kernel_time *times; /* model->kernel_count */
  ingot_node_state *nodes;
  size_t instanceBytes;
  int32_t busy;          /* set while a run is under way */
  char error[INGOT_ERROR_SIZE];
};

/* Bits of ingot_cpu_feature that this processor and its operating system have. */
uint64_t ingotCpuFeatures(void);
/* "avx512vnni" for the number of a feature. */
const char *ingotCpuFeatureName(unsigned feature);

/* Ends a run: its segments are there for the next one, which is likely to ask for the same; what it did not use again goes. */
void ingotKeepSegments(ingot_instance *instance);

/* Product of the dims; -1 if one is negative or the bytes of `elementSize` each are beyond any memory. */
int64_t ingotElementCount(int32_t rank, const int64_t *dims, size_t elementSize);

/* Checks all inputs against the model.  Not OK: the frame has the failure. */
ingot_status ingotCheckInputs(ingot_frame *frame);

/* Claims the first failure of the frame. Nonzero: the caller may write its text with ingotTextBegin(frame->instance->error). */
int ingotClaimFailure(ingot_frame *frame, int32_t status);

/* Ends what call sites keep. */
void ingotReleaseNodes(ingot_instance *instance);

/* Frees every block of a list and empties it. */
void ingotReleaseBlocks(ingot_instance *instance, ingot_block **list);
/* Allocates through the hooks, aligned; null if there is no memory. */
void *ingotAcquire(ingot_instance *instance, size_t bytes);
void ingotRelease(ingot_instance *instance, void *p, size_t bytes);

#endif
