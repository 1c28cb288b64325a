/*===- Npy.h - NumPy's file format ---------------------------------------------------------===*/
#ifndef INGOT_LIB_RUNTIME_IO_NPY_H
#define INGOT_LIB_RUNTIME_IO_NPY_H

#include "ingot/Runtime/tensor_io.h"

int ingotIsNpy(const void *data, size_t bytes);

/* `expected` tells opaque elements ("|V2") apart. `value` is zeroed; on failure the caller releases it. */
ingot_status ingotParseNpy(const void *data, size_t bytes, const char *name, ingot_type expected, ingot_tensor *value,
                           ingot_io_error *error);

#endif
