/*===- custom_op.h - C functions that a compiled model calls ------------------------------===
 *
 * `ingotc --custom-op=DOMAIN:NAME model.onnx` turns each node of that operator into a call of
 *
 *     ingot_status ingot_custom_DOMAIN_NAME(ingot_call *call);      (other characters than letters and digits become '_')
 *
 * which whoever uses the model links.  The runtime's own functions on strings, sequences and images have this interface too.
 *
 * A function reads `inputs` and fills `outputs`.  It may be called from several threads at once, each with its own instance.  It returns
 * INGOT_OK, or what call->fail gave.  Its results are checked against what the model says of their types before anything uses them.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_CUSTOM_OP_H
#define INGOT_RUNTIME_CUSTOM_OP_H

#include "ingot/Runtime/ingot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An attribute of the node as a tensor: INT is INGOT_INT64 of rank 0, FLOATS is INGOT_FLOAT of rank 1, STRING is INGOT_STRING of rank 0, ... */
typedef struct ingot_attribute {
  const char *name;
  ingot_tensor value;
} ingot_attribute;

typedef struct ingot_call ingot_call;
struct ingot_call {
  uint32_t abi_version;                 /* INGOT_ABI_VERSION */
  int32_t input_count, output_count, attribute_count;
  const char *node;                     /* "Operator:name", for messages */
  /* Inputs live as long as the call, elements of sequences, optionals and maps as long as the run; none may be changed.  An optional input
   * that the node does not give is null. */
  const ingot_tensor *const *inputs;
  /* What the model expects: kind, type, and for tensors rank and dims, INGOT_UNKNOWN_DIM where only the call knows.  Where the rank is not
   * known either it is -1.  The function writes what is open, `data` and `bytes`: memory from `allocate`, an input's or its elements'. */
  ingot_tensor *outputs;
  const ingot_attribute *attributes;

  /* Memory to the end of the run, 64-byte aligned.  Null: there is none, and the function returns INGOT_OUT_OF_MEMORY. */
  void *(*allocate)(ingot_call *call, size_t bytes);
  /* Gives `status` back after noting it with the reason, which is copied. */
  ingot_status (*fail)(ingot_call *call, ingot_status status, const char *reason);
  /* Memory of this node in this instance: zeroed when it is first asked for, the same from then on.  `release` (may be null) is called on it
   * before the instance ends.  Null: out of memory. */
  void *(*state)(ingot_call *call, size_t bytes, void (*release)(void *state));
  void *run, *node_state;               /* the runtime's */
};

typedef ingot_status (*ingot_function)(ingot_call *call);

/* The attribute of a name, null if the node does not have it. */
static inline const ingot_tensor *ingot_find_attribute(const ingot_call *call, const char *name) {
  for (int32_t i = 0; i < call->attribute_count; ++i) {
    const char *a = call->attributes[i].name, *b = name;
    while (*a && *a == *b)
      ++a, ++b;
    if (*a == *b)
      return &call->attributes[i].value;
  }
  return 0;
}

static inline int64_t ingot_attribute_int(const ingot_call *call, const char *name, int64_t otherwise) {
  const ingot_tensor *value = ingot_find_attribute(call, name);
  return value && value->type == INGOT_INT64 && value->data ? *(const int64_t *)value->data : otherwise;
}

static inline float ingot_attribute_float(const ingot_call *call, const char *name, float otherwise) {
  const ingot_tensor *value = ingot_find_attribute(call, name);
  return value && value->type == INGOT_FLOAT && value->data ? *(const float *)value->data : otherwise;
}

/* Its `data` is null if there is none. */
static inline ingot_string ingot_attribute_string(const ingot_call *call, const char *name) {
  const ingot_tensor *value = ingot_find_attribute(call, name);
  ingot_string none = {0, 0};
  return value && value->type == INGOT_STRING && value->data ? *(const ingot_string *)value->data : none;
}

#ifdef __cplusplus
}
#endif
#endif
