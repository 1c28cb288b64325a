/*===- ingot.h - how a compiled model is called -------------------------------------===
 *
 * C99, no dependencies.  A compiled model NAME gives one function, `const ingot_model *NAME_model(void)`, and everything else
 * goes through the structure it returns.  Nothing here prints, exits or aborts; every fallible call returns a status.
 *
 * Ownership: the caller owns input and output buffers and the allocator; an instance owns its arena and the results whose size the
 * caller could not know.  An instance serves one run at a time; any number of instances may run at once in any threads.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_INGOT_H
#define INGOT_RUNTIME_INGOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_ABI_VERSION 1u
#define INGOT_MAX_RANK 16
#define INGOT_UNKNOWN_DIM (-1)

typedef enum ingot_status {
  INGOT_OK = 0,
  INGOT_INVALID_ARGUMENT = 1,   /* a null pointer, an unknown option, a wrong element type or rank */
  INGOT_SHAPE_MISMATCH = 2,     /* a dimension differs from what the model demands */
  INGOT_OUT_OF_RANGE = 3,       /* an index in a tensor points outside of what it indexes */
  INGOT_OUT_OF_MEMORY = 4,      /* the allocator returned null, or a requested shape is beyond any memory */
  INGOT_UNSUPPORTED_CPU = 5,    /* the processor lacks what the model was compiled for */
  INGOT_IO_ERROR = 6,           /* the weights' side file cannot be mapped */
  INGOT_BUFFER_TOO_SMALL = 7    /* an output buffer of the caller is smaller than the result */
} ingot_status;

/* Element types, with the numbers of ONNX's TensorProto.DataType. */
typedef enum ingot_type {
  INGOT_UNDEFINED = 0, INGOT_FLOAT = 1, INGOT_UINT8 = 2, INGOT_INT8 = 3, INGOT_UINT16 = 4, INGOT_INT16 = 5, INGOT_INT32 = 6,
  INGOT_INT64 = 7, INGOT_STRING = 8, INGOT_BOOL = 9, INGOT_FLOAT16 = 10, INGOT_DOUBLE = 11, INGOT_UINT32 = 12, INGOT_UINT64 = 13,
  INGOT_COMPLEX64 = 14, INGOT_COMPLEX128 = 15, INGOT_BFLOAT16 = 16, INGOT_FLOAT8E4M3FN = 17, INGOT_FLOAT8E4M3FNUZ = 18,
  INGOT_FLOAT8E5M2 = 19, INGOT_FLOAT8E5M2FNUZ = 20, INGOT_UINT4 = 21, INGOT_INT4 = 22, INGOT_FLOAT4E2M1 = 23,
  INGOT_FLOAT8E8M0 = 24, INGOT_UINT2 = 25, INGOT_INT2 = 26
} ingot_type;

/* What a value is; a tensor unless said otherwise. */
typedef enum ingot_kind { INGOT_TENSOR = 0, INGOT_SEQUENCE = 1, INGOT_OPTIONAL = 2, INGOT_MAP = 3 } ingot_kind;

/* A string element: bytes, not terminated. */
typedef struct ingot_string { const char *data; size_t size; } ingot_string;

/* A dense tensor, row-major, elements in native byte order; bool is one byte (0 or 1); types below 8 bits take one byte
 * an element, in its low bits, the others zero.
 * A string tensor's data are ingot_string.  A sequence has kind INGOT_SEQUENCE, rank 1, dims[0] elements, and data that are ingot_tensor;
 * an optional (INGOT_OPTIONAL) is a sequence of at most one; a map (INGOT_MAP) is a sequence of its keys and its values. */
typedef struct ingot_tensor {
  void *data;
  size_t bytes;                 /* size of the buffer at data */
  ingot_type type;
  ingot_kind kind;
  int32_t rank;
  int32_t reserved;
  int64_t dims[INGOT_MAX_RANK];
} ingot_tensor;

/* One input or output of a model. */
typedef struct ingot_value_info {
  const char *name;
  const char *doc;              /* never null */
  ingot_type type;
  ingot_kind kind;
  int32_t rank;
  const int64_t *dims;          /* INGOT_UNKNOWN_DIM where symbolic */
  const char *const *symbols;   /* rank names; "" where there is none */
} ingot_value_info;

