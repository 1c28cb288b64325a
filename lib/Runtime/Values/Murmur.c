/*===- Murmur.c - 32-bit hashes of strings and numbers -----------------------------------------===
 *
 * MurmurHash3_x86_32 by Austin Appleby, of the bytes of each element.
 *===----------------------------------------------------------------------------------*/
#include "Value.h"

static uint32_t rotate(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static uint32_t murmur(const unsigned char *p, size_t size, uint32_t hash) {
  size_t left = size;
  for (; left >= 4; left -= 4, p += 4) {
    uint32_t k;
    memcpy(&k, p, 4);
    hash ^= rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
    hash = rotate(hash, 13) * 5 + 0xe6546b64u;
  }
  uint32_t tail = 0;
  for (size_t i = left; i-- > 0;)
    tail = tail << 8 | p[i];
  if (left)
    hash ^= rotate(tail * 0xcc9e2d51u, 15) * 0x1b873593u;
  hash ^= (uint32_t)size;
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

ingot_status ingot_op_murmur_hash3(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0];
  ingot_tensor *out = &call->outputs[0];
  uint32_t seed = (uint32_t)ingot_attribute_int(call, "seed", 0);
  size_t size = ingot_element_size(x->type);
  ingot_status status = ingotMakeTensor(call, out, out->type, x->rank, x->dims);
  for (int64_t i = 0, n = ingotCountOf(x); !status && i < n; ++i) {
    const ingot_string *s = ingotStrings(x) + i;
    ((uint32_t *)out->data)[i] = x->type == INGOT_STRING ? murmur((const unsigned char *)s->data, s->size, seed)
                                                         : murmur((const unsigned char *)x->data + (size_t)i * size, size, seed);
  }
  return status;
}
