/*===- threads.c - two models, four instances, four threads, at once -----------------------------===
 *
 *   threads A.so B.so [options of ingot-run for random inputs]
 *
 * Each thread makes an instance, runs it again and again, and compares every bit with a run that was alone; every other instance
 * forks its work, too.  For ThreadSanitizer and Helgrind, which see what is shared.
 *===----------------------------------------------------------------------------------*/
#include "Program/Program.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { Models = 2, Threads = 4, Rounds = 8, Forks = 2 };

typedef struct Job {
  const ingot_model *model;
  ingot_tensor *inputs, *expected;
  int forks;
  const char *failure;
} Job;

/* A parallel_for that is plain to race detectors: threads made and joined. */
typedef struct Part { ingot_range_body body; void *context; int64_t begin, end; } Part;

static void *runPart(void *argument) {
  Part *part = argument;
  part->body(part->context, part->begin, part->end);
  return NULL;
}

static void fork_(void *pool, int64_t count, ingot_range_body body, void *context) {
  (void)pool;
  Part parts[Forks];
  pthread_t threads[Forks];
  for (int i = 0; i < Forks; ++i) {
    parts[i] = (Part){body, context, count * i / Forks, count * (i + 1) / Forks};
    pthread_create(&threads[i], NULL, runPart, &parts[i]);
  }
  for (int i = 0; i < Forks; ++i)
    pthread_join(threads[i], NULL);
}

static int same(const ingot_tensor *a, const ingot_tensor *b) {
  return a->type == b->type && a->rank == b->rank && !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) &&
         a->bytes == b->bytes && !memcmp(a->data, b->data, a->bytes);
}

static void *work(void *argument) {
  Job *job = argument;
  const ingot_model *model = job->model;
  ingot_options options = {.abi_version = INGOT_ABI_VERSION, .parallel_for = job->forks ? fork_ : NULL};
  ingot_instance *instance;
  ingot_tensor *outputs = calloc((size_t)model->output_count, sizeof *outputs);
  if (!outputs || model->create(model, &options, &instance)) {
    job->failure = "an instance cannot be made";
    return NULL;
  }
  for (int round = 0; round < Rounds && !job->failure; ++round) {
    if (model->run(instance, job->inputs, outputs))
      job->failure = "a run failed";
    for (int32_t i = 0; !job->failure && i < model->output_count; ++i)
      if (!same(&outputs[i], &job->expected[i]))
        job->failure = "an output differs from the run that was alone";
  }
  model->destroy(instance);
  free(outputs);
  return NULL;
}

static ExitCode prepare(const Options *options, const char *path, Job *job) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const ingot_model *(*entry)(void) = library ? (const ingot_model *(*)(void))dlsym(library, "ingot_model_entry") : NULL;
  if (!entry)
    return ingotComplain(options, "'%s' holds no model", path);
  const ingot_model *model = job->model = entry();
  job->inputs = calloc((size_t)model->input_count, sizeof *job->inputs);
  job->expected = calloc((size_t)model->output_count, sizeof *job->expected);
  ingot_instance *alone;
  if (ingotMakeInputs(options, model, job->inputs) || model->create(model, NULL, &alone))
    return ExitFailed;
  /* stays alive: the expected outputs are its own */
  if (model->run(alone, job->inputs, job->expected))
    return ingotComplain(options, "%s", model->error(alone));
  return ExitGood;
}

int main(int argc, char **argv) {
  Options options;
  if (argc < 1 + Models || ingotParseOptions(argc - Models, argv + Models, 0, &options))
    return ExitUsage;
  options.program = "threads";
  options.random = 1;
  Job jobs[Threads];
  memset(jobs, 0, sizeof jobs);
  for (int i = 0; i < Models; ++i)
    if (prepare(&options, argv[1 + i], &jobs[i]))
      return ExitFailed;
  pthread_t threads[Threads];
  for (int i = 0; i < Threads; ++i) {
    jobs[i] = jobs[i % Models];
    jobs[i].forks = i >= Models;
  }
  for (int i = 0; i < Threads; ++i)
    pthread_create(&threads[i], NULL, work, &jobs[i]);
  int failed = 0;
  for (int i = 0; i < Threads; ++i) {
    pthread_join(threads[i], NULL);
    if (jobs[i].failure)
      printf("instance %d of '%s': %s\n", i, jobs[i].model->name, jobs[i].failure), failed = 1;
  }
  if (!failed)
    printf("%d instances of %d models agree with runs that were alone\n", Threads, Models);
  return failed;
}
