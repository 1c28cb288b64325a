/*===- WeightsFile.c - a side file of weights, mapped --------------------------------------===
 *
 * Reached through ingot_core_mapper only, so an object with embedded weights refers to none of these functions.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

/* POSIX, with the numbers of Linux's generic ABI; off_t has 64 bits on the targets of the core. */
int open(const char *path, int flags, ...);
int close(int file);
int64_t lseek(int file, int64_t offset, int whence);
void *mmap(void *address, size_t bytes, int protection, int flags, int file, int64_t offset);
int munmap(void *address, size_t bytes);

enum { OpenReadOnly = 0, OpenCloseOnExec = 02000000, SeekEnd = 2, ProtectRead = 1, MapPrivate = 2 };

static const char *map(const char *path, ingot_mapping *mapping) {
  int file = open(path, OpenReadOnly | OpenCloseOnExec);
  if (file < 0)
    return "cannot be opened";
  int64_t bytes = lseek(file, 0, SeekEnd);
  if (bytes <= 0 || (uint64_t)bytes > SIZE_MAX) {
    close(file);
    return bytes ? "is no regular file" : "is empty";
  }
  void *base = mmap(0, (size_t)bytes, ProtectRead, MapPrivate, file, 0);
  close(file);
  if (base == (void *)-1)
    return "cannot be mapped";
  mapping->base = base;
  mapping->bytes = (size_t)bytes;
  return 0;
}

static void unmap(const ingot_mapping *mapping) { munmap(mapping->base, mapping->bytes); }

const ingot_mapper ingot_core_mapper = {map, unmap};
