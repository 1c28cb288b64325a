/*===- Image.h - pictures in memory -----------------------------------------------------------===
 *
 * Every decoder gives rows of RGB, 8 bits each, top row first.  An archive of its own, libingot_image.a: only models that decode images link it.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_LIB_RUNTIME_IMAGE_IMAGE_H
#define INGOT_LIB_RUNTIME_IMAGE_IMAGE_H

#include "ingot/Runtime/custom_op.h"

#include <string.h>

typedef struct Picture {
  ingot_call *call;
  int64_t width, height;
  uint8_t *pixels; /* height x width x 3, of the run */
  const char *reason; /* of a failure */
} Picture;

/* Room for a picture of a size that a file claims; zero if that is nothing or beyond reason. */
int ingotStartPicture(Picture *picture, uint64_t width, uint64_t height);
/* Zero: `reason` says why. */
static inline int ingotRefuse(Picture *picture, const char *reason) {
  picture->reason = reason;
  return 0;
}

/* One for each format; nonzero if `picture` holds the pixels. */
int ingotDecodeBitmap(const uint8_t *data, size_t size, Picture *picture);   /* Windows bitmaps */
int ingotDecodeAnymap(const uint8_t *data, size_t size, Picture *picture);   /* PBM, PGM and PPM */
int ingotDecodeJpeg(const uint8_t *data, size_t size, Picture *picture);
int ingotDecodeJpeg2000(const uint8_t *data, size_t size, Picture *picture);
int ingotDecodePng(const uint8_t *data, size_t size, Picture *picture);
int ingotDecodeTiff(const uint8_t *data, size_t size, Picture *picture);
int ingotDecodeWebp(const uint8_t *data, size_t size, Picture *picture);

#endif
