/*===- file.h - files as memory ----------------------------------------------------------===
 *
 * Part of libingot_rt.a: plain C, errors as a status and a text, nothing printed.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_FILE_H
#define INGOT_RUNTIME_FILE_H

#include "ingot/Runtime/ingot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call failed; the text names the file. */
typedef struct ingot_io_error { char text[512]; } ingot_io_error;

/* The contents of a file, read-only. */
typedef struct ingot_file { const void *data; size_t bytes; } ingot_file;

/* Maps a regular file. `error` may be null. */
ingot_status ingot_file_map(const char *path, ingot_file *file, ingot_io_error *error);
void ingot_file_unmap(ingot_file *file);

#ifdef __cplusplus
}
#endif
#endif
