/*===- Tiff.c - TIFF by libtiff ---------------------------------------------------------------------===*/
#include "Image.h"

#include <stdio.h>
#include <tiffio.h>

typedef struct Stream { const uint8_t *data; uint64_t size, at; } Stream;

static tmsize_t readBytes(thandle_t handle, void *to, tmsize_t wanted) {
  Stream *s = handle;
  uint64_t left = s->size - s->at, n = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(to, s->data + s->at, n);
  s->at += n;
  return (tmsize_t)n;
}
static tmsize_t writeBytes(thandle_t handle, void *from, tmsize_t n) { return (void)handle, (void)from, (void)n, 0; }
static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Stream *s = handle;
  uint64_t at = offset + (whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->size : 0);
  s->at = at < s->size ? at : s->size;
  return s->at;
}
static int closeStream(thandle_t handle) { return (void)handle, 0; }
static toff_t sizeOf(thandle_t handle) { return ((Stream *)handle)->size; }

int ingotDecodeTiff(const uint8_t *data, size_t size, Picture *picture) {
  Stream stream = {data, size, 0};
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandler(NULL);
  TIFF *file = TIFFClientOpen("image", "rm", &stream, readBytes, writeBytes, seek, closeStream, sizeOf, NULL, NULL);
  if (!file)
    return 0;
  uint32_t width = 0, height = 0;
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &height);
  int good = ingotStartPicture(picture, width, height);
  uint32_t *raster = good ? picture->call->allocate(picture->call, (size_t)width * height * sizeof *raster) : NULL;
  good = raster && TIFFReadRGBAImageOriented(file, width, height, raster, ORIENTATION_TOPLEFT, 1);
  for (int64_t i = 0; good && i < picture->width * picture->height; ++i) {
    picture->pixels[3 * i] = (uint8_t)TIFFGetR(raster[i]);
    picture->pixels[3 * i + 1] = (uint8_t)TIFFGetG(raster[i]);
    picture->pixels[3 * i + 2] = (uint8_t)TIFFGetB(raster[i]);
  }
  TIFFClose(file);
  return good;
}
