/*===- Png.c - PNG by libpng ------------------------------------------------------------------------===*/
#include "Image.h"

#include <png.h>

int ingotDecodePng(const uint8_t *data, size_t size, Picture *picture) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, data, size))
    return 0;
  /* Transparency is dropped, not blended: read with it and leave it out. */
  int alpha = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  image.format = alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  if (!ingotStartPicture(picture, image.width, image.height)) {
    png_image_free(&image);
    return 0;
  }
  if (!alpha)
    return png_image_finish_read(&image, NULL, picture->pixels, 0, NULL) != 0;
  uint8_t *rgba = picture->call->allocate(picture->call, PNG_IMAGE_SIZE(image));
  if (!rgba || !png_image_finish_read(&image, NULL, rgba, 0, NULL)) {
    png_image_free(&image);
    return 0;
  }
  for (int64_t i = 0; i < picture->width * picture->height; ++i)
    memcpy(picture->pixels + 3 * i, rgba + 4 * i, 3);
  return 1;
}
