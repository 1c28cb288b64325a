/*===- Describe.c - what a model is, for people and for programs -------------------------------===*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t put(char *buffer, size_t size, size_t at, const char *text) {
  int n = at < size ? snprintf(buffer + at, size - at, "%s", text) : 0;
  return at + (size_t)(n > 0 ? n : 0);
}

static const char *describe(ingot_kind kind, ingot_type type, int32_t rank, const int64_t *dims, const char *const *symbols, char *buffer,
                            size_t size) {
  static const char *const kinds[] = {"", "sequence of ", "optional of ", "map of "};
  size_t at = put(buffer, size, 0, (unsigned)kind < 4 ? kinds[kind] : "");
  at = put(buffer, size, at, ingot_type_name(type));
  if (kind == INGOT_TENSOR) {
    at = put(buffer, size, at, "[");
    for (int32_t d = 0; d < rank; ++d) {
      char number[32];
      const char *symbol = symbols && symbols[d] && *symbols[d] ? symbols[d] : "?";
      snprintf(number, sizeof number, "%lld", (long long)dims[d]);
      at = put(buffer, size, at, d ? "," : "");
      at = put(buffer, size, at, dims[d] == INGOT_UNKNOWN_DIM ? symbol : number);
    }
    put(buffer, size, at, "]");
  }
  return buffer;
}

const char *ingotDescribeType(const ingot_value_info *info, char *buffer, size_t size) {
  return describe(info->kind, info->type, info->rank, info->dims, info->symbols, buffer, size);
}

const char *ingotDescribeValue(const ingot_tensor *value, char *buffer, size_t size) {
  if (value->kind == INGOT_TENSOR)
    return describe(value->kind, value->type, value->rank, value->dims, NULL, buffer, size);
  snprintf(buffer, size, "%s of %lld elements", value->kind == INGOT_SEQUENCE ? "sequence" : value->kind == INGOT_MAP ? "map" : "optional",
           (long long)value->dims[0]);
  return buffer;
}

/* Bytes of arena: what the model says, or what --dim and --shape make of it; INGOT_UNKNOWN_DIM if they do not say enough. */
static int64_t arenaBytes(const Options *options, const ingot_model *model) {
  int64_t bytes = model->arena_bytes;
  ingot_instance *instance = NULL;
  ingot_options create = {.abi_version = INGOT_ABI_VERSION, .weights_path = options->weights};
  if (bytes != INGOT_UNKNOWN_DIM)
    return bytes;
  ingot_tensor *inputs = calloc((size_t)model->input_count + 1, sizeof *inputs);
  int known = inputs != NULL;
  for (int32_t i = 0; known && i < model->input_count; ++i)
    known = ingotShapeInput(options, &model->inputs[i], &inputs[i], 1);
  if (known && !model->create(model, &create, &instance) && model->arena_for(instance, inputs, &bytes))
    bytes = INGOT_UNKNOWN_DIM;
  if (instance)
    model->destroy(instance);
  free(inputs);
  return bytes;
}

void ingotPrintJsonString(const char *s) {
  putchar('"');
  for (; *s; ++s)
    if (*s == '"' || *s == '\\')
      printf("\\%c", *s);
    else if ((unsigned char)*s < 0x20)
      printf("\\u%04x", (unsigned)*s);
    else
      putchar(*s);
  putchar('"');
}

static void printField(const char *name, const char *value) {
  printf("  \"%s\": ", name);
  ingotPrintJsonString(value);
  printf(",\n");
}

static void printNumber(const char *name, int64_t value) {
  if (value == INGOT_UNKNOWN_DIM)
    printf("  \"%s\": null,\n", name);
  else
    printf("  \"%s\": %lld,\n", name, (long long)value);
}

