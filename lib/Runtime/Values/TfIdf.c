/*===- TfIdf.c - counts and weights of n-grams ------------------------------------------------===
 *
 * The pool of n-grams becomes a hash table at the first call of an instance; items are numbered by their place in it, so that numbers and
 * strings are one case.
 *===----------------------------------------------------------------------------------*/
#include "Value.h"

#include <stdlib.h>

typedef struct Gram { int64_t start, length, place; } Gram; /* in the pool, and in ngram_indexes */
typedef struct Table {
  int64_t size; /* a power of two */
  int64_t *slots; /* number of the gram + 1, 0: free */
  Gram *grams;
} Table;

static void releaseTable(void *state) {
  free(((Table *)state)->slots);
  free(((Table *)state)->grams);
}

/* Item `i` of a list of integers or strings, mixed into a hash. */
static uint64_t mix(uint64_t hash, const ingot_tensor *list, int64_t i) {
  if (list->type != INGOT_STRING)
    return (hash ^ (uint64_t)ingotIntegerAt(list, i)) * 0x9e3779b97f4a7c15u ^ hash >> 29;
  ingot_string s = ingotStrings(list)[i];
  for (size_t k = 0; k < s.size; ++k)
    hash = (hash ^ (unsigned char)s.data[k]) * 0x100000001b3u;
  return (hash ^ s.size) * 0x9e3779b97f4a7c15u ^ hash >> 29;
}

static int sameItem(const ingot_tensor *a, int64_t i, const ingot_tensor *b, int64_t k) {
  return a->type == INGOT_STRING ? ingotSameString(ingotStrings(a)[i], ingotStrings(b)[k]) : ingotIntegerAt(a, i) == ingotIntegerAt(b, k);
}

/* The slot of `length` items of `list`, `step` apart: a gram's, or a free one. */
static int64_t slotOf(const Table *table, const ingot_tensor *pool, const ingot_tensor *list, int64_t start, int64_t step, int64_t length) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int64_t i = 0; i < length; ++i)
    hash = mix(hash, list, start + i * step);
  for (uint64_t slot = hash ^ hash >> 32;; ++slot) {
    slot &= (uint64_t)table->size - 1;
    const Gram *gram = table->slots[slot] ? &table->grams[table->slots[slot] - 1] : NULL;
    int same = gram && gram->length == length;
    for (int64_t i = 0; same && i < length; ++i)
      same = sameItem(pool, gram->start + i, list, start + i * step);
    if (!gram || same)
      return (int64_t)slot;
  }
}

/* ngram_counts says where in the pool the grams of each length start. */
static ingot_status fillTable(ingot_call *call, Table *table, const ingot_tensor *pool) {
  const ingot_tensor *counts = ingot_find_attribute(call, "ngram_counts"), *indexes = ingot_find_attribute(call, "ngram_indexes");
  int64_t items = ingotCountOf(pool), places = ingotCountOf(indexes), place = 0, lengths = ingotCountOf(counts);
  table->size = 2;
  while (table->size < 2 * places)
    table->size *= 2;
  table->slots = calloc((size_t)table->size, sizeof *table->slots);
  table->grams = calloc((size_t)places + 1, sizeof *table->grams);
  if (!table->slots || !table->grams)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t n = 1; n <= lengths; ++n) {
    int64_t start = ingotIntegerAt(counts, n - 1), end = n < lengths ? ingotIntegerAt(counts, n) : items;
    if (start < 0 || start > end || end > items || (end - start) % n || (end - start) / n > places - place)
      return ingotFailCall(call, INGOT_INVALID_ARGUMENT, "ngram_counts does not fit the pool of %lld items and %lld indices", (long long)items,
                           (long long)places);
    for (; start < end; start += n, ++place) {
      int64_t slot = slotOf(table, pool, pool, start, 1, n);
      if (table->slots[slot])
        continue; /* the first one counts */
      table->grams[place] = (Gram){start, n, place};
      table->slots[slot] = place + 1;
    }
  }
  return INGOT_OK;
}

ingot_status ingot_op_tfidf_vectorizer(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0], *indexes = ingot_find_attribute(call, "ngram_indexes");
  const ingot_tensor *weights = ingot_find_attribute(call, "weights");
  const ingot_tensor *pool = ingot_find_attribute(call, x->type == INGOT_STRING ? "pool_strings" : "pool_int64s");
  ingot_tensor *out = &call->outputs[0];
  int64_t shortest = ingot_attribute_int(call, "min_gram_length", 1), longest = ingot_attribute_int(call, "max_gram_length", 1);
  int64_t skips = ingot_attribute_int(call, "max_skip_count", 0), places = ingotCountOf(indexes), columns = 0;
  ingot_string mode = ingot_attribute_string(call, "mode");
  int idf = mode.size && mode.data[0] == 'I', tfidf = mode.size > 2;
  if (!pool)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "has no pool of the operand's type");
  if (weights && ingotCountOf(weights) != places)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "has not as many weights as indices");
  for (int64_t i = 0; i < places; ++i)
    columns = ingotIntegerAt(indexes, i) >= columns ? ingotIntegerAt(indexes, i) + 1 : columns;
  Table *table = call->state(call, sizeof *table, releaseTable);
  ingot_status status = !table ? INGOT_OUT_OF_MEMORY : table->slots ? INGOT_OK : fillTable(call, table, pool);
  int64_t rows = x->rank == 2 ? x->dims[0] : 1, items = x->dims[x->rank - 1], dims[2] = {rows, columns};
  if (!status)
    status = ingotMakeTensor(call, out, INGOT_FLOAT, x->rank, dims + (2 - x->rank));
  if (status)
    return status;
  float *y = out->data;
  memset(y, 0, out->bytes);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t n = shortest; n <= longest; ++n)
      for (int64_t skip = 1; skip <= (n == 1 ? 1 : skips + 1); ++skip) /* skipping means nothing to single items */
        for (int64_t start = 0; n <= items && start + (n - 1) * skip < items; ++start) {
          int64_t gram = table->slots[slotOf(table, pool, x, row * items + start, skip, n)];
          if (gram)
            y[row * columns + ingotIntegerAt(indexes, gram - 1)] += 1;
        }
  if (!idf && !tfidf)
    return INGOT_OK;
  /* IDF: the weight where there is any; TFIDF: the count times the weight. */
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < places; ++i) {
      float *v = &y[row * columns + ingotIntegerAt(indexes, i)], weight = weights ? ((const float *)weights->data)[i] : 1;
      *v = idf ? (*v > 0 ? weight : 0) : *v * weight;
    }
  return INGOT_OK;
}
