/*===- tensor_io.h - tensors from and to files ---------------------------------------------===
 *
 * Part of libingot_rt.a.  Reads ONNX's TensorProto, SequenceProto and OptionalProto (.pb) and NumPy's .npy; whatever a file holds
 * ends in a tensor or a status, and nothing is allocated that the size of the file does not justify.
 *
 * In memory types below 8 bits take one byte an element; on the wire they are packed, lowest bits first.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_TENSOR_IO_H
#define INGOT_RUNTIME_TENSOR_IO_H

#include "ingot/Runtime/file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a file; .npy is known by its first bytes.  `expected` (may be null: a tensor) says whether the message is a TensorProto, a
 * SequenceProto or an OptionalProto, and which type the opaque elements of an .npy file have.  The value owns its memory: ingot_value_release. */
ingot_status ingot_value_read(const char *path, const ingot_value_info *expected, ingot_tensor *value, ingot_io_error *error);
/* The same from memory; `name` is for messages. */
ingot_status ingot_value_parse(const void *data, size_t bytes, const char *name, const ingot_value_info *expected, ingot_tensor *value,
                               ingot_io_error *error);
/* Frees what reading allocated. A zeroed value is fine. */
void ingot_value_release(ingot_tensor *value);

/* Writes a tensor, sequence or optional as ONNX does; `name` goes into the message. */
ingot_status ingot_value_write_pb(const char *path, const char *name, const ingot_tensor *value, ingot_io_error *error);
/* Writes a tensor for NumPy; types unknown to it become opaque bytes, as ml_dtypes writes them. */
ingot_status ingot_value_write_npy(const char *path, const ingot_tensor *value, ingot_io_error *error);

/* Number of elements of a tensor, -1 if its dims are negative or overflow. */
int64_t ingot_element_count(const ingot_tensor *tensor);
/* Element `index` of any numeric type as the nearest double; of complex types part `index` (real, imaginary, real, ...). */
double ingot_element_get(ingot_type type, const void *data, int64_t index);
/* Stores a number into an element, rounded towards zero and clamped to what the type holds. */
void ingot_element_set(ingot_type type, void *data, int64_t index, double value);
/* "float16", as in messages; "unknown" if it is none. */
const char *ingot_type_name(ingot_type type);

#ifdef __cplusplus
}
#endif
#endif
