/*===- Webp.c - WebP by libwebp ---------------------------------------------------------------------===*/
#include "Image.h"

#include <webp/decode.h>

int ingotDecodeWebp(const uint8_t *data, size_t size, Picture *picture) {
  int width, height;
  if (!WebPGetInfo(data, size, &width, &height) || !ingotStartPicture(picture, (uint64_t)width, (uint64_t)height))
    return 0;
  return WebPDecodeRGBInto(data, size, picture->pixels, (size_t)width * (size_t)height * 3, width * 3) != NULL;
}
