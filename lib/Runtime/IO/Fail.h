/*===- Fail.h - a status with its text -----------------------------------------------------===*/
#ifndef INGOT_LIB_RUNTIME_IO_FAIL_H
#define INGOT_LIB_RUNTIME_IO_FAIL_H

#include "ingot/Runtime/file.h"

#include <stdarg.h>
#include <stdio.h>

/* Writes the text, if there is a place for it, and hands the status on. */
__attribute__((format(printf, 3, 4))) static inline ingot_status ingotFail(ingot_io_error *error, ingot_status status,
                                                                          const char *format, ...) {
  if (error) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
  }
  return status;
}

#endif
