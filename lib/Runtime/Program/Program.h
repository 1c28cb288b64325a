/*===- Program.h - the command that runs one model ------------------------------------------===
 *
 * Shared by ingot-run, which loads a model from a library, and by the programs that `ingotc --emit=exe` makes, which hold theirs.
 * This is the one part of lib/Runtime that prints.
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_LIB_RUNTIME_PROGRAM_PROGRAM_H
#define INGOT_LIB_RUNTIME_PROGRAM_PROGRAM_H

#include "ingot/Runtime/pool.h"
#include "ingot/Runtime/tensor_io.h"

typedef enum ExitCode { ExitGood = 0, ExitFailed = 1, ExitUsage = 2, ExitDifferent = 3 } ExitCode;

typedef struct List { const char **items; int count; } List;

typedef struct Options {
  const char *program, *model;
  List inputs;       /* --inputs: one folder, or files in order */
  List inputValues;  /* --input: FILE or NAME=FILE */
  List outputValues; /* --output */
  List dims, shapes; /* NAME=V, INPUT.0=V; INPUT=1x3 */
  const char *outputsDir, *testData, *bisect, *weights, *seedText;
  const ingot_model *other; /* that --bisect names, where it is no folder */
  int random, benchmark, profile, describe, json, verbose, help, version;
  int quiet; /* nothing is printed of equal values */
  double seconds, rtol, atol, minCosine;
  int64_t threads;
} Options;

/* Finds the model of ingot-run's first argument; prints why it cannot. */
typedef const ingot_model *(*ModelLoader)(const Options *options, int argc, char **argv);

/* The whole command. Exactly one of `model` and `loader` is given. Returns an ExitCode. */
int ingotProgram(int argc, char **argv, const ingot_model *model, ModelLoader loader);

/* Reads the command line. Not ExitGood: a message was printed. */
ExitCode ingotParseOptions(int argc, char **argv, int takesModel, Options *options);
void ingotReleaseOptions(Options *options);
void ingotPrintHelp(const Options *options, int takesModel);

/* Message on stderr, after the program's name. Returns ExitFailed. */
__attribute__((format(printf, 2, 3))) ExitCode ingotComplain(const Options *options, const char *format, ...);

/* Values of all inputs, from files or random. */
ExitCode ingotMakeInputs(const Options *options, const ingot_model *model, ingot_tensor *inputs);
/* Types and dims of all inputs, without data; `quiet` is 0 if open dimensions are to be named on stderr. Zero: some are not known. */
int ingotShapeInput(const Options *options, const ingot_value_info *info, ingot_tensor *input, int quiet);

/* Writes outputs where the options say. */
ExitCode ingotWriteOutputs(const Options *options, const ingot_model *model, const ingot_tensor *outputs);
/* Compares with output_N of the test data, prints a line for each. */
ExitCode ingotCompareOutputs(const Options *options, const ingot_model *model, const ingot_tensor *outputs);
/* One value; prints a line. */
ExitCode ingotCompareValue(const Options *options, const char *label, const ingot_tensor *got, const ingot_tensor *expected);
/* Compares all values, in the order of their nodes, with those of a folder or of another model, and prints the first that differs. */
ExitCode ingotBisect(const Options *options, const ingot_model *model, const ingot_tensor *inputs, const ingot_tensor *outputs);
/* Null: the model does not say. */
const char *ingotMetadataOf(const ingot_model *model, const char *key);
int ingotIsFolder(const char *path);
/* Runs until the time is over and prints the line of the benchmark. */
ExitCode ingotBenchmark(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                        ingot_tensor *outputs);
/* Runs as long as the benchmark and prints the kernels by time. */
ExitCode ingotProfile(const Options *options, const ingot_model *model, ingot_instance *instance, const ingot_tensor *inputs,
                      ingot_tensor *outputs, ingot_parallel_for parallelFor, void *pool, int32_t threads);
ExitCode ingotDescribe(const Options *options, const ingot_model *model);
/* "float[batch,3]" into `buffer`. */
const char *ingotDescribeType(const ingot_value_info *info, char *buffer, size_t size);
const char *ingotDescribeValue(const ingot_tensor *value, char *buffer, size_t size);

/* The file of value N in a folder or behind a prefix: "DIR/input_0.pb" or "DIR/input_0.npy". Zero: neither exists. */
int ingotFindValueFile(const char *dirOrPrefix, const char *what, int index, char *path, size_t size);

double ingotMicroseconds(void);
/* A string of JSON on stdout, with its quotes. */
void ingotPrintJsonString(const char *s);

/* What this machine can do at best on `threads` threads, measured in some 50 ms. */
enum { IngotLimitSizes = 5 };
typedef struct Limits {
  double flops;                         /* f32 multiplications and additions, fused where it can, in a second */
  int64_t sizes[IngotLimitSizes];       /* bytes, ascending */
  double bandwidths[IngotLimitSizes];   /* bytes read in a second from a buffer of that size */
} Limits;
void ingotMeasureLimits(int32_t threads, ingot_parallel_for parallelFor, void *pool, Limits *limits);
/* Seconds that this work takes at least; unknown flops are negative. */
double ingotLimitSeconds(const Limits *limits, double flops, double bytes);

#endif
