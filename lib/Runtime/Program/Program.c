/*===- Program.c - the command that runs one model -----------------------------------------------===*/
#include "Program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef INGOT_VERSION
#define INGOT_VERSION "unknown"
#endif

static void printLog(void *user, const char *message) { fprintf(stderr, "%s: %s\n", ((const Options *)user)->program, message); }

static void printNumbers(const ingot_tensor *value) {
  int64_t count = ingot_element_count(value), shown = count < 8 ? count : 8;
  for (int64_t i = 0; i < shown; ++i)
    if (value->type == INGOT_STRING) {
      const ingot_string *s = (const ingot_string *)value->data + i;
      printf(" \"%.*s\"", (int)(s->size < 40 ? s->size : 40), s->size ? s->data : "");
    } else
      printf(" %.6g", ingot_element_get(value->type, value->data, i));
  printf("%s\n", shown < count ? " ..." : "");
}

static void printOutputs(const ingot_model *model, const ingot_tensor *outputs) {
  for (int32_t i = 0; i < model->output_count; ++i) {
    char type[512];
    printf("%s %s:", model->outputs[i].name, ingotDescribeValue(&outputs[i], type, sizeof type));
    if (outputs[i].kind == INGOT_TENSOR)
      printNumbers(&outputs[i]);
    else
      printf("\n");
  }
}

static ExitCode runOnce(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                        ingot_tensor *outputs) {
  if (model->run(instance, inputs, outputs))
    return ingotComplain(options, "%s", model->error(instance));
  ExitCode code = ingotWriteOutputs(options, model, outputs);
  if (code)
    return code;
  if (options->bisect)
    return ingotBisect(options, model, inputs, outputs);
  if (options->testData)
    return ingotCompareOutputs(options, model, outputs);
  if (!options->outputValues.count && !options->outputsDir)
    printOutputs(model, outputs);
  return ExitGood;
}

/* What the command line says, else what ingotc was told. */
static int32_t threadsOf(const Options *options, const ingot_model *model) {
  if (options->threads >= 0)
    return (int32_t)options->threads;
  const char *threads = ingotMetadataOf(model, "ingot.threads");
  return threads ? (int32_t)strtol(threads, NULL, 10) : 1;
}

static ExitCode withInstance(const Options *options, const ingot_model *model, const ingot_tensor *inputs, ingot_tensor *outputs) {
  int32_t threads = threadsOf(options, model);
  ingot_pool *pool = threads == 1 ? NULL : ingot_pool_create(threads);
  if (threads != 1 && !pool)
    fprintf(stderr, "%s: note: libpthreadpool.so.0 is not there, the model runs on one thread\n", options->program);
  ingot_options create = {.abi_version = INGOT_ABI_VERSION, .log = printLog, .user = (void *)options, .weights_path = options->weights};
  if (pool) {
    create.parallel_for = ingot_pool_parallel_for;
    create.pool = pool;
  }
  ingot_instance *instance = NULL;
  double start = ingotMicroseconds();
  ingot_status status = model->create(model, &create, &instance);
  if (options->verbose)
    fprintf(stderr, "%s: create_us=%.1f\n", options->program, ingotMicroseconds() - start);
  ExitCode code;
  if (status)
    code = ingotComplain(options, "model '%s' cannot be instantiated (status %d)", model->name, (int)status);
  else {
    if (options->benchmark)
      code = ingotBenchmark(options, model, instance, inputs, outputs);
    else if (options->profile)
      code = ingotProfile(options, model, instance, inputs, outputs, create.parallel_for, pool, threads);
    else
      code = runOnce(options, model, instance, inputs, outputs);
    model->destroy(instance);
  }
  ingot_pool_destroy(pool);
  return code;
}

/* The model that --bisect names; not ExitGood after a message. */
static ExitCode loadOther(Options *options, ModelLoader loader, int argc, char **argv) {
  if (!options->bisect || ingotIsFolder(options->bisect))
    return ExitGood;
  if (!loader)
    return ingotComplain(options, "--bisect %s: a program compares with folders only; ingot-run takes another model, too", options->bisect);
  Options named = *options;
  named.model = options->bisect;
  options->other = loader(&named, argc, argv);
  return options->other ? ExitGood : ExitFailed;
}

static ExitCode execute(const Options *options, const ingot_model *model) {
  if (model->abi_version != INGOT_ABI_VERSION || model->size != sizeof(ingot_model))
    return ingotComplain(options, "the model has version %u of the interface, expected %u: compile it again", model->abi_version,
                         INGOT_ABI_VERSION);
  if (options->describe)
    return ingotDescribe(options, model);
  if (options->profile && !model->kernel_times)
    return ingotComplain(options, "model '%s' was compiled without --profile", model->name);
  ingot_tensor *inputs = calloc((size_t)model->input_count + 1, sizeof *inputs);
  ingot_tensor *outputs = calloc((size_t)model->output_count + 1, sizeof *outputs);
  ExitCode code = inputs && outputs ? ingotMakeInputs(options, model, inputs) : ingotComplain(options, "no memory for the inputs");
  if (!code)
    code = withInstance(options, model, inputs, outputs);
  for (int32_t i = 0; inputs && i < model->input_count; ++i)
    ingot_value_release(&inputs[i]);
  free(inputs);
  free(outputs);
  return code;
}

int ingotProgram(int argc, char **argv, const ingot_model *model, ModelLoader loader) {
  Options options;
  ExitCode code = ingotParseOptions(argc, argv, !model, &options);
  if (!code && options.help)
    ingotPrintHelp(&options, !model);
  else if (!code && options.version)
    printf("%s (ingot) " INGOT_VERSION "\n", options.program);
  else if (!code) {
    if (!model)
      model = loader(&options, argc, argv);
    code = model ? loadOther(&options, loader, argc, argv) : ExitFailed;
    if (!code)
      code = execute(&options, model);
  }
  ingotReleaseOptions(&options);
  return code;
}
