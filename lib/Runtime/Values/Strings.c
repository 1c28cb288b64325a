/*===- Strings.c - operators on strings ------------------------------------------------------===*/
#define _GNU_SOURCE /* towlower_l */
#include "Value.h"

#include <locale.h>
#include <stdlib.h>
#include <wctype.h>

static ingot_status broadcastOperands(ingot_call *call, ingot_broadcast *b) {
  return ingotBroadcast(b, call->inputs[0], call->inputs[1]) ? INGOT_OK
                                                             : call->fail(call, INGOT_SHAPE_MISMATCH, "the operands' shapes do not broadcast together");
}

ingot_status ingot_op_string_equal(ingot_call *call) {
  const ingot_string *x = ingotStrings(call->inputs[0]), *y = ingotStrings(call->inputs[1]);
  ingot_tensor *out = &call->outputs[0];
  ingot_broadcast b;
  ingot_status status = broadcastOperands(call, &b);
  if (!status)
    status = ingotMakeTensor(call, out, INGOT_BOOL, b.rank, b.dims);
  int64_t index[INGOT_MAX_RANK] = {0}, at[2] = {0, 0};
  for (int64_t i = 0, n = status ? 0 : ingotCountOf(out); i < n; ++i, ingotAdvance(&b, index, at))
    ((uint8_t *)out->data)[i] = (uint8_t)ingotSameString(x[at[0]], y[at[1]]);
  return status;
}

ingot_status ingot_op_string_concat(ingot_call *call) {
  const ingot_string *x = ingotStrings(call->inputs[0]), *y = ingotStrings(call->inputs[1]);
  ingot_tensor *out = &call->outputs[0];
  ingot_broadcast b;
  ingot_status status = broadcastOperands(call, &b);
  if (!status)
    status = ingotMakeTensor(call, out, INGOT_STRING, b.rank, b.dims);
  if (status)
    return status;
  ingot_string *result = out->data;
  int64_t index[INGOT_MAX_RANK] = {0}, at[2] = {0, 0}, n = ingotCountOf(out);
  size_t bytes = 0;
  for (int64_t i = 0; i < n; ++i, ingotAdvance(&b, index, at)) {
    result[i].size = x[at[0]].size + y[at[1]].size;
    bytes += result[i].size;
  }
  char *text = call->allocate(call, bytes);
  if (!text)
    return INGOT_OUT_OF_MEMORY;
  memset(index, 0, sizeof index);
  at[0] = at[1] = 0;
  for (int64_t i = 0; i < n; ++i, ingotAdvance(&b, index, at)) {
    result[i].data = text;
    if (x[at[0]].size)
      memcpy(text, x[at[0]].data, x[at[0]].size);
    text += x[at[0]].size;
    if (y[at[1]].size)
      memcpy(text, y[at[1]].data, y[at[1]].size);
    text += y[at[1]].size;
  }
  return INGOT_OK;
}

/*===--------------------------------- StringSplit --------------------------------===*/

static int isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

static ingot_string skipSpace(ingot_string s) {
  while (s.size && isSpace(*s.data))
    ++s.data, --s.size;
  return s;
}

/* Cuts the next part off `rest`; zero when there is none.  `last`: it is all that is left.  Without a delimiter parts are what stands between
 * runs of white space, as Python's str.split has it. */
static int nextPart(ingot_string *rest, ingot_string delimiter, int last, int *ended, ingot_string *part) {
  if (*ended)
    return 0;
  if (!delimiter.size) {
    *rest = skipSpace(*rest);
    if (!rest->size)
      return 0;
  }
  size_t end = 0, skip = 0;
  if (!last && !delimiter.size) {
    while (end < rest->size && !isSpace(rest->data[end]))
      ++end;
  } else if (!last) {
    const char *found = rest->size ? memmem(rest->data, rest->size, delimiter.data, delimiter.size) : NULL;
    end = found ? (size_t)(found - rest->data) : rest->size;
    skip = found ? delimiter.size : 0;
    *ended = !found;
  } else {
    end = rest->size;
    *ended = 1;
  }
  part->data = rest->data;
  part->size = end;
  if (end + skip)
    rest->data += end + skip;
  rest->size -= end + skip;
  return 1;
}

/* Counts the parts of a string, and stores them if `parts` is not null. */
static int64_t splitString(ingot_string s, ingot_string delimiter, int64_t maxsplit, ingot_string *parts) {
  int64_t count = 0;
  int ended = 0;
  ingot_string part;
  while (nextPart(&s, delimiter, maxsplit >= 0 && count == maxsplit, &ended, &part)) {
    if (parts)
      parts[count] = part;
    ++count;
  }
  return count;
}

ingot_status ingot_op_string_split(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0];
  ingot_tensor *parts = &call->outputs[0], *counts = &call->outputs[1];
  ingot_string delimiter = ingot_attribute_string(call, "delimiter");
  int64_t maxsplit = ingot_attribute_int(call, "maxsplit", -1), n = ingotCountOf(x), most = 0, dims[INGOT_MAX_RANK];
  if (x->rank == INGOT_MAX_RANK)
    return call->fail(call, INGOT_SHAPE_MISMATCH, "the operand has as many dimensions as a tensor can have");
  ingot_status status = ingotMakeTensor(call, counts, INGOT_INT64, x->rank, x->dims);
  if (status)
    return status;
  for (int64_t i = 0; i < n; ++i) {
    int64_t count = splitString(ingotStrings(x)[i], delimiter, maxsplit, NULL);
    ((int64_t *)counts->data)[i] = count;
    most = count > most ? count : most;
  }
  memcpy(dims, x->dims, sizeof dims);
  dims[x->rank] = most;
  status = ingotMakeTensor(call, parts, INGOT_STRING, x->rank + 1, dims);
  if (status)
    return status;
  memset(parts->data, 0, parts->bytes);
  for (int64_t i = 0; i < n; ++i)
    splitString(ingotStrings(x)[i], delimiter, maxsplit, (ingot_string *)parts->data + i * most);
  return INGOT_OK;
}

