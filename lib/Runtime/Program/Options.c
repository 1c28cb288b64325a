/*===- Options.c - the command line, as a table -----------------------------------------------===*/
#include "Program.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Kind { Flag, Text, One, Many, Real, Count, Seed } Kind;

typedef struct Row {
  const char *name;
  Kind kind;
  size_t place; /* in Options */
  const char *value, *help;
} Row;

#define AT(member) offsetof(Options, member)

static const Row rows[] = {
    {"--inputs", Many, AT(inputs), "DIR|FILE...", "inputs: a folder with input_N.pb or .npy, or files in the order of the inputs"},
    {"--input", One, AT(inputValues), "[NAME=]FILE", "one input, by name or in order; may be repeated"},
    {"--random", Seed, AT(random), "[=SEED]", "random inputs: floats in [0,1), integers in 0..99, bools true"},
    {"--dim", One, AT(dims), "NAME=V", "a symbolic dimension of random inputs; INPUT.0=V for one without a name"},
    {"--shape", One, AT(shapes), "INPUT=1x3x224", "all dimensions of a random input"},
    {"--test-data", Text, AT(testData), "DIR", "run on input_N, compare with output_N (DIR, or what their names begin with)"},
    {"--bisect", Text, AT(bisect), "DIR|MODEL.so", "the first node whose value differs from DIR/VALUE.npy or .pb, or from the other model's (ingotc --all-values)"},
    {"--rtol", Real, AT(rtol), "R", "equal is |got - expected| <= A + R * |expected| (default 1e-3)"},
    {"--atol", Real, AT(atol), "A", "see --rtol (default 1e-7)"},
    {"--min-cosine", Real, AT(minCosine), "C", "each output's cosine to what is expected must be at least C, too"},
    {"--output", One, AT(outputValues), "[NAME=]FILE", "write one output, .npy or .pb; may be repeated"},
    {"--outputs", Text, AT(outputsDir), "DIR", "write all outputs as DIR/output_N.pb"},
    {"--benchmark", Flag, AT(benchmark), "", "run for a while, print first_us= p50_us= p90_us= min_us= runs="},
    {"--seconds", Real, AT(seconds), "S", "how long the benchmark or the profile runs (default 2)"},
    {"--threads", Count, AT(threads), "N", "threads of a run; 0: all processors (default: what --threads of ingotc said, else 1)"},
    {"--profile", Flag, AT(profile), "", "kernels by time with their ONNX nodes (ingotc --profile)"},
    {"--describe", Flag, AT(describe), "", "inputs, outputs, sizes and required processor, without a run"},
    {"--json", Flag, AT(json), "", "--describe or --profile for programs"},
    {"--weights", Text, AT(weights), "FILE", "weights of a model compiled with --weights=file"},
    {"--verbose", Flag, AT(verbose), "", "print what creating the instance took, too"},
    {"--help", Flag, AT(help), "", "print this"},
    {"--version", Flag, AT(version), "", "print the version"},
};

ExitCode ingotComplain(const Options *options, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: error: ", options->program);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return ExitFailed;
}

static ExitCode usage(const Options *options, const char *what, const char *argument) {
  ingotComplain(options, "%s '%s'; --help lists the options", what, argument);
  return ExitUsage;
}

void ingotPrintHelp(const Options *options, int takesModel) {
  printf("usage: %s%s [options]\n\n"
         "Runs a compiled model once and prints its outputs, or does what the options say.\n\n",
         options->program, takesModel ? " MODEL.so" : "");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char left[40];
    snprintf(left, sizeof left, "%s%s%s", rows[i].name, *rows[i].value && *rows[i].value != '[' ? " " : "", rows[i].value);
    if (rows[i].kind == One && *rows[i].value == '[')
      snprintf(left, sizeof left, "%s %s", rows[i].name, rows[i].value);
    printf("  %-22s %s\n", left, rows[i].help);
  }
  printf("\nExit code: 0 done, or equal; 1 failed; 2 wrong command line; 3 different from the test data.\n");
}

