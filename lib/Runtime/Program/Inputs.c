/*===- Inputs.c - values from files, or random ones -------------------------------------------===*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int ingotFindValueFile(const char *dirOrPrefix, const char *what, int index, char *path, size_t size) {
  static const char *const suffixes[] = {".pb", ".npy"};
  struct stat info;
  int isDir = !stat(dirOrPrefix, &info) && S_ISDIR(info.st_mode);
  for (int i = 0; i < 2; ++i) {
    int n = snprintf(path, size, "%s%s%s_%d%s", dirOrPrefix, isDir ? "/" : "", what, index, suffixes[i]);
    if (n > 0 && (size_t)n < size && !stat(path, &info))
      return 1;
  }
  return 0;
}

/* "NAME=rest": the rest if NAME is `name`, else null. */
static const char *valueOf(const char *item, const char *name) {
  size_t n = strlen(name);
  return !strncmp(item, name, n) && item[n] == '=' ? item + n + 1 : NULL;
}

static int isNamed(const char *item, const ingot_model *model) {
  for (int32_t i = 0; i < model->input_count; ++i)
    if (valueOf(item, model->inputs[i].name))
      return 1;
  return 0;
}

/* The file of input `index` among --input and --inputs, or null. */
static const char *fileOf(const Options *options, const ingot_model *model, int index, char *path, size_t size) {
  int position = 0;
  for (int i = 0; i < options->inputValues.count; ++i) {
    const char *item = options->inputValues.items[i], *named = valueOf(item, model->inputs[index].name);
    if (named)
      return named;
    if (!isNamed(item, model) && position++ == index)
      return item;
  }
  const List *files = &options->inputs;
  struct stat info;
  if (files->count == 1 && !stat(files->items[0], &info) && S_ISDIR(info.st_mode))
    return ingotFindValueFile(files->items[0], "input", index, path, size) ? path : NULL;
  return index < files->count ? files->items[index] : NULL;
}

/* A dimension's value among --dim, -1 if there is none. */
static int64_t dimNamed(const Options *options, const char *name) {
  for (int i = 0; *name && i < options->dims.count; ++i) {
    const char *text = valueOf(options->dims.items[i], name);
    char *end;
    if (text) {
      long long value = strtoll(text, &end, 10);
      return end != text && !*end && value >= 0 ? value : -1;
    }
  }
  return -1;
}

/* "1x3x224" of --shape into dims; the number of them, or -1. */
static int parseShape(const char *text, int64_t *dims) {
  int rank = 0;
  while (*text && rank < INGOT_MAX_RANK) {
    char *end;
    dims[rank] = strtoll(text, &end, 10);
    if (end == text || dims[rank] < 0 || (*end && *end != 'x'))
      return -1;
    ++rank;
    text = *end ? end + 1 : end;
  }
  return *text ? -1 : rank;
}

int ingotShapeInput(const Options *options, const ingot_value_info *info, ingot_tensor *input, int quiet) {
  memset(input, 0, sizeof *input);
  input->type = info->type;
  input->kind = info->kind;
  input->rank = info->rank;
  int known = info->kind == INGOT_TENSOR;
  int64_t shape[INGOT_MAX_RANK];
  int shapeRank = -1;
  for (int i = 0; i < options->shapes.count; ++i) {
    const char *text = valueOf(options->shapes.items[i], info->name);
    if (text)
      shapeRank = parseShape(text, shape);
  }
  for (int32_t d = 0; d < info->rank; ++d) {
    const char *symbol = info->symbols && info->symbols[d] ? info->symbols[d] : "";
    char place[300];
    snprintf(place, sizeof place, "%s.%d", info->name, (int)d);
    int64_t value = info->dims[d];
    if (value == INGOT_UNKNOWN_DIM && shapeRank == info->rank)
      value = shape[d];
    if (value == INGOT_UNKNOWN_DIM)
      value = dimNamed(options, place);
    if (value == INGOT_UNKNOWN_DIM)
      value = dimNamed(options, symbol);
    if (value == INGOT_UNKNOWN_DIM) {
      value = 1;
      known = 0;
      if (!quiet)
        fprintf(stderr, "%s: note: dimension %d of input '%s' is taken as 1, --dim %s=V says otherwise\n", options->program, (int)d,
                info->name, *symbol ? symbol : place);
    }
    input->dims[d] = value;
  }
  return known;
}