static void printValues(const char *name, const ingot_value_info *values, int32_t count, const char *end) {
  static const char *const kinds[] = {"tensor", "sequence", "optional", "map"};
  printf("  \"%s\": [", name);
  for (int32_t i = 0; i < count; ++i) {
    printf("%s\n    {\"name\": ", i ? "," : "");
    ingotPrintJsonString(values[i].name);
    printf(", \"kind\": \"%s\", \"type\": \"%s\", \"dims\": [", (unsigned)values[i].kind < 4 ? kinds[values[i].kind] : "unknown",
           ingot_type_name(values[i].type));
    for (int32_t d = 0; d < values[i].rank; ++d) {
      printf("%s", d ? ", " : "");
      if (values[i].dims[d] != INGOT_UNKNOWN_DIM)
        printf("%lld", (long long)values[i].dims[d]);
      else if (values[i].symbols && values[i].symbols[d] && *values[i].symbols[d])
        ingotPrintJsonString(values[i].symbols[d]);
      else
        printf("null");
    }
    printf("], \"doc\": ");
    ingotPrintJsonString(values[i].doc);
    printf("}");
  }
  printf("%s]%s\n", count ? "\n  " : "", end);
}

static void describeJson(const ingot_model *model, int64_t arena) {
  printf("{\n");
  printField("name", model->name);
  printField("producer", model->producer);
  printField("doc", model->doc);
  printField("required_isa", model->required_isa);
  printNumber("weight_bytes", model->weight_bytes);
  printNumber("arena_bytes", arena);
  printNumber("arena_lower_bound", model->arena_lower_bound);
  printNumber("flops", model->flops);
  printf("  \"metadata\": {");
  for (int32_t i = 0; i < model->metadata_count; ++i) {
    printf("%s", i ? ", " : "");
    ingotPrintJsonString(model->metadata[2 * i]);
    printf(": ");
    ingotPrintJsonString(model->metadata[2 * i + 1]);
  }
  printf("},\n");
  printValues("inputs", model->inputs, model->input_count, ",");
  printValues("outputs", model->outputs, model->output_count, "");
  printf("}\n");
}

static void printQuantity(const char *name, int64_t value, const char *unit) {
  static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
  double scaled = (double)value;
  int prefix = 0;
  for (; scaled >= 1000 && prefix < 5; ++prefix)
    scaled /= 1000;
  if (value == INGOT_UNKNOWN_DIM)
    printf("%-9s depends on the inputs' dimensions\n", name);
  else
    printf("%-9s %.*f %s%s\n", name, prefix ? 2 : 0, scaled, prefixes[prefix], unit);
}

static void describeText(const ingot_model *model, int64_t arena) {
  printf("%-9s %s\n", "model", model->name);
  if (*model->producer)
    printf("%-9s %s\n", "producer", model->producer);
  if (*model->doc)
    printf("%-9s %s\n", "doc", model->doc);
  printf("%-9s %s\n", "isa", *model->required_isa ? model->required_isa : "any");
  printQuantity("weights", model->weight_bytes, "B");
  printQuantity("arena", arena, "B");
  printQuantity("flops", model->flops, "FLOP");
  for (int pass = 0; pass < 2; ++pass) {
    const ingot_value_info *values = pass ? model->outputs : model->inputs;
    for (int32_t i = 0; i < (pass ? model->output_count : model->input_count); ++i) {
      char type[512];
      printf("%-9s %s %s%s%s\n", pass ? "output" : "input", values[i].name, ingotDescribeType(&values[i], type, sizeof type),
             *values[i].doc ? "  " : "", values[i].doc);
    }
  }
  for (int32_t i = 0; i < model->metadata_count; ++i)
    printf("%-9s %s = %s\n", "metadata", model->metadata[2 * i], model->metadata[2 * i + 1]);
}

ExitCode ingotDescribe(const Options *options, const ingot_model *model) {
  int64_t arena = arenaBytes(options, model);
  if (options->json)
    describeJson(model, arena);
  else
    describeText(model, arena);
  return ExitGood;
}
