/*===- Frame.h - between generated code and the runtime core -------------------------===
 *
 * The generated function `ingot_status NAME_main(ingot_frame *)` reads its inputs from and writes its outputs to the frame of a
 * run, and calls the functions below.  lib/Runtime/Core.c implements them; it is compiled to bitcode and linked into every
 * object, so nothing of it shows outside.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_FRAME_H
#define INGOT_RUNTIME_FRAME_H

#include "ingot/Runtime/ingot.h"

/* One run. The generated code knows the offsets of the members up to `pool`. */
typedef struct ingot_frame {
  const ingot_tensor *inputs;
  ingot_tensor *outputs;
  const char *weights;              /* base of the packed weights */
  ingot_parallel_for parallel_for;  /* null: serial */
  void *pool;
  int32_t status;                   /* the first failure, kept */
  int32_t query;                    /* only the arena's size is wanted: ingot_frame_arena returns null */
  ingot_instance *instance;
} ingot_frame;

/* What the generated code hands to the core besides the public model. */
typedef struct ingot_code {
  ingot_status (*main)(ingot_frame *frame);
  const char *weights;              /* null when they lie in a side file */
  const char *weights_file;         /* file name, null when embedded */
  uint64_t weights_checksum;
  uint64_t required_features;       /* bits of ingot_cpu_feature, all needed */
} ingot_code;

/* A model as it lies in the object: the core finds `code` behind the public part. */
typedef struct ingot_model_image { ingot_model model; const ingot_code *code; } ingot_model_image;

/* Arena of at least `bytes`, 64-byte aligned.  Null: the run ends (status set, or only the size was asked for). */
void *ingot_frame_arena(ingot_frame *frame, int64_t bytes);
/* A segment outside of the arena, for sizes known only on the way; freed singly or at the end of the run. Null: out of memory, status set. */
void *ingot_frame_allocate(ingot_frame *frame, int64_t bytes);
void ingot_frame_free(ingot_frame *frame, void *p);
/* Records the first failure of a run; may be called from any thread of it. `message` lives as long as the model. */
void ingot_frame_fail(ingot_frame *frame, int32_t status, const char *message);
/* Checks rank and type of input `index` and its dims against `dims` (INGOT_UNKNOWN_DIM: any). Not OK: status set. */
int32_t ingot_frame_input(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims);
/* Readies output `index`: writes type and dims, checks the caller's buffer or takes one in the instance. Null: status set
 * (an empty result has a valid pointer). */
void *ingot_frame_output(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims);

#endif
