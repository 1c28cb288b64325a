/*===- Jpeg.c - JPEG by libjpeg ------------------------------------------------------------------===*/
#include "Image.h"

#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>

typedef struct Failure {
  struct jpeg_error_mgr manager;
  jmp_buf back;
} Failure;

static void leave(j_common_ptr info) { longjmp(((Failure *)info->err)->back, 1); }
static void ignore(j_common_ptr info) { (void)info; }

int ingotDecodeJpeg(const uint8_t *data, size_t size, Picture *picture) {
  struct jpeg_decompress_struct info;
  Failure failure;
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = leave;
  failure.manager.output_message = ignore;
  if (setjmp(failure.back)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, data, size);
  jpeg_read_header(&info, TRUE);
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
    jpeg_destroy_decompress(&info);
    return ingotRefuse(picture, "its colours are for print, expected RGB or grey");
  }
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  if (!ingotStartPicture(picture, info.output_width, info.output_height)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = picture->pixels + (size_t)info.output_scanline * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return 1;
}