/*===------------------------------- StringNormalizer ------------------------------===*/

typedef struct Case { locale_t locale; } Case;

static void releaseCase(void *state) {
  if (((Case *)state)->locale)
    freelocale(((Case *)state)->locale);
}

/* The model's locale if the system has it, else the one that knows all of Unicode. */
static Case *caseOf(ingot_call *call) {
  Case *state = call->state(call, sizeof *state, releaseCase);
  if (!state || state->locale)
    return state;
  ingot_string name = ingot_attribute_string(call, "locale");
  char text[64];
  if (name.size && name.size < sizeof text - 8) {
    memcpy(text, name.data, name.size);
    memcpy(text + name.size, ".UTF-8", 7);
    state->locale = newlocale(LC_CTYPE_MASK, text, (locale_t)0);
  }
  if (!state->locale)
    state->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (!state->locale)
    state->locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
  return state->locale ? state : NULL;
}

/* Bytes of the character at `s` and its number; bytes that are no UTF-8 stand for themselves (number -1). */
static size_t decodeUtf8(const unsigned char *s, size_t size, int32_t *c) {
  static const int32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
  *c = n == 1 ? *s : n ? *s & (0x7f >> n) : -1;
  for (size_t i = 1; i < n; ++i)
    if (i >= size || s[i] >> 6 != 2)
      return *c = -1, 1;
    else
      *c = *c << 6 | (s[i] & 0x3f);
  if (!n || *c < least[n] || *c > 0x10ffff)
    return *c = -1, 1;
  return n;
}

static size_t encodeUtf8(int32_t c, char *out) {
  if (c < 0x80)
    return out[0] = (char)c, 1;
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; --i, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
  return n;
}

/* `s` in upper or lower case. No character grows to more than four bytes. */
static ingot_status changeCase(ingot_call *call, const Case *state, int upper, ingot_string s, ingot_string *result) {
  char *out = call->allocate(call, 4 * s.size);
  if (!out)
    return INGOT_OUT_OF_MEMORY;
  result->data = out;
  for (size_t i = 0; i < s.size;) {
    int32_t c;
    size_t n = decodeUtf8((const unsigned char *)s.data + i, s.size - i, &c);
    if (c < 0)
      *out++ = s.data[i];
    else
      out += encodeUtf8((int32_t)(upper ? towupper_l((wint_t)c, state->locale) : towlower_l((wint_t)c, state->locale)), out);
    i += n;
  }
  result->size = (size_t)(out - result->data);
  return INGOT_OK;
}

static int isStopword(const ingot_tensor *words, ingot_string s) {
  for (int64_t i = 0, n = words ? ingotCountOf(words) : 0; i < n; ++i)
    if (ingotSameString(ingotStrings(words)[i], s))
      return 1;
  return 0;
}

ingot_status ingot_op_string_normalizer(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0], *words = ingot_find_attribute(call, "stopwords");
  ingot_tensor *out = &call->outputs[0];
  ingot_string action = ingot_attribute_string(call, "case_change_action");
  int sensitive = ingot_attribute_int(call, "is_case_sensitive", 0) != 0, upper = action.size == 5 && !memcmp(action.data, "UPPER", 5);
  int changes = upper || (action.size == 5 && !memcmp(action.data, "LOWER", 5));
  if (x->rank == 2 && x->dims[0] != 1)
    return ingotFailCall(call, INGOT_SHAPE_MISMATCH, "the operand has %lld rows, expected one", (long long)x->dims[0]);
  Case *state = caseOf(call);
  int64_t n = ingotCountOf(x), kept = 0, dims[2] = {1, 1};
  ingot_string *result = call->allocate(call, (size_t)(n + 1) * sizeof *result);
  if (!state || !result)
    return INGOT_OUT_OF_MEMORY;
  ingot_tensor lowered = {0};
  ingot_status status = INGOT_OK;
  if (words && !sensitive) {
    status = ingotMakeTensor(call, &lowered, INGOT_STRING, words->rank, words->dims);
    for (int64_t i = 0; !status && i < ingotCountOf(words); ++i)
      status = changeCase(call, state, 0, ingotStrings(words)[i], (ingot_string *)lowered.data + i);
    words = &lowered;
  }
  for (int64_t i = 0; !status && i < n; ++i) {
    ingot_string s = ingotStrings(x)[i], compared = s;
    if (words && !sensitive)
      status = changeCase(call, state, 0, s, &compared);
    if (status || isStopword(words, compared))
      continue;
    if (changes)
      status = changeCase(call, state, upper, s, &s);
    result[kept++] = s;
  }
  if (status)
    return status;
  /* Nothing left is one empty string. */
  if (!kept) {
    result[0].data = "";
    result[0].size = 0;
    kept = 1;
  }
  dims[x->rank - 1] = kept;
  memset(out, 0, sizeof *out);
  out->type = INGOT_STRING;
  out->rank = x->rank;
  memcpy(out->dims, dims, sizeof dims);
  out->data = result;
  out->bytes = (size_t)kept * sizeof *result;
  return INGOT_OK;
}
