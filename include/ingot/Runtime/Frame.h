/*===- Frame.h - between generated code and the runtime core -------------------------===
 *
 * The generated function `ingot_status NAME_main(ingot_frame *)` reads its inputs from and writes its outputs to the frame of a
 * run, and calls the functions below.  lib/Runtime/Core.c implements them; it is compiled to bitcode and linked into every
 * object, so nothing of it shows outside.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_FRAME_H
#define INGOT_RUNTIME_FRAME_H

#include "ingot/Runtime/custom_op.h"

/* One run. The generated code knows the offsets of the members up to `features`. */
typedef struct ingot_frame {
  const ingot_tensor *inputs;
  ingot_tensor *outputs;
  const char *weights;              /* base of the packed weights */
  ingot_parallel_for parallel_for;  /* null: serial */
  void *pool;
  uint64_t features;                /* ingot_cpu_feature of this processor, to pick among variants of a kernel */
  int32_t status;                   /* the first failure, kept */
  int32_t query;                    /* only the arena's size is wanted: ingot_frame_arena returns null */
  ingot_instance *instance;
  int64_t arena_bytes;              /* what ingot_frame_arena was asked for */
  const char *message;              /* of the first failure, null while the core formats its own */
  int64_t mark;                     /* nanoseconds at the last ingot_frame_mark */
} ingot_frame;

/* What a processor can do, one bit each; bits of other architectures are never set. */
typedef enum ingot_cpu_feature {
  INGOT_CPU_X86_64_V2 = 0, INGOT_CPU_X86_64_V3 = 1, INGOT_CPU_X86_64_V4 = 2, INGOT_CPU_AVX512VNNI = 3, INGOT_CPU_AVX512BF16 = 4,
  INGOT_CPU_AVX512FP16 = 5, INGOT_CPU_AVX512VBMI = 6, INGOT_CPU_AVXVNNI = 7, INGOT_CPU_AMX_TILE = 8, INGOT_CPU_AMX_INT8 = 9,
  INGOT_CPU_AMX_BF16 = 10,
  INGOT_CPU_ARM_FP16 = 16, INGOT_CPU_ARM_DOTPROD = 17, INGOT_CPU_ARM_I8MM = 18, INGOT_CPU_ARM_BF16 = 19, INGOT_CPU_ARM_SVE = 20,
  INGOT_CPU_ARM_SVE2 = 21,
  INGOT_CPU_RISCV_V = 32
} ingot_cpu_feature;

/* The first bytes of a side file of weights; the weights follow at once, so that their base is 64-byte aligned.  The checksum ties
 * the file to the object it was written with; the contents are not read to verify it, for then mapping would cost what reading does. */
typedef struct ingot_weights_header {
  char magic[8];                    /* INGOT_WEIGHTS_MAGIC */
  uint64_t bytes;                   /* of weights, without this header */
  uint64_t checksum;                /* ingot_code.weights_checksum */
  char reserved[40];                /* zero */
} ingot_weights_header;
#define INGOT_WEIGHTS_MAGIC "INGOTWT1"

/* A mapped file. */
typedef struct ingot_mapping { void *base; size_t bytes; } ingot_mapping;

/* File functions, apart so that only objects that need them refer to open and mmap. */
typedef struct ingot_mapper {
  const char *(*map)(const char *path, ingot_mapping *mapping); /* null, or what went wrong ("cannot be opened") */
  void (*unmap)(const ingot_mapping *mapping);
} ingot_mapper;

/* What the generated code hands to the core besides the public model. */
typedef struct ingot_code {
  ingot_status (*main)(ingot_frame *frame);
  const char *weights;              /* null when they lie in a side file */
  const char *weights_file;         /* file name, null when embedded */
  uint64_t weights_checksum;
  uint64_t required_features;       /* bits of ingot_cpu_feature, all needed */
  const ingot_mapper *mapper;       /* &ingot_core_mapper with weights_file, else null */
} ingot_code;

