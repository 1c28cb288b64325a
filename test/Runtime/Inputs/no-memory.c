/* Preloaded before ingot-run: requests for NO_MEMORY bytes, or a multiple of it, fail. */
#include <stddef.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);

static int fails(size_t bytes) {
  const char *wanted = getenv("NO_MEMORY");
  return wanted && bytes && bytes % (size_t)atol(wanted) == 0;
}
void *malloc(size_t bytes) { return fails(bytes) ? NULL : __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return fails(count * bytes) ? NULL : __libc_calloc(count, bytes); }
