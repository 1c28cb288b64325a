/*===- Bisect.c - the first node whose result is not the expected one ------------------------------===
 *
 * Of a model that ingotc made with --all-values, whose metadata "ingot.values" say the node of each value, in order: "VALUE<tab>OPERATOR:NODE" a line.
 *===----------------------------------------------------------------------------------*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *ingotMetadataOf(const ingot_model *model, const char *key) {
  for (int32_t i = 0; i < model->metadata_count; ++i)
    if (!strcmp(model->metadata[2 * i], key))
      return model->metadata[2 * i + 1];
  return NULL;
}

int ingotIsFolder(const char *path) {
  struct stat info;
  return !stat(path, &info) && S_ISDIR(info.st_mode);
}

static int outputNamed(const ingot_model *model, const char *name) {
  for (int32_t i = 0; i < model->output_count; ++i)
    if (!strcmp(model->outputs[i].name, name))
      return i;
  return -1;
}

/* DIR/VALUE.pb or .npy, with _ for what a file's name cannot have; else DIR/output_N of the model's output N. Zero: there is none. */
static int findExpected(const char *folder, const char *name, int index, char *path, size_t size) {
  char file[1024];
  snprintf(file, sizeof file, "%s", name);
  for (char *p = file; *p; ++p)
    if (*p == '/')
      *p = '_';
  static const char *const suffixes[] = {".pb", ".npy"};
  struct stat info;
  for (int i = 0; i < 2; ++i) {
    int n = snprintf(path, size, "%s/%s%s", folder, file, suffixes[i]);
    if (n > 0 && (size_t)n < size && !stat(path, &info))
      return 1;
  }
  return ingotFindValueFile(folder, "output", index, path, size);
}

/* Compares values in the order of their nodes, up to the first that differs; `others` are the outputs of `other`, or null. */
static ExitCode compareInOrder(const Options *options, const ingot_model *model, const ingot_tensor *outputs, const ingot_model *other,
                               const ingot_tensor *others, char *lines) {
  int known = 0, compared = 0;
  Options quiet = *options;
  quiet.quiet = 1;
  for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
    char *node = strchr(line, '\t'), *colon = node ? strchr(node, ':') : NULL, label[1500], path[4096];
    if (!colon)
      continue;
    *node++ = *colon++ = 0;
    int index = outputNamed(model, line), place = other ? outputNamed(other, line) : -1;
    if (index < 0)
      continue;
    ++known;
    ingot_tensor expected = {0};
    ingot_io_error error;
    if (other ? place < 0 : !findExpected(options->bisect, line, index, path, sizeof path))
      continue;
    if (!other && ingot_value_read(path, &model->outputs[index], &expected, &error))
      return ingotComplain(options, "value '%s': %s", line, error.text);
    ++compared;
    snprintf(label, sizeof label, "node '%s' (%s): value '%s'", colon, node, line);
    ExitCode code = ingotCompareValue(&quiet, label, &outputs[index], other ? &others[place] : &expected);
    ingot_value_release(&expected);
    if (code)
      return code;
  }
  if (!compared)
    return ingotComplain(options, "'%s' has none of the %d values of model '%s'", options->bisect, known, model->name);
  printf("%d of %d values compared, none differs\n", compared, known);
  return ExitGood;
}

/* The other model's outputs for the same inputs, compared while its instance lives. */
static ExitCode compareWithModel(const Options *options, const ingot_model *model, const ingot_tensor *inputs, const ingot_tensor *outputs,
                                 char *lines) {
  const ingot_model *other = options->other;
  if (other->input_count != model->input_count)
    return ingotComplain(options, "'%s' has %d inputs, expected %d", options->bisect, (int)other->input_count, (int)model->input_count);
  ingot_options create = {.abi_version = INGOT_ABI_VERSION};
  ingot_instance *instance = NULL;
  if (other->create(other, &create, &instance))
    return ingotComplain(options, "model '%s' cannot be instantiated", options->bisect);
  ingot_tensor *others = calloc((size_t)other->output_count + 1, sizeof *others);
  ExitCode code;
  if (!others || other->run(instance, inputs, others))
    code = ingotComplain(options, "'%s': %s", options->bisect, others ? other->error(instance) : "no memory");
  else
    code = compareInOrder(options, model, outputs, other, others, lines);
  free(others);
  other->destroy(instance);
  return code;
}

ExitCode ingotBisect(const Options *options, const ingot_model *model, const ingot_tensor *inputs, const ingot_tensor *outputs) {
  const char *values = ingotMetadataOf(model, "ingot.values");
  if (!values)
    return ingotComplain(options, "model '%s' was compiled without --all-values", model->name);
  char *lines = strdup(values);
  if (!lines)
    return ingotComplain(options, "'%s': %s", options->bisect, "no memory");
  ExitCode code = options->other ? compareWithModel(options, model, inputs, outputs, lines) : compareInOrder(options, model, outputs, NULL, NULL, lines);
  free(lines);
  return code;
}