/* A model as it lies in the object: the core finds `code` behind the public part. */
typedef struct ingot_model_image { ingot_model model; const ingot_code *code; } ingot_model_image;

/* What the emitter stores into the functions of ingot_model, and into ingot_code.mapper.
 *
 * `run` checks every input against ingot_model.inputs before it calls the generated code: kind, type, rank, fixed dimensions, equal
 * dimensions where symbols are equal, size and alignment of the buffer. */
ingot_status ingot_core_create(const ingot_model *model, const ingot_options *options, ingot_instance **instance);
ingot_status ingot_core_run(ingot_instance *instance, const ingot_tensor *inputs, ingot_tensor *outputs);
void ingot_core_destroy(ingot_instance *instance);
const char *ingot_core_error(const ingot_instance *instance);
ingot_status ingot_core_arena_for(ingot_instance *instance, const ingot_tensor *inputs, int64_t *bytes);
const ingot_kernel_time *ingot_core_kernel_times(const ingot_instance *instance);
extern const ingot_mapper ingot_core_mapper;

/* Only ingot_frame_fail may be called from any thread of a run; the others belong to the thread that called run. */

/* Arena of at least `bytes`, 64-byte aligned, once per run.  Null: the run ends (status set, or only the size was asked for). */
void *ingot_frame_arena(ingot_frame *frame, int64_t bytes);
/* A segment outside of the arena, for sizes known only on the way; it lives to the end of the run. Null: out of memory, status set. */
void *ingot_frame_allocate(ingot_frame *frame, int64_t bytes);
/* As ingot_frame_allocate, but kept until the instance's next run: bytes of strings and elements of sequences in results. */
void *ingot_frame_keep(ingot_frame *frame, int64_t bytes);
/* Records the first failure of a run. `message` lives as long as the model. */
void ingot_frame_fail(ingot_frame *frame, int32_t status, const char *message);
/* Checks rank and type of input `index` and its dims against `dims` (INGOT_UNKNOWN_DIM: any). Not OK: status set. */
int32_t ingot_frame_input(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims);
/* Readies output `index`: writes type and dims, checks the caller's buffer or takes one in the instance. Null: status set
 * (an empty result has a valid pointer). */
void *ingot_frame_output(ingot_frame *frame, int32_t index, int32_t type, int32_t rank, const int64_t *dims);
/* Only in models compiled with --profile: -1 before a kernel is called, the number of the place behind it, with the work done. */
void ingot_frame_mark(ingot_frame *frame, int32_t place, int64_t flops, int64_t bytes);

/* An attribute of a call as it lies in the object.  Of strings, `data` are all bytes and `ends` says where each one ends. */
typedef struct ingot_site_attribute {
  const char *name;
  int32_t type, rank;
  const int64_t *dims;
  const void *data;
  const int64_t *ends;
} ingot_site_attribute;

/* What is expected of a result.  Rank -1: any. */
typedef struct ingot_site_result {
  int32_t kind, type, rank, reserved;
  const int64_t *dims;
} ingot_site_result;

/* One place in the code that calls a function of custom_op.h; constant. */
typedef struct ingot_site {
  ingot_function function;
  const char *node;
  int32_t input_count, output_count, attribute_count, reserved;
  const ingot_site_result *results;
  const ingot_site_attribute *attributes;
} ingot_site;

/* Calls site->function and checks what it gives; `outputs` has output_count elements to be filled, `handles` gets for each a copy that lives to the
 * end of the run.  Not OK: status set, or only the arena's size is wanted. */
int32_t ingot_frame_call(ingot_frame *frame, const ingot_site *site, const ingot_tensor *const *inputs, ingot_tensor *outputs,
                         const ingot_tensor **handles);
/* Makes a value output `index`; everything that it refers to is copied, so that it stays when the run and the inputs are gone.  Null: the
 * output is a tensor of strings that is written already, and gets copies of their bytes.  Not OK: status set. */
int32_t ingot_frame_give(ingot_frame *frame, int32_t index, const ingot_tensor *value);

#endif