static void append(List *list, const char *item) {
  const char **grown = realloc(list->items, (size_t)(list->count + 1) * sizeof *grown);
  if (!grown)
    return;
  list->items = grown;
  list->items[list->count++] = item;
}

static const Row *findRow(const char *argument, size_t length) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    if (strlen(rows[i].name) == length && !strncmp(rows[i].name, argument, length))
      return &rows[i];
  return NULL;
}

static ExitCode storeNumber(Options *options, const Row *row, const char *value) {
  char *end;
  void *place = (char *)options + row->place;
  if (row->kind == Real)
    *(double *)place = strtod(value, &end);
  else
    *(int64_t *)place = strtoll(value, &end, 10);
  int negative = row->kind == Real ? !(*(double *)place >= 0) : *(int64_t *)place < 0 || *(int64_t *)place > 4096;
  if (end == value || *end || negative) {
    ingotComplain(options, "%s: expected %s, got '%s'", row->name, row->kind == Real ? "a number that is not negative" : "a number of threads",
                  value);
    return ExitUsage;
  }
  return ExitGood;
}

/* Stores the option of `row`; `*i` is its argument and moves on over the values it takes. */
static ExitCode store(Options *options, const Row *row, const char *value, int argc, char **argv, int *i) {
  void *place = (char *)options + row->place;
  if (row->kind == Flag || row->kind == Seed) {
    if (value && row->kind == Flag)
      return usage(options, "this option takes no value:", argv[*i]);
    *(int *)place = 1;
    if (row->kind == Seed)
      options->seedText = value;
    return ExitGood;
  }
  if (!value && *i + 1 < argc)
    value = argv[++*i];
  if (!value || !*value)
    return usage(options, "a value must follow", row->name);
  switch (row->kind) {
  case Text: *(const char **)place = value; return ExitGood;
  case One: append(place, value); return ExitGood;
  case Many:
    append(place, value);
    while (*i + 1 < argc && argv[*i + 1][0] != '-')
      append(place, argv[++*i]);
    return ExitGood;
  default: return storeNumber(options, row, value);
  }
}

ExitCode ingotParseOptions(int argc, char **argv, int takesModel, Options *options) {
  memset(options, 0, sizeof *options);
  const char *slash = argc ? strrchr(argv[0], '/') : NULL;
  options->program = slash ? slash + 1 : argc ? argv[0] : "ingot";
  options->rtol = 1e-3;
  options->atol = 1e-7;
  options->seconds = 2;
  options->threads = -1; /* not said */
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') {
      if (!takesModel || options->model)
        return usage(options, "unexpected argument", argv[i]);
      options->model = argv[i];
      continue;
    }
    const char *equals = strchr(argv[i], '=');
    const Row *row = findRow(argv[i], equals ? (size_t)(equals - argv[i]) : strlen(argv[i]));
    if (!row)
      return usage(options, "unknown option", argv[i]);
    ExitCode code = store(options, row, equals ? equals + 1 : NULL, argc, argv, &i);
    if (code)
      return code;
  }
  if (options->help || options->version)
    return ExitGood;
  if (takesModel && !options->model)
    return usage(options, "expected a model, as in", "ingot-run MODEL.so");
  if (options->seedText) {
    char *end;
    strtoull(options->seedText, &end, 10);
    if (end == options->seedText || *end)
      return usage(options, "--random: expected a number as seed, got", options->seedText);
  }
  if (!!options->testData + options->benchmark + options->profile + options->describe > 1)
    return usage(options, "give one of --test-data, --benchmark, --profile and --describe, not", "several");
  if (options->json && !options->describe && !options->profile)
    return usage(options, "this option needs --describe or --profile:", "--json");
  if (options->testData && (options->inputs.count || options->inputValues.count || options->random))
    return usage(options, "the inputs come from", "--test-data");
  return ExitGood;
}

void ingotReleaseOptions(Options *options) {
  free(options->inputs.items);
  free(options->inputValues.items);
  free(options->outputValues.items);
  free(options->dims.items);
  free(options->shapes.items);
}
