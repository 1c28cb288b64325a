/*===- Outputs.c - results to files ------------------------------------------------------------===*/
#include "Program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int hasSuffix(const char *path, const char *suffix) {
  size_t n = strlen(path), m = strlen(suffix);
  return n >= m && !strcmp(path + n - m, suffix);
}

static ExitCode write(const Options *options, const char *path, const char *name, const ingot_tensor *value) {
  ingot_io_error error;
  ingot_status status =
      hasSuffix(path, ".npy") ? ingot_value_write_npy(path, value, &error) : ingot_value_write_pb(path, name, value, &error);
  return status ? ingotComplain(options, "output '%s': %s", name, error.text) : ExitGood;
}

/* The output of a --output item, by name or by its position among those without; `*file` becomes the file. */
static int outputOf(const ingot_model *model, const char *item, int *position, const char **file) {
  for (int32_t i = 0; i < model->output_count; ++i) {
    size_t n = strlen(model->outputs[i].name);
    if (!strncmp(item, model->outputs[i].name, n) && item[n] == '=') {
      *file = item + n + 1;
      return i;
    }
  }
  *file = item;
  return (*position)++;
}

ExitCode ingotWriteOutputs(const Options *options, const ingot_model *model, const ingot_tensor *outputs) {
  int position = 0;
  for (int i = 0; i < options->outputValues.count; ++i) {
    const char *file;
    int index = outputOf(model, options->outputValues.items[i], &position, &file);
    if (index >= model->output_count)
      return ingotComplain(options, "--output %s: the model has %d outputs", file, (int)model->output_count);
    if (!hasSuffix(file, ".npy") && !hasSuffix(file, ".pb"))
      return ingotComplain(options, "--output %s: expected a file name that ends in .npy or .pb", file);
    ExitCode code = write(options, file, model->outputs[index].name, &outputs[index]);
    if (code)
      return code;
  }
  if (!options->outputsDir)
    return ExitGood;
  if (mkdir(options->outputsDir, 0777) && errno != EEXIST)
    return ingotComplain(options, "cannot make folder '%s': %s", options->outputsDir, strerror(errno));
  for (int32_t i = 0; i < model->output_count; ++i) {
    char path[4096];
    snprintf(path, sizeof path, "%s/output_%d.pb", options->outputsDir, (int)i);
    ExitCode code = write(options, path, model->outputs[i].name, &outputs[i]);
    if (code)
      return code;
  }
  return ExitGood;
}