/* Runs body(context, begin, end) over a partition of [0, count) and returns when all of it is done. */
typedef void (*ingot_range_body)(void *context, int64_t begin, int64_t end);
typedef void (*ingot_parallel_for)(void *pool, int64_t count, ingot_range_body body, void *context);

typedef struct ingot_options {
  uint32_t abi_version;                                          /* INGOT_ABI_VERSION */
  void *(*allocate)(void *user, size_t bytes, size_t alignment); /* null: aligned_alloc and free */
  void (*release)(void *user, void *p, size_t bytes);
  ingot_parallel_for parallel_for;                               /* null: the model runs serially */
  void *pool;                                                    /* first argument of parallel_for */
  void (*log)(void *user, const char *message);                  /* null: silent */
  void *user;                                                    /* first argument of the other hooks */
  const char *weights_path;                                      /* side file of --weights=file; null: its name, in the working directory */
} ingot_options;

/* One place of a model where a kernel is called; known only to models compiled with --profile. */
typedef struct ingot_kernel_info {
  const char *name;             /* of the kernel; calls that share one have the same */
  const char *nodes;            /* the ONNX nodes it computes: "Conv:conv1, Relu:relu1" */
} ingot_kernel_info;

/* What the calls at one place took since the instance was created. */
typedef struct ingot_kernel_time {
  int64_t calls, nanoseconds;
  int64_t flops;                /* INGOT_UNKNOWN_DIM where they are not known */
  int64_t bytes;                /* of the buffers read and written */
} ingot_kernel_time;

typedef struct ingot_instance ingot_instance;
typedef struct ingot_model ingot_model;

struct ingot_model {
  uint32_t abi_version;
  uint32_t size;                      /* sizeof(ingot_model) when the model was compiled */
  const char *name, *producer, *doc;
  const char *required_isa;           /* for instance "x86-64-v4"; "" if anything goes */
  int32_t input_count, output_count;
  const ingot_value_info *inputs, *outputs;
  int32_t metadata_count;
  const char *const *metadata;        /* key, value, key, value ... */
  int64_t weight_bytes;
  int64_t arena_bytes;                /* INGOT_UNKNOWN_DIM if it depends on the inputs' dimensions */
  int64_t flops;                      /* of one run, INGOT_UNKNOWN_DIM if it depends on the inputs' dimensions */

  /* options may be null.  On failure there is no instance and the reason goes to the log hook. */
  ingot_status (*create)(const ingot_model *model, const ingot_options *options, ingot_instance **instance);
  /* Outputs: where `data` is not null it must hold the result (`bytes` says how much it can); else the result stays in the instance
   * until its next run or its end, and `data` points to it.  `type`, `rank` and `dims` are always written. */
  ingot_status (*run)(ingot_instance *instance, const ingot_tensor *inputs, ingot_tensor *outputs);
  void (*destroy)(ingot_instance *instance);
  /* The reason of the last failure of this instance, "" if there was none; valid until its next call. */
  const char *(*error)(const ingot_instance *instance);
  /* Bytes of arena that a run with inputs of these dims needs (data may be null). */
  ingot_status (*arena_for)(ingot_instance *instance, const ingot_tensor *inputs, int64_t *bytes);

  int32_t kernel_count;               /* 0 unless compiled with --profile */
  const ingot_kernel_info *kernels;
  const ingot_kernel_time *(*kernel_times)(const ingot_instance *instance); /* kernel_count of them, owned by the instance; null without a profile */
  int64_t arena_lower_bound;          /* bytes alive at once when most are: no plan can do with less; INGOT_UNKNOWN_DIM as for arena_bytes */
};

/* Size of one element in bytes (types below 8 bits take one byte); 0 for an unknown type. */
static inline size_t ingot_element_size(ingot_type t) {
  switch (t) {
  case INGOT_FLOAT: case INGOT_INT32: case INGOT_UINT32: return 4;
  case INGOT_DOUBLE: case INGOT_INT64: case INGOT_UINT64: case INGOT_COMPLEX64: return 8;
  case INGOT_UINT16: case INGOT_INT16: case INGOT_FLOAT16: case INGOT_BFLOAT16: return 2;
  case INGOT_COMPLEX128: return 16;
  case INGOT_STRING: return sizeof(ingot_string);
  case INGOT_UNDEFINED: return 0;
  default: return 1;
  }
}

#ifdef __cplusplus
}
#endif
#endif
