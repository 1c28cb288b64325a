/*===- Decode.c - ImageDecoder: the format by the first bytes, the pixels as the node wants them ------===*/
#include "Image.h"

#include <stdio.h>

int ingotStartPicture(Picture *picture, uint64_t width, uint64_t height) {
  if (!width || !height || width > 1u << 20 || height > 1u << 20 || width * height > 1u << 28)
    return ingotRefuse(picture, "the image has no pixels or more than 2^28");
  picture->width = (int64_t)width;
  picture->height = (int64_t)height;
  picture->pixels = picture->call->allocate(picture->call, (size_t)(width * height * 3));
  return picture->pixels ? 1 : ingotRefuse(picture, "no memory for the image's pixels");
}

typedef struct Format {
  const char *name, *magic;
  size_t offset, length;
  int (*decode)(const uint8_t *data, size_t size, Picture *picture);
} Format;

static const Format formats[] = {
    {"JPEG", "\xff\xd8\xff", 0, 3, ingotDecodeJpeg},
    {"PNG", "\x89PNG\r\n\x1a\n", 0, 8, ingotDecodePng},
    {"BMP", "BM", 0, 2, ingotDecodeBitmap},
    {"WebP", "WEBP", 8, 4, ingotDecodeWebp},
    {"TIFF", "II*\0", 0, 4, ingotDecodeTiff},
    {"TIFF", "MM\0*", 0, 4, ingotDecodeTiff},
    {"JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n", 0, 12, ingotDecodeJpeg2000},
    {"JPEG 2000", "\xff\x4f\xff\x51", 0, 4, ingotDecodeJpeg2000},
    {"PNM", "P1", 0, 2, ingotDecodeAnymap}, {"PNM", "P2", 0, 2, ingotDecodeAnymap}, {"PNM", "P3", 0, 2, ingotDecodeAnymap},
    {"PNM", "P4", 0, 2, ingotDecodeAnymap}, {"PNM", "P5", 0, 2, ingotDecodeAnymap}, {"PNM", "P6", 0, 2, ingotDecodeAnymap},
};

static const Format *formatOf(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i)
    if (size >= formats[i].offset + formats[i].length && !memcmp(data + formats[i].offset, formats[i].magic, formats[i].length))
      return &formats[i];
  return NULL;
}

/* RGB in place to BGR, or to luma by the weights of ITU-R 601 in 16 bits. */
static int64_t arrange(Picture *picture, ingot_string order) {
  int64_t count = picture->width * picture->height;
  uint8_t *p = picture->pixels;
  if (order.size && order.data[0] == 'B')
    for (int64_t i = 0; i < count; ++i, p += 3) {
      uint8_t red = p[0];
      p[0] = p[2];
      p[2] = red;
    }
  if (!order.size || order.data[0] != 'G')
    return 3;
  for (int64_t i = 0; i < count; ++i, p += 3)
    picture->pixels[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
  return 1;
}

ingot_status ingot_op_image_decoder(ingot_call *call) {
  const ingot_tensor *stream = call->inputs[0];
  ingot_tensor *out = &call->outputs[0];
  size_t size = stream->rank == 1 ? (size_t)stream->dims[0] : 0;
  const Format *format = formatOf(stream->data, size);
  if (!format)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "the image is of no known format, expected JPEG, JPEG 2000, PNG, BMP, WebP, TIFF or PNM");
  Picture picture = {call, 0, 0, NULL, "it is broken"};
  if (!format->decode(stream->data, size, &picture)) {
    char text[300];
    snprintf(text, sizeof text, "the %s image cannot be decoded: %s", format->name, picture.reason);
    return call->fail(call, INGOT_INVALID_ARGUMENT, text);
  }
  int64_t channels = arrange(&picture, ingot_attribute_string(call, "pixel_format"));
  out->data = picture.pixels;
  out->dims[0] = picture.height;
  out->dims[1] = picture.width;
  out->dims[2] = channels;
  out->bytes = (size_t)(picture.height * picture.width * channels);
  return INGOT_OK;
}
