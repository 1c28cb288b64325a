/*===- Jpeg2000.c - JPEG 2000 by OpenJPEG ------------------------------------------------------------===*/
#include "Image.h"

#include <openjpeg.h>

typedef struct Stream { const uint8_t *data; OPJ_SIZE_T size, at; } Stream;

static OPJ_SIZE_T readBytes(void *to, OPJ_SIZE_T wanted, void *user) {
  Stream *s = user;
  OPJ_SIZE_T left = s->size - s->at, n = wanted < left ? wanted : left;
  if (!n)
    return (OPJ_SIZE_T)-1;
  memcpy(to, s->data + s->at, n);
  s->at += n;
  return n;
}
static OPJ_BOOL seek(OPJ_OFF_T offset, void *user) {
  Stream *s = user;
  if (offset < 0 || (OPJ_SIZE_T)offset > s->size)
    return OPJ_FALSE;
  s->at = (OPJ_SIZE_T)offset;
  return OPJ_TRUE;
}
static OPJ_OFF_T skip(OPJ_OFF_T n, void *user) {
  Stream *s = user;
  return seek((OPJ_OFF_T)s->at + n, user) ? n : -1;
}

/* Sample of component `c` at a pixel, in 8 bits. */
static uint8_t sample(const opj_image_t *image, uint32_t c, int64_t x, int64_t y) {
  const opj_image_comp_t *comp = &image->comps[c];
  uint32_t cx = (uint32_t)x / comp->dx, cy = (uint32_t)y / comp->dy;
  if (cx >= comp->w || cy >= comp->h)
    return 0;
  int32_t v = comp->data[(size_t)cy * comp->w + cx] + (comp->sgnd ? 1 << (comp->prec - 1) : 0);
  v = comp->prec > 8 ? v >> (comp->prec - 8) : comp->prec < 8 ? v << (8 - comp->prec) : v;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static int takePixels(const opj_image_t *image, Picture *picture) {
  if (image->numcomps < 1 || !image->comps[0].data || image->color_space == OPJ_CLRSPC_SYCC)
    return ingotRefuse(picture, "its colours are not RGB or grey");
  if (!ingotStartPicture(picture, image->comps[0].w, image->comps[0].h))
    return 0;
  uint32_t colors = image->numcomps >= 3 ? 3 : 1;
  for (uint32_t c = 0; c < colors; ++c)
    if (!image->comps[c].data || !image->comps[c].dx || !image->comps[c].dy)
      return 0;
  uint8_t *out = picture->pixels;
  for (int64_t y = 0; y < picture->height; ++y)
    for (int64_t x = 0; x < picture->width; ++x, out += 3)
      for (uint32_t c = 0; c < 3; ++c)
        out[c] = sample(image, colors == 3 ? c : 0, x, y);
  return 1;
}

int ingotDecodeJpeg2000(const uint8_t *data, size_t size, Picture *picture) {
  Stream source = {data, size, 0};
  opj_codec_t *codec = opj_create_decompress(data[0] ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
  opj_dparameters_t parameters;
  opj_image_t *image = NULL;
  opj_set_default_decoder_parameters(&parameters);
  int good = codec && stream && opj_setup_decoder(codec, &parameters);
  if (good) {
    opj_stream_set_user_data(stream, &source, NULL);
    opj_stream_set_user_data_length(stream, size);
    opj_stream_set_read_function(stream, readBytes);
    opj_stream_set_skip_function(stream, skip);
    opj_stream_set_seek_function(stream, seek);
    good = opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image) && opj_end_decompress(codec, stream) &&
           takePixels(image, picture);
  }
  opj_image_destroy(image);
  opj_destroy_codec(codec);
  opj_stream_destroy(stream);
  return good;
}
