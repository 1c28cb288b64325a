/*===- File.c - files as memory ------------------------------------------------------------===*/
#include "ingot/Runtime/file.h"
#include "Fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

ingot_status ingot_file_map(const char *path, ingot_file *file, ingot_io_error *error) {
  file->data = NULL;
  file->bytes = 0;
  int handle = open(path, O_RDONLY | O_CLOEXEC);
  if (handle < 0)
    return ingotFail(error, INGOT_IO_ERROR, "cannot open '%s': %s", path, strerror(errno));
  struct stat info;
  if (fstat(handle, &info) || !S_ISREG(info.st_mode)) {
    close(handle);
    return ingotFail(error, INGOT_IO_ERROR, "'%s' is no regular file", path);
  }
  if (!info.st_size) { /* mmap refuses an empty range */
    close(handle);
    file->data = "";
    return INGOT_OK;
  }
  void *base = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, handle, 0);
  int reason = errno;
  close(handle);
  if (base == MAP_FAILED)
    return ingotFail(error, INGOT_IO_ERROR, "cannot map '%s': %s", path, strerror(reason));
  file->data = base;
  file->bytes = (size_t)info.st_size;
  return INGOT_OK;
}

void ingot_file_unmap(ingot_file *file) {
  if (file->bytes)
    munmap((void *)file->data, file->bytes);
  file->data = NULL;
  file->bytes = 0;
}