/* splitmix64 (Steele, Lea, Flood 2014): the same numbers on every machine. */
static uint64_t nextRandom(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static int isFloat(ingot_type type) {
  switch (type) {
  case INGOT_FLOAT: case INGOT_DOUBLE: case INGOT_FLOAT16: case INGOT_BFLOAT16: case INGOT_COMPLEX64: case INGOT_COMPLEX128:
  case INGOT_FLOAT8E4M3FN: case INGOT_FLOAT8E4M3FNUZ: case INGOT_FLOAT8E5M2: case INGOT_FLOAT8E5M2FNUZ: case INGOT_FLOAT4E2M1:
  case INGOT_FLOAT8E8M0: return 1;
  default: return 0;
  }
}

static void fillStrings(ingot_tensor *input, int64_t count, uint64_t *state) {
  static const char digits[] = "0123456789";
  for (int64_t i = 0; i < count; ++i) {
    ingot_string *s = (ingot_string *)input->data + i;
    s->data = digits + nextRandom(state) % 10;
    s->size = 1;
  }
}

static ExitCode fillRandom(const Options *options, const ingot_value_info *info, ingot_tensor *input, uint64_t seed) {
  if (info->kind != INGOT_TENSOR)
    return ingotComplain(options, "--random makes tensors only, input '%s' is none: give --input %s=FILE", info->name, info->name);
  for (int i = 0; i < options->shapes.count; ++i) {
    int64_t shape[INGOT_MAX_RANK];
    const char *text = valueOf(options->shapes.items[i], info->name);
    if (text && parseShape(text, shape) != info->rank)
      return ingotComplain(options, "--shape %s: expected %d dimensions of input '%s'", options->shapes.items[i], (int)info->rank, info->name);
  }
  ingotShapeInput(options, info, input, 0);
  int64_t count = ingot_element_count(input);
  size_t size = ingot_element_size(input->type);
  if (count < 0 || (uint64_t)count > SIZE_MAX / 16 / (size ? size : 1))
    return ingotComplain(options, "input '%s' is beyond any memory", info->name);
  input->bytes = (size_t)count * size;
  input->data = malloc(input->bytes + 1);
  if (!input->data)
    return ingotComplain(options, "no memory for input '%s' (%zu bytes)", info->name, input->bytes);
  if (input->type == INGOT_STRING) {
    fillStrings(input, count, &seed);
    return ExitGood;
  }
  int64_t parts = input->type == INGOT_COMPLEX64 || input->type == INGOT_COMPLEX128 ? 2 * count : count;
  for (int64_t i = 0; i < parts; ++i) {
    uint64_t r = nextRandom(&seed);
    if (input->type == INGOT_FLOAT) /* 24 bits: the float is exact and below 1 */
      ((float *)input->data)[i] = (float)(r >> 40) / 16777216.0f;
    else
      ingot_element_set(input->type, input->data, i,
                        input->type == INGOT_BOOL ? 1 : isFloat(input->type) ? (double)(r >> 11) / 9007199254740992.0 : (double)(r % 100));
  }
  return ExitGood;
}

ExitCode ingotMakeInputs(const Options *options, const ingot_model *model, ingot_tensor *inputs) {
  uint64_t seed = options->seedText ? strtoull(options->seedText, NULL, 10) : 1;
  for (int32_t i = 0; i < model->input_count; ++i) {
    const ingot_value_info *info = &model->inputs[i];
    char path[4096];
    const char *file = fileOf(options, model, i, path, sizeof path);
    if (options->testData)
      file = ingotFindValueFile(options->testData, "input", i, path, sizeof path) ? path : NULL;
    if (file) {
      ingot_io_error error;
      if (ingot_value_read(file, info, &inputs[i], &error))
        return ingotComplain(options, "input '%s': %s", info->name, error.text);
    } else if (options->random) {
      ExitCode code = fillRandom(options, info, &inputs[i], seed * 1000003u + (uint64_t)i);
      if (code)
        return code;
    } else if (options->testData || options->inputs.count == 1)
      return ingotComplain(options, "input '%s' has no file input_%d.pb or .npy in '%s'", info->name, (int)i,
                           options->testData ? options->testData : options->inputs.items[0]);
    else
      return ingotComplain(options, "input '%s' has no value: give --inputs, --input %s=FILE or --random", info->name, info->name);
  }
  return ExitGood;
}
