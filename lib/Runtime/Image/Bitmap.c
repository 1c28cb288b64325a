/*===- Bitmap.c - formats that are little more than their pixels: BMP and PNM ---------------------===*/
#include "Image.h"

static uint32_t word(const uint8_t *p, int bytes) {
  uint32_t v = 0;
  for (int i = bytes; i-- > 0;)
    v = v << 8 | p[i];
  return v;
}

/* Uncompressed bitmaps of 8 (with a palette), 24 and 32 bits. */
int ingotDecodeBitmap(const uint8_t *data, size_t size, Picture *picture) {
  if (size < 54)
    return ingotRefuse(picture, "it is cut short");
  uint32_t start = word(data + 10, 4), header = word(data + 14, 4), bits = word(data + 28, 2), compression = word(data + 30, 4);
  int32_t width = (int32_t)word(data + 18, 4), height = (int32_t)word(data + 22, 4);
  if (header < 40 || (bits != 8 && bits != 24 && bits != 32) || (compression && !(compression == 3 && bits == 32)))
    return ingotRefuse(picture, "expected an uncompressed bitmap of 8, 24 or 32 bits");
  int fromTop = height < 0;
  if (width <= 0 || height == INT32_MIN || !ingotStartPicture(picture, (uint64_t)width, (uint64_t)(fromTop ? -(int64_t)height : height)))
    return ingotRefuse(picture, "its size makes no sense");
  size_t bytes = bits / 8, row = ((size_t)width * bytes + 3) / 4 * 4, palette = 14 + (size_t)header;
  if (start > size || row * (size_t)picture->height > size - start || (bits == 8 && (palette > start || start - palette < 4)))
    return ingotRefuse(picture, "it is cut short");
  uint8_t *out = picture->pixels;
  for (int64_t y = 0; y < picture->height; ++y) {
    const uint8_t *p = data + start + row * (size_t)(fromTop ? y : picture->height - 1 - y);
    for (int32_t x = 0; x < width; ++x, p += bytes, out += 3) {
      const uint8_t *color = p;
      if (bits == 8) {
        if (palette + 4u * *p + 4 > start)
          return ingotRefuse(picture, "a pixel is not in its palette");
        color = data + palette + 4u * *p;
      }
      out[0] = color[2], out[1] = color[1], out[2] = color[0];
    }
  }
  return 1;
}

typedef struct Text { const uint8_t *at, *end; } Text;

/* The next number, past white space and comments; -1: there is none. */
static int64_t number(Text *t) {
  while (t->at < t->end && (*t->at <= ' ' || *t->at == '#'))
    if (*t->at++ == '#')
      while (t->at < t->end && *t->at != '\n')
        ++t->at;
  int64_t v = t->at < t->end && *t->at >= '0' && *t->at <= '9' ? 0 : -1;
  for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; ++t->at)
    if (v < 1 << 24)
      v = v * 10 + (*t->at - '0');
  return v;
}

/* P1 to P3 are text, P4 to P6 bytes: bits (1 is black), greys and colours. */
int ingotDecodeAnymap(const uint8_t *data, size_t size, Picture *picture) {
  int kind = (data[1] - '1') % 3, raw = data[1] >= '4';
  Text text = {data + 2, data + size};
  int64_t width = number(&text), height = number(&text), most = kind ? number(&text) : 1;
  if (width <= 0 || height <= 0 || most <= 0 || most > 65535 || !ingotStartPicture(picture, (uint64_t)width, (uint64_t)height))
    return ingotRefuse(picture, "its size makes no sense");
  if (text.at < text.end)
    ++text.at; /* one byte of white space */
  int64_t samples = kind == 2 ? 3 : 1, bytes = most > 255 ? 2 : 1, row = kind ? width * samples * bytes : (width + 7) / 8;
  if (raw && text.end - text.at < row * height)
    return ingotRefuse(picture, "it is cut short");
  uint8_t *out = picture->pixels;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x, out += 3) {
      for (int64_t s = 0; s < samples; ++s) {
        int64_t v;
        if (!raw) {
          if (!kind) /* digits may stand side by side */
            while (text.at < text.end && *text.at != '0' && *text.at != '1')
              ++text.at;
          v = kind ? number(&text) : text.at < text.end ? *text.at++ - '0' : -1;
        } else if (!kind)
          v = text.at[y * row + x / 8] >> (7 - x % 8) & 1;
        else {
          const uint8_t *p = text.at + y * row + (x * samples + s) * bytes;
          v = bytes == 2 ? p[0] << 8 | p[1] : p[0];
        }
        if (v < 0 || v > most)
          return ingotRefuse(picture, "a sample is missing or out of range");
        out[s] = (uint8_t)(kind ? (v * 255 + most / 2) / most : v ? 0 : 255);
      }
      if (samples == 1)
        out[1] = out[2] = out[0];
    }
  return 1;
}
